"""Configs of networks out of headers of checkpoints, which may be a stranger's. No torch here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NoReturn, TypeVar

from core.errors import CheckpointMismatch

Config = TypeVar("Config")


def config_of(
    kind: type[Config], values: dict[str, object], *, read: Callable[[str, object], Any]
) -> Config:
    """The config in a checkpoint's header.

    Args:
        kind: a dataclass; the header has all of its fields, and no other.
        values: of the header.
        read: makes the value of a field from its name and what the header says of it. Raises
            `TypeError` or `ValueError` where that is of a wrong kind or too large, as `kind` does.

    Raises:
        CheckpointMismatch: a field is missing, unknown, of a wrong kind or too large.
    """
    try:
        if values.keys() != {field.name for field in fields(kind)}:  # type: ignore[arg-type]
            raise TypeError
        return kind(**{name: read(name, value) for name, value in values.items()})
    except (TypeError, ValueError) as error:
        msg = "The weights describe a network that this version does not know."
        raise CheckpointMismatch(msg, "Use weights made by this version.") from error


def number_in(value: object, *, least: int = 1, most: int) -> int:
    """A whole number of a header, from `least` to `most`; `ValueError` for anything else."""
    return value if type(value) is int and least <= value <= most else refuse()


def refuse() -> NoReturn:
    """Raise the `ValueError` of a value that makes no sense, within an expression."""
    raise ValueError
