"""Tuning with a look at the keyframes before and after."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.device import memory_errors
from core.eval.trials import Trial, TrialConfig, TrialScore, plan_trials, run_trials
from core.jobs import CancelToken, Progress
from core.media.video import open_video
from core.systems.self_supervised.tune_request import TuneRequest, TuneResult
from core.systems.self_supervised.tuning import require_possible, tune
from core.tracking.contract import Tracker
from core.train.loop import TrainProgress
from core.types import Keyframe

TrackerMaker = Callable[[Path], Tracker]
CACHE_BYTES = 96 << 20
"""Of decoded frames: the few that trials walk over, twice."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Tuned weights beside those they were made from.

    Attributes:
        result: the tuned weights.
        before: trials with the weights that were started from.
        after: the same trials with the tuned ones.
    """

    result: TuneResult
    before: tuple[TrialScore, ...]
    after: tuple[TrialScore, ...]


def tune_and_compare(
    request: TuneRequest,
    keyframes: tuple[Keyframe, ...],
    make_tracker: TrackerMaker,
    token: CancelToken,
    *,
    trials: TrialConfig | None = None,
) -> Generator[Progress | TrainProgress | Compared]:
    """Tune weights, and try both on what the user has drawn (see `core.eval.trials`).

    Learning sees no mask, so that the keyframes are a test of it.

    Args:
        request: what is tuned.
        keyframes: all of the video, ascending; without any nothing is compared.
        make_tracker: builds a tracker with the weights of a file.
        token: is looked at before each frame and step.
        trials: which keyframes are tried.

    Yields:
        `Progress` while frames are read or walked, `TrainProgress` for each step, last `Compared`.

    Raises:
        VosError: see `tune`; a problem of the tracker's.
        Cancelled: by the token; nothing is left but the state of a run with a folder.
    """
    require_possible(request)
    with open_video(request.video, cache_bytes=CACHE_BYTES) as video:
        count = video.info.frame_count
    plan = plan_trials(keyframes, count, trials)
    before: tuple[TrialScore, ...] = ()
    for item in _try(request, keyframes, plan, make_tracker(request.weights), token):
        if isinstance(item, Progress):
            yield item
        else:
            before = item
    with closing(tune(request, token)) as steps:
        for step in steps:
            if not isinstance(step, TuneResult):
                yield step
                continue
            try:
                for item in _try(request, keyframes, plan, make_tracker(step.path), token):
                    yield item if isinstance(item, Progress) else Compared(step, before, item)
            except BaseException:
                step.path.unlink(missing_ok=True)
                raise


def _try(
    request: TuneRequest,
    keyframes: tuple[Keyframe, ...],
    plan: tuple[Trial, ...],
    tracker: Tracker,
    token: CancelToken,
) -> Iterator[Progress | tuple[TrialScore, ...]]:
    found: list[TrialScore] = []
    with (
        open_video(request.video, cache_bytes=CACHE_BYTES) as video,
        memory_errors("comparing on keyframes"),
    ):
        for item in run_trials(video, tracker, keyframes, plan, token):
            if isinstance(item, Progress):
                yield item
            else:
                found.append(item)
    yield tuple(found)
