"""Flags on a lane where masks need work."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from vosapp.project.model import FrameState
from vosapp.session.view import LaneView
from vosapp.ui.theme import tones
from vosapp.ui.timeline.axis import TimeAxis
from vosapp.ui.timeline.columns import changed_part
from vosapp.ui.timeline.hints import state_text
from vosapp.ui.timeline.review_marks import paint_reviews

COUNT, SCALE = 40, 10


def lane(marked=(), states=FrameState.PROPAGATED):
    work = np.zeros(COUNT, np.bool_)
    work[list(marked)] = True
    return LaneView(np.full(COUNT, states, np.uint8), np.full(COUNT, 0.9, np.float32), None, work)


def reds(shown, axis, part=range(COUNT * SCALE)):
    image = QImage(COUNT * SCALE, 28, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_reviews(painter, shown, axis, top=0, part=part)
    painter.end()
    red = QColor(tones().danger).rgb()
    return [x for x in range(image.width()) if image.pixel(x, 2) == red]


def test_a_flag_and_a_line_stand_where_work_is_needed(qapp):
    axis = TimeAxis(COUNT, COUNT * SCALE, float(SCALE))
    found = reds(lane([5, 6, 7, 20]), axis)
    assert found[0] == 50 and set(range(50, 80)) <= set(found) and 200 in found
    assert not set(found) & set(range(90, 200))
    assert reds(lane(), axis) == [] == reds(LaneView(*_plain()), axis)
    assert reds(lane([5], FrameState.CHECKED), axis) == []
    assert reds(lane([5]), axis, range(300, 310)) == []


def test_only_what_changed_is_drawn_anew(qapp):
    axis = TimeAxis(COUNT, COUNT * SCALE, float(SCALE))
    part = changed_part(lane(), lane([20]), axis)
    assert part.start <= 200 and 210 <= part.stop < 300
    assert not changed_part(lane([20]), lane([20]), axis)


def test_a_cell_says_that_it_needs_work():
    assert state_text(lane([20]), 20) == "propagated, needs work, confidence 0.90"


def _plain():
    shown = lane()
    return shown.states, shown.confidence
