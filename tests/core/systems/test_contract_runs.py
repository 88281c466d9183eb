"""What every tracker does for the engine (ADR 0009): cancelled, corrected, and with any cache."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.propagate import PropagationRequest, propagate
from core.jobs import Cancelled, CancelToken
from core.tracking import kept_features
from core.types import FrameResult, Keyframe, VideoInfo

COUNT = 8
IDS = (1, 2)


class Film:
    """A video of frames in memory."""

    def __init__(self, frames):
        self._frames = frames
        height, width = frames.shape[1:3]
        self.info = VideoInfo(Path("film"), len(frames), width, height, Fraction(25))

    def frame(self, index):
        return self._frames[index]

    def frames(self, start, stop, step=1):
        return iter(self._frames[index] for index in range(start, stop, step))


@pytest.fixture(scope="module")
def shapes():
    return moving_shapes(frame_count=COUNT)


@pytest.fixture(scope="module")
def truth(shapes):
    """A keyframe of the true label map, of some objects."""

    def truth(index, ids=IDS):
        label_map = shapes[1][index]
        return Keyframe(index, ids, np.where(np.isin(label_map, ids), label_map, 0))

    return truth


@pytest.fixture
def run(shapes):
    """Label maps by frame of a propagation, which may be cancelled after some items."""

    def run(tracker, *keyframes, items=None):
        token, found = CancelToken(), {}
        job = propagate(Film(shapes[0]), tracker, PropagationRequest(keyframes, 0, COUNT), token)
        for number, item in enumerate(job, 1):
            if isinstance(item, FrameResult):
                found[item.frame_index] = item.label_map.tobytes()
            if number == items:
                token.cancel()
                with pytest.raises(Cancelled):
                    next(job)
        return found

    return run


@pytest.mark.parametrize("items", [1, 3, 9])
def test_goes_on_after_a_cancel(build, run, truth, items):
    """Between keyframes, in the walk back and in the walk forth."""
    tracker = build()
    assert len(run(tracker, truth(0), truth(6), items=items)) < COUNT
    assert run(tracker, truth(0), truth(6)) == run(build(), truth(0), truth(6))


def test_correction_with_a_tracker_in_use(build, run, truth):
    """A late object comes and is taken back."""
    tracker = build()
    first, late = truth(0, (1,)), truth(4, (2,))
    before = run(tracker, first)
    after = run(tracker, first, late)
    assert after == run(build(), first, late)
    assert after != before
    assert run(tracker, first) == before


def test_absent_object_is_found_again(build_system, run, truth, shapes):
    """After a keyframe that says it is absent; on the frames before it another one shows it."""
    gone = replace(truth(4, (1,)), object_ids=IDS)
    got = run(build_system["color"](), truth(0), gone)
    back = np.frombuffer(got[6], np.uint8).reshape(shapes[1][6].shape) == 2
    there = shapes[1][6] == 2
    assert (back & there).sum() > 0.3 * (back | there).sum()


@pytest.mark.parametrize("budget", [0, 20_000])
def test_feature_cache_changes_no_result(build_system, run, truth, monkeypatch, budget):
    """None at all, or one that holds a few frames; what is not held is encoded again."""
    build = build_system["self_supervised"]
    with_cache = build()
    monkeypatch.setattr(kept_features, "FEATURE_BYTES", budget)
    without = build()
    results = [run(tracker, truth(0), truth(3), truth(7)) for tracker in (with_cache, without)]
    assert results[0] == results[1]
    assert len(with_cache._known._cache) == COUNT
    assert len(without._known._cache) < COUNT
