"""The options on how files of others are understood, the same words in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.media.annotations.options import IMPORT_OPTIONS, ImportOptions, parse_options

if TYPE_CHECKING:
    import argparse


def add_import_arguments(
    parser: argparse.ArgumentParser, *, masks: bool = False, more: tuple[str, ...] = ()
) -> None:
    """Declare the options of the table.

    Args:
        parser: of a command.
        masks: only those that go with masks.
        more: fields of others that the command has besides.
    """
    group = parser.add_argument_group("how files of others are understood")
    for option in IMPORT_OPTIONS:
        if masks and not option.masks and option.field not in more:
            continue
        if option.choices:
            group.add_argument(option.flag, choices=option.choices, help=option.text)
        elif option.metavar:
            group.add_argument(option.flag, metavar=option.metavar, help=option.text)
        else:
            group.add_argument(option.flag, action="store_true", help=option.text)


def import_options(args: argparse.Namespace) -> ImportOptions:
    """Return what was given.

    Raises:
        UsageError: a value makes no sense.
    """
    return parse_options(vars(args))
