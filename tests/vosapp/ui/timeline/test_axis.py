from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vosapp.ui.timeline.axis import WIDEST, TimeAxis


def test_the_whole_video_fits_at_first():
    axis = TimeAxis(72, 1000).fitted()
    assert axis.fits
    assert axis.visible == range(72)
    assert axis.frame_at(0) == 0
    assert axis.frame_at(999.9) == 71
    assert axis.frame_at(-50) == 0
    assert axis.frame_at(5000) == 71


@given(st.integers(1, 100_000), st.integers(1, 3000), st.integers(1, 3000))
def test_what_fits_goes_on_fitting_in_a_view_of_any_width(count, width, other):
    """Also where the width divided by the pixels of a frame is a little less than the count."""
    axis = TimeAxis(count, width).fitted()
    assert axis.fits
    assert axis.resized(other).fits
    assert axis.resized(other) == TimeAxis(count, other).fitted()


def test_zoom_keeps_what_lies_below_the_mouse():
    axis = TimeAxis(10_000, 1000).fitted()
    for x in (0, 250.0, 613.5, 1000):
        frame = axis.first + x / axis.scale
        closer = axis.zoomed(8, x)
        assert closer.first + x / closer.scale == pytest.approx(frame)
        assert closer.scale == pytest.approx(8 * axis.scale)


def test_zoom_ends_at_the_whole_video_and_at_one_wide_frame():
    axis = TimeAxis(10_000, 1000).fitted()
    assert axis.zoomed(1e9, 500).scale == WIDEST
    assert axis.zoomed(1e9, 500).zoomed(1e-9, 3) == axis


def test_a_frame_is_brought_into_view():
    axis = TimeAxis(1000, 500).fitted().zoomed(10, 0)
    assert axis.with_frame(50, paged=False) == axis
    middle = axis.with_frame(500, paged=False)
    assert middle.center_of(500) == pytest.approx(250, abs=axis.scale)
    page = axis.with_frame(100, paged=True)
    assert 0 <= page.x_of(100) <= 3 * page.scale
    assert page.with_frame(101, paged=True) == page


def test_resizing_keeps_the_scale_unless_the_video_fits():
    fitted = TimeAxis(100, 500).fitted()
    assert fitted.resized(900).fits
    closer = fitted.zoomed(4, 100)
    assert closer.resized(600).scale == closer.scale


@given(
    count=st.integers(1, 100_000),
    width=st.integers(1, 4000),
    steps=st.lists(st.tuples(st.floats(0.1, 10), st.floats(-50, 5000)), max_size=6),
)
def test_the_window_never_leaves_the_video(count, width, steps):
    axis = TimeAxis(count, width).fitted()
    for factor, x in steps:
        axis = axis.zoomed(factor, x)
        assert axis.first >= 0
        assert axis.first + axis.shown <= max(count, axis.shown) + 1e-6 * count
        assert 0 <= axis.visible.start <= axis.visible.stop <= count
        for frame in (axis.visible.start, axis.visible.stop - 1):
            if 0 <= axis.center_of(frame) < width:
                assert axis.frame_at(axis.center_of(frame)) == frame
