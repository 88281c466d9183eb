"""Dialogs and projects that are closed before what they wait for is there."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog, QFileDialog, QInputDialog, QMenu
from vosapp_fakes import label_map_of, works

from core.media.label_map import write_label_map
from vosapp.app import Crashes
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.ui.dialogs.chooser import RunChooser
from vosapp.ui.dialogs.crash import CrashDialog
from vosapp.ui.dialogs.export import ExportDialog
from vosapp.ui.dialogs.importing import ImportDialog


@pytest.fixture
def busy(desk):
    """Keep the thread for files busy until the gate is opened."""
    gate = threading.Event()

    def job(_token):
        gate.wait(20)
        yield 1

    desk.workspace.session.files.submit(job)
    yield gate
    gate.set()


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    write_label_map(folder / "00005.png", label_map_of(5))
    return folder


def delete_closed():
    """What `WA_DeleteOnClose` does when the event loop turns."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def shown_of(kind):
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]


def close(dialog):
    dialog.close()
    delete_closed()


def idle(desk, qtbot):
    qtbot.waitUntil(lambda: not desk.workspace.session.files.busy)


def test_export_is_closed_while_it_looks(desk, qtbot, dialog, busy, monkeypatch):
    monkeypatch.setattr("vosapp.ui.dialogs.export.PATIENCE_MS", 0)
    desk.actions.run("file.export")
    shown = dialog(ExportDialog)
    qtbot.waitUntil(lambda: works(shown))
    close(shown)
    busy.set()
    idle(desk, qtbot)


def test_export_is_closed_while_it_writes(desk, qtbot, dialog, busy, tmp_path):
    desk.actions.run("file.export-frame")
    shown = dialog(ExportDialog)
    shown.folder.setText(str(tmp_path / "out"))
    shown._export()
    close(shown)
    busy.set()
    idle(desk, qtbot)
    assert not (tmp_path / "out").exists()
    assert "export was stopped" in desk.window.status.currentMessage()


def test_import_is_closed_while_it_reads(desk, qtbot, dialog, busy, masks):
    desk.actions.run("file.import")
    shown = dialog(ImportDialog)
    shown.path.setText(str(masks))
    shown.read()
    close(shown)
    busy.set()
    idle(desk, qtbot)


def test_what_was_imported_is_shown_though_the_dialog_is_closed(desk, qtbot, dialog, masks):
    """The project has it by then: closing came a moment too late to stop it."""
    desk.actions.run("file.import")
    shown, session = dialog(ImportDialog), desk.workspace.session
    shown.path.setText(str(masks))
    shown.read()
    qtbot.waitUntil(lambda: not works(shown))
    shown._import()
    shown.work._handle.wait()
    close(shown)
    qtbot.waitUntil(lambda: session.lane(1).states[5] == FrameState.KEYFRAME)


def test_a_copy_is_named_after_the_project_was_closed(desk, dialog, tmp_path):
    desk.actions.run("file.save-as")
    chooser = dialog(QFileDialog)
    desk.actions.run("file.close")
    chooser.fileSelected.emit(str(tmp_path / "copy.vosapp"))
    delete_closed()
    assert not shown_of(QFileDialog)
    assert not (tmp_path / "copy.vosapp").exists()


def test_a_color_is_chosen_after_the_project_was_closed(desk, dialog):
    desk.actions.run("objects.recolor")
    colors = dialog(QColorDialog)
    desk.workspace.session.drain()
    desk.close_workspace()
    colors.colorSelected.emit(QColor(1, 2, 3))
    delete_closed()
    assert not shown_of(QColorDialog)


def test_a_frame_is_chosen_after_the_project_was_closed(desk, dialog):
    desk.actions.run("navigate.frame")
    frames = dialog(QInputDialog)
    desk.close_workspace()
    frames.intValueSelected.emit(3)
    delete_closed()
    assert not shown_of(QInputDialog)


def test_a_color_is_for_the_object_that_it_was_asked_for(desk, qtbot, dialog):
    session = desk.workspace.session
    session.select_object(1)
    desk.actions.run("objects.recolor")
    colors = dialog(QColorDialog)
    session.select_object(2)
    with qtbot.waitSignal(session.objectsChanged):
        colors.colorSelected.emit(QColor(1, 2, 3))
    assert next(one.color for one in session.objects) == (1, 2, 3)
    colors.reject()


def test_weights_are_chosen_from_a_file(desk, qtbot, dialog, tmp_path):
    """The panel that asked for them is gone by then."""
    desk.actions.run("propagate.choose")
    chooser = dialog(RunChooser)
    chooser._choose_weights()
    delete_closed()
    files = dialog(QFileDialog)
    files.fileSelected.emit(str(tmp_path / "mine.safetensors"))
    files.reject()
    assert desk.workspace.propagation.choice.weights == tmp_path / "mine.safetensors"


@pytest.mark.parametrize("action", ["propagate.choose", "help.palette", "objects.merge"])
def test_what_pops_up_goes_with_the_project(action, desk, qtbot, film_project, open_in):
    desk.actions.run(action)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    desk.close_workspace()
    assert QApplication.activePopupWidget() is None


def test_a_drag_on_the_timeline_ends_with_its_project(desk, drawn_project, open_in):
    view = desk.panels.timeline.view
    axis, left = view.axis, view.viewport().width() - view.axis.width
    place = QPoint(round(left + axis.center_of(5)), 6)
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    desk.close_workspace()
    delete_closed()
    open_in(desk, drawn_project)
    QTest.mouseMove(view.viewport(), place + QPoint(40, 0))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=place + QPoint(60, 0))
    assert desk.workspace.session.frame_index == 5  # where it was left


def test_a_second_bug_is_shown_when_the_report_of_the_first_is_gone(shell, dialog):
    crashes = Crashes(shell)
    crashes.show("Traceback: first")
    first = dialog(CrashDialog)
    first.deleteLater()
    delete_closed()
    crashes.show("Traceback: second")
    again = dialog(CrashDialog)
    assert "second" in again.report.toPlainText()
    again.reject()


def test_a_closed_project_is_whole(desk, qtbot, dialog, busy, masks, drawn_project):
    """Everything at once: a read, a copy and an export wait when the project is closed."""
    desk.actions.run("file.import")
    shown = dialog(ImportDialog)
    shown.path.setText(str(masks))
    shown.read()
    desk.actions.run("file.export")
    threading.Timer(0.1, busy.set).start()
    desk.actions.run("file.close")
    delete_closed()
    assert desk.workspace is None and not shown_of(QMenu) and not shown_of(ExportDialog)
    with open_project(drawn_project) as project:
        assert project.problems() == ()
