"""Running a job that returns its result, with its progress on the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.jobs import Job, Progress
    from vosapp.cli.console import Console

T = TypeVar("T")


def finish_job(job: Job[T], console: Console, *, unit: str) -> T:
    """Run a job to its end under a progress bar, tell its warnings, and return its result.

    Args:
        job: yields how far it is.
        console: draws it.
        unit: plural name of what is counted.
    """
    result: list[T] = []

    def steps() -> Iterator[Progress]:
        result.append((yield from job))

    for progress in console.follow(steps(), unit=unit):
        if progress.warning:
            console.warn(progress.text)
    return result[0]
