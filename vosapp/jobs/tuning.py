"""The engine's job that tunes weights to the video of a project, and what the window shows of it.

torch is loaded in the engine's thread only, when the job runs.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import CheckpointMismatch, VosError
from core.jobs import CancelToken, Progress
from core.types import Quality
from vosapp.jobs.outcome import Crashed, Failed, without_trace
from vosapp.jobs.propagation import Engine
from vosapp.project.tuned import TUNABLE, TunedInfo
from vosapp.tuning import Tuned, TuneOrder, tune_project

if TYPE_CHECKING:
    from pathlib import Path

    from core.media.video import VideoSource
    from core.systems.base import Tracker
    from vosapp.project.store import Project

LONG_SIDE = 640
"""Pixels that the pictures of a comparison have along their longer side, at most."""
Trouble = Failed | Crashed
"""What went wrong although the video was learned."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One keyframe with the masks that weights before and after foretell for it, small.

    Attributes:
        frame_index: of the keyframe.
        origin: frame that the masks were carried from, or turned back at.
        returns: there and back, else from a neighboring keyframe.
        picture: h x w x 3 uint8, the frame.
        drawn, before, after: h x w uint8 object ids: the user's when learning began, and those
            foretold.
        scores: object id -> (J before, J after).
    """

    frame_index: int
    origin: int
    returns: bool
    picture: NDArray[np.uint8]
    drawn: NDArray[np.uint8]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    scores: dict[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class TuneOutcome:
    """What a tuning has come to; the value that its job returns.

    Attributes:
        info: what the tuned weights are.
        data: their file.
        comparisons: of the keyframes that were tried, ascending; empty where none could be.
        kept: the project had no tuned weights, and has these now, switched off.
        unseen: why there are no comparisons although keyframes were tried; None where all is well.
        refused: why the project did not take the weights when it was last asked; None likewise.
    """

    info: TunedInfo
    data: bytes
    comparisons: tuple[Comparison, ...]
    kept: bool
    unseen: Trouble | None = None
    refused: Trouble | None = None


def tuning_job(
    engine: Engine, order: TuneOrder, quality: Quality
) -> Callable[[CancelToken], Generator[object, None, TuneOutcome]]:
    """Return the job that carries an order out.

    It yields `Progress` and `vosapp.tuning.TuneStep` values and returns a `TuneOutcome`. A project
    that has tuned weights already is left as it is: the user decides. Once learning is done the job
    does not fail any more: minutes would be lost. What went wrong is part of the outcome.

    The job raises:
        VosError: weights, video or device cannot be used.
        Cancelled: by the token; nothing is left.
    """
    return lambda token: _tune(engine, order, quality, token)


def _tune(
    engine: Engine, order: TuneOrder, quality: Quality, token: CancelToken
) -> Generator[object, None, TuneOutcome]:
    from core.systems.base import TrackerRequest

    yield Progress(0, 0, "loading the system")
    engine.prepare(TrackerRequest(TUNABLE, quality, order.device, order.base))

    def make_tracker(weights: Path) -> Tracker:
        return engine.tracker(TrackerRequest(TUNABLE, quality, order.device, weights))

    tuner = engine.tuner or tune_project
    for item in tuner(order, make_tracker, token):
        if isinstance(item, Tuned):
            return _outcome(order, item)
        yield item
    raise RuntimeError("tuning ended without a result")


def trouble(error: Exception) -> Trouble:
    """Return what an error is to the user: something to mend, or a bug with its traceback."""
    if isinstance(error, VosError):
        return Failed(without_trace(error))
    return Crashed("".join(traceback.format_exception(error)))


def _outcome(order: TuneOrder, tuned: Tuned) -> TuneOutcome:
    comparisons, unseen = _seen(order, tuned)
    kept, refused = _keep(order.project, tuned)
    return TuneOutcome(tuned.info, tuned.data, comparisons, kept, unseen, refused)


def _seen(order: TuneOrder, tuned: Tuned) -> tuple[tuple[Comparison, ...], Trouble | None]:
    if not tuned.before:
        return (), None
    try:
        return _comparisons(order, tuned), None
    except Exception as error:
        return (), trouble(error)


def _keep(project: Project, tuned: Tuned) -> tuple[bool, Trouble | None]:
    try:
        if project.read_only or _has_tuned(project):
            return False, None
        project.put_tuned(tuned.info, tuned.data, use=False)
    except Exception as error:
        return False, trouble(error)
    return True, None


def _has_tuned(project: Project) -> bool:
    try:
        return project.tuned() is not None
    except CheckpointMismatch:
        # Damaged ones serve nobody: new ones take their place, as the error itself advises.
        return False


def _comparisons(order: TuneOrder, tuned: Tuned) -> tuple[Comparison, ...]:
    from core.media.video import open_video

    with open_video(order.video, cache_bytes=0) as video:
        return tuple(_comparison(tuned, index, video) for index in range(len(tuned.before)))


def _comparison(tuned: Tuned, index: int, video: VideoSource) -> Comparison:
    one, other = tuned.before[index], tuned.after[index]
    frame_index = one.trial.frame_index
    frame = video.frame(frame_index)
    scale = min(1.0, LONG_SIDE / max(frame.shape[:2]))
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))

    def small(label_map: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.resize(label_map, size, interpolation=cv2.INTER_NEAREST), np.uint8)

    return Comparison(
        frame_index,
        one.trial.origin,
        one.trial.returns,
        np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8),
        small(tuned.drawn[index]),
        small(one.label_map),
        small(other.label_map),
        {object_id: (j, other.scores[object_id]) for object_id, j in one.scores.items()},
    )
