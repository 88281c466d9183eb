"""What trackers tell of their judgments: enough to play them back, and without changing any."""

from __future__ import annotations

import numpy as np
import pytest

from core.engine.registry import trackers
from core.errors import UsageError
from core.eval.calibration.cells import Seen
from core.eval.calibration.thresholds import make_rows, replay
from core.eval.calibration.watching import Watched, cue_source
from core.systems.self_supervised.config import CALIBRATION
from core.tracking.judging.confidence import expected_j
from core.tracking.judging.sightings import Judged
from core.types import Direction, Keyframe

COUNT, GONE, AGAIN, LATE = 11, 4, 8, 2
"""Frames of the film, the first without object 1, the first with it again; the one
that object 2 is given on."""


def film():
    """A red square that is away for a while, and a blue one that is always there."""
    frames = np.full((COUNT, 64, 128, 3), (90, 120, 70), np.uint8)
    label_maps = np.zeros((COUNT, 64, 128), np.uint8)
    for index in range(COUNT):
        if index < GONE or index >= AGAIN:
            left = 8 + 2 * index if index < GONE else 60
            frames[index, 20:44, left : left + 24] = (200, 60, 50)
            label_maps[index, 20:44, left : left + 24] = 1
        frames[index, 8:28, 100:120] = (40, 60, 220)
        label_maps[index, 8:28, 100:120] = 2
    return frames, label_maps


def run(tracker, *, correct=None):
    """Walk through the film; returns what each frame answered."""
    frames, label_maps = film()
    only = [np.where(label_maps[i] == n, n, 0).astype(np.uint8) for i, n in ((0, 1), (LATE, 2))]
    tracker.add_keyframe(Keyframe(0, (1,), only[0]), frames[0])
    tracker.add_keyframe(Keyframe(LATE, (2,), only[1]), frames[LATE])
    if correct is not None:
        tracker.add_keyframe(Keyframe(correct, (1,), label_maps[correct]), frames[correct])
    tracker.start(Direction.FORWARD)
    return [
        tracker.step(index, frame, (1,) if index < LATE else (1, 2))
        for index, frame in enumerate(frames)
    ]


@pytest.mark.parametrize("correct", [None, 1, GONE + 2])
def test_played_back_with_its_own_thresholds_a_walk_is_as_it_was(color_tracker, correct):
    watched = Watched(color_tracker(), "color")
    steps = run(watched, correct=correct)
    seen = [Seen(*key, sighting) for key, sighting in sorted(watched.seen.items())]
    told = {}
    for row in make_rows([seen]):
        for one, absent in zip(row.seen, replay(row, CALIBRATION), strict=True):
            told[one.frame_index, one.object_id] = absent
    walked = {(n, i): i in step.absent for n, step in enumerate(steps) for i in step.object_ids}
    assert told == walked
    assert sum(told.values()) >= 3


def test_confidence_follows_from_the_cues(color_tracker):
    watched = Watched(color_tracker(), "color")
    steps = run(watched)
    for (index, object_id), sighting in watched.seen.items():
        if index not in (0, LATE):  # keyframes are certain
            expected = expected_j(sighting.cues, CALIBRATION.confidence)
            assert steps[index].confidence[object_id] == expected


def test_being_watched_changes_nothing(color_tracker):
    plain, watched = run(color_tracker()), run(Watched(color_tracker(), "color"))
    for one, other in zip(plain, watched, strict=True):
        assert one.probabilities.tobytes() == other.probabilities.tobytes()
        assert (one.confidence, one.absent) == (other.confidence, other.absent)


def test_only_walks_forward_are_kept(color_tracker):
    frames, label_maps = film()
    watched = Watched(color_tracker(), "color")
    watched.add_keyframe(Keyframe(4, (1,), (label_maps[4] == 1).astype(np.uint8)), frames[4])
    watched.start(Direction.BACKWARD)
    watched.step(3, frames[3], (1,))
    assert watched.seen == {}
    watched.start(Direction.FORWARD)
    watched.step(5, frames[5], (1,))
    assert list(watched.seen) == [(5, 1)]


def test_the_walk_that_gives_a_frame_its_result_is_kept(color_tracker):
    """And not a later one that passes the frame on its way to a border."""
    watched = Watched(color_tracker(), "color")
    run(watched)
    before, (frames, _) = dict(watched.seen), film()
    watched.start(Direction.FORWARD)
    watched.step(6, frames[2], (1, 2))
    assert watched.seen == before


def test_which_systems_can_be_calibrated(build_system):
    """A system with weights that has confidence tells what it follows from."""
    for name, spec in trackers().items():
        tracker = build_system[name]()
        assert isinstance(tracker, Judged) == spec.needs_weights
        if not isinstance(tracker, Judged):
            with pytest.raises(UsageError, match=f"The system {name} cannot be calibrated"):
                cue_source(tracker, name)
