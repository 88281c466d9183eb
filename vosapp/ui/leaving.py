"""The question before closing where that would lose what the user has waited for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from vosapp.session.tuning import TuningControl
from vosapp.ui.dialogs.asking import ask
from vosapp.ui.notice import Choice

_STAYED = (None, QMessageBox.ButtonRole.RejectRole)


def _nothing() -> None:
    return


class Leaving(QObject):
    """Asks before a project is closed whose video is being learned; one question at a time.

    All else goes on without a question: masks, edits and finished frames are on the disk.

    Args:
        window: what the question belongs to.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._box: QMessageBox | None = None

    def may(
        self,
        tuning: TuningControl | None,
        leave: Callable[[], object],
        stay: Callable[[], object] = _nothing,
    ) -> bool:
        """Return True where nothing would be lost. Else ask, and call one of the two later.

        Args:
            tuning: of the project that would be closed; None without any.
            leave: the user wants to close it all the same.
            stay: the user does not, or a question is open already.
        """
        if tuning is None or not tuning.losable:
            return True
        if self._box is not None:
            self._box.raise_()
            self._box.activateWindow()
            stay()
            return False
        box = self._ask(tuning, leave)
        box.finished.connect(lambda _result: self._end(box, stay))
        self._box = box
        return False

    def dismiss(self) -> None:
        """Close an open question as if the user wanted to stay."""
        if self._box is not None:
            self._box.reject()

    def _ask(self, tuning: TuningControl, leave: Callable[[], object]) -> QMessageBox:
        if tuning.running:
            title = self.tr("The video is still being learned")
            text = self.tr(
                "Closing the project now stops that, and what was learned so far is lost."
                " All else is saved."
            )
            stay, go = self.tr("Go On Learning"), self.tr("Stop and Close")
        else:
            title = self.tr("What was learned from the video is not kept yet")
            text = self.tr(
                "You have not decided whether the new weights are to be used. Closing the project"
                " now loses them; those that it has from before stay, and all else is saved."
            )
            stay, go = self.tr("Go Back"), self.tr("Close Without Them")

        def close() -> None:
            # This question is answered: what closes the project need not dismiss it.
            self._box = None
            leave()

        warning = QMessageBox.Icon.Warning
        choices = (Choice(go, close),)
        return ask(self._window, title, text, choices=choices, stay=stay, icon=warning)

    def _end(self, box: QMessageBox, stay: Callable[[], object]) -> None:
        if self._box is box:
            self._box = None
        button = box.clickedButton()
        if (None if button is None else box.buttonRole(button)) in _STAYED:
            stay()
