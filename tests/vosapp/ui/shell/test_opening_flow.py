"""What a person sees on the way from the welcome page to a project, and back."""

from __future__ import annotations

import os
import shutil
import time

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QMessageBox, QToolButton
from vosapp_fakes import write_film

from core.errors import OutputError
from vosapp.project.edits import LockObject
from vosapp.project.model import VideoRef
from vosapp.project.opening import open_project
from vosapp.project.relink import relink, video_path
from vosapp.session import opening
from vosapp.ui.notice import Kind
from vosapp.ui.view_state import ToolId


@pytest.fixture
def lost_project(film_project):
    """A project whose video is at none of its known places."""
    with open_project(film_project) as project:
        ref = project.video
        rest = (ref.size, ref.content_hash, ref.frame_count, ref.width, ref.height, ref.fps)
        project.set_video(VideoRef("/gone/boxes", "gone/boxes", *rest, ref.stems))
    return film_project


def test_the_window_begins_with_the_welcome_page(shell):
    assert shell.window.stack.currentWidget() is shell.window.welcome
    assert not shell.window.main_bar.isVisible()
    assert not shell.actions["file.export"].isEnabled() and shell.actions["file.quit"].isEnabled()
    names = {b.accessibleName() for b in shell.window.welcome.findChildren(QToolButton)}
    assert {"Open sample", "Open video\u2026", "Open image folder\u2026"} <= names


def test_opening_shows_the_panels_and_closing_hides_them(shell, drawn_project, open_in):
    open_in(shell, drawn_project)
    assert shell.window.stack.currentIndex() == 1 and shell.window.docks["timeline"].isVisible()
    assert shell.window.windowTitle().startswith("boxes")
    assert shell.actions["objects.rename"].isEnabled()
    shell.actions.run("file.close")
    assert shell.workspace is None and shell.window.stack.currentIndex() == 0
    assert shell.recent.paths() == (drawn_project,)
    with open_project(drawn_project):
        pass


def test_a_recent_project_opens_and_a_lost_one_can_be_forgotten(shell, drawn_project, qtbot):
    gone = drawn_project.with_name("gone.vosapp")
    shell.recent.add(gone)
    shell.recent.add(drawn_project)
    welcome = shell.window.welcome
    welcome.set_recent(shell.recent.paths())
    flags = [bool(welcome._list.item(n).flags() & Qt.ItemFlag.ItemIsEnabled) for n in (0, 1)]
    assert flags == [True, False]
    welcome.forgetWanted.emit(gone)
    assert shell.recent.paths() == (drawn_project,) and welcome._list.count() == 1
    welcome._list.itemClicked.emit(welcome._list.item(0))
    qtbot.waitUntil(lambda: shell.workspace is not None)


def test_a_folder_dropped_on_the_window_opens(shell, film, tmp_path, qtbot):
    own = tmp_path / "films" / "boxes"
    shutil.copytree(film, own)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(own))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    shell.window.dropEvent(event)
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.session.project.path == own.with_name("boxes.vosapp")


def test_what_cannot_be_opened_is_told(shell, tmp_path, qtbot):
    (tmp_path / "notes.txt").write_text("no video")
    shell.opener.open(tmp_path / "notes.txt")
    qtbot.waitUntil(lambda: shell.window.notice.isVisible())
    assert shell.window.notice.notice.title == "The video cannot be opened"
    assert shell.window.notice.notice.kind is Kind.ERROR and shell.workspace is None
    shell.actions.run("tools.cancel")
    assert not shell.window.notice.isVisible()


def test_a_project_that_is_open_elsewhere_can_be_copied(shell, drawn_project, press, qtbot):
    with open_project(drawn_project):
        shell.opener.open(drawn_project)
        press("Open a Copy")
        qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.session.project.path.name == "boxes copy.vosapp"
    assert len(shell.workspace.session.objects) == 2


def test_a_project_that_is_open_elsewhere_can_be_looked_at(shell, drawn_project, press, qtbot):
    with open_project(drawn_project):
        shell.view_state.set_tool(ToolId.BRUSH)
        shell.opener.open(drawn_project)
        press("Only Look")
        qtbot.waitUntil(lambda: shell.workspace is not None)
        assert "only to look at" in shell.window.windowTitle()
        assert shell.view_state.tool is ToolId.SELECT
        off = ("tools.box", "tools.brush", "objects.delete", "propagate.open", "edit.paste-mask")
        assert not any(shell.actions[name].isEnabled() for name in off)
        on = ("tools.select", "objects.next", "file.save-as", "file.export", "navigate.next")
        assert all(shell.actions[name].isEnabled() for name in on)
        qtbot.keyClick(shell.panels.canvas, Qt.Key.Key_B)
        assert shell.view_state.tool is ToolId.SELECT
        told = shell.window.notice.notice
        assert "only to look at" in told.title and "tools are off" in told.text
        assert [choice.text for choice in told.choices] == ["Save a Copy\u2026"]
        # What can still be asked for says so in the same way.
        with qtbot.waitSignal(shell.workspace.session.failed):
            shell.workspace.session.do(LockObject(1, locked=True))
        told = shell.window.notice.notice
        assert [choice.text for choice in told.choices] == ["Save a Copy\u2026"]
        shell.close_workspace()


def test_what_may_only_be_read_is_looked_at_and_the_copy_is_gone_on_with(
    shell, drawn_project, tmp_path, qtbot, monkeypatch
):
    def refuse(path):
        if path == drawn_project:
            raise OutputError(f"{path} and its folder may only be read.", "Look at it.")

    monkeypatch.setattr("vosapp.project.opening._check_writable", refuse)
    shell.opener.open(drawn_project)
    qtbot.waitUntil(lambda: shell.workspace is not None)
    told = shell.window.notice.notice
    assert "may only be read" in told.text and not shell.actions["tools.box"].isEnabled()
    copy = tmp_path / "mine.vosapp"
    told.choices[0].run()
    qtbot.waitUntil(lambda: shell.window.findChild(QFileDialog) is not None)
    dialog = shell.window.findChild(QFileDialog)
    dialog.selectFile(str(copy))
    dialog.accept()
    qtbot.waitUntil(
        lambda: shell.workspace is not None and shell.workspace.session.project.path == copy
    )
    assert shell.actions["tools.box"].isEnabled() and len(shell.workspace.session.objects) == 2


def test_it_is_said_where_the_project_of_a_video_in_a_read_only_folder_is(
    shell, film_project, places, qtbot, monkeypatch
):
    with open_project(film_project) as project:
        video = video_path(project)
    folder = video.parent
    monkeypatch.setattr(opening, "is_writable", lambda path: path != folder)
    for again in (False, True):
        shell.opener.open(video)
        qtbot.waitUntil(lambda: shell.workspace is not None)
        path = shell.workspace.session.project.path
        told = shell.window.notice.notice
        assert path.parent != folder and str(path) in told.text and "only be read" in told.text
        assert told.title == "The project is not beside its video", again
        shell.close_workspace()


def test_a_locked_project_can_be_left_alone(shell, drawn_project, press):
    with open_project(drawn_project):
        shell.opener.open(drawn_project)
        press("Cancel")
    assert shell.workspace is None and not shell.opener.busy


def test_a_damaged_project_can_be_recovered(shell, drawn_project, press, qtbot):
    size = drawn_project.stat().st_size
    with drawn_project.open("r+b") as file:
        file.seek(size - 4096)
        file.write(os.urandom(4096))
        file.truncate(size - 2048)
    before = drawn_project.read_bytes()
    shell.opener.open(drawn_project)
    press("Save What Can Be Read")
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.session.project.path.name == "boxes recovered.vosapp"
    assert "undo history" in shell.window.notice.notice.text
    # Opening it for writing counts in the head of the file; nothing else may change.
    assert drawn_project.read_bytes()[100:] == before[100:]


def test_a_lost_video_can_be_found(shell, lost_project, film, press, dialog, qtbot):
    shell.opener.open(lost_project)
    assert "24 frames of 64 x 48" in dialog(QMessageBox).informativeText()
    press("Find boxes\u2026")
    chooser = dialog(QFileDialog)
    chooser.fileSelected.emit(str(film))
    chooser.close()
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.session.video_path == film


def test_a_wrong_video_is_refused(shell, lost_project, tmp_path, press, dialog, qtbot):
    wrong = write_film(tmp_path / "short", count=3)
    shell.opener.open(lost_project)
    press("Find boxes\u2026")
    chooser = dialog(QFileDialog)
    chooser.fileSelected.emit(str(wrong))
    chooser.close()
    qtbot.waitUntil(lambda: shell.window.notice.isVisible())
    assert "not the video of this project" in shell.window.notice.notice.text


def test_only_the_newest_of_two_openings_counts(shell, drawn_project, film, tmp_path, qtbot):
    own = tmp_path / "films" / "other"
    shutil.copytree(film, own)
    shell.opener.open(own)
    shell.opener.open(drawn_project)
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.session.project.path == drawn_project
    shell.close_workspace()


def test_closing_while_something_opens_lets_go_of_it(shell, drawn_project):
    """The thread may have opened the project before it hears that nobody wants it."""
    lock = drawn_project.with_name(drawn_project.name + ".lock")
    shell.opener.open(drawn_project)
    until = time.monotonic() + 30
    while not lock.exists() and time.monotonic() < until:
        QCoreApplication.sendPostedEvents(shell.opener._runner)
        time.sleep(0.001)
    assert lock.exists()
    shell.window.close()
    assert not lock.exists() and shell.workspace is None
    QCoreApplication.sendPostedEvents()
    assert shell.workspace is None and not shell.opener.busy


def test_the_layout_is_kept(make_shell, drawn_project, open_in):
    first = make_shell()
    open_in(first, drawn_project)
    first.window.resize(790, 640)
    assert first.window.minimumSizeHint().width() < 790, "else it could not have become so narrow"
    first.actions.run("view.dock-objects")
    first.window.close()
    second = make_shell()
    assert (second.window.width(), second.window.height()) == (790, 640)
    second.window.close()


def test_saving_says_when_all_is_on_the_disk(desk, qtbot, tmp_path):
    with qtbot.waitSignal(desk.workspace.session.saved):
        desk.actions.run("file.save")
    assert "saved in boxes.vosapp" in desk.window.status.currentMessage()


def test_a_copy_is_saved_under_another_name(desk, dialog, qtbot, tmp_path):
    desk.actions.run("file.save-as")
    chooser = dialog(QFileDialog)
    target = tmp_path / "second.vosapp"
    chooser.fileSelected.emit(str(target))
    chooser.close()
    qtbot.waitUntil(lambda: "Saved as" in desk.window.status.currentMessage())
    with open_project(target) as copy:
        assert len(copy.objects()) == 2


def test_what_is_wrong_with_the_video_is_shown(desk):
    desk.workspace.session.noted.emit("Frame 7 of film.avi is damaged.")
    notice = desk.window.notice.notice
    assert (notice.title, notice.text) == ("About this video", "Frame 7 of film.avi is damaged.")


@pytest.fixture
def changed(drawn_project, film, tmp_path):
    """A project where another film of the same size and length lies in place of its own."""
    own = tmp_path / "films" / "boxes"
    shutil.copytree(film, own)
    with open_project(drawn_project) as project:
        relink(project, own)
    for path in own.iterdir():
        with Image.open(path) as image:
            turned = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        turned.save(path)
    return drawn_project


def test_another_video_in_place_of_the_projects_is_asked_about_once(
    shell, changed, press, dialog, qtbot
):
    shell.opener.open(changed)
    box = dialog(QMessageBox)
    assert "may be another video" in box.text()
    assert "boxes.vosapp was made with: it has" in box.informativeText()
    press("It Is the Right Video")
    qtbot.waitUntil(lambda: shell.workspace is not None)
    shell.close_workspace()
    shell.opener.open(changed)
    qtbot.waitUntil(lambda: shell.workspace is not None)


def test_another_video_can_be_left_alone_or_the_right_one_found(
    shell, changed, film, press, dialog, qtbot
):
    shell.opener.open(changed)
    press("Cancel")
    assert shell.workspace is None and not shell.opener.busy
    shell.opener.open(changed)
    press("Find Another\u2026")
    chooser = dialog(QFileDialog)
    chooser.fileSelected.emit(str(film))
    chooser.close()
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.session.video_path == film
