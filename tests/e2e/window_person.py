"""A person in front of the window: real mouse and key events, nothing else.

As a program it annotates a film, writes down what it has seen, starts to propagate and waits to be
killed.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from vosapp.project.model import FrameState

PATIENCE = 60.0
"""Seconds; the first propagation of a process imports torch, which takes long on a busy machine."""
AHEAD, DRIP = 6, 0.5
"""Steps that a tracker may be ahead of the window, and seconds to one more beyond them."""
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
CTRL, PLAIN = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
RED_BOX, YELLOW_BOX = ((3, 6), (22, 28)), ((17, 27), (38, 45))
"""Around the film's two objects on frame 0, in pixels of the video."""


def load_fakes():
    """The film and the tracker of the window's tests."""
    if "vosapp_fakes" not in sys.modules:
        path = Path(__file__).parents[1] / "vosapp" / "fakes.py"
        spec = importlib.util.spec_from_file_location("vosapp_fakes", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["vosapp_fakes"] = module
        spec.loader.exec_module(module)
    return sys.modules["vosapp_fakes"]


class Person:
    """One user of one window.

    Args:
        shell: the window.
        gate: the tracker takes a step each time that it is released.
    """

    def __init__(self, shell, gate):
        self.shell, self.gate = shell, gate
        self.canvas, self.timeline = shell.panels.canvas, shell.panels.timeline.view

    @property
    def session(self):
        return self.shell.workspace.session

    @property
    def project(self):
        self.session.drain()
        return self.session.project

    # Looking

    def wait(self, done):
        """Let the window live until something is so."""
        until = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < until, "this takes too long"
            QTest.qWait(10)

    def settle(self):
        """Wait until the window knows of all that was done, and shows the current frame."""
        session = self.session
        session.drain()
        self.wait(
            lambda: (
                not session.changing
                and session.view.exact
                and session.view.frame_index == session.frame_index
            )
        )

    def maps(self):
        """The project's label maps of all frames."""
        return np.stack([self.project.label_map(i) for i in range(self.session.frame_count)])

    def states(self, object_id):
        return self.project.states(object_id).copy()

    # Mouse and keys

    def key(self, key, keys=PLAIN):
        QTest.keyClick(self.canvas, key, keys)

    def drag(self, widget, *places):
        """Press at the first place, move over the others, let go at the last."""
        QTest.mousePress(widget, LEFT, PLAIN, places[0])
        for place in places[1:]:
            where = QPointF(place)
            # QTest.mouseMove does not say which buttons are held.
            QApplication.sendEvent(
                widget,
                QMouseEvent(
                    QEvent.Type.MouseMove, where, widget.mapToGlobal(where), NONE, LEFT, PLAIN
                ),
            )
        QTest.mouseRelease(widget, LEFT, PLAIN, places[-1])

    def draw(self, *places):
        """Drag over the picture, in pixels of the video."""
        views = [self.canvas.grid.to_view(*place) for place in places]
        self.drag(self.canvas.viewport(), *(QPoint(round(x), round(y)) for x, y in views))

    # Deeds

    def open(self, path):
        """As `vosapp PATH` does."""
        self.shell.opener.open(path)
        self.wait_open()

    def wait_open(self):
        self.wait(lambda: self.shell.workspace is not None and self.session.view is not None)
        self.canvas.setFocus()

    def box(self, corners):
        """Draw a box with nothing selected, wait for the mask, take it: a new object."""
        self.key(Qt.Key.Key_B)
        self.key(Qt.Key.Key_Escape)
        self.draw(*corners)
        prompting = self.shell.workspace.prompting
        self.wait(lambda: not prompting.busy and self.canvas._tool.proposal is not None)
        self.key(Qt.Key.Key_Return)
        self.settle()

    def start(self):
        """Ctrl+T."""
        propagation = self.shell.workspace.propagation
        self.ended = []
        propagation.finished.connect(self.ended.append)
        self.key(Qt.Key.Key_T, CTRL)
        self.wait(lambda: propagation.running or self.ended)

    def run_until(self, done):
        """Let the tracker take a step now and then until something is so.

        When it is some steps ahead of what object 1 shows it has to wait: a busy machine may show
        late, and the run must not be over by then. It gets a step from time to time all the same,
        for results are stored when another one comes.
        """
        allowed, last = 0, time.monotonic()

        def step():
            nonlocal allowed, last
            if done():
                return True
            if allowed < self.propagated(1) + AHEAD or time.monotonic() > last + DRIP:
                self.gate.release()
                allowed, last = allowed + 1, time.monotonic()
            QTest.qWait(40)
            return False

        self.wait(step)

    def propagated(self, object_id):
        """Frames that the window shows as propagated."""
        lane = self.session.lane(object_id)
        return 0 if lane is None else int((lane.states == FrameState.PROPAGATED).sum())

    def propagate(self):
        """Ctrl+T, to the end."""
        self.start()
        self.gate.release(1000)
        self.wait(lambda: self.ended)
        while self.gate.acquire(blocking=False):
            pass
        self.settle()

    def scrub(self, *frames):
        """Drag the playhead over the ruler."""
        axis, left = self.timeline.axis, self.timeline.viewport().width() - self.timeline.axis.width
        places = [QPoint(round(left + axis.center_of(frame)), 6) for frame in frames]
        self.drag(self.timeline.viewport(), *places)

    def go(self, frame):
        """Step to a frame with the arrow keys."""
        here = self.session.frame_index
        for _ in range(abs(frame - here)):
            self.key(Qt.Key.Key_Right if frame > here else Qt.Key.Key_Left)
        self.settle()

    def undo_all(self):
        return self._while_enabled("edit.undo", (Qt.Key.Key_Z, CTRL))

    def redo_all(self):
        return self._while_enabled("edit.redo", (Qt.Key.Key_Z, CTRL | SHIFT))

    def _while_enabled(self, name, keys):
        count = 0
        self.settle()
        while self.shell.actions[name].isEnabled():
            self.key(*keys)
            self.settle()
            count += 1
        return count


def annotate(person):
    """Two objects, all frames, and a correction on frame 8 that nothing was made of yet."""
    person.box(RED_BOX)
    person.box(YELLOW_BOX)
    person.propagate()
    person.key(Qt.Key.Key_1)
    person.go(8)
    person.key(Qt.Key.Key_W)
    person.draw((40, 5), (46, 5), (50, 6))
    person.settle()


def main(film, home, report):
    """Annotate, write down what is there, go on and wait."""
    from vosapp.app import make_application
    from vosapp.jobs.propagation import Engine
    from vosapp.session.places import Places
    from vosapp.ui.shell import Shell

    make_application([])
    gate, fakes = threading.Semaphore(0), load_fakes()
    engine = Engine(make_tracker=lambda _request: fakes.FakeTracker(gate=gate))
    shell = Shell(Places(home / "config", home / "data"), engine)
    shell.window.show()
    person = Person(shell, gate)
    person.open(film)
    annotate(person)
    np.savez(report, maps=person.maps(), red=person.states(1), yellow=person.states(2))
    person.start()
    before = person.propagated(1)
    person.run_until(lambda: person.propagated(1) >= before + 3)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    QApplication.exec()


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
