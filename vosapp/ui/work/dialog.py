"""The dialog around long work: what is chosen above, how it goes below."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vosapp.jobs.outcome import Crashed, Failed, Outcome, Stopped
from vosapp.session.work import WorkControl, WorkState
from vosapp.ui import errors
from vosapp.ui.forms import name_all
from vosapp.ui.theme import icon, set_tone
from vosapp.ui.work.words import state_text


@dataclass(slots=True)
class _Followed:
    """A work that is shown, and what nobody can change while it runs."""

    work: WorkControl
    locks: tuple[QWidget, ...]
    locked: bool = False


class WorkDialog(QDialog):
    """Not modal: one goes on working beside it. It shows a bar and a way to stop while work runs.

    A subclass fills `content`, adds its buttons, and says with `follow` which works it shows. Work
    of which the dialog is the parent is stopped when it is closed; other work goes on.

    Args:
        title: of the window.
        parent: the window.

    Attributes:
        content: what is chosen, and what was found.
        bar, state: how far the work is, and what was said last.
        stop_button: seen while work runs.
        close_button: always there.
    """

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._works: list[_Followed] = []
        self.content = QVBoxLayout()
        self.bar, self.state = QProgressBar(self), QLabel(self)
        self.stop_button = QPushButton(self.tr("Stop"), self)
        self.close_button = QPushButton(self.tr("Close"), self)
        self._foot = QHBoxLayout()
        self._pictures: dict[QPushButton, str] = {}
        self._build_frame()
        self.stop_button.clicked.connect(self._stop_work)
        self.close_button.clicked.connect(self.close)
        self.finished.connect(self.leave)

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
            take: a method of this dialog, which gets the outcome.
            locks: what nobody can change while the work runs.
        """
        self._works.append(_Followed(work, tuple(locks)))
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
            self.say(self.tr("vosapp has a bug."), "danger")
        elif isinstance(outcome, Stopped):
            self.say(stopped, "warning")
        else:
            self.say("")

    def add_button(self, button: QPushButton, *, picture: str = "", main: bool = False) -> None:
        """Add a button; main ones come last, and Enter may press them.

        Args:
            button: to be added.
            picture: name of an icon; `color_pictures` says in which color.
            main: it begins or decides something.
        """
        button.setAutoDefault(main)
        if picture:
            self._pictures[button] = picture
        place = self._foot.count() if main else self._foot.indexOf(self.stop_button)
        self._foot.insertWidget(place, button)

    def color_pictures(self) -> None:
        """Color icons as the text beside them; call when another button is the default one."""
        for button, picture in self._pictures.items():
            button.setIcon(icon(picture, "on_accent" if button.isDefault() else "text"))

    def showEvent(self, event: QShowEvent) -> None:
        """Color what was added meanwhile."""
        self.color_pictures()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Take the icons of another theme."""
        if event.type() is QEvent.Type.PaletteChange:
            self.color_pictures()
        super().changeEvent(event)

    def describe_state(self, state: WorkState) -> str:
        """Return what is said of a work that runs."""
        return state_text(state)

    def leave(self, *_ignored: object) -> None:
        """The dialog is closed: what belongs to it stops."""
        for work in self.findChildren(WorkControl):
            work.stop()

    # Inside

    def _build_frame(self) -> None:
        self.bar.setTextVisible(False)
        self.bar.hide()
        self.stop_button.hide()
        self.state.setWordWrap(True)
        # What is said names files, and they are no markup.
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self._foot.addWidget(self.state, 1)
        for button in (self.stop_button, self.close_button):
            button.setAutoDefault(False)
            self._foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        self.content.setSpacing(10)
        column.addLayout(self.content, 1)
        column.addWidget(self.bar)
        column.addLayout(self._foot)
        name_all(
            (self.bar, self.tr("Progress"), self.tr("How far it is")),
            (self.stop_button, self.tr("Stop"), self.tr("Stop; nothing changes")),
            (self.close_button, self.tr("Close"), self.tr("Close this dialog")),
        )

    def _show_work(self, *_ignored: object) -> None:
        running = [one.work for one in self._works if one.work.running]
        self.bar.setVisible(bool(running))
        self.stop_button.setVisible(bool(running))
        for one in self._works:
            self._lock(one)
        for work in running:
            self.stop_button.setEnabled(not work.stopping)
            done, total = work.state.bar
            self.bar.setRange(0, total)
            self.bar.setValue(done)
            stopping = self.tr("Stopping\u2026")
            self.say(stopping if work.stopping else self.describe_state(work.state), "muted")

    def _lock(self, one: _Followed) -> None:
        """Lock or unlock once for each change: between two works the dialog itself does both."""
        if one.locked == one.work.running:
            return
        one.locked = one.work.running
        if one.locked and self.focusWidget() in one.locks:
            # Else the focus would go on to the button that stops.
            self.close_button.setFocus()
        for widget in one.locks:
            widget.setEnabled(not one.locked)

    def _stop_work(self) -> None:
        for one in self._works:
            one.work.stop()
