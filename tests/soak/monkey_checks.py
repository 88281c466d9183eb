"""What must be so after any stretch of the monkey's doings."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QCoreApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from vosapp.project.opening import open_project

PATIENCE = 30.0
"""Seconds until the window must have come to rest."""


class Broken(Exception):
    """Something is not so."""


def rest(shell, *, stop):
    """Wait until the window knows of all that was done; runs are stopped, or come to their end."""
    until = time.monotonic() + PATIENCE
    while shell.opener.busy and time.monotonic() < until:
        QTest.qWait(10)
    workspace = shell.workspace
    if workspace is None:
        return
    for _ in range(9):
        if not shell.panels.canvas.cancel_tool():
            break
    workspace.playback.stop()
    while shell.workspace is workspace and (restless := _restless(workspace)):
        if stop:
            workspace.propagation.stop()
            workspace.finetuning.stop()
        if time.monotonic() > until:
            raise Broken(f"the window does not come to rest: {restless}")
        QTest.qWait(10)


def _restless(workspace):
    """What goes on still."""
    session = workspace.session
    runners = (session.engine, session.files, session.assistant, session.reader)
    busy = {
        "propagation": workspace.propagation.running,
        "tuning": workspace.finetuning.running,
        "prompting": workspace.prompting.busy,
        "changing": session.changing,
        **{runner._thread.objectName(): runner.busy for runner in runners},
    }
    if not any(busy.values()):
        session.drain()
        QCoreApplication.processEvents()
        view, stored = session.view, session.project.label_map(session.frame_index)
        busy |= {
            "no view": view is None,
            "another frame": view is not None and view.frame_index != session.frame_index,
            "a stand-in": view is not None and not view.exact,
            "other masks": view is not None and not np.array_equal(view.label_map, stored),
        }
    return [name for name, so in busy.items() if so]


def check(shell):
    """See that the project is whole, and that the window shows what is in it.

    Raises:
        Broken: otherwise; says what.
    """
    check_dialogs(shell)
    workspace = shell.workspace
    if workspace is None:
        return
    check_project(workspace.session)
    check_lists(workspace.session)
    check_picture(shell, workspace.session)
    check_painting(shell)


def check_dialogs(shell):
    """No dialog is about a project that is not open any more."""
    for widget in QApplication.topLevelWidgets():
        owner = getattr(widget, "_workspace", None)
        if isinstance(widget, QDialog) and widget.isVisible() and owner is not None:
            _same(owner is shell.workspace, True, f"whose {type(widget).__name__} is")


def check_project(session):
    """The project has no problems."""
    _same(session.project.problems(), (), "problems of the project")


def check_lists(session):
    """Objects, lanes and names of steps are those of the project."""
    project = session.project
    _same(session.objects, project.objects(), "objects")
    for item in session.objects:
        shown, stored = session.lane(item.object_id), project.states(item.object_id)
        _same(shown is not None and np.array_equal(shown.states, stored), True, f"lane of {item}")
    names = ["" if step is None else step.name for step in project.next_steps()]
    _same([session.update.undo, session.update.redo], names, "undo and redo")
    _same(session.object_id in {0, *(o.object_id for o in session.objects)}, True, "current object")


def check_picture(shell, session):
    """The canvas shows the project's masks of the current frame."""
    stored = session.project.label_map(session.frame_index)
    drawn = shell.panels.canvas._label_item.labels
    _same(np.array_equal(drawn, stored), True, "label map of the canvas")


def check_painting(shell):
    """What was painted bit by bit looks as it does when it is painted anew."""
    view, panel = shell.panels.timeline.view, shell.panels.objects.view
    if not view.isVisible() or QApplication.activePopupWidget() is not None:
        return
    for what, widget in (("timeline", view.viewport()), ("objects", panel.viewport())):
        for _attempt in range(3):
            QTest.qWait(40)
            before = _pixels(widget)
            if what == "timeline":
                view._picture.lanes.forget()
            widget.repaint()
            # Thumbnails may have come in between, or the mouse over something.
            if before is None or before == _pixels(widget):
                break
        else:
            raise Broken(f"the {what} is painted otherwise than it should be")


def _pixels(widget):
    """A widget as it is on the screen now, without having it painted."""
    window = widget.window()
    if not widget.isVisible() or window.windowHandle() is None:
        return None
    corner, size = widget.mapTo(window, widget.rect().topLeft()), widget.size()
    screen = window.windowHandle().screen()
    part = (corner.x(), corner.y(), size.width(), size.height())
    return screen.grabWindow(window.winId(), *part).toImage()


def check_history(session, steps):
    """Taking steps back and doing them again changes nothing."""
    before = everything(session.project)
    done = sum(not entry.undone for entry in session.project.history())
    for name in ("undo", "redo"):
        for _ in range(min(steps, done)):
            getattr(session, name)()
        session.drain()
    _same(everything(session.project), before, "the project after undo and redo")


def check_closed(path, before):
    """A project that was closed holds what it held."""
    with open_project(path) as project:
        _same(project.problems(), (), f"problems of {path.name}")
        _same(everything(project), before, f"{path.name} after it was closed")


def check_file(path):
    """A project that is not open is whole."""
    with open_project(path) as project:
        _same(project.problems(), (), f"problems of {path.name}")


def everything(project):
    """All that a user could miss."""
    frames = range(project.video.frame_count)
    maps = b"".join(project.label_map(index).tobytes() for index in frames)
    lanes = tuple(project.states(o.object_id).tobytes() for o in project.objects())
    prompts = tuple(project.prompts(index) for index in frames)
    return project.objects(), lanes, maps, prompts, project.boxes_in()


def _same(found, wanted, what):
    if found != wanted:
        raise Broken(f"{what}: {found!r} in place of {wanted!r}"[:2000])
