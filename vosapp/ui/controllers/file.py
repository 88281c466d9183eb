"""Opening, saving and closing, and what the user is asked when something is in the way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtWidgets import QMessageBox

from core.jobs import Progress
from core.text import visible
from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.project.filesystem import is_writable
from vosapp.session.opening import (
    Damaged,
    Locked,
    Opened,
    VideoChanged,
    VideoGone,
    free_name,
)
from vosapp.session.workspace import Workspace
from vosapp.ui import errors
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller
from vosapp.ui.dialogs.asking import ask, choose_file, choose_folder, choose_new_file
from vosapp.ui.notice import Choice, Kind, Notice
from vosapp.ui.plain import is_file, menu_text, tooltip
from vosapp.ui.popup import KeyMenu

VIDEOS = (
    "*.mp4 *.mov *.mkv *.avi *.webm *.m4v *.mpg *.mpeg *.wmv *.flv *.ts *.mts *.m2ts"
    " *.gif *.apng *.webp *.tif *.tiff"
)
LAST = "last-folder"


class FileController(Controller):
    """The File menu, dropped files, the welcome page."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {
            "file.open-video": self.open_video,
            "file.open-folder": self.open_folder,
            "file.open-project": self.open_project,
            "file.open-sample": self.shell.opener.open_sample,
            "file.save": self.with_workspace(self._save),
            "file.save-as": self.with_workspace(self._save_as),
            "file.close": self.shell.leave,
            "file.quit": self.shell.window.close,
        }

    def begin(self) -> None:
        """See `Controller`."""
        shell, opener, welcome = self.shell, self.shell.opener, self.shell.window.welcome
        welcome.videoWanted.connect(self.open_video)
        welcome.folderWanted.connect(self.open_folder)
        welcome.sampleWanted.connect(opener.open_sample)
        welcome.pathWanted.connect(opener.open)
        welcome.forgetWanted.connect(self._forget)
        shell.window.dropped.connect(opener.open)
        opener.began.connect(self._show_busy)
        opener.progressed.connect(self._show_progress)
        opener.ended.connect(shell.window.status.meter.rest)
        opener.answered.connect(self._take)
        opener.failed.connect(shell.tell_error)
        shell.workspaceChanged.connect(self._follow)
        files = shell.window.menus["&File"]
        self._recent = KeyMenu(self.tr("Open Recent"), files)
        files.insertMenu(shell.actions["file.save"], self._recent)
        self._fill_recent()

    def _follow(self) -> None:
        if self.workspace is not None:
            self.workspace.session.saved.connect(self._tell_saved)
        self._fill_recent()

    def open_video(self) -> None:
        """Ask for a video file."""
        filters = self.tr("Videos ({0});;All files (*)").format(VIDEOS)
        self._choose(self.tr("Open Video"), filters)

    def open_project(self) -> None:
        """Ask for a project file."""
        self._choose(self.tr("Open Project"), self.tr("Projects (*.vosapp)"))

    def open_folder(self) -> None:
        """Ask for a folder of images."""
        folder = str(self.shell.settings.state(LAST) or "")
        title = self.tr("Open Image Folder")
        window = self.shell.window
        choose_folder(window, title, owner=self, folder=folder, take=self._open)

    def _choose(self, title: str, filters: str) -> None:
        folder = str(self.shell.settings.state(LAST) or "")
        window = self.shell.window
        choose_file(window, title, owner=self, filters=filters, folder=folder, take=self._open)

    def _open(self, path: Path) -> None:
        self.shell.settings.remember(LAST, str(path.parent))
        self.shell.opener.open(path)

    # What comes back

    def _take(self, answer: object) -> None:
        if isinstance(answer, Opened):
            self.shell.take(answer, lambda: self._tell_notes(answer))
        elif isinstance(answer, Locked):
            self._ask_locked(answer)
        elif isinstance(answer, Damaged):
            self._ask_damaged(answer)
        elif isinstance(answer, VideoGone):
            self._ask_for_video(answer)
        elif isinstance(answer, VideoChanged):
            self._ask_whether_it_is_the_video(answer)

    def _tell_notes(self, opened: Opened) -> None:
        if opened.saved is not None:
            kept = sum(opened.saved.kept.values())
            lost = "; ".join(opened.saved.lost)
            text = self.tr("{0} entries were saved. {1}. The damaged file is as it was.")
            self.shell.tell(
                Notice(
                    self.tr("Recovered as {0}").format(opened.project.path.name),
                    text.format(kept, lost[:1].upper() + lost[1:]),
                    Kind.WARNING,
                )
            )
        elif opened.project.read_only:
            text = self.tr("Nothing in it can be changed, so the tools are off. Go on in a copy.")
            text = " ".join((*opened.notes, text))
            title = self.tr("This project is only to look at")
            self.shell.tell(Notice(title, text, Kind.WARNING, (self.shell.copy_choice(),)))
        elif opened.elsewhere:
            title = self.tr("The project is not beside its video")
            self.shell.tell(Notice(title, " ".join((opened.elsewhere, *opened.notes)), Kind.INFO))
        elif opened.notes:
            title = self.tr("About this project")
            self.shell.tell(Notice(title, " ".join(opened.notes), Kind.WARNING))

    def _ask_locked(self, locked: Locked) -> None:
        opener, path = self.shell.opener, locked.path
        ask(
            self.shell.window,
            errors.title(locked.error),
            self.tr("{0}\n\nYou can go on in a copy, or only look at it.").format(
                visible(locked.error.message)
            ),
            owner=self,
            choices=(
                Choice(self.tr("Open a Copy"), lambda: opener.open_copy(path), main=True),
                Choice(self.tr("Only Look"), lambda: opener.open_to_look(path)),
            ),
        )

    def _ask_damaged(self, damaged: Damaged) -> None:
        ask(
            self.shell.window,
            errors.title(damaged.error),
            self.tr(
                "{0}\n\nvosapp can save what is still readable to a new project beside it."
                " The damaged file is not touched."
            ).format(visible(damaged.error.message)),
            owner=self,
            choices=(
                Choice(
                    self.tr("Save What Can Be Read"),
                    lambda: self.shell.opener.open_saved(damaged.path),
                    main=True,
                ),
            ),
            icon=QMessageBox.Icon.Warning,
        )

    def _ask_for_video(self, gone: VideoGone) -> None:
        name = visible(Path(gone.video.path).name)
        ask(
            self.shell.window,
            self.tr("The video is not where it was"),
            self.tr(
                "{0} belongs to {1}, which is neither beside it nor at\n{2}.\n\n"
                "Where is it now? It has {3} frames of {4} x {5} pixels."
            ).format(
                visible(gone.path.name),
                name,
                visible(gone.video.path),
                gone.video.frame_count,
                gone.video.width,
                gone.video.height,
            ),
            owner=self,
            choices=(
                Choice(self.tr("Find {0}\u2026").format(name), lambda: self._find(gone), main=True),
            ),
        )

    def _ask_whether_it_is_the_video(self, changed: VideoChanged) -> None:
        name = visible(changed.path.name)
        notes = visible("; ".join(changed.notes))
        text = self.tr("{0} is not the file that {1} was made with: {2}.")
        text = text.format(visible(str(changed.found)), name, notes)
        if changed.fits:
            text += self.tr(
                "\n\nIf it shows other frames, masks would lie on pictures that they do not"
                " belong to. Your answer is remembered in the project."
            )
        find = Choice(self.tr("Find Another\u2026"), lambda: self._find(changed))
        same = Choice(
            self.tr("It Is the Right Video"),
            lambda: self.shell.opener.open_relinked(changed.path, changed.found, confirmed=True),
        )
        ask(
            self.shell.window,
            self.tr("This may be another video"),
            text,
            owner=self,
            choices=(same, find) if changed.fits else (find,),
            icon=QMessageBox.Icon.Warning,
        )

    def _find(self, gone: VideoGone | VideoChanged) -> None:
        title = self.tr("Where is {0}?").format(visible(Path(gone.video.path).name))
        folder = str(gone.path.parent)

        def take(video: Path) -> None:
            self.shell.opener.open_relinked(gone.path, video)

        if gone.video.stems:
            choose_folder(self.shell.window, title, owner=self, folder=folder, take=take)
            return
        filters = self.tr("Videos ({0});;All files (*)").format(VIDEOS)
        window = self.shell.window
        choose_file(window, title, owner=self, filters=filters, folder=folder, take=take)

    def _show_busy(self, name: str) -> None:
        self.shell.window.status.meter.begin(self.tr("Opening {0}").format(name))

    def _show_progress(self, progress: Progress) -> None:
        meter = self.shell.window.status.meter
        meter.show_work(progress.text, progress.done, progress.total)

    # Saving

    def _save(self, workspace: Workspace) -> None:
        """Wait, off the window's thread, until all is written; then say so."""
        self.shell.panels.canvas.finish_tool()
        workspace.session.save()

    def _tell_saved(self) -> None:
        if self.workspace is not None:
            name = visible(self.workspace.session.project.path.name)
            text = self.tr("Everything is saved in {0}.").format(name)
            self.shell.window.status.showMessage(text, 4000)

    def _save_as(self, workspace: Workspace) -> None:
        path = workspace.session.project.path
        folder = path.parent if is_writable(path.parent) else Path.home()
        choose_new_file(
            self.shell.window,
            self.tr("Save a Copy"),
            owner=workspace,
            filters=self.tr("Projects (*.vosapp)"),
            suggested=free_name(folder, f"{path.stem} copy"),
            take=lambda target: self._write_copy(workspace, target),
        )

    def _write_copy(self, workspace: Workspace, target: Path) -> None:
        project = workspace.session.project
        handle = workspace.session.files.submit(lambda token: project.save_copy(target, token))
        self.shell.window.status.meter.begin(self.tr("Saving a copy"))
        handle.tell(
            self,
            finished=lambda outcome: self._tell_copy(outcome, target),
            progressed=self._show_progress,
        )

    def _tell_copy(self, outcome: Outcome, target: Path) -> None:
        self.shell.window.status.meter.rest()
        if isinstance(outcome, Done):
            self.shell.window.status.showMessage(
                self.tr("Saved as {0}.").format(visible(str(target))), 6000
            )
            if self.shell.only_look:
                # A copy of what cannot be changed is made to go on in it.
                self.shell.opener.open(target)
        elif isinstance(outcome, Failed):
            self.shell.tell_error(outcome.error)

    # Recent projects

    def _forget(self, path: Path) -> None:
        self.shell.recent.remove(path)
        self.shell.show_recent()
        self._fill_recent()

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self.shell.recent.paths():
            action = self._recent.addAction(menu_text(path.stem))
            action.setToolTip(tooltip(str(path)))
            action.setStatusTip(visible(str(path)))
            action.setEnabled(is_file(path))
            action.triggered.connect(lambda _on=False, p=path: self.shell.opener.open(p))
        self._recent.setEnabled(not self._recent.isEmpty())
