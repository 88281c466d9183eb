"""A whole window around a fake tracker."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox
from vosapp_fakes import FakeFinder, FakeTracker, FakeTuner, mask_of

from vosapp.jobs.propagation import Engine
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import open_project
from vosapp.session.places import Places
from vosapp.ui.shell import Shell


def _is_qt(thread):
    return isinstance(thread, threading._DummyThread)


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / "config", tmp_path / "data")


@pytest.fixture
def make_shell(qtbot, places):
    """Make a shown window; its engine uses the tracker that is given."""
    made = []
    before = set(threading.enumerate())

    def make(tracker=None, tuner=None, services=None, finder=None):
        engine = Engine(
            make_tracker=lambda _request: tracker or FakeTracker(),
            tuner=tuner or FakeTuner(),
            make_finder=finder or FakeFinder,
        )
        shell = Shell(places, engine, services)
        shell.crashes = []
        shell.crashed.connect(shell.crashes.append)
        made.append(shell)
        shell.window.show()
        qtbot.waitExposed(shell.window)
        return shell

    yield make
    for shell in made:
        shell.window.close_now()
        shell.window.deleteLater()
        shell.deleteLater()
        assert shell.crashes == []
    QApplication.sendPostedEvents()
    # Python goes on listing Qt's threads that it has met, after they have ended.
    left = {t for t in set(threading.enumerate()) - before if not _is_qt(t)}
    assert not left, f"threads that were not stopped: {left}"


@pytest.fixture
def shell(make_shell):
    return make_shell()


@pytest.fixture
def drawn_project(film_project):
    """The film's project with both objects asserted on frame 0; it is not open."""
    with open_project(film_project) as project:
        for object_id in (1, 2):
            project.do(AddObject(name=f"Box {object_id}"))
            project.do(SetMask(0, object_id, mask_of(0, object_id)))
    return film_project


@pytest.fixture
def open_in(qtbot):
    """Open a path in a window and wait until its first frame is there."""

    def open_path(shell, path):
        shell.opener.open(path)
        qtbot.waitUntil(lambda: shell.workspace is not None)
        qtbot.waitUntil(lambda: shell.workspace.session.view is not None)
        return shell.workspace

    return open_path


@pytest.fixture
def desk(shell, drawn_project, open_in):
    """A window in which the drawn project is open."""
    open_in(shell, drawn_project)
    shell.panels.canvas.setFocus()
    return shell


@pytest.fixture
def dialog(qtbot):
    """Wait for the one dialog of a kind that is shown."""

    def find(kind=QDialog):
        def shown():
            found = QApplication.topLevelWidgets()
            return [w for w in found if isinstance(w, kind) and w.isVisible()]

        qtbot.waitUntil(lambda: bool(shown()))
        (one,) = shown()
        return one

    return find


@pytest.fixture
def press(dialog):
    """Press the button of a message box by its text."""

    def press_button(text):
        box = dialog(QMessageBox)
        (button,) = [b for b in box.buttons() if b.text().replace("&", "") == text]
        button.click()

    return press_button
