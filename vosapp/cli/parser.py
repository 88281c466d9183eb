"""An argument parser that answers a slip with one clear line and a guess."""

from __future__ import annotations

import argparse
import difflib
import re
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import UsageError
from vosapp.cli.console import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INVALID_CHOICE = re.compile(r"invalid choice: (?P<given>.+) \(choose from (?P<choices>.*)\)$")


COMMON_OPTIONS = {
    "--json": "print the result as JSON on stdout",
    "--quiet": "print no comments and no progress",
    "--progress": "draw the progress bar even when stderr is no terminal",
}


class Parser(argparse.ArgumentParser):
    """`argparse` that raises `UsageError` instead of printing usage and leaving the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self._given: list[str] = []

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse, and refuse what is left over here, where the options it may mean are known."""
        self._given = self._bare_options_told(list(args or ()))
        parsed, left = super().parse_known_args(self._given, namespace)
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return parsed, left

    def _bare_options_told(self, given: list[str]) -> list[str]:
        """Give an option its value where it stands without one, before an argument.

        Where a value with choices may be left out, only one of them is taken for it:
        `propagate --adapt film.mp4` is no adaptation of the name film.mp4.
        """
        told, end = list(given), given.index("--") if "--" in given else len(given)
        for place, word in enumerate(given[:end]):
            action = self._option_string_actions.get(word)
            if action is None or action.nargs != "?" or not action.choices:
                continue
            if [*given, ""][place + 1] not in action.choices:
                told[place] = f"{word}={action.const}"
        return told

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print help; what the system says against it is not swallowed, as argparse would."""
        if file is not None:
            with written(file):
                file.write(message)
                file.flush()

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`, naming a misspelt option before anything that follows from it."""
        unknown = self._unknown_option()
        if unknown:
            raise UsageError(f"Unknown option {unknown}.", self._guess_option(unknown))
        choice = INVALID_CHOICE.search(message)
        if choice:
            self._refuse_choice(message[: choice.start()], choice["given"], choice["choices"])
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", self._see_help())

    def _unknown_option(self) -> str:
        if self._subparsers is not None:
            return ""
        names = (given.partition("=")[0] for given in self._options_given())
        return next((name for name in names if name not in self._option_string_actions), "")

    def _options_given(self) -> Iterable[str]:
        end = self._given.index("--") if "--" in self._given else len(self._given)
        return (given for given in self._given[:end] if given.startswith("--"))

    def _guess_option(self, unknown: str) -> str:
        options = [name for name in self._option_string_actions if name.startswith("--")]
        return did_you_mean(unknown, options) or self._see_help()

    def _refuse_choice(self, prefix: str, given: str, choices: str) -> NoReturn:
        name = prefix.removeprefix("argument ").rstrip(": ")
        allowed = [choice.strip("'\"") for choice in choices.split(", ")]
        guess = did_you_mean(given.strip("'\""), allowed)
        hint = guess or f"Choose from {', '.join(allowed)}."
        raise UsageError(f"{given} is no valid {name}.", hint)

    def _see_help(self) -> str:
        below = [] if self._subparsers is None else self._subparsers._group_actions
        names = ", ".join(name for action in below for name in action.choices or ())
        return (f"Choose from {names}. " if names else "") + f"See {self.prog} --help."


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Suggest the known name nearest to a given one; empty when none is near."""
    near = difflib.get_close_matches(given, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]}?" if near else ""


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Show in a parser's help the options that every command has.

    They are taken from the arguments before parsing (`take_common_options`), so that they work
    in any place; commands find them in the console, never in the parsed arguments.
    """
    group = parser.add_argument_group("output")
    for name, text in COMMON_OPTIONS.items():
        group.add_argument(name, action="store_true", default=argparse.SUPPRESS, help=text)


def take_common_options(given: Sequence[str]) -> tuple[list[str], set[str]]:
    """Split the options that every command has from the other arguments.

    Returns:
        The arguments without them, and those that were there. What follows `--` stays.
    """
    end = given.index("--") if "--" in given else len(given)
    taken = {word for word in given[:end] if word in COMMON_OPTIONS}
    left = [word for word in given[:end] if word not in COMMON_OPTIONS]
    return [*left, *given[end:]], taken
