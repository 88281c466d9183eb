"""Asks for masks on behalf of a tool and keeps the proposal until it is taken or dropped."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject

from core.prompts.config import BEST, SECOND
from core.prompts.request import PromptMethod
from vosapp.project.edits import AddPrompt, Edit
from vosapp.project.model import Prompt
from vosapp.session.prompting import PromptAnswer, PromptAsk
from vosapp.ui.tools.base import Proposal
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.local_edit import from_mask


@dataclass(frozen=True, slots=True)
class _Wish:
    """A question and what its answer is for."""

    ask: PromptAsk
    frame_index: int
    target: int
    prompts: tuple[Prompt, ...]

    def answered_by(self, answer: PromptAnswer) -> bool:
        asked = (self.ask, self.frame_index, self.target)
        return (answer.ask, answer.frame_index, answer.object_id) == asked


class Prompter(QObject):
    """One tool's proposal.

    Args:
        context: gives the prompt control, and takes edits.
    """

    def __init__(self, context: ToolContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._wish: _Wish | None = None
        self._mask: NDArray[np.bool_] | None = None
        self._fresh = False
        self._trial: PromptAsk | None = None
        self._trial_mask: NDArray[np.bool_] | None = None
        self._drawn: tuple[NDArray[np.bool_], NDArray[np.uint8]] | None = None
        prompting = context.workspace.prompting
        prompting.answered.connect(self._take_answer)
        context.view_state.changed.connect(self._take_state)

    @property
    def active(self) -> bool:
        """True while there is a question or its answer."""
        return self._wish is not None

    @property
    def waiting(self) -> bool:
        """True while the answer is not there."""
        return self._wish is not None and not self._fresh

    @property
    def target(self) -> int:
        """Id of the object that the proposal is for, 0 without one."""
        return 0 if self._wish is None else self._wish.target

    @property
    def proposal(self) -> Proposal | None:
        """What is to be drawn."""
        mask = self._mask if self._trial_mask is None else self._trial_mask
        target = self.target or self._context.target or self._context.free_id
        if mask is None or not target:
            return None
        if self._drawn is None or self._drawn[0] is not mask:
            # The same array each time tells the canvas that nothing has changed.
            self._drawn = (mask, mask.view(np.uint8))
        return Proposal(target, self._drawn[1], self._context.color(target))

    def ask(self, ask: PromptAsk, target: int, prompts: tuple[Prompt, ...]) -> None:
        """Ask; the former proposal stays until the answer is there."""
        ask = self._by_method(ask)
        self._wish = _Wish(ask, self._context.frame_index, target, prompts)
        self._fresh = False
        self._context.workspace.prompting.ask(ask, target)
        self._context.drawingChanged.emit()

    def try_out(self, ask: PromptAsk) -> None:
        """Show what an ask would give; nothing else changes."""
        self._trial = ask = self._by_method(ask)
        self._context.workspace.prompting.ask(ask, self.target or self._context.target)

    def end_trial(self) -> None:
        """Show the proposal itself again."""
        if self._trial is None:
            return
        self._trial = self._trial_mask = None
        self.retry()
        self._context.drawingChanged.emit()

    def retry(self) -> None:
        """Ask again what was not answered, as after a frame was decoded."""
        wish = self._wish
        if wish is not None and not self._fresh and wish.frame_index == self._context.frame_index:
            self._context.workspace.prompting.ask(wish.ask, wish.target)

    def take(self) -> bool:
        """Make the proposal an edit; one that is not answered yet becomes one when it is."""
        wish, mask = self._wish, self._mask if self._fresh else None
        if wish is None:
            return False
        self.drop(keep_claim=True)
        # Asked now: what is promised counts as said from then on.
        verb = self._verb(wish)
        if mask is not None:
            _commit(self._context, wish, mask, verb)
        elif not self._keep(wish, verb):
            self._context.say(self.tr("There was no time to find the mask; draw it again."))
            self._context.release_claim()
        return True

    def drop(self, *, keep_claim: bool = False) -> None:
        """Forget question and answer."""
        self._wish = self._mask = self._trial = self._trial_mask = None
        self._fresh = False
        if not keep_claim:
            self._context.release_claim()
        self._context.drawingChanged.emit()

    def _by_method(self, ask: PromptAsk) -> PromptAsk:
        other = SECOND[BEST] if self._context.view_state.other_answer else PromptMethod.AUTO
        return replace(ask, method=other)

    def _take_state(self) -> None:
        """Ask again where another method is wanted now."""
        wish = self._wish
        if wish is not None and wish.ask != self._by_method(wish.ask):
            self.ask(wish.ask, wish.target, wish.prompts)

    def _verb(self, wish: _Wish) -> str:
        """What is done, for the history: a mask that stood there is named as replaced."""
        replaces = not wish.ask.refine
        if replaces and self._context.is_finished(wish.frame_index, wish.target):
            return "Replace mask"
        return f"Set {wish.prompts[0].kind.value if wish.prompts else 'mask'}"

    def _keep(self, wish: _Wish, verb: str) -> bool:
        """Have the mask taken when it is found, whatever is drawn or closed meanwhile."""
        context = self._context

        def commit(mask: NDArray[np.bool_] | None) -> None:
            if mask is not None and mask.any():
                _commit(context, wish, mask, verb)
                return
            if mask is not None and context.view is not None:
                context.say(_nothing(context, wish.target))
            context.withdraw(wish.frame_index, wish.target)

        kept = context.workspace.prompting.keep(wish.ask, wish.frame_index, commit)
        if kept:
            context.promise(wish.frame_index, wish.target)
        return kept

    def _take_answer(self, answer: PromptAnswer) -> None:
        if self._trial is not None and answer.ask == self._trial:
            self._trial_mask = answer.mask
        elif self._wish is not None and self._wish.answered_by(answer):
            self._mask, self._fresh = answer.mask, True
            if not answer.mask.any():
                self._context.say(_nothing(self._context, self.target))
        self._context.drawingChanged.emit()


def _nothing(context: ToolContext, target: int) -> str:
    text = "Nothing was found there. Try a larger box or a click."
    if context.spoken_for - {target}:
        text = (
            "Nothing was found there that belongs to no other object. Try a larger box or a click."
        )
    return QCoreApplication.translate("Prompter", text)


def _commit(context: ToolContext, wish: _Wish, mask: NDArray[np.bool_], verb: str) -> None:
    local = from_mask(wish.frame_index, wish.target, mask, whole=True)
    if wish.frame_index == context.frame_index and not context.gains(local):
        context.say(_nothing(context, wish.target))
        context.withdraw(wish.frame_index, wish.target)
        context.release_claim()
        return
    edits: tuple[Edit, ...] = tuple(AddPrompt(prompt) for prompt in wish.prompts)
    name = next((o.name for o in context.objects if o.object_id == wish.target), "")
    context.commit(local, *edits, name=f"{verb} of {name or 'object'}")
