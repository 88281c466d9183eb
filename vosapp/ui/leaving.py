"""The question before closing where that would lose what the user has waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMessageBox, QWidget

from vosapp.session.finetune import FinetuneControl
from vosapp.ui.dialogs.asking import ask
from vosapp.ui.notice import Choice


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    box: QMessageBox
    finetuning: FinetuneControl
    learning: bool
    leave: Callable[[], object]
    stay: Callable[[], object]


class Leaving(QObject):
    """Asks before a project is closed whose video is being learned; one question at a time.

    All else goes on without a question: masks, edits and finished frames are on the disk. While a
    question is open the video goes on being learned, and the dialog that does so can be used: the
    question goes, as if the user wanted to stay, once nothing can be lost any more, and becomes
    the other one once learning has ended.

    Args:
        window: what the question belongs to.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._question: _Question | None = None

    def may(
        self,
        finetuning: FinetuneControl | None,
        leave: Callable[[], object],
        stay: Callable[[], object] = _nothing,
    ) -> bool:
        """Return True where nothing would be lost. Else ask, and call one of the two later.

        Args:
            finetuning: of the project that would be closed; None without any.
            leave: the user wants to close it all the same.
            stay: the user does not, or a question is open already.
        """
        if finetuning is None or not finetuning.losable:
            return True
        if self._question is not None:
            self._question.box.raise_()
            self._question.box.activateWindow()
            stay()
            return False
        self._begin(finetuning, leave, stay)
        return False

    def dismiss(self) -> None:
        """Close an open question as if the user wanted to stay."""
        if self._question is not None:
            self._question.box.reject()

    def _begin(
        self, finetuning: FinetuneControl, leave: Callable[[], object], stay: Callable[[], object]
    ) -> None:
        box = self._ask(finetuning, leave)
        question = _Question(box, finetuning, finetuning.running, leave, stay)
        box.finished.connect(lambda _result: self._end(question))
        finetuning.started.connect(self._review)
        finetuning.changed.connect(self._review)
        self._question = question

    def _review(self) -> None:
        """See whether the question is still the right one."""
        question = self._question
        if question is None:
            return
        if not question.finetuning.losable:
            question.box.reject()
        elif question.finetuning.running != question.learning:
            self._forget(question)
            question.box.reject()
            self._begin(question.finetuning, question.leave, question.stay)

    def _ask(self, finetuning: FinetuneControl, leave: Callable[[], object]) -> QMessageBox:
        if finetuning.running:
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
            if self._question is not None:
                self._forget(self._question)
            leave()

        warning = QMessageBox.Icon.Warning
        choices = (Choice(go, close),)
        return ask(
            self._window, title, text, owner=finetuning, choices=choices, stay=stay, icon=warning
        )

    def _end(self, question: _Question) -> None:
        if self._question is question:
            self._forget(question)
            question.stay()

    def _forget(self, question: _Question) -> None:
        question.finetuning.started.disconnect(self._review)
        question.finetuning.changed.disconnect(self._review)
        self._question = None
