"""The option that says how propagated masks are cleaned up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.cleaning import DEFAULT, Cleaning, parse_cleaning

if TYPE_CHECKING:
    import argparse

WAYS = (
    "none, default (islands=auto: specks go), or some of islands=auto|N,"
    " holes=auto|N, keep=N, grow=N, shrink=N, smooth=N, feather=N (mattes), N in pixels"
)


def add_clean_argument(parser: argparse.ArgumentParser, usual: str) -> None:
    """Declare `--clean`.

    Args:
        parser: of the command.
        usual: what happens without the option.
    """
    parser.add_argument(
        "--clean",
        metavar="HOW",
        help=f"clean up propagated masks, never keyframes: {WAYS} ({usual})",
    )


def cleaning_of(args: argparse.Namespace, *, usual: Cleaning = DEFAULT) -> Cleaning:
    """Return how results are to be cleaned up.

    Args:
        args: of the command.
        usual: without the option.

    Raises:
        UsageError: the text makes no sense.
    """
    return usual if args.clean is None else parse_cleaning(args.clean)
