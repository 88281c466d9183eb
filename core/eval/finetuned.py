"""Fine-tuning with a look at the keyframes before and after."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from core.device import memory_errors
from core.eval.trials import Trial, TrialConfig, TrialScore, plan_trials, run_trials
from core.jobs import CancelToken, Job, Progress
from core.media.video import open_video
from core.tracking.contract import Tracker
from core.train.finetune.request import FinetuneRequest, FinetuneResult
from core.train.finetune.run import finetune, require_possible
from core.train.loop import TrainProgress
from core.types import Keyframe

TrackerMaker = Callable[[Path], Tracker]
CACHE_BYTES = 96 << 20
"""Of decoded frames: the few that trials walk over, twice."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Finetuned weights beside those they were made from.

    Attributes:
        result: the tuned weights.
        before: trials with the weights that were started from.
        after: the same trials with the tuned ones.
    """

    result: FinetuneResult
    before: tuple[TrialScore, ...]
    after: tuple[TrialScore, ...]


def finetune_and_compare(
    request: FinetuneRequest,
    keyframes: tuple[Keyframe, ...],
    make_tracker: TrackerMaker,
    token: CancelToken,
    *,
    trials: TrialConfig | None = None,
) -> Generator[Progress | TrainProgress, None, Compared]:
    """Tune weights, and try both on what the user has drawn (see `core.eval.trials`).

    Learning sees no mask, so that the keyframes are a test of it.

    Args:
        request: what is tuned.
        keyframes: all of the video, ascending; without any nothing is compared.
        make_tracker: builds a tracker with the weights of a file.
        token: is looked at before each frame and step.
        trials: which keyframes are tried.

    Yields:
        `Progress` while frames are read or walked, `TrainProgress` for each step.

    Returns:
        What became of it; a run that has a folder can be resumed until `discard_run`.

    Raises:
        VosError: see `finetune`; a problem of the tracker's.
        Cancelled: by the token; nothing is left but the state of a run with a folder.
    """
    require_possible(request)
    with open_video(request.video, cache_bytes=CACHE_BYTES) as video:
        count = video.info.frame_count
    plan = plan_trials(keyframes, count, trials)
    before = yield from _try(request, keyframes, plan, make_tracker(request.weights), token)
    result = yield from finetune(request, token)
    try:
        after = yield from _try(request, keyframes, plan, make_tracker(result.path), token)
    except BaseException:
        result.path.unlink(missing_ok=True)
        raise
    return Compared(result, before, after)


def _try(
    request: FinetuneRequest,
    keyframes: tuple[Keyframe, ...],
    plan: tuple[Trial, ...],
    tracker: Tracker,
    token: CancelToken,
) -> Job[tuple[TrialScore, ...]]:
    with (
        open_video(request.video, cache_bytes=CACHE_BYTES) as video,
        memory_errors("comparing on keyframes"),
    ):
        return (yield from run_trials(video, tracker, keyframes, plan, token))
