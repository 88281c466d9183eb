"""Disks that are full or fail: the edit is refused, everything before it is there."""

from __future__ import annotations

import os

import pytest

CASES = 60 if os.environ.get("VOSAPP_SOAK") else 4
NOT_ALLOWED = 77


@pytest.mark.parametrize("seed", range(CASES))
@pytest.mark.parametrize("mode", ["pages", "size", "disk", "new-disk"])
def test_failed_write_changes_nothing(nursery, worker, tmp_path, mode, seed):
    nursery.start(mode, seed, tmp_path)
    status = nursery.wait()
    if status == NOT_ALLOWED:
        pytest.skip("a small disk cannot be mounted here")
    assert status == 0, worker.log_lines(tmp_path, mode, seed)


@pytest.mark.parametrize("seed", range(max(1, CASES // 4)))
def test_exports_to_small_disks_are_whole_or_told(nursery, worker, tmp_path, seed):
    nursery.start("export-disk", seed, tmp_path)
    status = nursery.wait()
    if status == NOT_ALLOWED:
        pytest.skip("a small disk cannot be mounted here")
    assert status == 0, worker.log_lines(tmp_path, "export-disk", seed)
