"""What is drawn step by step before it counts: undo and redo of the steps."""

from __future__ import annotations

from typing import Generic, TypeVar

from vosapp.ui.tools.local_history import LocalHistory

T = TypeVar("T")


class Drafting(Generic[T]):
    """Undo and redo of a tool; stands before `Tool` among its bases."""

    _draft: LocalHistory[T]

    def show_draft(self) -> bool:
        """Show the drawing as it is now; always True."""
        raise NotImplementedError

    def undo(self) -> bool:
        """Take back the last step of what is drawn."""
        return self._draft.undo() and self.show_draft()

    def redo(self) -> bool:
        """Do the last step that was taken back again."""
        return self._draft.redo() and self.show_draft()

    @property
    def can_undo(self) -> bool:
        """True where there is a step to take back."""
        return self._draft.can_undo

    @property
    def can_redo(self) -> bool:
        """True where a step was taken back."""
        return self._draft.can_redo
