"""Fine-tuning weights on a project's video: what the window and the command line share. No Qt.

torch is imported when the work begins.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import recipe_of
from core.errors import UsageError
from core.jobs import CancelToken, Progress, mapped
from core.media.file_hash import named_hash
from core.media.scratch import scratch_folder
from core.text import visible
from core.types import Keyframe, LabelMap
from vosapp.project.store import Project
from vosapp.project.tuned import FILE_NAME, MAX_TUNED_BYTES, KeyframeScore, TunedInfo, digest_of
from vosapp.services.weights import finetuned_system

if TYPE_CHECKING:
    from core.eval.finetuned import Compared
    from core.eval.trials import TrialScore
    from core.tracking.contract import Tracker
    from core.train.finetune.request import FinetuneRequest
    from core.train.loop import TrainProgress


@dataclass(frozen=True, slots=True)
class FinetuneOrder:
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
class FinetuneStep:
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
class Finetuned:
    """Finetuned weights, not kept anywhere yet.

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
FinetuneJob = Generator[Progress | FinetuneStep, None, Finetuned]
Finetuner = Callable[[FinetuneOrder, TrackerMaker, CancelToken], FinetuneJob]


def finetune_project(
    order: FinetuneOrder, make_tracker: TrackerMaker, token: CancelToken
) -> FinetuneJob:
    """Carry an order out; see `core.eval.finetuned.finetune_and_compare`.

    The run in `order.run` can be resumed until `discard_run`, which is for whoever has kept what
    is returned.

    Args:
        order: what is tuned.
        make_tracker: builds the tracker that weights are tried with.
        token: is looked at before each frame and step.

    Raises:
        VosError: weights, video or device cannot be used; weights too large for a project.
        Cancelled: by the token; nothing is left but a state in `order.run`.
    """
    from core.eval.finetuned import finetune_and_compare
    from vosapp.project.keyframes import keyframes
    from vosapp.project.relink import require_video

    _require_size(order.base)
    if order.after is not None:
        order.after.result()
    require_video(order.project, order.video)
    with scratch_folder() as folder:
        request = _request(order, folder)
        drawn = keyframes(order.project)
        job = finetune_and_compare(request, drawn, make_tracker, token)
        compared = yield from mapped(job, _told)
        return _tuned(order, compared, drawn)


def discard_run(order: FinetuneOrder) -> None:
    """Remove the state of a run whose result was kept."""
    from core.train.finetune.folder import discard_run as discard

    discard(order.run)


def _require_size(base: Path) -> None:
    size = base.stat().st_size if base.is_file() else 0
    if size > MAX_TUNED_BYTES:
        raise UsageError(
            f"{base} has {size / 1e6:.1f} MB; a project keeps at most {MAX_TUNED_BYTES / 1e6:.1f}"
            " MB of fine-tuned weights.",
            "Start from smaller weights, such as the bundled.",
        )


def _request(order: FinetuneOrder, folder: Path) -> FinetuneRequest:
    from core.train.finetune.request import FinetuneRequest

    recipe = recipe_of(finetuned_system())
    config = recipe.require_finetuning()
    if order.steps is not None or order.minutes is not None:
        config = replace(config, steps=order.steps, minutes=order.minutes)
    return FinetuneRequest(
        recipe,
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


def _told(item: Progress | TrainProgress) -> Progress | FinetuneStep:
    return item if isinstance(item, Progress) else _step(item)


def _step(progress: TrainProgress) -> FinetuneStep:
    share = progress.fraction
    left = progress.seconds * (1 - share) / share if share else math.nan
    return FinetuneStep(progress.step, share, progress.total_loss, left)


def _tuned(order: FinetuneOrder, compared: Compared, drawn: Iterable[Keyframe]) -> Finetuned:
    result, data = compared.result, compared.result.path.read_bytes()
    pairs = zip(compared.before, compared.after, strict=True)
    scores = tuple(
        KeyframeScore(one.trial.frame_index, one.trial.origin, one.mean, other.mean)
        for one, other in pairs
    )
    info = TunedInfo(
        base=named_hash(visible(order.base.name), result.base),
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
    return Finetuned(info, data, compared.before, compared.after, tried)
