"""Ticks and labels of the ruler."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vosapp.ui import numbering
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.layout import HEADER_WIDTH
from vosapp.ui.timeline.ruler import labels, ticks

DIGIT = 8
FPS = Fraction(24)


def width_of(text):
    return DIGIT * len(text)


@given(st.integers(1, 5000), st.integers(60, 2000), st.floats(1, 50), st.floats(0, 1))
def test_no_label_is_cut_and_none_touches_another(count, width, zoom, place):
    axis = TimeAxis(count, width, tail=10).fitted().zoomed(zoom, place * width)
    end = 0.0
    for frame, label in labels(axis, FPS, width_of):
        assert label.text == str(frame)
        assert label.left >= end
        end = label.left + width_of(label.text)
        if label.time:
            assert label.time_left >= end
            end = label.time_left + width_of(label.time)
        assert end <= width


def test_the_last_number_is_there_also_where_it_has_room_before_its_tick_only():
    axis = TimeAxis(101, 412, tail=4).fitted()
    (frame, label) = labels(axis, FPS, width_of)[-1]
    assert frame == 100
    assert label.left + width_of("100") < axis.x_of(100)


def test_frames_counted_from_1_have_round_numbers_at_their_ticks():
    numbering.count_from(1)
    try:
        axis = TimeAxis(72, 720).fitted()
        texts = [label.text for _, label in labels(axis, FPS, width_of)]
        assert texts == ["1", "10", "20", "30", "40", "50", "60", "70"]
        assert [frame for frame, labeled in ticks(axis) if labeled][:3] == [0, 9, 19]
    finally:
        numbering.count_from(0)


@pytest.mark.parametrize("width", [400, 700, 1300])
def test_a_video_fits_when_it_is_opened_and_has_air_at_its_end(qtbot, shown, width):
    shown.panel.resize(width, 320)
    axis = shown.view.axis
    assert axis.fits
    assert axis.width == shown.viewport.width() - HEADER_WIDTH
    assert axis.width - 12 <= axis.x_of(axis.frame_count) <= axis.width - 8
