"""Undo and redo of what is drawn but not applied yet. No Qt."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class LocalHistory(Generic[T]):
    """States of a drawing, oldest first. States are values: never changed, only replaced.

    Args:
        empty: the state before anything is drawn.
    """

    def __init__(self, empty: T) -> None:
        self._empty = empty
        self._states: list[T] = [empty]
        self._position = 0

    @property
    def state(self) -> T:
        """The drawing as it is now."""
        return self._states[self._position]

    @property
    def can_undo(self) -> bool:
        """True where there is a state to go back to."""
        return self._position > 0

    @property
    def can_redo(self) -> bool:
        """True where a state was taken back and nothing was drawn since."""
        return self._position + 1 < len(self._states)

    def push(self, state: T) -> None:
        """Go on to a new state; what was taken back before is gone."""
        if state != self.state:
            del self._states[self._position + 1 :]
            self._states.append(state)
            self._position += 1

    def undo(self) -> bool:
        """Go back one state; False where there is none."""
        if not self.can_undo:
            return False
        self._position -= 1
        return True

    def redo(self) -> bool:
        """Go forward one state; False where there is none."""
        if not self.can_redo:
            return False
        self._position += 1
        return True

    def clear(self) -> None:
        """Begin again with nothing drawn."""
        self._states = [self._empty]
        self._position = 0
