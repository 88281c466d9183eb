"""Showing work while it runs: a bar, a line of text, a way to stop. For dialogs and for pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from vosapp.jobs.outcome import Crashed, Failed, Outcome, Stopped
from vosapp.session.work import WorkControl, WorkState
from vosapp.ui import errors
from vosapp.ui.forms import name_all
from vosapp.ui.theme import set_tone
from vosapp.ui.work.words import state_text


@dataclass(slots=True)
class Followed:
    """A work that is shown, and what nobody can change while it runs."""

    work: WorkControl
    locks: tuple[QWidget, ...]
    locked: bool = False


class Following:
    """What dialogs and pages share that show works; stands before their kind among their bases.

    Attributes:
        bar, state: how far the work is, and what was said last.
        stop_button: seen while work runs.
        works: that are shown.
    """

    bar: QProgressBar
    state: QLabel
    stop_button: QPushButton
    works: list[Followed]

    def make_parts(self, parent: QWidget) -> None:
        """Make what shows works, on the widget that this is; where it stands is for that to say."""
        self.works = []
        self.bar, self.state = QProgressBar(parent), QLabel(parent)
        self.stop_button = QPushButton(_tr("Stop"), parent)
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.stop_button.hide()
        self.state.setWordWrap(True)
        # What is said names files, and they are no markup.
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.stop_button.clicked.connect(self.stop_works)
        name_all(
            (self.bar, _tr("Progress"), _tr("How far it is")),
            (self.stop_button, _tr("Stop"), _tr("Stop; nothing changes")),
        )

    def follow(
        self,
        work: WorkControl,
        take: Callable[[Outcome], object],
        *,
        locks: Iterable[QWidget] = (),
    ) -> None:
        """Show a work.

        Args:
            work: which; it may be going on already.
            take: a method of this widget, which gets the outcome.
            locks: what nobody can change while the work runs.
        """
        self.works.append(Followed(work, tuple(locks)))
        work.started.connect(self._show_work)
        work.stateChanged.connect(self._show_work)
        work.finished.connect(self._show_work)
        work.finished.connect(take)
        self._show_work()

    def say(self, text: str, tone: str = "text") -> None:
        """Say how things are, in a color of `Tones`."""
        self.state.setText(text)
        set_tone(self.state, tone)

    def tell_end(self, outcome: Outcome, *, stopped: str) -> None:
        """Say why a work came to nothing.

        Args:
            outcome: of the work.
            stopped: what is said where the user has stopped it.
        """
        if isinstance(outcome, Failed):
            self.say(errors.text(outcome.error), "danger")
        elif isinstance(outcome, Crashed):
            self.say(_tr("vosapp has a bug."), "danger")
        elif isinstance(outcome, Stopped):
            self.say(stopped, "warning")
        else:
            self.say("")

    def describe_state(self, state: WorkState) -> str:
        """Return what is said of a work that runs."""
        return state_text(state)

    def leave_focus(self, locks: tuple[QWidget, ...]) -> None:
        """These widgets are about to be locked; one of them may have the keyboard."""

    def stop_works(self) -> None:
        """Ask all works that are shown to stop."""
        for one in self.works:
            one.work.stop()

    # Inside

    def _show_work(self, *_ignored: object) -> None:
        running = [one.work for one in self.works if one.work.running]
        self.bar.setVisible(bool(running))
        self.stop_button.setVisible(bool(running))
        for one in self.works:
            self._lock(one)
        for work in running:
            self.stop_button.setEnabled(not work.stopping)
            done, total = work.state.bar
            self.bar.setRange(0, total)
            self.bar.setValue(done)
            stopping = _tr("Stopping\u2026")
            self.say(stopping if work.stopping else self.describe_state(work.state), "muted")

    def _lock(self, one: Followed) -> None:
        """Lock or unlock once for each change: between two works the dialog itself does both."""
        if one.locked == one.work.running:
            return
        one.locked = one.work.running
        if one.locked:
            self.leave_focus(one.locks)
        for widget in one.locks:
            widget.setEnabled(not one.locked)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Work", text)
