"""Tuning weights to a project's video: what the window and the command line share. No Qt.

torch is imported when the work begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.jobs import CancelToken, Progress
from core.media.scratch import scratch_folder
from core.text import visible
from core.types import Keyframe, LabelMap
from vosapp.project.store import Project
from vosapp.project.tuned import FILE_NAME, MAX_TUNED_BYTES, KeyframeScore, TunedInfo, digest_of

if TYPE_CHECKING:
    from core.eval.trials import TrialScore
    from core.eval.tuned import Compared
    from core.systems.base import Tracker
    from core.systems.self_supervised.tune_request import TuneRequest
    from core.train.loop import TrainProgress


@dataclass(frozen=True, slots=True)
class TuneOrder:
    """A tuning that was asked for.

    Attributes:
        project: with the keyframes that weights are tried on; nothing is written to it.
        video: where the frames are.
        base: the weights to start from.
        start, stop: frames to learn from: `start` up to but without `stop`.
        steps: length in steps; None takes `minutes`, or the usual length without those.
        minutes: length in minutes.
        device: "auto", "cpu", "cuda" or "mps".
        seed: of the order of the data.
        run: folder for the state of a run that can be resumed; None keeps nothing.
        resume: go on with the run in that folder.
        after: edits that were asked for before; they are waited for, so that they count.
        threads: of the processor; None takes those of the run that goes on, else as many as torch
            has.
    """

    project: Project
    video: Path
    base: Path
    start: int
    stop: int
    steps: int | None = None
    minutes: float | None = None
    device: str = "auto"
    seed: int = 0
    run: Path | None = None
    resume: bool = False
    after: Future[None] | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class TuneStep:
    """State after a step of learning.

    Attributes:
        step: 1-based.
        fraction: of the learning that is done, 0..1.
        loss: of this step.
        seconds_left: of learning, as it has gone so far; NaN at the very beginning.
    """

    step: int
    fraction: float
    loss: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """Tuned weights, not kept anywhere yet.

    Attributes:
        info: what they are.
        data: their file.
        before: trials on keyframes with the weights that were started from.
        after: the same trials with the tuned ones.
        drawn: the label maps that they were compared with; the user may have changed the
            project's since.
    """

    info: TunedInfo
    data: bytes
    before: tuple[TrialScore, ...] = ()
    after: tuple[TrialScore, ...] = ()
    drawn: tuple[LabelMap, ...] = ()


TrackerMaker = Callable[[Path], "Tracker"]
Tuner = Callable[[TuneOrder, TrackerMaker, CancelToken], Iterator[Progress | TuneStep | Tuned]]


def tune_project(
    order: TuneOrder, make_tracker: TrackerMaker, token: CancelToken
) -> Generator[Progress | TuneStep | Tuned]:
    """Carry an order out; see `core.eval.tuned.tune_and_compare`.

    The state in `order.run` goes when the generator has ended: closed at its last value, the
    `Tuned`, it leaves a run that can be resumed.

    Args:
        order: what is tuned.
        make_tracker: builds the tracker that weights are tried with.
        token: is looked at before each frame and step.

    Raises:
        VosError: weights, video or device cannot be used; weights too large for a project.
        Cancelled: by the token; nothing is left but a state in `order.run`.
    """
    from core.eval.tuned import Compared, tune_and_compare
    from core.train.loop import TrainProgress
    from vosapp.project.keyframes import keyframes
    from vosapp.project.relink import require_video

    _require_size(order.base)
    if order.after is not None:
        order.after.result()
    require_video(order.project, order.video)
    with scratch_folder() as folder:
        request = _request(order, folder)
        drawn = keyframes(order.project)
        with closing(tune_and_compare(request, drawn, make_tracker, token)) as items:
            for item in items:
                if isinstance(item, TrainProgress):
                    yield _step(item)
                elif isinstance(item, Compared):
                    yield _tuned(order, item, drawn)
                else:
                    yield item


def _require_size(base: Path) -> None:
    size = base.stat().st_size if base.is_file() else 0
    if size > MAX_TUNED_BYTES:
        raise UsageError(
            f"{base} has {size / 1e6:.1f} MB; a project keeps at most {MAX_TUNED_BYTES / 1e6:.1f}"
            " MB of adapted weights.",
            "Start from smaller weights, such as the bundled.",
        )


def _request(order: TuneOrder, folder: Path) -> TuneRequest:
    from dataclasses import replace

    from core.systems.self_supervised.config import TUNING
    from core.systems.self_supervised.tune_request import TuneRequest

    config = TUNING
    if order.steps is not None or order.minutes is not None:
        config = replace(TUNING, steps=order.steps, minutes=order.minutes)
    return TuneRequest(
        order.video,
        order.base,
        folder / FILE_NAME,
        config,
        frames=range(order.start, order.stop),
        device=order.device,
        seed=order.seed,
        run=order.run,
        resume=order.resume,
        threads=order.threads,
    )


def _step(progress: TrainProgress) -> TuneStep:
    share = progress.fraction
    left = progress.seconds * (1 - share) / share if share else math.nan
    return TuneStep(progress.step, share, progress.losses["color"], left)


def _tuned(order: TuneOrder, compared: Compared, drawn: Iterable[Keyframe]) -> Tuned:
    result, data = compared.result, compared.result.path.read_bytes()
    pairs = zip(compared.before, compared.after, strict=True)
    scores = tuple(
        KeyframeScore(one.trial.frame_index, one.trial.origin, one.mean, other.mean)
        for one, other in pairs
    )
    info = TunedInfo(
        base=f"{visible(order.base.name)} sha256:{result.base}",
        digest=digest_of(data),
        preset=result.preset,
        steps=result.steps,
        seconds=result.seconds,
        loss=result.loss,
        seed=order.seed,
        frames=result.frames,
        start=order.start,
        stop=order.stop,
        scores=scores,
    )
    maps = {keyframe.frame_index: keyframe.label_map for keyframe in drawn}
    tried = tuple(maps[one.trial.frame_index] for one in compared.before)
    return Tuned(info, data, compared.before, compared.after, tried)
