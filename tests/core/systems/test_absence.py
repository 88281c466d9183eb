"""Gone and found again: the rules by hand, and the tracker on films of flat colors."""

from __future__ import annotations

import numpy as np
import pytest

from core.systems.self_supervised.config import CALIBRATION
from core.tracking.judging.absence import (
    REMEMBERED,
    Sight,
    Track,
    advance,
    evidence,
    from_arrays,
    to_arrays,
)
from core.tracking.walk_state import pack, unpack
from core.types import Direction, Keyframe

BACK, CYCLE = CALIBRATION.back, CALIBRATION.back_cycle
THERE = Sight(100.0, 0.7)
LITTLE = Sight(9.0, CALIBRATION.faint - 0.1)
NOTHING = Sight(1.0, 0.01)
USUAL = Track((100.0,))
COUNT, GONE, AGAIN = 16, 5, 11
"""Frames of the film, the first without the object, the first with it again."""


def follow(track, *sights):
    for sight in sights:
        track = advance(track, sight, CALIBRATION)
    return track


def test_faint_frames_in_a_row_make_absent():
    assert not follow(USUAL, *[LITTLE] * (CALIBRATION.patience - 1)).absent
    assert follow(USUAL, *[LITTLE] * CALIBRATION.patience).absent
    assert not follow(USUAL, LITTLE, THERE, LITTLE).absent


def test_nothing_at_all_is_absent_at_once():
    assert advance(USUAL, NOTHING, CALIBRATION).absent


@pytest.mark.parametrize("sight", [Sight(100.0, 0.01), Sight(1.0, 0.7)], ids=["mass", "cycle"])
def test_one_kind_of_evidence_is_enough_to_stay(sight):
    assert not follow(USUAL, *[sight] * 5).absent


def test_absent_until_the_evidence_is_enough():
    gone = advance(USUAL, NOTHING, CALIBRATION)
    for sight in (NOTHING, LITTLE, Sight(25.0, BACK - 0.26), Sight(100.0, CYCLE - 0.01)):
        assert advance(gone, sight, CALIBRATION).absent
    for sight in (THERE, Sight(25.0, BACK - 0.24), Sight(100.0, CYCLE), Sight(0.0, BACK)):
        assert advance(gone, sight, CALIBRATION) == USUAL


def test_usual_mass_forgets_and_does_not_count_faint_frames():
    track = follow(USUAL, *[Sight(40.0, 0.7)] * REMEMBERED)
    assert (track.usual_mass, len(track.masses)) == (40, REMEMBERED)
    little = Sight(3.0, LITTLE.cycle)
    assert advance(track, little, CALIBRATION).faint == 1
    assert advance(track, little, CALIBRATION).masses == track.masses
    assert Track(()).usual_mass == 0


def test_evidence_of_an_object_that_never_had_a_mass_is_its_cycle():
    assert evidence(Track(()), Sight(5.0, 0.25)) == 0.25
    assert evidence(USUAL, Sight(500.0, 0.25)) == 1.25


def test_tracks_come_back():
    tracks = {
        3: Track((0.1, 7.25), 1),
        200: Track((), absent=True),
        1: Track((5.0,), 4, absent=True),
    }
    assert from_arrays(unpack(pack({"step": np.array(3), **to_arrays(tracks)}))) == tracks


def test_broken_tracks_are_refused():
    arrays = to_arrays({3: USUAL})
    del arrays["track.3.state"]
    with pytest.raises(ValueError, match="lacks"):
        from_arrays(arrays)


def film():
    """A red square that goes behind nothing for a while and comes back elsewhere."""
    frames = np.full((COUNT, 64, 128, 3), (90, 120, 70), np.uint8)
    label_maps = np.zeros((COUNT, 64, 128), np.uint8)
    for index in (*range(GONE), *range(AGAIN, COUNT)):
        left = 8 + 2 * index if index < GONE else 90
        frames[index, 20:44, left : left + 24] = (200, 60, 50)
        label_maps[index, 20:44, left : left + 24] = 1
    return frames, label_maps


def start(color_tracker, frames, label_maps):
    tracker = color_tracker()
    tracker.add_keyframe(Keyframe(0, (1,), label_maps[0]), frames[0])
    tracker.start(Direction.FORWARD)
    return tracker


def test_gone_object_is_absent_and_found_again(color_tracker, label):
    frames, label_maps = film()
    tracker = start(color_tracker, frames, label_maps)
    for index, frame in enumerate(frames):
        result = label(tracker, index, frame, (1,))
        assert (result.step.absent == {1}) == (GONE <= index < AGAIN)
        assert (result.step.confidence[1] < 0.3) == (GONE <= index < AGAIN)
        truth, found = label_maps[index] == 1, result.label_map == 1
        if result.step.absent:
            assert not found.any() and result.step.probabilities[1].max() == 0
        else:
            assert (truth & found).sum() > 0.8 * (truth | found).sum()


@pytest.mark.parametrize("left_at", [3, GONE, GONE + 2, AGAIN, AGAIN + 1])
def test_a_walk_that_is_left_goes_on_the_same(color_tracker, left_at):
    frames, label_maps = film()
    whole, first, second = (start(color_tracker, frames, label_maps) for _ in range(3))
    wanted = [whole.step(index, frame, (1,)) for index, frame in enumerate(frames)]
    for index in range(left_at):
        first.step(index, frames[index], (1,))
    second.load_state(first.save_state())
    for index in range(left_at, COUNT):
        got = second.step(index, frames[index], (1,))
        assert got.probabilities.tobytes() == wanted[index].probabilities.tobytes()
        assert (got.confidence, got.absent) == (wanted[index].confidence, wanted[index].absent)


def test_a_new_walk_forgets_the_absence(color_tracker):
    frames, label_maps = film()
    tracker = start(color_tracker, frames, label_maps)
    for index in range(GONE + 2):
        tracker.step(index, frames[index], (1,))
    tracker.start(Direction.FORWARD)
    assert not tracker.step(0, frames[0], (1,)).absent
    assert not tracker.step(1, frames[1], (1,)).absent


def test_a_keyframe_decides(color_tracker):
    """Asserted absent on a frame that shows it; asserted again later."""
    frames, label_maps = film()
    tracker = start(color_tracker, frames, label_maps)
    tracker.add_keyframe(Keyframe(2, (1,), np.zeros_like(label_maps[2])), frames[2])
    steps = [tracker.step(index, frames[index], (1,)) for index in range(3)]
    assert [step.absent for step in steps] == [frozenset(), frozenset(), {1}]
    assert steps[2].confidence[1] == 1
    tracker.add_keyframe(Keyframe(3, (1,), label_maps[3]), frames[3])
    again = tracker.step(3, frames[3], (1,))
    assert (again.absent, again.confidence[1]) == (frozenset(), 1)


def test_an_object_that_no_keyframe_shows_is_not_called_absent(color_tracker):
    frames, label_maps = film()
    tracker = start(color_tracker, frames, label_maps)
    step = tracker.step(1, frames[1], (1, 9))
    assert step.absent == frozenset()
    assert set(step.confidence) == {1, 9}


def test_a_walk_beside_a_keyframe_of_absence_begins_absent(color_tracker):
    """The object is not there on frame 7 by assertion, and comes back on frame 11."""
    frames, label_maps = film()
    tracker = color_tracker()
    for index in (0, 7):
        tracker.add_keyframe(Keyframe(index, (1,), label_maps[index]), frames[index])
    tracker.start(Direction.FORWARD)
    steps = {index: tracker.step(index, frames[index], (1,)) for index in range(8, COUNT)}
    assert [index for index, step in steps.items() if not step.absent] == [*range(AGAIN, COUNT)]
