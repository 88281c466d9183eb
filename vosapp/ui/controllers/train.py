"""Training: what is learned from, the run, what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QMessageBox, QWidget

from core.errors import VosError
from vosapp.services.training.run_values import RunState, RunStatus
from vosapp.session.training.hub import TrainingHub
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.actions.spec import When
from vosapp.ui.controllers.base import Controller
from vosapp.ui.dialogs.asking import ask, choose_file, choose_folder, open_about
from vosapp.ui.notice import Choice, Kind, Notice
from vosapp.ui.place_bar import Place
from vosapp.ui.plain import local_url
from vosapp.ui.train.page import TrainPage
from vosapp.ui.train.words import score_text

KEY = "training"
LOOK_MS = 3000
TRAINING = frozenset(
    {
        When.TRAINING,
        When.RESUMABLE,
        When.OVER,
        When.TRAINED,
        When.TRAINED_OPEN,
        When.MODEL_USED,
    }
)
"""When actions of this topic can be used."""


def holds_of_training(hub: TrainingHub, when: When) -> bool:
    """Return whether one of `TRAINING` holds."""
    status, kept = hub.runs.status, hub.runs.kept
    trained = status is not None and status.model is not None
    return {
        When.TRAINING: status is not None and status.state.alive,
        When.RESUMABLE: hub.runs.can_resume,
        When.OVER: status is not None and not status.state.alive,
        When.TRAINED: trained and kept is None,
        When.TRAINED_OPEN: trained and _can_use(hub),
        When.MODEL_USED: hub.use.chosen,
    }[when]


def _can_use(hub: TrainingHub) -> bool:
    """Whether the open project could use what the shown run makes."""
    status = hub.runs.status
    carries = status is not None and hub.use.carries(status.request.system)
    return carries and hub.use.workspace is not None


class TrainController(Controller):
    """The Train menu and the page of that name."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        runs = self.shell.training.runs
        return {
            "train.add-projects": self._choose_projects,
            "train.add-this": self.with_workspace(self._add_this),
            "train.add-folder": self._choose_folder,
            "train.check": lambda: self._press(lambda page: page.data.check_button),
            "train.preview": lambda: self._press(lambda page: page.data.preview_button),
            "train.start": self._start,
            "train.pause": self._pause,
            "train.stop": runs.stop,
            "train.resume": self._resume,
            "train.compare": self._compare,
            "train.use": self._use,
            "train.use-off": self.shell.training.use.switch_off,
            "train.keep": lambda: self._keep(lambda: None),
            "train.discard": self._discard,
        }

    def begin(self) -> None:
        """See `Controller`."""
        self._page: TrainPage | None = None
        self._question: QMessageBox | None = None
        shell = self.shell
        shell.makers[Place.TRAIN] = self._make
        shell.training.runs.failed.connect(self._tell)
        shell.training.runs.ended.connect(self._tell_end)
        shell.training.runs.standingChanged.connect(self._mark)
        # A run may go on since an earlier window; to look for it loads what a start can wait for.
        QTimer.singleShot(LOOK_MS, shell.training.runs, shell.training.runs.list_runs)
        before = shell.window.may_close
        shell.window.may_close = lambda: before() and self._may_close()

    def _mark(self) -> None:
        alive = self.shell.training.runs.alive is not None
        self.shell.window.place_bar.set_busy(Place.TRAIN, busy=alive)

    def _make(self) -> QWidget:
        page = self._page = TrainPage(self.shell.training, self.shell.actions, self.shell.window)
        page.data.projectsWanted.connect(self.shell.actions["train.add-projects"].trigger)
        page.data.foldersWanted.connect(self.shell.actions["train.add-folder"].trigger)
        page.data.openWanted.connect(self.shell.opener.open)
        page.data.showWanted.connect(lambda path: QDesktopServices.openUrl(local_url(path)))
        page.recipe.fileWanted.connect(self._choose_start)
        return page

    def _shown(self) -> TrainPage:
        """The page, which is shown."""
        self.shell.show_place(Place.TRAIN)
        if self._page is None:
            msg = "the Train place has no page"
            raise RuntimeError(msg)
        return self._page

    # Data

    def _press(self, button_of: Callable[[TrainPage], QAbstractButton]) -> None:
        """Press a button of the first step, where it can be."""
        page = self._shown()
        page.show_data()
        button_of(page).click()

    def _add_this(self, workspace: Workspace) -> None:
        self.shell.panels.canvas.finish_tool()
        path, hub = workspace.session.project.path, self.shell.training
        self._shown().show_data()
        hub.data.add([path])

    def _choose_projects(self) -> None:
        page = self._shown()
        page.show_data()
        dialog = QFileDialog(self.shell.window, self.tr("Learn from Projects"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter(self.tr("Projects and tables of boxes (*.vosapp *.csv)"))
        add = self.shell.training.data.add
        dialog.filesSelected.connect(lambda names: add(Path(name) for name in names))
        open_about(self, dialog)

    def _choose_folder(self) -> None:
        self._shown().show_data()
        title, add = self.tr("Learn from a Folder"), self.shell.training.data.add
        choose_folder(
            self.shell.window, title, owner=self, folder="", take=lambda path: add([path])
        )

    def _choose_start(self) -> None:
        page = self._shown()
        choose_file(
            self.shell.window,
            self.tr("Begin with the Weights of a File"),
            owner=self,
            filters=self.tr("Weights (*.safetensors)"),
            folder="",
            take=page.recipe.choose_file,
        )

    # The run

    def _start(self) -> None:
        hub, page = self.shell.training, self._shown()
        if hub.plan.obstacle() or hub.runs.alive is not None or hub.runs.asking:
            step = page.recipe if hub.data.sources else page.data
            page.tabs.setCurrentWidget(step)
            return
        self.shell.window.notice.clear(KEY)
        hub.runs.start(hub.plan.request())
        page.show_run()

    def _pause(self) -> None:
        runs = self.shell.training.runs
        if runs.status is not None and runs.status.state is RunState.PAUSED:
            runs.go_on()
        else:
            runs.pause()

    def _resume(self) -> None:
        self.shell.window.notice.clear(KEY)
        self.shell.training.runs.resume()
        self._shown().show_run()

    # What comes of it

    def _use(self) -> None:
        hub = self.shell.training

        def use() -> None:
            if hub.runs.kept is not None:
                hub.use.use(hub.runs.kept)

        self._keep(use)

    def _compare(self) -> None:
        page = self._shown()
        page.tabs.setCurrentWidget(page.result)
        page.result.here_choice.click()
        page.result.compare_button.click()

    def _keep(self, then: Callable[[], object]) -> None:
        runs, page = self.shell.training.runs, self._shown()
        page.tabs.setCurrentWidget(page.result)
        if runs.kept is not None:
            then()
            return
        name = page.result.model_name or (runs.status.title if runs.status is not None else "")

        def kept(_model: object) -> None:
            self.shell.training.models.look()
            then()

        runs.keep(name, kept)

    def _discard(self) -> None:
        runs = self.shell.training.runs
        if runs.status is None:
            return
        kept = self.tr(" The model that was kept of it stays.") if runs.kept is not None else ""
        text = self.tr("Its weights, curves and log are removed for good.") + kept
        title = self.tr("Discard this training?")
        choice = Choice(self.tr("Discard"), runs.discard)
        ask(self.shell.window, title, text, owner=runs, choices=(choice,))

    def _tell(self, error: VosError) -> None:
        self.shell.tell_error(error)

    def _tell_end(self, status: RunStatus) -> None:
        """Where nobody looks at it."""
        if self.shell.window.place is Place.TRAIN:
            return
        look = Choice(self.tr("Look at It"), partial(self.shell.show_place, Place.TRAIN), main=True)
        if status.state in (RunState.DONE, RunState.STOPPED):
            title, kind = self.tr("Training has ended"), Kind.SUCCESS
            text = score_text(status) or status.text
        else:
            title, kind, text = self.tr("Training was interrupted"), Kind.WARNING, status.text
        self.shell.tell(Notice(title, text, kind, (look,), KEY))

    # Closing

    def _may_close(self) -> bool:
        runs = self.shell.training.runs
        if runs.alive is None:
            return True
        if self._question is not None:
            self._question.raise_()
            self._question.activateWindow()
            return False
        window = self.shell.window
        choices = (
            Choice(self.tr("Let It Go On"), window.close_now),
            Choice(self.tr("Stop It and Keep"), lambda: runs.stop_all(window.close_now)),
        )
        text = self.tr(
            "It is a process of its own: it can go on without this window, and is shown again when"
            " you come back. If it is stopped, its best weights are kept, and it can be resumed."
        )
        title = self.tr("A training is going on")
        icon = QMessageBox.Icon.Question
        stay = self.tr("Go Back")
        box = ask(window, title, text, owner=runs, choices=choices, stay=stay, icon=icon)
        box.finished.connect(self._forget_question)
        self._question = box
        return False

    def _forget_question(self, _result: int) -> None:
        self._question = None
