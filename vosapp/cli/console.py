"""What a command says, and where: results on stdout, everything else on stderr.

Without `--json` stdout carries text for people. With `--json` it carries one JSON document
and nothing else, so that it can be piped. Names in texts may be anybody's: whatever is said goes
through `core.text.visible` here, and only here. Data in JSON stays exact (ADR 0026).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sized
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from core.jobs import CancelToken
from core.text import visible, visible_trace
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


SENTENCES = frozenset(
    {"detail", "error", "hint", "losses", "lost", "message", "notes", "problems", "remedy", "text"}
)
"""Fields of results that hold sentences for people; all others are data and stay exact."""


class OutputClosed(Exception):
    """Nobody reads stdout or stderr any more, as under `vosapp ... | head`."""


class OutputLost(Exception):
    """Stdout cannot be written, as on a full disk; the message is the system's reason."""


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
        if sys.stderr is None:
            return False
        return sys.stderr.isatty() if self._progress is None else self._progress

    def say(self, *lines: str) -> None:
        """Tell what is going on. Dropped by `--quiet`."""
        if not self.quiet:
            self._tell(*lines, error=self.json)

    def report(self, *lines: str) -> None:
        """Tell the outcome to a person. Dropped by `--json`, where the result stands for it."""
        if not self.json and not self._hushed:
            self._tell(*lines, error=False)

    def warn(self, text: str) -> None:
        """Tell of something odd that does not stop the command. Always on stderr."""
        if not self._hushed:
            self._tell(f"vosapp: warning: {text}", error=True)

    def complain(self, text: str) -> None:
        """Tell one of several problems; `fail` or the command's exit code says the outcome."""
        self._tell(f"vosapp: error: {text}", error=True)

    def fail(self, error: VosError) -> None:
        """Tell the error that ends the command: one line on stderr, a document with `--json`."""
        self._tell(f"vosapp: error: {error}", error=True)
        self.result_error(error.code, error.message, error.hint)

    def bug(self, error: Exception) -> None:
        """Tell of an exception that no user can mend: its traceback, and where to report it."""
        self._tell(*visible_trace(error), BUG_NOTE, error=True)
        self.result_error("bug", f"{type(error).__name__}: {error}", "Please report it.")

    def stopped(self, *, with_result: bool) -> None:
        """Tell that the user stopped the command, and what was kept.

        Args:
            with_result: the command has handed over a result all the same.
        """
        kept = self.kept or ("" if with_result else "Nothing was kept.")
        self._tell(f"vosapp: stopped. {kept}".rstrip(), error=True)
        if not with_result:
            self.result_error("cancelled", "Stopped by the user.", kept)

    def result_error(self, code: str, message: str, hint: str) -> None:
        """Print an error in place of a result as JSON; nothing without `--json`."""
        self.result({"error": {"code": code, "message": message, "hint": hint}})

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
        try:
            self._open_bar(total, text, unit)
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

        with written(sys.stderr):
            self._bar = tqdm(
                total=total,
                desc=visible(text) or None,
                unit=f" {unit}",
                file=sys.stderr,
                dynamic_ncols=True,
                bar_format=BAR_FORMAT if total else OPEN_BAR_FORMAT,
            )

    def _start_at(self, done: int) -> int:
        # A resumed job starts in the middle; what was done before must not count as speed.
        if self._bar is not None:
            self._bar.initial = self._bar.n = done
            with written(sys.stderr):
                self._bar.refresh()
        return done

    def _describe(self, text: str) -> None:
        if self._bar is not None and text:
            self._bar.set_description(visible(text), refresh=False)

    def _advance(self, count: int) -> None:
        if self._bar is not None:
            with written(sys.stderr):
                self._bar.update(count)

    def _close_bar(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            # In the way of nothing else: whatever is said next notices that nobody reads it.
            with suppress(OutputClosed), written(sys.stderr):
                bar.close()

    def _tell(self, *lines: str, error: bool) -> None:
        """Print lines, each made visible, on stdout or stderr."""
        self._print("\n".join(map(visible, lines)), sys.stderr if error else sys.stdout)

    def _print(self, text: str, stream: TextIO) -> None:
        if self._bar is not None:
            with written(sys.stderr):
                self._bar.clear()
        with written(stream):
            print(text, file=stream, flush=True)
        if self._bar is not None:
            with written(sys.stderr):
                self._bar.refresh()

    def _document(self, value: dict[str, object]) -> None:
        shown = told(plain(value))
        self._print(json.dumps(shown, sort_keys=True, indent=2, allow_nan=False), sys.stdout)


@contextmanager
def written(stream: TextIO) -> Iterator[None]:
    """Turn what the system says against writing to stdout or stderr into an outcome.

    Stdout carries what was asked for. What cannot be said on stderr stops no work, unless whoever
    read it is gone.

    Raises:
        OutputClosed: nobody reads it.
        OutputLost: it is stdout, and cannot be written.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise OutputClosed from error
    except OSError as error:
        if stream is sys.stdout:
            raise OutputLost(error.strerror or str(error)) from error


def told(value: object, *, is_sentence: bool = False) -> object:
    """Make the sentences visible that a result for JSON holds; see `SENTENCES`."""
    if isinstance(value, dict):
        return {key: told(item, is_sentence=key in SENTENCES) for key, item in value.items()}
    if isinstance(value, list):
        return [told(item, is_sentence=is_sentence) for item in value]
    return visible(value) if is_sentence and isinstance(value, str) else value
