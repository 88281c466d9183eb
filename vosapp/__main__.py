"""Entry point of `vosapp` and of `python -m vosapp`: the window, or the command line."""

from __future__ import annotations

import io
import os
import sys

from core.device import let_threads_sleep
from vosapp.cli import main as cli
from vosapp.logs import start_logging

SELF_TEST = "--self-test"


def main(argv: list[str] | None = None) -> int:
    """Show the window, or run the command line.

    Args:
        argv: arguments without the program's name; None takes those of the process. Nothing, or
            the path of something that is there, shows the window.

    Returns:
        The exit code: 0 done, 2 bad input or usage, 1 a bug, 130 stopped by the user.
    """
    given = sys.argv[1:] if argv is None else argv
    if argv is None:
        let_threads_sleep()
        start_logging()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names may hold bytes that the terminal's encoding cannot say.
            stream.reconfigure(errors="backslashreplace")
    if given == [SELF_TEST]:
        from vosapp.cli.console import Console
        from vosapp.selftest import self_test

        return cli.speaking(self_test, Console())
    if wants_window(given):
        from vosapp.app import run as show

        return show(given)
    return cli.main(given)


def wants_window(given: list[str]) -> bool:
    """True for no arguments, and for a path that is no command."""
    if not given:
        return True
    commands = {command.name for command in cli.COMMANDS}
    return len(given) == 1 and given[0] not in commands and os.path.exists(given[0])  # noqa: PTH110


if __name__ == "__main__":
    sys.exit(main())
