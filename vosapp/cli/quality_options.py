"""Several qualities in one command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UsageError
from core.types import Quality

if TYPE_CHECKING:
    import argparse


def add_qualities_argument(parser: argparse.ArgumentParser, *, default: str) -> None:
    """Declare `--qualities`.

    Args:
        parser: of the command.
        default: what is taken without it, for the help.
    """
    parser.add_argument(
        "--qualities", metavar="A,B", help=f"measure at each of these (default: {default})"
    )


def qualities_of(text: str | None) -> tuple[Quality, ...]:
    """Read `--qualities fast,fine`; nothing is none.

    Raises:
        UsageError: a name that is no quality.
    """
    known = {quality.value: quality for quality in Quality}
    names = dict.fromkeys(name.strip() for name in (text or "").split(",") if name.strip())
    for name in names:
        if name not in known:
            raise UsageError(f"There is no quality {name!r}.", f"There are: {', '.join(known)}.")
    if text is not None and not names:
        raise UsageError("--qualities names none.", "Write it as --qualities fast,fine.")
    return tuple(known[name] for name in names)
