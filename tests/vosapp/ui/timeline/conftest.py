"""A timeline of the tests' film."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint

from vosapp.ui.timeline.lane_picture import BAND
from vosapp.ui.timeline.layout import HEADER_WIDTH, TAIL
from vosapp.ui.timeline.panel import TimelinePanel
from vosapp.ui.view_state import ViewState

WIDTH = 24 * 30 + TAIL + HEADER_WIDTH
"""Thirty pixels a frame."""
MIDDLE = sum(BAND) // 2
"""Pixels from the top of a lane to the middle of its band."""


class Shown:
    """A panel with its workspace, and where things are."""

    def __init__(self, workspace):
        self.workspace, self.session = workspace, workspace.session
        self.view_state = ViewState()
        self.panel = TimelinePanel(self.view_state)
        self.view = self.panel.view
        self.panel.resize(WIDTH, 320)

    @property
    def viewport(self):
        return self.view.viewport()

    def x(self, frame):
        """Middle of a frame in pixels of the viewport."""
        return HEADER_WIDTH + round(self.view.axis.center_of(frame))

    def edge(self, frame):
        return HEADER_WIDTH + round(self.view.axis.x_of(frame))

    def cell(self, frame, place=0):
        return QPoint(self.x(frame), self.view.places.lane_top(place) + MIDDLE)

    def image(self):
        return self.viewport.grab().toImage()


@pytest.fixture
def show(qtbot):
    made = []

    def make(workspace):
        shown = Shown(workspace)
        made.append(shown)
        qtbot.addWidget(shown.panel)
        shown.panel.set_workspace(workspace)
        shown.panel.show()
        return shown

    yield make
    for shown in made:
        shown.panel.set_workspace(None)


@pytest.fixture
def shown(show, tracked):
    return show(tracked)
