"""Follow a measurement to its end; a stop keeps the figures of what was finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from core.jobs import Cancelled, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vosapp.cli.console import Console

Run = TypeVar("Run")


def measured(
    job: Iterable[Progress | Run],
    console: Console,
    *,
    line: Callable[[Run], str],
    unit: str,
    what: str,
) -> list[Run]:
    """All runs that a job yields.

    Args:
        job: yields its progress and, now and then, a finished run.
        console: shows the progress and, where it does, each run.
        line: a run in one line.
        unit: plural name of what the progress counts.
        what: plural name of what a run measures.

    Raises:
        Cancelled: by the console's token, before a run was finished.
    """
    runs: list[Run] = []
    try:
        for _ in console.follow(_progress(job, runs, console, line), unit=unit):
            pass
    except Cancelled:
        if not runs:
            raise
        console.kept = f"The figures are those of the {len(runs)} {what} that were finished."
    return runs


def _progress(
    job: Iterable[Progress | Run], runs: list[Run], console: Console, line: Callable[[Run], str]
) -> Iterator[Progress]:
    for step in job:
        if isinstance(step, Progress):
            yield step
            continue
        runs.append(step)
        if console.draws_progress:
            console.say(line(step))
