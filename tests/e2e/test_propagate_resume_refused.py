"""Runs that cannot be resumed, records that are damaged, and a disk that is full for them."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from core.media.label_map import write_label_map
from core.systems.self_supervised.config import TRACKING
from core.types import Quality


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--system", "copy"], "system flow, now copy"),
        (["--quality", "fine"], "quality balanced, now fine"),
        (["--range", "0:8"], "range 0:9, now 0:8"),
        (["--direction", "forward"], "direction backward and forward, now forward"),
        (["masks"], "other masks"),
        (["input"], "other input"),
        (["version"], "version"),
    ],
    ids="".join,
)
def test_other_settings_are_refused(
    options, message, film, mask, resumable_run, kill, tmp_path, monkeypatch
):
    with kill(5):
        resumable_run(mask, "--system", "flow")
    before = contents(tmp_path / "out/film")
    if options == ["masks"]:
        write_label_map(mask, np.ones((66, 98), np.uint8))
    elif options == ["input"]:
        os.utime(film, (1, 1))
    elif options == ["version"]:
        monkeypatch.setattr("core.engine.run_settings.__version__", "9.9.9")
    given = options if options[0].startswith("--") else []
    code, result, stderr = resumable_run(mask, "--system", "flow", *given, "--resume")
    assert (code, result["error"]["code"]) == (2, "usage")
    assert message in stderr
    assert len([line for line in stderr.splitlines() if "error" in line]) == 1
    assert contents(tmp_path / "out/film") == before


def test_other_weights_are_refused(mask, weights, resumable_run, kill, tmp_path, monkeypatch):
    monkeypatch.setitem(TRACKING, Quality.FAST, replace(TRACKING[Quality.FAST], short_side=64))
    given = ["--system", "self_supervised", "--quality", "fast", "--weights"]
    with kill(3):
        resumable_run(mask, *given, str(weights))
    copied, other = tmp_path / "copied.safetensors", tmp_path / "other.safetensors"
    copied.write_bytes(weights.read_bytes())
    other.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert "other weights" in resumable_run(mask, *given, str(other), "--resume")[2]
    assert resumable_run(mask, *given, str(copied), "--resume")[0] == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"format": 2, "settings": {}, "frames": {}}',
        b'{"format": 1, "settings": [], "frames": {}}',
        b'{"format": 1, "settings": {}, "frames": {"x": [1, 1]}}',
        b'{"format": 1, "settings": {}, "frames": {"1": 5}}',
        b"[" * 100_000,
    ],
    ids=lambda data: data[:20],
)
def test_damaged_record_is_refused(data, mask, resumable_run, kill, tmp_path):
    with kill(5):
        resumable_run(mask, "--system", "flow")
    (tmp_path / "out/film.vosapp-run.json").write_bytes(data)
    code, _, stderr = resumable_run(mask, "--system", "flow", "--resume")
    assert code == 2
    assert "is damaged" in stderr and "--resume" in stderr
    assert resumable_run(mask, "--system", "flow")[0] == 0


@pytest.mark.parametrize("damage", [slice(0, 0), slice(0, 30), slice(0, -5), slice(5, None)])
def test_damaged_state_costs_time_only(damage, mask, resumable_run, kill, tmp_path):
    resumable_run(mask, "--system", "flow", out="whole")
    with kill(5):
        resumable_run(mask, "--system", "flow")
    state = tmp_path / "out/film.vosapp-run.state"
    state.write_bytes(state.read_bytes()[damage])
    _, result, _ = resumable_run(mask, "--system", "flow", "--resume")
    assert result["resumed_frames"] == 1  # the keyframe
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")


@pytest.mark.parametrize("suffix", [".json", ".state"])
def test_disk_that_is_full_for_the_record(suffix, mask, resumable_run, tmp_path, monkeypatch):
    resumable_run(mask, "--system", "flow", out="whole")
    rename = os.replace

    def fail(source, target):
        if target.suffix == suffix:
            raise OSError(28, "No space left on device")
        rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        code, result, stderr = resumable_run(mask, "--system", "flow")
    assert (code, result["error"]["code"]) == (2, "output")
    assert f"film.vosapp-run{suffix}: No space left" in stderr
    left = list(tmp_path.glob("out/**/*"))
    assert not any(path.suffix == ".tmp" for path in left)
    assert bool(left) == (suffix == ".state")
    code, result, _ = resumable_run(mask, "--system", "flow", "--resume")
    assert (code, result["resumed_frames"]) == (0, 1 if suffix == ".state" else 0)
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")
