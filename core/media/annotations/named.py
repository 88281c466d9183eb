"""Finding a format by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from core.errors import UsageError


class Named(Protocol):
    """Anything with a short name for commands."""

    @property
    def name(self) -> str:
        """Its name."""


T = TypeVar("T", bound=Named)


def find_named(items: Sequence[T], name: str, *, what: str) -> T:
    """Return the item of a name.

    Args:
        items: to choose from.
        name: which.
        what: what they are, for the message: "export format".

    Raises:
        UsageError: there is none of that name; the hint lists them.
    """
    for item in items:
        if item.name == name:
            return item
    names = ", ".join(item.name for item in items)
    raise UsageError(f"There is no {what} {name!r}.", f"The formats are {names}.")
