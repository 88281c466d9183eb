"""The engine's jobs: what a propagation in the window computes, and storing it while it comes.

`core.engine` is imported in the engine's thread only; torch takes seconds to load.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError, VosError
from core.jobs import CancelToken, Progress
from core.types import Direction, FrameResult
from vosapp.jobs.outcome import without_trace

if TYPE_CHECKING:
    from core.engine.propagate import PropagationRequest
    from core.media.video import VideoSource
    from core.systems.base import Tracker, TrackerRequest
    from vosapp.project.store import Project
    from vosapp.tuning import Tuner

CACHE_BYTES = 96 << 20
"""Of decoded frames: a stretch that is walked backward."""
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
        adapt: learn the video from the results, and make them again with what was learned.
        tuned: use the weights that are kept in the project, in place of the system's.
        after: edits that were asked for before; they are waited for, so that they count.
    """

    project: Project
    video: Path
    system: TrackerRequest
    start: int
    stop: int
    ways: tuple[Direction, ...] = (Direction.FORWARD, Direction.BACKWARD)
    only_open: bool = True
    adapt: bool = False
    tuned: bool = False
    after: Future[None] | None = None


@dataclass(frozen=True, slots=True)
class WeightsProblem:
    """The project's tuned weights cannot be used; the run goes on with the system's.

    Attributes:
        error: why.
    """

    error: VosError


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a propagation will do; the first value that its job yields.

    Attributes:
        writable: frames that will get a result.
        device: where it is computed.
        passes: how often each of them gets one: twice where the video is learned in between.
        left_out: names of locked objects that would have got some.
        begun: `time.monotonic()` when the work itself began.
    """

    writable: frozenset[int]
    device: str
    passes: int = 1
    left_out: tuple[str, ...] = ()
    begun: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class Engine:
    """What the engine's thread keeps between two jobs: the loaded tracker's maker.

    Attributes:
        make_tracker: builds a tracker; None takes the engine's registry.
        tuner: tunes weights; None takes `vosapp.tuning.tune_project`.
        threads: processor threads; one is left to the window where there are several.
    """

    make_tracker: TrackerMaker | None = None
    tuner: Tuner | None = None
    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 1) - 1))

    def propagate(self, order: PropagationOrder) -> Callable[[CancelToken], Iterator[object]]:
        """Return the job that carries an order out.

        It yields a `WeightsProblem` where there is one, a `RunPlan`, then `FrameResult` and
        `Progress` values, and a `Stored` for each result once it is on the disk; all of them are
        stored however it ends.

        The job raises:
            VosError: nothing to propagate, the video or the weights cannot be read, no memory.
            Cancelled: by the token, between two frames.
        """
        return lambda token: self._propagate(order, token)

    def _propagate(self, order: PropagationOrder, token: CancelToken) -> Iterator[object]:
        from core.engine.run import memory_guard
        from vosapp.project.relink import open_linked
        from vosapp.propagation import spans_of, store_results, weights_identity

        yield Progress(0, 0, "loading the system")
        name = order.system.system
        _check_adapts(order)
        device = self.prepare(order.system)
        with ExitStack() as stack:
            system, problem = _weights(order, stack)
            if problem is not None:
                yield problem
            tracker = self.tracker(system)
            identity = weights_identity(system.weights)
        _wait(order)
        token.check()
        propagation = order.project.begin_propagation(name, identity)
        video, _notes = open_linked(order.project, order.video, cache_bytes=CACHE_BYTES)
        with video, memory_guard(name):
            work = _work(order)
            passes = 2 if order.adapt else 1
            yield RunPlan(work.writable, device, passes=passes, left_out=work.left_out)
            results = _results(work, video, tracker, token)
            yield from store_results(
                order.project,
                propagation,
                results,
                spans=spans_of(work.pieces, video.info.frame_count),
                fewest=1,
                patience=STORE_SECONDS,
            )

    def prepare(self, system: TrackerRequest) -> str:
        """Let libraries take the engine's number of threads; returns the device's name.

        Raises:
            DeviceUnavailable: this machine or this build of torch has no such device.
        """
        if self.make_tracker is not None:
            return "cpu"
        from core.engine.run import device_name, use_threads

        use_threads(self.threads, system=system.system)
        return device_name(system.device, system=system.system)

    def tracker(self, system: TrackerRequest) -> Tracker:
        """Build a tracker.

        Raises:
            CheckpointMissing, CheckpointMismatch: its weights are not there or do not fit.
        """
        if self.make_tracker is not None:
            return self.make_tracker(system)
        from core.engine.registry import build_tracker

        return build_tracker(system)


@dataclass(frozen=True, slots=True)
class _Work:
    """An order, looked at with the keyframes of the moment.

    Attributes:
        request: the whole of it.
        pieces: spans that have to be computed.
        writable: frames that will get a result.
        steps: units of work.
        adapt: as in the order.
        left_out: names of locked objects that would have got a result.
    """

    request: PropagationRequest
    pieces: tuple[PropagationRequest, ...]
    writable: frozenset[int]
    steps: int
    adapt: bool
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an order would do.

    Attributes:
        frames: that will get a result.
        steps: units of work.
        left_out: names of locked objects that would have got a result.
    """

    frames: int
    steps: int
    left_out: tuple[str, ...]


def plan_order(order: PropagationOrder) -> Outlook:
    """Look at an order with the keyframes of the moment, without any engine.

    Raises:
        UsageError: the project has no keyframe.
    """
    _wait(order)
    work = _work(order)
    return Outlook(len(work.writable), work.steps, work.left_out)


def _weights(
    order: PropagationOrder, stack: ExitStack
) -> tuple[TrackerRequest, WeightsProblem | None]:
    """The system with the weights it is to use; a file of tuned ones goes with the stack."""
    from vosapp.tuned import tuned_file

    if not order.tuned:
        return order.system, None
    try:
        return replace(order.system, weights=stack.enter_context(tuned_file(order.project))), None
    except VosError as error:
        return order.system, WeightsProblem(without_trace(error))


def _wait(order: PropagationOrder) -> None:
    if order.after is not None:
        order.after.result()


def _check_adapts(order: PropagationOrder) -> None:
    if order.adapt:
        from core.engine.registry import require_adapting

        require_adapting(order.system.system)


def _results(
    work: _Work, video: VideoSource, tracker: Tracker, token: CancelToken
) -> Iterator[FrameResult | Progress]:
    from core.engine.adapted import AdaptedRequest, propagate_adapted
    from core.engine.propagate import propagate
    from core.engine.spool import ShareSpool
    from core.systems.base import Adaptation

    if work.adapt:
        adapted = AdaptedRequest(work.request, Adaptation(), work.pieces)
        with ShareSpool() as spool:
            yield from propagate_adapted(video, tracker, adapted, token, spool=spool)
        return
    for piece in work.pieces:
        yield from propagate(video, tracker, piece, token)


def _work(order: PropagationOrder) -> _Work:
    from core.engine.propagate import PropagationRequest, step_count
    from vosapp.project.keyframes import keyframes
    from vosapp.project.rules import WRITABLE
    from vosapp.propagation import OPEN, left_out, pieces_with, writable_frames

    found = keyframes(order.project)
    if not found:
        raise UsageError(
            "There is no keyframe to propagate.", "Draw a box or paint an object on a frame first."
        )
    request = PropagationRequest(found, order.start, order.stop, order.ways)
    states = OPEN if order.only_open else WRITABLE
    count = order.project.video.frame_count
    pieces = pieces_with(request, count, writable_frames(order.project, request, states))
    # Spans are computed whole: what is in them already is made anew, and counts.
    inside = {index for piece in pieces for index in range(piece.start, piece.stop)}
    writable = writable_frames(order.project, request) & inside
    steps = sum(step_count(piece, count) for piece in pieces)
    names = tuple(item.name for item in left_out(order.project, request, states))
    return _Work(request, pieces, writable, steps, order.adapt, names)
