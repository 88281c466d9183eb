"""What box and points share: a drawing whose mask is proposed, and taken or dropped."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from vosapp.project.model import Prompt, PromptKind
from vosapp.session.prompting import PromptAsk
from vosapp.ui.tools.base import Proposal, Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.drafting import Drafting
from vosapp.ui.tools.local_history import LocalHistory
from vosapp.ui.tools.prompter import Prompter

T = TypeVar("T")
Spots = tuple[tuple[float, float, int], ...]
"""x, y, and 1 or -1, as a `Prompt` has them."""


class PromptTool(Drafting[T], Tool):
    """Asks for the mask of what is drawn after each step.

    Args:
        context: what it works on.
        empty: the drawing before anything is drawn; the only one that is false.
    """

    kind: ClassVar[PromptKind]

    def __init__(self, context: ToolContext, empty: T) -> None:
        super().__init__(context)
        self._prompter = Prompter(context, self)
        self._draft = LocalHistory(empty)

    def question(self) -> PromptAsk:
        """Return what is asked for the drawing as it is now."""
        raise NotImplementedError

    def spots(self) -> Spots:
        """Return what of the drawing is kept in the project."""
        raise NotImplementedError

    def find_target(self) -> int:
        """Return whose mask it is, and claim it where need be; 0 where that cannot be."""
        raise NotImplementedError

    def take(self) -> bool:
        """Take the mask; False where nothing is drawn."""
        drawn = bool(self._draft.state)
        self._draft.clear()
        return drawn and self._prompter.take()

    def drop(self) -> bool:
        """Drop drawing and mask; False where nothing is drawn."""
        if not self._draft.state:
            return False
        self._draft.clear()
        self._prompter.drop()
        return True

    def draw(self, state: T) -> bool:
        """Go on to another drawing, and ask for its mask."""
        self._draft.push(state)
        return self.show_draft()

    def show_draft(self) -> bool:
        """See `Drafting`: where nothing is drawn there is no mask."""
        if not self._draft.state:
            self._prompter.drop()
            return True
        target = self.find_target()
        if target:
            prompt = Prompt(self.context.frame_index, target, self.kind, self.spots())
            self._prompter.ask(self.question(), target, (prompt,))
        return True

    def redraw(self) -> None:
        """Ask again where the frame was not decoded yet."""
        self._prompter.retry()

    @property
    def target(self) -> int:
        """The object that the mask is for."""
        return self._prompter.target

    def tag(self, *, replaces: bool = False) -> str:
        """Return whose mask it is, as the canvas says it.

        Args:
            replaces: what is drawn takes the place of a mask, and does not mend it.
        """
        name = self.context.name(self.target)
        if self.context.is_new(self.target):
            return self.tr("New object: {0}").format(name)
        if self._replaces(replaces=replaces):
            return self.tr("{0}: replaces its mask").format(name)
        return name

    def _replaces(self, *, replaces: bool) -> bool:
        context = self.context
        return replaces and context.is_finished(context.frame_index, self.target)

    @property
    def proposal(self) -> Proposal | None:
        """The mask of what is drawn."""
        return self._prompter.proposal
