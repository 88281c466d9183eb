"""What is drawn: pixels at known frames."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor

from vosapp.project.model import FrameState as State
from vosapp.project.model import TrackedObject
from vosapp.session.view import LaneView
from vosapp.ui.theme import Theme, apply_theme, tones
from vosapp.ui.timeline import ink
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.curve_picture import curve_height, curve_image
from vosapp.ui.timeline.lane_picture import (
    BAND,
    CHECKED_ALPHA,
    LANE_HEIGHT,
    STRIP,
    LaneLook,
    LanePainter,
)
from vosapp.ui.timeline.strip import LanePictures

COLOR = (60, 160, 220)
ORDER = (State.EMPTY, State.PROPAGATED, State.STALE, State.CHECKED, State.KEYFRAME, State.ABSENT)
CELL = 40
MIDDLE = sum(BAND) // 2


@pytest.fixture(params=[Theme.LIGHT, Theme.DARK])
def theme(qapp, request):
    apply_theme(qapp, request.param)
    yield request.param
    apply_theme(qapp, Theme.LIGHT)


def cells(states=ORDER, confidence=np.nan, references=(), ratio=1.0):
    """Draw one cell after the other, `CELL` pixels each; H x W x 4."""
    lane = LaneView(np.array(states, np.uint8), np.full(len(states), confidence, np.float32))
    axis = TimeAxis(len(states), CELL * len(states)).fitted()
    picture = LanePainter(LaneLook(COLOR, ratio)).picture(lane, axis, references)
    image = picture.toImage().convertToFormat(picture.toImage().Format.Format_RGBA8888)
    pixels = np.frombuffer(image.constBits(), np.uint8)
    return pixels.reshape(image.height(), image.width(), 4).copy()


def cell(pixels, place):
    return pixels[:, CELL * place : CELL * (place + 1)].astype(int)


def test_each_state_has_a_look_of_its_own(qapp, theme):
    drawn = cells()
    looks = [cell(drawn, place) for place in range(len(ORDER))]
    for one in range(len(looks)):
        for other in range(one):
            differing = np.abs(looks[one] - looks[other]).max(-1) > 40
            assert differing.sum() > 30, (ORDER[one], ORDER[other])


def test_empty_is_blank_and_propagated_even(qapp, theme):
    drawn = cells()
    assert not cell(drawn, 0).any()
    band = cell(drawn, 1)[slice(*BAND), 2:-2]
    assert band[..., 3].min() == band[..., 3].max() > 60
    assert not cell(drawn, 1)[: BAND[0]].any()
    assert 22 <= STRIP[1] - BAND[0] <= 24


def test_stale_is_hatched_thinly_in_gray_and_checked_bears_ticks(qapp, theme):
    drawn = cells()
    stale = cell(drawn, 2)[slice(*BAND), 2:-2]
    gray = np.array(QColor(tones().muted).getRgb()[:3])
    hatch = (np.abs(stale[..., :3] - gray).max(-1) < 45) & (stale[..., 3] > 150)
    assert 0.05 < hatch.mean() < 0.4
    checked = cell(drawn, 3)[slice(*BAND), 2:-2]
    ground = QColor(tones().base)
    below = ink.mixed(ground, ink.readable(COLOR, ground), CHECKED_ALPHA / 255)
    tick = ink.seen_on(below)
    assert ink.contrast(tick, below) > 4.5
    assert (np.abs(checked[..., :3] - np.array(tick.getRgb()[:3])).max(-1) < 25).sum() > 8


def test_keyframes_have_dots_absent_ones_rings_references_stars(qapp, theme):
    middle = (MIDDLE, CELL // 2)
    dot = cell(cells(), 4)[middle]
    assert dot[:3].min() > 235
    ring = cell(cells(), 5)
    assert ring[middle][:3].max() < 120  # the hole
    assert ring[MIDDLE, CELL // 2 - 3, :3].min() > 180
    star = cell(cells(references=(4,)), 4)[middle]
    assert star[0] > 200 > star[2] + 60  # golden


def test_low_confidence_is_drawn_in_the_color_of_warnings(qapp, theme):
    warning = np.array(QColor(tones().warning).getRgb()[:3])

    def warned(value):
        drawn = cells([State.PROPAGATED] * 6, confidence=value)
        return (np.abs(drawn[..., :3].astype(int) - warning).max(-1) < 30).sum()

    assert warned(0.3) > 100
    assert warned(0.8) == 0


def test_the_line_is_as_high_as_the_confidence(qapp):
    def height(value):
        drawn = cells([State.PROPAGATED] * 6, confidence=value).astype(int)
        bare = cells([State.PROPAGATED] * 6).astype(int)
        rows = np.abs(drawn - bare).sum((1, 2))
        return rows.argmax()

    assert height(1.0) < height(0.75) < height(0.5) < height(0.1)


def test_confidence_has_one_scale_and_one_color_whatever_the_objects_color(qapp, theme):
    """An amber object's warning would not be seen, were it a tone of amber; nor its scale moved."""

    def strip(color, value):
        lane = LaneView(np.full(6, State.PROPAGATED, np.uint8), np.full(6, value, np.float32))
        axis = TimeAxis(6, 6 * CELL).fitted()
        image = LanePainter(LaneLook(color, 1.0)).picture(lane, axis).toImage()
        return image.copy(0, STRIP[0], 6 * CELL, STRIP[1] - STRIP[0])

    for value in (0.1, 0.5, 0.95):
        assert strip((250, 180, 40), value) == strip((40, 60, 250), value)
    assert strip(COLOR, 0.5) != strip(COLOR, 0.55)
    height = STRIP[1] - STRIP[0]
    assert curve_height(1.0, height) == pytest.approx(1.5)
    assert curve_height(0.0, height) == pytest.approx(height - 1.5)


def test_dense_screens_get_dense_pictures(qapp):
    assert cells(ratio=2.0).shape == (2 * LANE_HEIGHT, 2 * CELL * len(ORDER), 4)


@pytest.mark.parametrize("color", [(0, 0, 128), (0, 0, 0), (255, 255, 255), (128, 128, 0)])
def test_every_color_is_seen_on_every_ground(qapp, theme, color):
    ground = QColor(tones().base)
    assert ink.contrast(ink.readable(color, ground), ground) >= ink.LEAST_CONTRAST


def test_the_line_over_many_frames_is_as_high_as_over_few(qapp):
    def drawn(count, value):
        lane = LaneView(
            np.full(count, State.PROPAGATED, np.uint8), np.full(count, value, np.float32)
        )
        axis = TimeAxis(count, 200).fitted()
        pictures = []
        for shown in (lane, LaneView(lane.states, np.full(count, np.nan, np.float32))):
            image = LanePainter(LaneLook(COLOR, 1.0)).picture(shown, axis).toImage()
            image = image.convertToFormat(image.Format.Format_RGBA8888)
            pixels = np.frombuffer(image.constBits(), np.uint8).reshape(LANE_HEIGHT, 200, 4)
            pictures.append(pixels.astype(int))
        return np.abs(pictures[0] - pictures[1])[:, 20:-20].sum((1, 2))

    for value in (0.95, 0.7, 0.3):
        few, many = drawn(20, value), drawn(4000, value)
        rows = np.arange(LANE_HEIGHT)
        middles = [(rows * line).sum() / line.sum() for line in (few, many)]
        assert abs(middles[0] - middles[1]) < 0.6
        assert many.sum() > 0.5 * few.sum()


def test_a_curve_is_broken_where_nothing_is_known(qapp):
    y = np.full(50, 10.0)
    known = np.ones(50, np.bool_)
    known[20:30] = False
    colors = (QColor(1, 2, 3), QColor(200, 100, 50))
    image = curve_image(y, colors, known=known, low=np.arange(50) >= 40, height=LANE_HEIGHT)
    alpha = [image.pixelColor(x, 10).alpha() for x in range(50)]
    assert min(alpha[:20] + alpha[30:]) > 150
    assert max(alpha[20:30]) == 0
    assert image.pixelColor(45, 10).getRgb()[:3] == (200, 100, 50)
    assert image.pixelColor(5, 10).getRgb()[:3] == (1, 2, 3)
    # Faint above the line, less so below it.
    assert 0 < image.pixelColor(5, 4).alpha() < image.pixelColor(5, 20).alpha() < 60
    assert image.pixelColor(45, 4).alpha() > 60  # a low column is flagged from top to bottom


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.0, 31.0])
def test_a_mended_picture_is_the_one_that_is_drawn_anew(qapp, scale):
    rng = np.random.default_rng(round(scale * 10))
    count = round(600 / scale) + 20

    def lane():
        states = np.repeat(rng.integers(0, 6, count), 4)[:count].astype(np.uint8)
        return LaneView(states, rng.random(count).astype(np.float32), rng.random(count) < 0.1)

    axis = TimeAxis(count, 600).zoomed(1e-9, 0).zoomed(1.05, 10)
    item, look = TrackedObject(1, "Bear", COLOR), LaneLook(COLOR, 1.0)
    for _ in range(12):
        old, other, kept = lane(), lane(), LanePictures()
        start = int(rng.integers(0, count))
        part = slice(start, start + int(rng.integers(1, 9)))
        new = LaneView(old.states.copy(), old.confidence.copy(), old.gone.copy())
        for name in ("states", "confidence", "gone"):
            getattr(new, name)[part] = getattr(other, name)[part]
        kept.get(item, old, axis, look=look, references=frozenset())
        mended = kept.get(item, new, axis, look=look, references=frozenset()).toImage()
        fresh = LanePainter(look).picture(new, axis).toImage()
        assert mended == fresh
