"""A canvas of a small film, and a hand that draws on it with real mouse events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from vosapp.ui.canvas.view import CanvasView
from vosapp.ui.view_state import ViewState

LEFT, RIGHT, MIDDLE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
NO_BUTTON, NO_KEY = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
ZOOM = 8


class Hand:
    """Mouse and keys; places are image pixels."""

    def __init__(self, canvas, qtbot):
        self.canvas, self.qtbot = canvas, qtbot
        self.port = canvas.viewport()

    def place(self, x, y):
        x, y = self.canvas.grid.to_view(x, y)
        return QPoint(round(x), round(y))

    def press(self, x, y, button=LEFT, keys=NO_KEY):
        QTest.mousePress(self.port, button, keys, self.place(x, y))

    def release(self, x, y, button=LEFT, keys=NO_KEY):
        QTest.mouseRelease(self.port, button, keys, self.place(x, y))

    def move(self, x, y, held=NO_BUTTON, keys=NO_KEY):
        # QTest.mouseMove tells neither buttons nor modifiers.
        where = QPointF(self.place(x, y))
        self.send(
            QMouseEvent(
                QEvent.Type.MouseMove, where, self.port.mapToGlobal(where), NO_BUTTON, held, keys
            )
        )

    def click(self, x, y, button=LEFT, keys=NO_KEY):
        self.press(x, y, button, keys)
        self.release(x, y, button, keys)

    def double_click(self, x, y):
        QTest.mouseDClick(self.port, LEFT, NO_KEY, self.place(x, y))

    def drag(self, *places, button=LEFT, keys=NO_KEY):
        self.press(*places[0], button, keys)
        for place in places[1:]:
            self.move(*place, held=button, keys=keys)
        self.release(*places[-1], button, keys)

    def wheel(self, x, y, steps, keys=NO_KEY):
        where = QPointF(self.place(x, y))
        self.send(
            QWheelEvent(
                where,
                self.port.mapToGlobal(where),
                QPoint(),
                QPoint(0, round(120 * steps)),
                NO_BUTTON,
                keys,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            )
        )

    def key(self, key, keys=NO_KEY):
        QTest.keyClick(self.canvas, key, keys)

    def send(self, event):
        QApplication.sendEvent(self.port, event)


class Studio:
    """A canvas with its workspace; asks the project itself what came of the drawing."""

    def __init__(self, workspace, canvas, hand, said):
        self.workspace, self.canvas, self.hand, self.said = workspace, canvas, hand, said
        self.session, self.state = workspace.session, canvas.view_state

    @property
    def shown(self):
        """Label map as it is drawn."""
        return self.canvas._label_item.labels

    @property
    def tool(self):
        return self.canvas._tool

    def stored(self, frame_index=0):
        """Label map in the project, with everything that was asked for."""
        self.session.drain()
        return self.session.project.label_map(frame_index)

    def steps(self):
        """Names of the project's steps."""
        self.session.drain()
        return [entry.name for entry in self.session.project.history() if not entry.undone]

    def settle(self):
        """Wait until the window has read back all that was done."""
        self.session.drain()
        revision = self.session.project.revision
        session = self.session
        self.hand.qtbot.waitUntil(
            lambda: (
                session.view.revision >= revision
                and session.view.frame_index == session.frame_index
                and session.view.exact
            )
        )
        self.hand.qtbot.waitUntil(lambda: not self.canvas._context._sent or self._sent_done())

    def _sent_done(self):
        return all(sent.future.done() for sent in self.canvas._context._sent)

    def proposed(self):
        """Wait for the tool's proposal and return its mask."""
        prompter = self.tool._prompter
        self.hand.qtbot.waitUntil(lambda: prompter.active and not prompter.waiting)
        return self.tool.proposal.mask.astype(bool)


@pytest.fixture
def studio_of(qtbot, make_workspace):
    """Puts a workspace on a canvas on which an image pixel is 8 x 8 view units.

    Workspaces are closed after the canvas has let go of them.
    """
    made = []

    def make(workspace):
        canvas = CanvasView(ViewState())
        qtbot.addWidget(canvas)
        canvas.resize(640, 480)
        canvas.show()
        said = []
        canvas.statusMessage.connect(said.append)
        canvas.set_workspace(workspace)
        canvas.zoom_to(ZOOM)
        made.append(canvas)
        return Studio(workspace, canvas, Hand(canvas, qtbot), said)

    yield make
    for canvas in made:
        canvas.set_workspace(None)


@pytest.fixture
def studio(studio_of, workspace):
    """A canvas of the film without any object."""
    return studio_of(workspace)


@pytest.fixture
def full_studio(studio_of, tracked):
    """A canvas of the film with both objects asserted on frame 0."""
    return studio_of(tracked)
