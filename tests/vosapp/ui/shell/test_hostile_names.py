"""Names that hide something, or are no UTF-8, in the whole window."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QTreeWidget,
    QWidget,
)
from vosapp_fakes import mask_of, write_film

from core.errors import OutputError
from core.media.export.validate import Finding, Severity
from core.media.video import open_video
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import DeleteObject, SetReference
from vosapp.project.edits import AddObject, RenameObject
from vosapp.project.opening import create_project, open_project
from vosapp.project.video_ref import video_ref
from vosapp.session import importing
from vosapp.session.exporting import ExportCheck
from vosapp.ui.dialogs.export import ExportDialog
from vosapp.ui.dialogs.importing import ImportDialog
from vosapp.ui.notice import Choice, Notice

EVIL = "e\x1b[2J\n<b>vosapp</b>\x9b\u202e&x"
SHOWN = "e\\x1b[2J\\n<b>vosapp</b>\\x9b\\u202e&x"
FILE = EVIL.replace("/", "")
ODD = os.fsdecode(b"caf\xe9")


def texts(root):
    """Everything that a person can read in a widget and what belongs to it."""
    for widget in (root, *root.findChildren(QWidget)):
        yield from (widget.windowTitle(), widget.toolTip(), widget.accessibleName())
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            yield widget.text()
        elif isinstance(widget, QPlainTextEdit):
            yield from widget.toPlainText().split("\n")
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(i) for i in range(widget.count()))
        elif isinstance(widget, QTreeWidget):
            for i in range(widget.topLevelItemCount()):
                item = widget.topLevelItem(i)
                yield from (item.text(0), item.toolTip(0))
        elif isinstance(widget, QMessageBox):
            yield from (widget.text(), widget.informativeText())
        elif isinstance(widget, QListView) and widget.model() is not None:
            for row in range(widget.model().rowCount()):
                shown = widget.model().index(row, 0).data(Qt.ItemDataRole.DisplayRole)
                # A row may have two lines of ours.
                yield from str(shown or "").split("\n", 1)
    for action in root.findChildren(QAction):
        yield from (action.text(), action.toolTip(), action.statusTip())


def check(root):
    found = [text for text in texts(root) if text.strip()]
    hidden = [text for text in found if not text.isprintable()]
    assert not hidden, hidden
    return found


@pytest.fixture
def evil_project(tmp_path):
    """A project of that name with objects of that name; its video lies in a folder called so."""
    folder = tmp_path / FILE
    film = write_film(folder / ODD)
    path = folder / f"{EVIL.replace('/', '')}.vosapp"
    with open_video(film, cache_bytes=0) as video:
        create_project(path, video_ref(video.info, path)).close()
    with open_project(path) as project:
        for object_id in (1, 2):
            project.do(AddObject(name=EVIL))
            project.do(SetMask(0, object_id, mask_of(0, object_id)))
    return path


def test_the_whole_window(shell, evil_project, open_in, qtbot):
    session = open_in(shell, evil_project).session
    session.select_object(1)
    session.do(RenameObject(2, f"{EVIL}2"))
    session.do(SetReference(0, (1, 2)))
    session.do(DeleteObject(2))
    shell.refresh()
    shell._show_place(3, 4, 1)
    shell.panels.objects.recolor_current()
    qtbot.waitUntil(lambda: not session.changing and len(session.objects) == 1)
    shell.refresh()
    found = [text for window in QApplication.topLevelWidgets() for text in check(window)]
    assert any(f"Undo Delete {SHOWN}".replace("&", "&&") in text for text in found)
    assert any(SHOWN.replace("&", "&&") in text for text in found)
    assert any(f"Color of {SHOWN}" in text for text in found)
    for place in range(0, 200, 10):
        assert shell.panels.timeline.view.hint(QPointF(40, place)).isprintable()
        assert shell.panels.timeline.view.hint(QPointF(200, place)).isprintable()
    shell.leave()
    assert any(text.startswith("e\\x1b[2J\\n") for text in check(shell.window))


def test_menus_of_objects(shell, evil_project, open_in):
    from vosapp.ui.objects.menu import fill_merge_menu

    workspace = open_in(shell, evil_project)
    workspace.session.select_object(1)
    menu = QMenu(shell.window)
    fill_merge_menu(menu, workspace, shell.view_state)
    named = [action.text() for action in menu.actions() if action.text()]
    assert all(text.isprintable() for text in named)
    assert named[-1] == SHOWN.replace("&", "&&")


def test_messages(shell):
    path = Path("/x") / EVIL
    shell.tell_error(OutputError(f"Cannot write {path}.", f"Not {EVIL}."))
    assert SHOWN in shell.window.notice._text.text()
    shell.tell(Notice(EVIL, EVIL, choices=(Choice(EVIL, lambda: None),)))
    shell.window.status.show_hint(EVIL)
    shell.window.status.meter.show_work(EVIL, 1, 2)
    shell.window.status.show_place(1, 2, EVIL)
    shell.window.status.showMessage(EVIL, 1000)
    assert shell.window.status.currentMessage() == SHOWN
    check(shell.window)


def test_questions(shell, evil_project, open_in, dialog, tmp_path):
    with open_project(evil_project):
        shell.opener.open(evil_project)
        box = dialog(QMessageBox)
        found = [text.replace("<br>", "") for text in check(box)]
        assert any("&lt;b&gt;vosapp" in text for text in found), found
        box.reject()
    film = evil_project.parent / ODD
    film.rename(evil_project.parent / "elsewhere")
    shell.opener.open(evil_project)
    check(dialog(QMessageBox))


def test_findings_and_labels(shell, evil_project, open_in, tmp_path, qtbot):
    workspace = open_in(shell, evil_project)
    export = ExportDialog(workspace, shell.window)
    findings = (Finding(0, 1, Severity.WARNING, EVIL),)
    export.findings.show_check(ExportCheck(findings, (EVIL,), (), nothing=False))
    assert SHOWN in check(export)
    export.close()
    masks = tmp_path / "masks" / FILE
    masks.mkdir(parents=True)
    Image.fromarray(np.full((48, 64), 255, np.uint8)).save(masks / "00000.png")
    importer = ImportDialog(workspace, shell.window)
    importer.format.setCurrentIndex([one.name for one in importing.formats()].index("object-masks"))
    importer._take_path(masks.parent)
    qtbot.waitUntil(lambda: importer._found is not None)
    assert importer.mapping.item(0, 0).text().isprintable()
    assert importer._chosen_ids() == dict(importer._found.mapping)
    check(importer)
    importer.close()


def test_a_video_whose_name_is_no_utf_8(shell, tmp_path, open_in, qtbot):
    film = write_film(tmp_path / ODD / ODD)
    workspace = open_in(shell, film)
    project = workspace.session.project.path
    assert project == tmp_path / ODD / "caf_.vosapp"
    assert workspace.session.project.video.path == str(film)
    assert f"{ODD[:3]}_" in shell.window.windowTitle()
    dialog = ExportDialog(workspace, shell.window)
    assert dialog.order().out == tmp_path / ODD / "caf_ export"
    dialog.close()
    shell.leave()
    assert shell.recent.paths() == (project,)
    row = shell.window.welcome._list.item(0)
    assert row.flags() & Qt.ItemFlag.ItemIsEnabled and "caf\\xe9" in row.text()
    shell.window.welcome._list.itemClicked.emit(row)
    qtbot.waitUntil(lambda: shell.workspace is not None)
    qtbot.waitUntil(lambda: shell.workspace.session.view is not None)
    assert shell.workspace.session.video_path == film


def test_a_dropped_file_whose_name_is_no_utf_8(shell, tmp_path, qtbot):
    film = write_film(tmp_path / ODD)
    mime = QMimeData()
    mime.setUrls([QUrl.fromEncoded(film.as_uri().encode())])
    nothing = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, *nothing)
    shell.window.dropEvent(event)
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.session.video_path == film


def test_a_recent_project_where_one_may_not_look(make_shell, evil_project, no_privileges):
    shell = make_shell()
    shell.recent.add(evil_project)
    evil_project.parent.chmod(0)
    try:
        other = make_shell()
        row = other.window.welcome._list.item(0)
        assert not row.flags() & Qt.ItemFlag.ItemIsEnabled
        check(other.window)
    finally:
        evil_project.parent.chmod(0o755)


def test_opening_what_may_not_be_entered_is_told(shell, evil_project, qtbot, no_privileges):
    evil_project.parent.chmod(0)
    try:
        shell.opener.open(evil_project)
        qtbot.waitUntil(lambda: shell.window.notice.notice is not None)
    finally:
        evil_project.parent.chmod(0o755)
    assert "Permission denied" in shell.window.notice._text.text()
    assert shell.crashes == []
