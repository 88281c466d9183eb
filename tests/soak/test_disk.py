"""Disks that are full or fail: the edit is refused, everything before it is there."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("disk_log", Path(__file__).with_name("conftest.py"))
CONFTEST = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(CONFTEST)

CASES = 60 if os.environ.get("VOSAPP_SOAK") else 4
NOT_ALLOWED = 77


@pytest.mark.parametrize("seed", range(CASES))
@pytest.mark.parametrize("mode", ["pages", "size", "disk"])
def test_failed_write_changes_nothing(nursery, tmp_path, mode, seed):
    nursery.start(mode, seed, tmp_path)
    status = nursery.wait()
    if status == NOT_ALLOWED:
        pytest.skip("a small disk cannot be mounted here")
    assert status == 0, CONFTEST.log_lines(tmp_path, mode, seed)
