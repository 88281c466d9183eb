"""A monkey in front of the window: random actions, keys and mouse, dialogs, projects.

As a program, `monkey.py SEED SECONDS FOLDER`, it plays for so long and looks at the project and the
window after each stretch. It prints what it has done, and ends with 1 where something is broken:
a bug was reported, Qt has complained, or a check failed. Real events go through the windows, so
that popups and modal dialogs keep away what they keep from a user.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import random
import sys
import time
import traceback
from collections import Counter, deque
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import monkey_checks as checks  # noqa: E402
import psutil  # noqa: E402
from monkey_dialogs import answer, fill  # noqa: E402
from monkey_ears import Shelf, listen  # noqa: E402
from monkey_hands import LEFT, RIGHT, Hands, send  # noqa: E402
from monkey_world import load_fakes, load_training, make_world, slow_down  # noqa: E402
from PySide6.QtCore import (  # noqa: E402
    QPoint,
    QPointF,
    QSize,
    Qt,
    QTimer,
)
from PySide6.QtGui import QDesktopServices, QDrag, QKeySequence  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import (  # noqa: E402
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QWidget,
)

from vosapp.app import make_application  # noqa: E402
from vosapp.jobs.propagation import Engine  # noqa: E402
from vosapp.session.places import Places  # noqa: E402
from vosapp.ui.actions.table import ACTIONS  # noqa: E402
from vosapp.ui.shell import Shell  # noqa: E402
from vosapp.ui.view_state import ToolId  # noqa: E402

SIZE = QSize(790, 790)
STRETCH = 40
"""Doings between two looks."""
STUCK, HUNG = 0.4, 90
"""Seconds: something waits for the user; the window hangs."""
KEYS = (
    *(Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backspace),
    *(Qt.Key.Key_Delete, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Space),
)
KEEP_OUT = ("file.quit", "file.open-sample", "view.full-screen")
"""The sample is large; the others tell nothing here."""
HURRIED = ("file.export", "file.export-frame", "file.import", "file.save-as", "propagate.choose")
STEPS = ("edit.undo", "edit.redo") * 6
DIALOGS = (
    *("file.export", "file.export-frame", "file.import", "file.save-as", "file.open-project"),
    *("propagate.tune", "propagate.choose", "objects.recolor", "objects.merge", "navigate.frame"),
    *("train.add-projects", "train.add-this", "models.import", "models.download"),
    *("models.export", "models.delete"),
    *("edit.settings", "edit.shortcuts", "help.palette", "help.shortcuts", "help.guide"),
)


class Monkey(Hands):
    """One that plays with one window.

    Args:
        shell: the window.
        world: what there is to be opened.
        rng: decides.
    """

    def __init__(self, shell, world, rng):
        super().__init__(shell, rng)
        self.world = world
        self.problems, self.done, self.last = [], Counter(), deque(maxlen=30)
        self._began = 0.0
        self._nudge = QTimer()
        self._nudge.timeout.connect(self._free)
        self._nudge.start(100)
        self._deeds = (
            (self.run_action, 8),
            (self.edit, 16),
            (self.open_dialog, 10),
            (self.draw, 22),
            (self.use_timeline, 10),
            (self.turn_wheel, 5),
            (self.press_key, 14),
            (self.click_anywhere, 14),
            (self.use_dialog, 16),
            (self.hurry, 12),
            (self.open_something, 3),
            (self.close_project, 1),
            (self.propagate, 8),
            (self.wait, 8),
            (self.compare, 4),
        )
        # What can be done while something is asked that has to be answered first.
        self._asked = (
            (self.use_dialog, 10),
            (self.press_key, 3),
            (self.click_anywhere, 3),
            (self.wait, 1),
        )

    # Playing

    def play(self, seconds):
        """Do things for a while, and look after each stretch."""
        until, stretch = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            for _ in range(STRETCH):
                if time.monotonic() < until:
                    self.step()
            stretch += 1
            self.look()
        return stretch

    def step(self):
        """One deed."""
        modal = QApplication.activeModalWidget() is not None
        deeds, weights = zip(*(self._asked if modal else self._deeds), strict=True)
        (deed,) = self.rng.choices(deeds, weights)
        faulthandler.dump_traceback_later(HUNG, exit=True)
        self._began = time.monotonic()
        told = deed()
        self.done[deed.__name__] += 1
        self.last.append(f"{deed.__name__} {told or ''}")
        QTest.qWait(self.rng.choice((0, 0, 1, 5, 20)))
        self._began = 0.0
        if self.problems:
            raise checks.Broken(self.problems[0])

    def look(self):
        """Check everything; now and then also history and the closed project."""
        faulthandler.dump_traceback_later(HUNG, exit=True)
        checks.rest(self.shell, stop=self.rng.random() < 0.4)
        checks.check(self.shell)
        workspace = self.shell.workspace
        if workspace is not None and not workspace.session.project.read_only:
            if self.rng.random() < 0.4:
                checks.check_history(workspace.session, self.rng.randint(1, 6))
            if self.rng.random() < 0.25:
                project = workspace.session.project
                path, before = project.path, checks.everything(project)
                self.shell.close_workspace()
                checks.check_closed(path, before)
        if workspace is None or self.rng.random() < 0.3:
            self.shell.opener.open(self.rng.choice(self.world.sound))
            QTest.qWait(300)
        if self.problems:
            raise checks.Broken(self.problems[0])

    def _free(self):
        """What runs a loop of its own, as a drag or a menu of Qt's, is ended after a while."""
        if self._began and time.monotonic() - self._began > STUCK:
            QDrag.cancel()
            popup = QApplication.activePopupWidget()
            if popup is not None:
                popup.close()

    # Deeds

    def run_action(self, names=None):
        """What can be chosen in the menus now."""
        if QApplication.activeModalWidget() is not None:
            return "not now"
        actions = self.shell.actions
        known = names or [spec.id for spec in ACTIONS if spec.id not in KEEP_OUT]
        usable = [name for name in known if actions[name].isEnabled()]
        if not usable:
            return "none"
        name = self.rng.choice(usable)
        actions.run(name)
        return name

    def open_dialog(self):
        """One of those that stay open."""
        return self.run_action(DIALOGS)

    def edit(self):
        """Something about objects, or a step back."""
        return self.run_action([*STEPS, *(s.id for s in ACTIONS if s.topic == "objects")])

    def propagate(self):
        """A run, or its end."""
        whole = "propagate.open" if self.rng.random() < 0.5 else None
        names = [spec.id for spec in ACTIONS if spec.topic == "propagate"]
        return self.run_action([whole] if whole else names)

    def draw(self):
        """A tool, and a gesture with it."""
        canvas = self.shell.panels.canvas
        if self.shell.workspace is None or not self.reachable(canvas):
            return "not now"
        tool = self.rng.choice(list(ToolId))
        if self.rng.random() < 0.5:
            self.shell.view_state.set_tool(tool)
        keys = self.modifiers()
        places = [self.inside(canvas.viewport()) for _ in range(self.rng.randint(1, 4))]
        self.drag(canvas.viewport(), places, keys=keys, meanwhile=self.interrupt)
        if self.rng.random() < 0.5:
            self.key(self.rng.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape)))
        return self.shell.view_state.tool.value

    def use_timeline(self):
        """A click or a drag on it."""
        view = self.shell.panels.timeline.view.viewport()
        if not self.reachable(view):
            return "not now"
        places = [self.inside(view) for _ in range(self.rng.randint(1, 3))]
        self.drag(view, places, keys=self.modifiers(), meanwhile=self.interrupt)
        return str(places)

    def turn_wheel(self):
        """Over the picture or the timeline."""
        panels = self.shell.panels
        view = self.rng.choice((panels.canvas, panels.timeline.view)).viewport()
        window = self.shell.window
        if not self.reachable(view):
            return "not now"
        place = QPointF(view.mapTo(window, self.inside(view)))
        turn, control = QPoint(0, self.rng.choice((-240, 120, 240))), self.rng.random() < 0.5
        keys = Qt.KeyboardModifier.ControlModifier if control else self.modifiers()
        send(window, lambda handle: QTest.wheelEvent(handle, place, turn, QPoint(), keys))
        return str(turn.y())

    def press_key(self):
        """A key, mostly one that means something."""
        if self.in_files():
            return "not now"
        if self.rng.random() < 0.6:
            return self.key(self.rng.choice(KEYS))
        known = [self.shell.keymap.keys(s.id) for s in ACTIONS if s.id not in KEEP_OUT]
        sequence = QKeySequence(self.rng.choice([key for keys in known for key in keys]))
        if not sequence.count():
            return "none"
        combination = sequence[0]
        return self.key(combination.key(), combination.keyboardModifiers())

    def click_anywhere(self):
        """Some widget that can be reached."""
        if self.in_files():
            return "not now"
        window = self.top()
        found = [w for w in window.findChildren(QWidget) if w.isVisible() and w.isEnabled()]
        if not found:
            return "nothing"
        widget = self.rng.choice(found)
        if isinstance(widget, QAbstractButton) and "Screen Color" in widget.text():
            return "no"
        button = LEFT if self.rng.random() < 0.85 else RIGHT
        place = widget.mapTo(window, self.inside(widget))
        deeds = [QTest.mousePress, QTest.mouseRelease]
        if self.rng.random() < 0.1:
            deeds += [QTest.mouseDClick, QTest.mouseRelease]
        told, keys = type(widget).__name__, self.modifiers()
        for deed in deeds:
            send(window, lambda handle, deed=deed: deed(handle, button, keys, place))
        return told

    def use_dialog(self):
        """What a dialog asks for."""
        dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog)]
        dialogs = [w for w in dialogs if w.isVisible()]
        modal = QApplication.activeModalWidget()
        if modal is not None:
            dialogs = [w for w in dialogs if w is modal]
        if not dialogs:
            return "none"
        dialog = self.rng.choice(dialogs)
        told = type(dialog).__name__
        if isinstance(dialog, QFileDialog):
            return f"{told} {answer(dialog, self.world, self.rng)}"
        if self.rng.random() < 0.2:
            dialog.close()
            return f"{told} closed"
        return f"{told} {fill(dialog, self.world, self.rng)}"

    def hurry(self):
        """A dialog that is begun and left at once, or its project is."""
        name = self.run_action(HURRIED)
        for _ in range(self.rng.randint(1, 3)):
            QTest.qWait(self.rng.choice((0, 20, 100, 400)))
            self.use_dialog()
        if self.rng.random() < 0.3:
            self.shell.leave()
        else:
            for dialog in QApplication.topLevelWidgets():
                if isinstance(dialog, QDialog):
                    dialog.close()
        return name

    def open_something(self):
        """As a file is dropped on the window; something else may be done meanwhile."""
        paths = self.world.sound if self.rng.random() < 0.8 else self.world.odd
        path = self.rng.choice(paths)
        self.shell.opener.open(path)
        if self.rng.random() < 0.5:
            self.open_dialog()
            QTest.qWait(150)
        return path.name

    def interrupt(self):
        """What may happen while a button is held."""
        self.rng.choice((self.shell.leave, self.open_something, self.press_key))()

    def close_project(self):
        """The project is closed."""
        self.shell.leave()

    def compare(self):
        """What is painted with what is painted anew."""
        checks.check_painting(self.shell)

    def wait(self):
        """Nothing, for a while."""
        QTest.qWait(self.rng.choice((10, 50, 150)))


def main(seed, seconds, folder):
    """Play; returns the exit code."""
    app, fakes = make_application([]), load_fakes()
    # With torch, which takes seconds: most of a short play, were it in the window's first run.
    importlib.import_module("core.engine.propagate")
    shelf = Shelf(app)
    QDesktopServices.setUrlHandler("file", shelf, "take")
    world = make_world(folder, fakes)
    slow_down(seed)
    engine = Engine(
        make_tracker=lambda _request: fakes.FakeTracker(seconds=0.004), tuner=fakes.FakeTuner()
    )
    services = load_training().FakeTraining(folder / "data", lively=True)
    shell = Shell(Places(folder / "config", folder / "data"), engine, services)
    monkey = Monkey(shell, world, random.Random(seed))
    hooks = listen(monkey.problems)
    shell.crashed.connect(monkey.problems.append)
    # The screen of this platform is small, and what lies beyond it cannot be looked at.
    shell.window.resize(SIZE)
    shell.window.show()
    shell.opener.open(world.sound[0])
    stretches, problem = 0, None
    try:
        stretches = monkey.play(seconds)
        shell.window.close_now()
        for path in world.sound[:2]:
            checks.check_file(path)
        problem = next(iter(monkey.problems), None)
    except checks.Broken as broken:
        problem = str(broken)
    except Exception:
        problem = traceback.format_exc()
    faulthandler.cancel_dump_traceback_later()
    process = psutil.Process()
    told = f"{sum(monkey.done.values())} deeds, {stretches} looks, {process.num_threads()} threads"
    lines = [f"seed {seed}: {told}, {process.memory_info().rss >> 20} MB, {dict(monkey.done)}"]
    if problem is not None:
        lines += ["broken:", problem, "after:", *monkey.last]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    hooks.remove()
    # What is broken may not be put away any more.
    os._exit(0 if problem is None else 1)


if __name__ == "__main__":
    faulthandler.enable()
    main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
