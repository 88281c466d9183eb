"""What a command says, and where: results on stdout, everything else on stderr.

Without `--json` stdout carries text for people. With `--json` it carries one JSON document
and nothing else, so that it can be piped.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sized
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from core.jobs import CancelToken
from vosapp.cli.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.errors import VosError
    from core.jobs import Progress

T = TypeVar("T")

BAR_FORMAT = (
    "{desc}{percentage:3.0f} %|{bar}| {n_fmt}/{total_fmt} {rate_noinv_fmt}, {remaining} left"
)
BUG_NOTE = (
    "vosapp: this is a bug in vosapp. Please report it with the lines above"
    " and what `vosapp doctor` prints."
)
OPEN_BAR_FORMAT = "{desc}{n_fmt} {rate_noinv_fmt}, {elapsed} so far"


class OutputClosed(Exception):
    """Nobody reads stdout or stderr any more, as under `vosapp ... | head`."""


class Console:
    """The voice of one command.

    Attributes:
        json: stdout carries one JSON document; text for people goes to stderr.
        quiet: no commentary and no progress; outcomes, warnings and errors stay.
        token: cancelled by the first Ctrl-C; hand it to every job.
        exit_code: what the process returns when the command ends without an error.
        kept: what a stopped command leaves behind, in plain words; told to the user.
    """

    def __init__(
        self, *, json: bool = False, quiet: bool = False, progress: bool | None = None
    ) -> None:
        """Make a console.

        Args:
            json: see the class.
            quiet: see the class.
            progress: draw bars; None means when stderr is a terminal.
        """
        self.json = json
        self.quiet = quiet
        self.token = CancelToken()
        self.exit_code = 0
        self.kept = ""
        self._progress = progress
        self._bar: Any = None
        self._hushed = False

    def hush(self) -> None:
        """Say nothing from here on but what goes wrong: another process speaks for this one."""
        self.quiet, self.json, self._hushed = True, False, True

    @property
    def draws_progress(self) -> bool:
        """True when progress bars are shown."""
        if self.quiet:
            return False
        return sys.stderr.isatty() if self._progress is None else self._progress

    def say(self, text: str) -> None:
        """Tell what is going on. Dropped by `--quiet`."""
        if not self.quiet:
            self._line(text, error=self.json)

    def report(self, text: str) -> None:
        """Tell the outcome to a person. Dropped by `--json`, where the result stands for it."""
        if not self.json and not self._hushed:
            self._line(text, error=False)

    def warn(self, text: str) -> None:
        """Tell of something odd that does not stop the command. Always on stderr."""
        if not self._hushed:
            self._line(f"vosapp: warning: {one_line(text)}", error=True)

    def complain(self, text: str) -> None:
        """Tell one of several problems; `fail` or the command's exit code says the outcome."""
        self._line(f"vosapp: error: {one_line(text)}", error=True)

    def fail(self, error: VosError) -> None:
        """Tell the error that ends the command: one line on stderr, a document with `--json`."""
        self._line(f"vosapp: error: {one_line(str(error))}", error=True)
        self.result_error(error.code, error.message, error.hint)

    def bug(self, error: Exception) -> None:
        """Tell of an exception that no user can mend: its traceback, and where to report it."""
        self._line("".join(traceback.format_exception(error)).rstrip(), error=True)
        self._line(BUG_NOTE, error=True)
        self.result_error("bug", f"{type(error).__name__}: {error}", "Please report it.")

    def stopped(self, *, with_result: bool) -> None:
        """Tell that the user stopped the command, and what was kept.

        Args:
            with_result: the command has handed over a result all the same.
        """
        kept = self.kept or ("" if with_result else "Nothing was kept.")
        self._line(f"vosapp: stopped. {one_line(kept)}".rstrip(), error=True)
        if not with_result:
            self.result_error("cancelled", "Stopped by the user.", kept)

    def result_error(self, code: str, message: str, hint: str) -> None:
        """Print an error in place of a result as JSON; nothing without `--json`."""
        error = {"code": code, "message": one_line(message), "hint": one_line(hint)}
        self.result({"error": error})

    def result(self, value: dict[str, object]) -> None:
        """Print the command's result as JSON; nothing without `--json`."""
        if self.json:
            self._document(value)

    def track(
        self,
        items: Iterable[T],
        *,
        total: int | None = None,
        text: str = "",
        unit: str = "frames",
    ) -> Iterator[T]:
        """Pass items on while a bar on stderr shows the count, items a second and time left.

        Args:
            items: what is passed on, unchanged; closed at the end if it is a generator.
            total: how many items there are; None asks `len`, and without one there is no
                time left.
            text: what is being done.
            unit: plural name of the items.
        """
        if total is None and isinstance(items, Sized):
            total = len(items)
        self._open_bar(total, text, unit)
        try:
            for item in items:
                yield item
                self._advance(1)
        finally:
            self._close_bar()
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def follow(self, job: Iterable[Progress], *, unit: str = "steps") -> Iterator[Progress]:
        """Pass a job's progress on while a bar on stderr shows it.

        Args:
            job: yields how far it is; the bar takes count, total and text from it.
            unit: plural name of what is counted.
        """
        done = 0
        try:
            for progress in job:
                if self._bar is None:
                    self._open_bar(progress.total or None, progress.text, unit)
                    done = self._start_at(progress.done)
                self._describe(progress.text)
                self._advance(progress.done - done)
                done = progress.done
                yield progress
        finally:
            self._close_bar()
            close = getattr(job, "close", None)
            if close is not None:
                close()

    def _open_bar(self, total: int | None, text: str, unit: str) -> None:
        if not self.draws_progress:
            return
        from tqdm import tqdm

        self._bar = tqdm(
            total=total,
            desc=text or None,
            unit=f" {unit}",
            file=sys.stderr,
            dynamic_ncols=True,
            bar_format=BAR_FORMAT if total else OPEN_BAR_FORMAT,
        )

    def _start_at(self, done: int) -> int:
        # A resumed job starts in the middle; what was done before must not count as speed.
        if self._bar is not None:
            self._bar.initial = self._bar.n = done
            self._bar.refresh()
        return done

    def _describe(self, text: str) -> None:
        if self._bar is not None and text:
            self._bar.set_description(text, refresh=False)

    def _advance(self, count: int) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _line(self, text: str, *, error: bool) -> None:
        if self._bar is not None:
            self._bar.clear()
        _print(text, sys.stderr if error else sys.stdout)
        if self._bar is not None:
            self._bar.refresh()

    def _document(self, value: dict[str, object]) -> None:
        _print(json.dumps(plain(value), sort_keys=True, indent=2, allow_nan=False), sys.stdout)


def _print(text: str, stream: TextIO) -> None:
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError as error:
        raise OutputClosed from error


def one_line(text: str) -> str:
    """Fold a text into one line."""
    return " ".join(text.split())
