"""Running a job that returns its result, with its progress on the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator

    from core.jobs import Progress
    from vosapp.cli.console import Console

R = TypeVar("R")


def outcome(job: Generator[Progress, None, R], console: Console, *, unit: str) -> R:
    """What a job returns.

    Args:
        job: yields how far it is.
        console: draws it.
        unit: plural name of what is counted.
    """
    kept: list[R] = []

    def steps() -> Generator[Progress]:
        kept.append((yield from job))

    for _ in console.follow(steps(), unit=unit):
        pass
    return kept[0]
