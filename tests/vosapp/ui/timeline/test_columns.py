from __future__ import annotations

import numpy as np
import pytest

from vosapp.project.model import FrameState as State
from vosapp.session.navigation import lane_need
from vosapp.session.view import LaneView
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.columns import NOT_FOUND, Curve, Run, curve, dots, per_pixel, runs

RANK = [State.EMPTY, State.ABSENT, NOT_FOUND, State.KEYFRAME, State.CHECKED]
RANK += [State.PROPAGATED, State.STALE]


def lane(states, confidence=0.9):
    states = np.array(states, np.uint8)
    return LaneView(states, np.full(states.shape, confidence, np.float32))


def test_stretches_at_some_pixels_a_frame():
    states = [0, 1, 1, 2, 4, 0, 5, 5, 3, 3]
    axis = TimeAxis(10, 100).fitted()
    assert runs(lane(states), axis) == [
        Run(10, 30, State.PROPAGATED),
        Run(30, 40, State.STALE),
        Run(40, 50, State.KEYFRAME),
        Run(60, 80, State.ABSENT),
        Run(80, 100, State.CHECKED),
    ]


def test_what_the_engine_found_gone_is_told_apart_from_what_it_doubts():
    gone = np.array([True, True, False, True, True])
    shown = LaneView(np.array([1, 2, 1, 3, 4], np.uint8), np.full(5, 0.05, np.float32), gone)
    axis = TimeAxis(5, 50).fitted()
    assert [run.state for run in runs(shown, axis)] == [NOT_FOUND, 1, 3, 4]
    drawn = curve(shown, axis).value
    assert np.isnan(drawn[:2]).all() and drawn[2] == np.float32(0.05)
    assert lane_need(shown).tolist() == [0, np.float32(0.975), np.float32(1.95), 0, 0]


@pytest.mark.parametrize("zoom", [1, 1.7, 5, 12])
def test_many_frames_a_pixel_against_a_naive_loop(zoom):
    rng = np.random.default_rng(5)
    states = np.repeat(rng.integers(0, 6, 700), rng.integers(1, 30, 700)).astype(np.uint8)
    axis = TimeAxis(len(states), 300).fitted().zoomed(zoom, 120)
    assert axis.scale < 1
    shown = np.zeros(axis.width, np.uint8)
    for run in runs(lane(states), axis):
        shown[max(0, round(run.start)) : round(run.stop)] = run.state
    for x in range(axis.width):
        start = int(np.floor(axis.first + x / axis.scale))
        stop = max(start + 1, int(np.floor(axis.first + (x + 1) / axis.scale)))
        wanted = max(states[start:stop], key=RANK.index)
        # A border between two stretches may be a pixel off.
        assert wanted in shown[max(0, x - 1) : x + 2]


def test_the_curve_shows_the_lowest_of_a_pixels_frames_and_no_keyframes():
    states = np.full(1000, State.PROPAGATED, np.uint8)
    confidence = np.full(1000, 0.9, np.float32)
    confidence[503] = 0.1
    states[700:720] = State.KEYFRAME
    states[:100] = State.EMPTY
    shown = curve(LaneView(states, confidence), TimeAxis(1000, 100).fitted())
    assert len(shown.x) == 100
    assert np.nanargmin(shown.value) == 50
    assert shown.value[50] == np.float32(0.1)
    assert np.isnan(shown.value[[0, 9, 70, 71]]).all()
    assert not np.isnan(shown.value[[10, 69, 72]]).any()


def test_dots_never_overlap_and_are_all_there_where_they_have_room():
    states = np.zeros(1000, np.uint8)
    states[::3] = State.KEYFRAME
    fitted = TimeAxis(1000, 500).fitted()
    few = dots(lane(states), fitted, gap=8)
    assert 20 < len(few) <= 500 / 8 + 1
    close = fitted.zoomed(40, 0)
    assert dots(lane(states), close, gap=8).tolist() == list(range(0, 27, 3))


def test_the_cost_does_not_grow_with_the_length():
    states = np.tile([1, 2, 3, 0, 4], 20_000).astype(np.uint8)
    axis = TimeAxis(len(states), 800).fitted()
    assert len(runs(lane(states), axis)) <= 800
    assert len(curve(lane(states), axis).x) <= 801
    assert len(dots(lane(states), axis, gap=8)) <= 101


def test_the_curve_runs_straight_between_points_and_stops_at_gaps():
    points = Curve(np.array([5.0, 15, 25, 35, 45]), np.float32([0, 1, np.nan, 0.4, 0.8]))
    value = per_pixel(points, range(50))
    assert value[5] == pytest.approx(0.05)
    assert value[9] == pytest.approx(0.45)
    assert value[14:16] == pytest.approx([0.95, 1])
    assert value[40] == pytest.approx(0.4 + 0.4 * 5.5 / 10)
    assert np.isnan(value[[0, 18, 25, 30, 48]]).all()
    assert np.isfinite(value[4:16]).all()
    assert np.isnan(per_pixel(Curve(np.empty(0), np.empty(0, np.float32)), range(9))).all()
