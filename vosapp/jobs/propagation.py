"""The engine's jobs: what a propagation in the window computes, and storing it while it comes.

`core.engine` is imported in the engine's thread only; torch takes seconds to load.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.cleaning import DEFAULT, Cleaning
from core.errors import VosError
from core.jobs import CancelToken, Progress
from core.types import Direction, FrameResult
from vosapp.jobs.outcome import without_trace

if TYPE_CHECKING:
    from core.discovery.contract import Discoverer
    from core.engine.kept_room import KeptRoom
    from core.tracking.contract import Tracker, TrackerRequest
    from vosapp.project.store import Project
    from vosapp.services.candidates import FindOrder
    from vosapp.services.finetune import Finetuner
    from vosapp.services.work import Work

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
        near: the frame that is looked at; its spans come first.
        cleaning: what is done to masks before they are stored.
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
    near: int | None = None
    cleaning: Cleaning = DEFAULT


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
        steps: frames that are walked or made again; each is told by a `Progress`.
        left_out: names of locked objects that would have got some.
        keeps: what is walked is kept, and the next run goes on from it.
    """

    writable: frozenset[int]
    device: str
    passes: int = 1
    steps: int = 0
    left_out: tuple[str, ...] = ()
    keeps: bool = False


@dataclass(slots=True)
class Engine:
    """What the engine's thread keeps between two jobs: the loaded tracker's maker.

    Attributes:
        make_tracker: builds a tracker; None takes the engine's registry.
        tuner: tunes weights; None takes `vosapp.services.finetune.finetune_project`.
        make_finder: builds what finds objects; None takes the engine's registry.
        threads: processor threads; one is left to the window where there are several.
        room: where work is kept between runs; None keeps nothing.
    """

    make_tracker: TrackerMaker | None = None
    tuner: Finetuner | None = None
    make_finder: Callable[[FindOrder], Discoverer] | None = None
    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 1) - 1))
    room: KeptRoom | None = None

    def propagate(self, order: PropagationOrder) -> Callable[[CancelToken], Iterator[object]]:
        """Return the job that carries an order out.

        It yields a `WeightsProblem` where there is one, a `RunPlan`, then `FrameResult` and
        `FrameDraft` values, a `Progress` for each step, and a `Stored` for each result once it is
        on the disk; all results are stored however it ends.

        The job raises:
            VosError: nothing to propagate, the video or the weights cannot be read, no memory.
            Cancelled: by the token, between two frames.
        """
        return lambda token: self._propagate(order, token)

    def _propagate(self, order: PropagationOrder, token: CancelToken) -> Iterator[object]:
        from core.engine.manner import Manner
        from core.engine.run import memory_guard
        from vosapp.project.relink import open_linked
        from vosapp.services.kept import kept_work
        from vosapp.services.propagate import weights_identity
        from vosapp.services.work import run_work, without_had

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
            stack.enter_context(video)
            stack.enter_context(memory_guard(name))
            work = _work(order)
            opened = kept_work(
                self.room, video.info, system, tracker, device=device, threads=self.threads
            )
            kept = stack.enter_context(opened)
            work = without_had(work, kept, propagation)
            left = tuple(item.name for item in work.locked)
            steps = work.steps
            yield RunPlan(
                work.writable,
                device,
                passes=1 if work.adaptation is None else 2,
                steps=steps,
                left_out=left,
                keeps=kept is not None,
            )
            results = run_work(
                work,
                video,
                tracker,
                token,
                propagation=propagation,
                fewest=1,
                patience=STORE_SECONDS,
                manner=Manner(order.near, drafts=True, kept=kept),
            )
            yield from _counted(results, steps)

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


def make_engine(threads: int, *, kept_mb: int) -> Engine:
    """Return the engine of a window.

    Args:
        threads: processor threads; 0 leaves one to the window.
        kept_mb: what may be kept between runs, in units of 1024 x 1024 bytes; 0 keeps nothing, and
            removes what was kept before.
    """
    from core.engine.kept_room import KeptRoom
    from vosapp.services.kept import kept_folder

    room = KeptRoom(kept_folder(), kept_mb << 20)
    if not kept_mb:
        room.clear()
    return Engine(threads=threads, room=room) if threads else Engine(room=room)


def _counted(results: Iterator[object], steps: int) -> Iterator[object]:
    """What a run yields, with a `Progress` that says how far it is after each of its steps."""
    done = 0
    for item in results:
        learns = isinstance(item, Progress) and bool(item.phase)
        if isinstance(item, FrameResult) or (isinstance(item, Progress) and not learns):
            done += 1
            yield Progress(min(done, steps), steps, item.text if isinstance(item, Progress) else "")
        if not isinstance(item, Progress) or learns:
            yield item


def _weights(
    order: PropagationOrder, stack: ExitStack
) -> tuple[TrackerRequest, WeightsProblem | None]:
    """The system with the weights it is to use; a file of tuned ones goes with the stack."""
    from vosapp.services.weights import tuned_file

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


def _work(order: PropagationOrder) -> Work:
    from core.tracking.contract import Adaptation
    from vosapp.services.work import plan_work

    return plan_work(
        order.project,
        range(order.start, order.stop),
        ways=order.ways,
        only_open=order.only_open,
        adaptation=Adaptation() if order.adapt else None,
        cleaning=order.cleaning,
    )
