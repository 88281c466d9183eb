"""What is left of a propagation that was broken off."""

from __future__ import annotations

import pytest

from core.engine.pieces import Unit, passed_frames, remaining, units
from core.engine.propagate import PropagationRequest, Walk
from core.engine.run_record import WalkState
from core.types import Direction

FORWARD, BACKWARD = Direction.FORWARD, Direction.BACKWARD
COUNT = 12
BOTH_IDS = (1, 2)


@pytest.fixture
def request_for(keyframe):
    def make(*rows, start=0, stop=COUNT, ways=(FORWARD, BACKWARD)):
        rows = [(row, BOTH_IDS) if isinstance(row, int) else row for row in rows]
        return PropagationRequest(tuple(keyframe(*row) for row in rows), start, stop, ways)

    return make


def frames(*ranges):
    return frozenset(i for first, last in ranges for i in range(first, last + 1))


def ranges(pieces):
    return [(piece.start, piece.stop) for piece in pieces]


def state(frame_index, direction):
    return WalkState(frame_index, direction, b"")


def test_units_of_borders(request_for):
    found = units(request_for(3, 7), COUNT)
    assert [sorted(unit.frames) for unit in found] == [
        [0, 1, 2],
        [3],
        [4, 5, 6],
        [7],
        [8, 9, 10, 11],
    ]
    assert [unit.walks for unit in found] == [
        (Walk(2, 0, BACKWARD),),
        (),
        (Walk(6, 4, BACKWARD), Walk(4, 6, FORWARD)),
        (),
        (Walk(8, 11, FORWARD),),
    ]


def test_unit_whose_walks_do_not_reach_the_same_frames_has_none(request_for):
    """Object 1 is known from frame 3 on only; frames before get their result in the walk back."""
    (found,) = units(request_for((3, (1,)), (7, (2,))), COUNT)
    assert (found.frames, found.walks) == (frames((0, 11)), ())


def test_walks_of_a_range(request_for):
    (found,) = units(request_for(0, 11, start=4, stop=8), COUNT)
    assert found.frames == frames((4, 7))
    assert found.walks == (Walk(10, 4, BACKWARD), Walk(1, 7, FORWARD))


@pytest.mark.parametrize(
    ("way", "wanted"), [(FORWARD, [(3, 3), (4, 11)]), (BACKWARD, [(0, 2), (3, 3)])]
)
def test_units_of_one_direction(request_for, way, wanted):
    """Frames that nothing reaches are in no unit."""
    found = units(request_for(3, ways=(way,)), COUNT)
    assert [unit.frames for unit in found] == [frames(pair) for pair in wanted]


@pytest.mark.parametrize(
    ("done", "wanted"),
    [
        ([], [(0, 12)]),
        ([(0, 11)], []),
        ([(0, 3)], [(4, 12)]),
        ([(0, 5)], [(4, 12)]),
        ([(0, 3), (7, 11)], [(4, 7)]),
        ([(3, 3), (7, 7)], [(0, 3), (4, 7), (8, 12)]),
        ([(4, 7)], [(0, 4), (8, 12)]),
    ],
)
def test_remaining(request_for, done, wanted):
    """Whole units, joined where they touch."""
    assert ranges(remaining(request_for(3, 7), COUNT, frames(*done))) == wanted


def test_remaining_keeps_everything_else(request_for):
    asked = request_for(3, 7, start=1, stop=10, ways=(FORWARD,))
    (piece,) = remaining(asked, COUNT, frames((3, 7)))
    assert (piece.keyframes, piece.ways) == (asked.keyframes, asked.ways)
    assert (piece.start, piece.stop) == (8, 10)


@pytest.mark.parametrize(
    ("rows", "done", "at", "wanted"),
    [
        ((0,), [(0, 5)], (5, FORWARD), [(6, 12)]),
        ((0,), [(0, 8)], (5, FORWARD), [(6, 12)]),
        ((0,), [(0, 4)], (5, FORWARD), [(1, 12)]),
        ((0,), [(0, 5)], (5, BACKWARD), [(1, 12)]),
        ((11,), [(6, 11)], (6, BACKWARD), [(0, 6)]),
        ((0, 11), [(0, 5)], (5, FORWARD), [(6, 12)]),
        ((0, 11), [(0, 0)], (5, BACKWARD), [(1, 12)]),
        ((0, 6, 11), [(0, 8)], (8, FORWARD), [(9, 12)]),
        ((0, 6, 11), [(0, 8)], (4, FORWARD), [(7, 12)]),
    ],
)
def test_remaining_with_a_walk_that_goes_on(request_for, rows, done, at, wanted):
    found = remaining(request_for(*rows), COUNT, frames(*done), state(*at))
    assert ranges(found) == wanted


def test_passed_frames_of_a_finished_unit_are_none():
    """Then there is nothing to take up."""
    unit = Unit(frames((1, 5)), (Walk(1, 5, FORWARD),))
    assert passed_frames(unit, frames((1, 5)), state(5, FORWARD)) == frozenset()
    assert passed_frames(unit, frames((1, 4)), state(4, FORWARD)) == frames((1, 4))
    assert passed_frames(unit, frames((1, 4)), None) == frozenset()
    assert passed_frames(unit, frames((1, 4)), state(9, FORWARD)) == frozenset()
