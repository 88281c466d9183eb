"""Wishes for runs, and holds that end with whoever asked for them."""

from __future__ import annotations

import json
import os

import pytest

from vosapp.services.training import control
from vosapp.services.training.control import Control


def test_pause_and_stop(tmp_path):
    one = Control(tmp_path / "runs/one")
    assert not one.wants_pause and not one.wants_stop
    one.pause()
    one.stop()
    assert one.wants_pause and one.wants_stop
    one.clear()
    assert not one.wants_pause and not one.wants_stop


def test_a_hold_is_for_all_runs_until_it_is_released(tmp_path):
    runs = [Control(tmp_path / name) for name in ("one", "two")]
    control.hold(tmp_path, "propagation")
    assert [run.holders() for run in runs] == [("propagation",)] * 2
    control.release(tmp_path, "propagation")
    assert runs[0].holders() == ()


@pytest.mark.parametrize("created", [0.0, 1.0e9])
def test_a_hold_ends_with_its_process(tmp_path, created):
    """The number of a process is given again: its start time has to fit, too."""
    hold = tmp_path / control.HOLDS / f"propagation.{os.getpid()}"
    hold.parent.mkdir()
    hold.write_text(json.dumps({"pid": os.getpid(), "created": created}))
    assert Control(tmp_path / "one").holders() == () and not hold.exists()


def test_only_words_may_hold(tmp_path):
    with pytest.raises(ValueError):
        control.hold(tmp_path, "../x")
