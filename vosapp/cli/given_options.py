"""What a benchmark gives to a system, and how often it plays a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UsageError

if TYPE_CHECKING:
    import argparse


def add_given_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `--given`, `--back-and-forth` and `--allow-seen`."""
    parser.add_argument(
        "--given",
        metavar="HOW",
        help="what is given to begin with: mask, the true masks (default); box, the boxes around "
        "them, filled; prompt, masks made of these boxes. With --all-systems several, as mask,box",
    )
    parser.add_argument(
        "--back-and-forth",
        action="store_true",
        help="play each sequence forward, backward and forward again, three times as long",
    )
    parser.add_argument(
        "--allow-seen",
        action="store_true",
        help="score also sequences that the weights were trained on",
    )


def given_names(text: str | None) -> tuple[str, ...]:
    """Read `--given`; nothing is the masks.

    Raises:
        UsageError: an unknown word, or none.
    """
    from core.eval.starts import Start

    if text is None:
        return (Start.MASK.value,)
    known = [start.value for start in Start]
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    wrong = [name for name in names if name not in known]
    if wrong or not names:
        what = repr(wrong[0]) if wrong else "nothing"
        raise UsageError(f"--given cannot be {what}.", f"Choose from {', '.join(known)}.")
    return names


def given_name(text: str | None) -> str:
    """Read `--given` where only one is possible.

    Raises:
        UsageError: see `given_names`; several are named.
    """
    names = given_names(text)
    if len(names) > 1:
        raise UsageError("--given names several.", "Name one, or add --all-systems.")
    return names[0]
