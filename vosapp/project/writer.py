"""Changing a project in a thread of its own, so that a window never waits for the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar

from core.types import FrameResult
from vosapp.project.edits import Edit
from vosapp.project.model import Change
from vosapp.project.results import Propagation
from vosapp.project.store import Project

T = TypeVar("T")


class ProjectWriter:
    """Does changes one after the other, in the order in which they were asked for, at once.

    A future is done when its change is on the disk, or has the `VosError` for which nothing was
    changed. The project itself may be read from any thread meanwhile.

    Args:
        project: open for writing; stays open after `close`.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="project-writer")

    def do(self, edit: Edit) -> Future[Change]:
        """Do an edit."""
        return self._thread.submit(self._project.do, edit)

    def undo(self) -> Future[Change]:
        """Take back the last step."""
        return self._thread.submit(self._project.undo)

    def redo(self) -> Future[Change]:
        """Do the next undone step again."""
        return self._thread.submit(self._project.redo)

    def put_results(
        self, propagation: Propagation, results: Iterable[FrameResult]
    ) -> Future[Change]:
        """Store results of a propagation."""
        return self._thread.submit(self._project.put_results, propagation, tuple(results))

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Call a function after everything that was asked for before, in the same thread."""
        return self._thread.submit(task)

    def close(self) -> None:
        """Wait until everything that was asked for is on the disk. Twice does no harm."""
        self._thread.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()
