"""The command line: finds the command, runs it, and turns every outcome into an exit code.

A command is a module with `NAME`, `HELP`, `add_arguments(parser)` and
`run(args, console) -> dict`. Only the module that is asked for is imported, so that
`vosapp --help` answers at once.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from core.errors import UsageError, mendable
from core.jobs import Cancelled
from vosapp import __version__
from vosapp.cli.console import Console, OutputClosed, OutputLost, written
from vosapp.cli.parser import Parser, add_common_arguments, take_common_options
from vosapp.services.backbone import choose_backbone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

DONE = 0
BUG = 1
BAD_INPUT = 2
STOPPED = 130
BROKEN_PIPE = 141


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table of commands.

    Attributes:
        name: what the user types.
        help: one line for `vosapp --help`.
        module: where it lives; imported when asked for.
        alias: an older name, which still works; empty for none.
        meant: the words that the older name stands for; empty for the command's name.
    """

    name: str
    help: str
    module: str
    alias: str = ""
    meant: tuple[str, ...] = ()


COMMANDS = (
    Command(
        "propagate",
        "carry masks from one or several frames through a video",
        "vosapp.cli.propagate",
    ),
    Command("evaluate", "score masks against the ground truth", "vosapp.cli.evaluate"),
    Command("benchmark", "run and score every sequence of a dataset", "vosapp.cli.benchmark"),
    Command(
        "calibrate",
        "fit confidence and absence of weights to true masks",
        "vosapp.cli.calibrate",
    ),
    Command(
        "ablate",
        "compare variants of a system on a dataset",
        "vosapp.cli.ablate",
    ),
    Command(
        "densify",
        "make label maps from boxes on a few frames of many clips",
        "vosapp.cli.densify",
    ),
    Command(
        "discover",
        "find the objects of a video or of images without a prompt",
        "vosapp.cli.discover",
    ),
    Command("new", "make a project for a video", "vosapp.cli.new"),
    Command("info", "show what is in a project", "vosapp.cli.info"),
    Command("check", "list the frames of a project that may be wrong", "vosapp.cli.check"),
    Command(
        "import",
        "take annotations of a file format into a project",
        "vosapp.cli.import_annotations",
    ),
    Command(
        "export",
        "write a project's masks or box labels in a file format",
        "vosapp.cli.export_annotations",
    ),
    Command(
        "finetune",
        "fine-tune the network on a project's video",
        "vosapp.cli.finetune",
        alias="adapt",
    ),
    Command("train", "train a system on your own videos", "vosapp.cli.train"),
    Command(
        "models",
        "list, import, download and remove weights",
        "vosapp.cli.models",
        alias="import-weights",
        meant=("models", "import"),
    ),
    Command("doctor", "show what is installed and what is missing", "vosapp.cli.doctor"),
)


class CommandModule(Protocol):
    """What the module of a command offers."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    def run(self, args: argparse.Namespace, console: Console) -> dict[str, object]:
        """Do the work and return the result, which `--json` prints.

        Raises:
            VosError: something the user can mend.
            Cancelled: the user stopped it; `console.kept` says what is left.
        """


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: arguments without the program's name; None takes those of the process.

    Returns:
        0 done, 2 bad input or usage (see `core.errors.mendable`) or an output that cannot be
        written, 1 a bug (any other exception), 130 stopped by the user, 141 nobody reads the
        output any more.
    """
    given, common = take_common_options(sys.argv[1:] if argv is None else argv)
    console = Console(
        json="--json" in common,
        quiet="--quiet" in common,
        progress=True if "--progress" in common else None,
    )
    return speaking(lambda: _outcome(given, console), console)


def speaking(work: Callable[[], int], console: Console) -> int:
    """Do what returns an exit code, and return another one where its output goes nowhere."""
    try:
        code = work()
        if sys.stdout is not None:
            # Such as a text of --help.
            with written(sys.stdout):
                sys.stdout.flush()
    except OutputClosed:
        code = BROKEN_PIPE
    except OutputLost as lost:
        code = BAD_INPUT
        with suppress(OutputClosed):
            console.complain(f"The output cannot be written: {lost}. Send it to another place.")
    _discard_unwritten()
    return code


def _outcome(given: list[str], console: Console) -> int:
    try:
        with _stop_on_signals(console):
            return _run(given, console)
    except (Cancelled, KeyboardInterrupt):
        console.stopped(with_result=False)
        return STOPPED
    except (OutputClosed, OutputLost):
        raise
    except Exception as error:
        known = mendable(error)
        if known is not None:
            console.fail(known)
            return BAD_INPUT
        console.bug(error)
        return BUG


def _run(given: list[str], console: Console) -> int:
    if not given:
        names = ", ".join(command.name for command in COMMANDS)
        raise UsageError("No command given.", f"Commands: {names}. See vosapp --help.")
    given = _with_names_of_today(given)
    command = next((c for c in COMMANDS if c.name == _first_word(given)), None)
    module = None if command is None else _load(command)
    try:
        args = _parser(command, module).parse_args(given)
        args.typed = given
    except SystemExit as leaving:  # --help and --version
        return int(leaving.code or 0)
    if module is None:
        raise UsageError("No command given.", "See vosapp --help.")
    choose_backbone(getattr(args, "backbone", None))
    console.result(module.run(args, console))
    if console.token.cancelled:
        console.stopped(with_result=True)
        return STOPPED
    return console.exit_code


def _with_names_of_today(given: list[str]) -> list[str]:
    """The arguments with an older name of a command replaced by its present one."""
    word = _first_word(given)
    found = next((c for c in COMMANDS if c.alias and c.alias == word), None)
    if found is None:
        return given
    place = given.index(word)
    return [*given[:place], *(found.meant or (found.name,)), *given[place + 1 :]]


def _first_word(given: list[str]) -> str:
    return next((word for word in given if not word.startswith("-")), "")


def _load(command: Command) -> CommandModule:
    return cast("CommandModule", importlib.import_module(command.module))


def _wide_help(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, max_help_position=32)


def _parser(command: Command | None, module: CommandModule | None) -> Parser:
    parser = Parser(
        prog="vosapp",
        description="Exact masks for every object on every frame of a video.",
        epilog="Each command has its own --help. Without a command, or with the path of a video, a"
        " folder of images or a project, the window opens; vosapp --self-test tries it.",
        formatter_class=_wide_help,
    )
    parser.add_argument("--version", action="version", version=f"vosapp {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="command", required=True)
    for row in COMMANDS:
        sub = commands.add_parser(row.name, help=row.help, description=f"vosapp: {row.help}.")
        if row is command and module is not None:
            module.add_arguments(sub)
            add_common_arguments(sub)
    return parser


@contextmanager
def _stop_on_signals(console: Console) -> Iterator[None]:
    """Let the first Ctrl-C (or SIGTERM) cancel the job and the second one break it off."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        if console.token.cancelled:
            raise KeyboardInterrupt
        console.token.cancel()
        if not console.quiet:
            # print() may be what the signal interrupted.
            with suppress(OSError):
                os.write(2, b"\nvosapp: stopping; once more stops at once\n")

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _discard_unwritten() -> None:
    """Drop what could not be written, so that Python's own attempt at the end does not fail."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
                stream.flush()
