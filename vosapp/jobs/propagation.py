"""The engine's jobs: what a propagation in the window computes, and storing it while it comes.

`core.engine` is imported in the engine's thread only; torch takes seconds to load.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.jobs import CancelToken, Progress
from core.types import Direction, FrameResult

if TYPE_CHECKING:
    from core.engine.propagate import PropagationRequest
    from core.systems.base import Tracker, TrackerRequest
    from vosapp.project.store import Project

STORE_SECONDS = 0.25
"""Results reach the project, and so the window, at least this often."""

TrackerMaker = Callable[["TrackerRequest"], "Tracker"]


@dataclass(frozen=True, slots=True)
class PropagationOrder:
    """A propagation that was asked for. Frozen; the engine changes nothing in it.

    Attributes:
        project: with the keyframes; they are read when the job starts.
        video: where the frames are.
        system: what computes.
        start, stop: frames that are wanted: `start` up to but without `stop`.
        ways: directions in which keyframes are carried.
        only_open: compute only spans with something empty or stale; False computes all of them.
        after: edits that were asked for before; they are waited for, so that they count.
    """

    project: Project
    video: Path
    system: TrackerRequest
    start: int
    stop: int
    ways: tuple[Direction, ...] = (Direction.FORWARD, Direction.BACKWARD)
    only_open: bool = True
    after: Future[None] | None = None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a propagation will do; the first value that its job yields.

    Attributes:
        steps: units of work.
        writable: frames that will get a result.
        device: where it is computed.
        begun: `time.monotonic()` when the work itself began.
    """

    steps: int
    writable: frozenset[int]
    device: str
    begun: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Engine:
    """What the engine's thread keeps between two jobs: the loaded tracker's maker.

    Attributes:
        make_tracker: builds a tracker; None takes the engine's registry.
        threads: processor threads; one is left to the window where there are several.
    """

    make_tracker: TrackerMaker | None = None
    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 1) - 1))

    def propagate(self, order: PropagationOrder) -> Callable[[CancelToken], Iterator[object]]:
        """Return the job that carries an order out.

        It yields a `RunPlan`, then `FrameResult` and `Progress` values; results are stored while
        they come, and all of them are stored however it ends.

        The job raises:
            VosError: nothing to propagate, the video or the weights cannot be read, no memory.
            Cancelled: by the token, between two frames.
        """
        return lambda token: self._propagate(order, token)

    def _propagate(self, order: PropagationOrder, token: CancelToken) -> Iterator[object]:
        from core.engine.propagate import propagate, step_count
        from core.engine.run import memory_guard
        from core.media.video import open_video
        from vosapp.propagation import store_results

        yield Progress(0, 0, "loading the system")
        name = order.system.system
        device = self._prepare(order.system)
        tracker = self._tracker(order.system)
        _wait(order)
        token.check()
        identity = weights_identity(order.system.weights)
        propagation = order.project.begin_propagation(name, identity)
        with open_video(order.video, cache_bytes=96 << 20) as video, memory_guard(name):
            pieces, writable = _pieces(order)
            count = video.info.frame_count
            yield RunPlan(sum(step_count(piece, count) for piece in pieces), writable, device)

            def results() -> Iterator[FrameResult | Progress]:
                for piece in pieces:
                    yield from propagate(video, tracker, piece, token)

            yield from store_results(
                order.project, propagation, results(), fewest=1, patience=STORE_SECONDS
            )

    def _prepare(self, system: TrackerRequest) -> str:
        if self.make_tracker is not None:
            return "cpu"
        from core.engine.run import device_name, use_threads

        use_threads(self.threads, system=system.system)
        return device_name(system.device, system=system.system)

    def _tracker(self, system: TrackerRequest) -> Tracker:
        if self.make_tracker is not None:
            return self.make_tracker(system)
        from core.engine.registry import build_tracker

        return build_tracker(system)


def plan_order(order: PropagationOrder) -> tuple[int, int]:
    """Return (frames that will get a result, units of work) of an order, without any engine.

    Raises:
        UsageError: the project has no keyframe.
    """
    from core.engine.propagate import step_count

    _wait(order)
    pieces, writable = _pieces(order)
    count = order.project.video.frame_count
    return len(writable), sum(step_count(piece, count) for piece in pieces)


def weights_identity(weights: Path | None) -> str:
    """Return a checkpoint's name and hash as the project keeps it; empty for none."""
    if weights is None:
        return ""
    with weights.open("rb") as file:
        return f"{weights.name} sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _wait(order: PropagationOrder) -> None:
    if order.after is not None:
        order.after.result()


def _pieces(order: PropagationOrder) -> tuple[tuple[PropagationRequest, ...], frozenset[int]]:
    from core.engine.propagate import PropagationRequest
    from vosapp.project.keyframes import keyframes
    from vosapp.project.rules import WRITABLE
    from vosapp.propagation import OPEN, pieces_with, writable_frames

    found = keyframes(order.project)
    if not found:
        raise UsageError(
            "There is no keyframe to propagate.", "Draw a box or paint an object on a frame first."
        )
    request = PropagationRequest(found, order.start, order.stop, order.ways)
    states = OPEN if order.only_open else WRITABLE
    writable = writable_frames(order.project, request, states)
    return pieces_with(request, order.project.video.frame_count, writable), writable
