"""What weights are worth on the frames that a user has drawn: keyframes as their own test.

Each trial predicts the masks of one keyframe without it, and compares them with what was drawn:

- **from a neighbor**: the nearest other keyframe is carried to it. J then says how well what was
  drawn there predicts what was drawn here; it counts the user's own inconsistencies, too.
- **there and back**: with no other keyframe near, the masks are carried some frames away and back.
  J then says how much of the masks survives the way; what drifts and returns is not seen, so
  that it is rather too good.

Both are a look at few frames, not a measure of accuracy; of the two, neighbors say more (ADR 0018).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.engine.propagate import PropagationRequest, propagate
from core.eval.jf import region_similarity
from core.jobs import CancelToken, Job, Progress
from core.media.video import VideoSource
from core.tracking.contract import Tracker
from core.types import VOID, Direction, FrameResult, Keyframe, LabelMap


@dataclass(frozen=True, slots=True)
class TrialConfig:
    """Which keyframes are tried, and how."""

    most: int = 4
    """Keyframes that are tried, spread over all there are."""
    near: int = 24
    """Frames up to which another keyframe is near."""
    away: int = 12
    """Frames that masks are carried away before they are carried back."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One keyframe and where its masks are to come from.

    Attributes:
        frame_index: the keyframe that is predicted.
        origin: where masks come from: another keyframe, or the frame that they turn back at.
        returns: there and back, else from a neighbor.
        object_ids: the objects that are compared, ascending.
    """

    frame_index: int
    origin: int
    returns: bool
    object_ids: tuple[int, ...]

    @property
    def steps(self) -> int:
        """Frames that are walked."""
        return abs(self.origin - self.frame_index) * (2 if self.returns else 1)


@dataclass(frozen=True, slots=True)
class TrialScore:
    """How a trial came out.

    Attributes:
        trial: which one.
        label_map: H x W uint8, what was predicted for the keyframe.
        scores: J by object id, 0..1.
    """

    trial: Trial
    label_map: LabelMap
    scores: dict[int, float]

    @property
    def mean(self) -> float:
        """Mean J of the objects."""
        return sum(self.scores.values()) / len(self.scores)


def plan_trials(
    keyframes: Sequence[Keyframe], frame_count: int, config: TrialConfig | None = None
) -> tuple[Trial, ...]:
    """Which trials keyframes allow, ascending by frame; none where nothing is drawn.

    Args:
        keyframes: ascending by frame.
        frame_count: of the video.
        config: how many, and how far they go.
    """
    config = config or TrialConfig()
    found = [_trial(keyframe, keyframes, frame_count, config) for keyframe in keyframes]
    trials = [trial for trial in found if trial is not None]
    if len(trials) <= config.most:
        return tuple(trials)
    chosen = np.linspace(0, len(trials) - 1, config.most).round().astype(int)
    return tuple(trials[index] for index in chosen)


def run_trials(
    video: VideoSource,
    tracker: Tracker,
    keyframes: Sequence[Keyframe],
    trials: Sequence[Trial],
    token: CancelToken,
) -> Job[tuple[TrialScore, ...]]:
    """Carry out trials.

    Args:
        video: the frames.
        tracker: without keyframes; it is left without any.
        keyframes: those that the trials were planned from.
        trials: of `plan_trials`.
        token: is looked at before each frame.

    Yields:
        A `Progress` for each frame that is walked.

    Returns:
        A `TrialScore` for each trial, in order.

    Raises:
        VideoDecodeError: the video cannot be read.
        Cancelled: by the token.
    """
    drawn = {keyframe.frame_index: keyframe for keyframe in keyframes}
    total, done = sum(trial.steps for trial in trials), 0
    found: list[TrialScore] = []
    for trial in trials:
        source, truth = drawn[trial.frame_index], drawn[trial.frame_index]
        legs = [trial.origin, trial.frame_index] if trial.returns else [trial.frame_index]
        if not trial.returns:
            source = drawn[trial.origin]
        for target in legs:
            walk = _carry(video, tracker, _only(source, trial.object_ids), target, token)
            label_map = source.label_map
            for item in walk:
                if isinstance(item, FrameResult):
                    label_map = item.label_map
                done += 1
                text = "comparing on keyframes"
                yield Progress(min(done, total), total, text, phase=text)
            source = Keyframe(target, trial.object_ids, label_map)
        scores = _scores(source.label_map, truth, trial)
        found.append(TrialScore(trial, source.label_map, scores))
    return tuple(found)


def _trial(
    keyframe: Keyframe, keyframes: Sequence[Keyframe], frame_count: int, config: TrialConfig
) -> Trial | None:
    here, ids = keyframe.frame_index, _drawn_ids(keyframe)
    others = [k for k in keyframes if k is not keyframe and ids & _drawn_ids(k)]
    nearest = min(others, key=lambda k: abs(k.frame_index - here), default=None)
    if nearest is not None and abs(nearest.frame_index - here) <= config.near:
        shared = tuple(sorted(ids & _drawn_ids(nearest)))
        return Trial(here, nearest.frame_index, returns=False, object_ids=shared)
    ahead, behind = min(here + config.away, frame_count - 1), max(here - config.away, 0)
    turn = ahead if ahead - here >= here - behind else behind
    if not ids or turn == here:
        return None
    return Trial(here, turn, returns=True, object_ids=tuple(sorted(ids)))


def _drawn_ids(keyframe: Keyframe) -> set[int]:
    """Ids with a mask: of those that are asserted to be absent there is nothing to carry."""
    return set(np.unique(keyframe.label_map).tolist()) & set(keyframe.object_ids)


def _only(keyframe: Keyframe, ids: tuple[int, ...]) -> Keyframe:
    kept = np.isin(keyframe.label_map, ids) | (keyframe.label_map == VOID)
    label_map = np.where(kept, keyframe.label_map, 0).astype(np.uint8)
    return Keyframe(keyframe.frame_index, ids, label_map)


def _carry(
    video: VideoSource, tracker: Tracker, source: Keyframe, target: int, token: CancelToken
) -> Iterator[FrameResult | Progress]:
    """Walk from a keyframe to a frame; yields what `propagate` does, last the frame's result."""
    way = Direction.FORWARD if target > source.frame_index else Direction.BACKWARD
    request = PropagationRequest((source,), target, target + 1, (way,))
    return propagate(video, tracker, request, token)


def _scores(label_map: LabelMap, truth: Keyframe, trial: Trial) -> dict[int, float]:
    void = truth.label_map == VOID
    return {
        object_id: region_similarity(label_map == object_id, truth.label_map == object_id, void)
        for object_id in trial.object_ids
    }
