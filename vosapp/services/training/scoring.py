"""What weights are worth on the held-out clips of a run. torch is imported when it begins."""

from __future__ import annotations

import itertools
import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.data.box_tables import DrawnBox, read_box_table
from core.data.dense_labels import agreement
from core.engine.registry import system_spec
from core.jobs import CancelToken, Job, Progress, mapped
from core.media.annotations.rectangles import mask_overlap
from core.media.chosen_frames import ChosenFrames
from core.media.label_map import read_label_map
from core.media.video import open_video
from core.types import VOID, Direction, Frame, FrameResult, Keyframe, LabelMap, Quality
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.staging import DataFolder, HeldClip
from vosapp.services.training.trainer import Scored, Shown
from vosapp.services.training.views import picture, show_frame

Value = TypeVar("Value")

MOST_CLIPS = 4
MOST_LABELED = 6
"""Labeled frames of a clip that are looked at."""
MOST_SHOWN = 6
"""Frames that are shown to the user, of all clips together; the main one is the first."""
MOST_WALKED = 48
"""Frames that are tracked for one score, of all clips together: a score must not take long."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A held-out clip as it is tracked.

    Attributes:
        clip: what it is.
        frames: indices in the video, ascending: labeled ones, and some between them.
        boxes: of the labeled frames, by places in `frames`.
        maps: place in `frames` -> label map.
    """

    clip: HeldClip
    frames: tuple[int, ...]
    boxes: tuple[DrawnBox, ...]
    maps: Mapping[int, LabelMap]


class HeldOutScorer:
    """See `vosapp.services.training.trainer.Scorer`.

    Args:
        system: whose weights are scored.
        device: where they are.
        folder: of the run; gets the picture of the frame that is looked at.
        data: of the run.
    """

    def __init__(self, system: str, device: str, folder: RunFolder, *, data: DataFolder) -> None:
        self._system = system
        self._device = device
        self._folder = folder
        # What only finds objects carries no mask from frame to frame.
        self._plans = _plans(data) if system_spec(system).tracks else ()

    @property
    def is_able(self) -> bool:
        """See `Scorer.is_able`."""
        return bool(self._plans)

    def score(self, weights: Path, token: CancelToken) -> Job[Scored]:
        """See `Scorer.score`."""
        found, shown = list[Scored](), list[Shown]()
        total, done = sum(len(plan.frames) for plan in self._plans), itertools.count(1)
        for plan in self._plans:
            tracks = _tracked(plan, self._request(weights), token)
            one = yield from mapped(tracks, lambda name: Progress(next(done), total, name, "score"))
            shown += self._kept(plan, one.shown, first=len(shown))
            found.append(one)
        means = (_mean([x.j for x in found]), _mean([x.boxes for x in found]))
        return Scored(*means, tuple(shown))

    def _request(self, weights: Path) -> object:
        from core.tracking.contract import TrackerRequest

        return TrackerRequest(self._system, Quality.FAST, self._device, weights)

    def _kept(self, plan: _Plan, compared: Sequence[Shown], *, first: int) -> tuple[Shown, ...]:
        """The frames of a clip that are shown, the last one first; their pictures are written once.

        Args:
            plan: of the clip.
            compared: frames with labels, ascending.
            first: place of the first among all that are shown.
        """
        each = max(1, MOST_SHOWN // len(self._plans))
        chosen = _spread(list(compared)[::-1], each)
        places = [p for p in range(first, first + len(chosen)) if not self._has_frame(p)]
        if places:
            with open_video(plan.clip.video) as video:
                for place in places:
                    index = chosen[place - first].frame_index
                    self._keep_frame(plan, video.frame(index), index, place=place)
        return tuple(chosen)

    def _has_frame(self, place: int) -> bool:
        return picture(self._folder, "frame", place=place).exists()

    def _keep_frame(self, plan: _Plan, frame: Frame, index: int, *, place: int) -> None:
        """Write the picture of a frame, and what should be found on it."""
        at = plan.frames.index(index)
        truth = plan.maps.get(at)
        if truth is None:
            truth = _filled([b for b in plan.boxes if b.frame_index == at], frame.shape[:2])
        known = np.where(truth == VOID, 0, truth).astype(np.uint8)
        show_frame(self._folder, frame, known, place=place)


def _plans(data: DataFolder) -> tuple[_Plan, ...]:
    if not data.held_boxes.exists():
        return ()
    table = read_box_table(data.held_boxes)
    clips = [clip for clip in data.held() if clip.name in table][:MOST_CLIPS]
    each = max(MOST_LABELED, MOST_WALKED // max(1, len(clips)))
    plans = [_plan(data, clip, table[clip.name], most=each) for clip in clips]
    return tuple(plan for plan in plans if plan is not None)


def _plan(
    data: DataFolder, clip: HeldClip, boxes: tuple[DrawnBox, ...], *, most: int
) -> _Plan | None:
    seen = [box.frame_index for box in boxes if box.corners]
    labeled = [frame for frame in clip.frames if seen and frame >= min(seen)]
    if len(labeled) < 2:
        return None
    labeled = _spread(labeled, MOST_LABELED)
    between = range(labeled[0], labeled[-1] + 1)
    walked = _spread(sorted(set(between) - set(labeled)), most - len(labeled))
    frames = tuple(sorted({*labeled, *walked}))
    place = {frame: at for at, frame in enumerate(frames)}
    kept = tuple(
        replace(box, frame_index=place[box.frame_index])
        for box in boxes
        if box.frame_index in labeled
    )
    folder, maps = data.held_masks / clip.name, dict[int, LabelMap]()
    for frame in labeled:
        file = folder / f"{frame:05d}.png"
        if file.is_file():
            maps[place[frame]] = read_label_map(file).label_map
    return _Plan(clip, frames, kept, maps)


def _spread(values: list[Value], count: int) -> list[Value]:
    """At most so many of them, evenly, both ends included."""
    if len(values) <= count:
        return values
    if count < 2:
        return values[:count] if count > 0 else []
    places = np.linspace(0, len(values) - 1, count).round().astype(int)
    return [values[place] for place in dict.fromkeys(places.tolist())]


def _tracked(plan: _Plan, request: object, token: CancelToken) -> Generator[str, None, Scored]:
    """Track one clip from the first mask, or filled box, of each object on.

    Yields:
        The clip's name after each frame.
    """
    from core.engine.propagate import PropagationRequest, propagate
    from core.engine.registry import build_tracker

    with open_video(plan.clip.video) as video:
        chosen = ChosenFrames(video, plan.frames)
        keyframes = _keyframes(plan, (video.info.height, video.info.width))
        if not keyframes:
            return Scored()
        asked = PropagationRequest(
            keyframes, keyframes[0].frame_index, len(plan.frames), (Direction.FORWARD,)
        )
        js, overlaps, shown = list[float](), list[float](), list[Shown]()
        tracker = build_tracker(request)  # type: ignore[arg-type]
        for item in propagate(chosen, tracker, asked, token):
            if not isinstance(item, FrameResult):
                continue
            yield plan.clip.name
            here, agree = _compare(plan, item, keyframes)
            js += here
            overlaps += agree
            if here or agree:
                score = _mean(here or agree)
                index = plan.frames[item.frame_index]
                shown.append(Shown(plan.clip.name, index, item.label_map, score))
    return Scored(_mean(js), _mean(overlaps), tuple(shown))


def _keyframes(plan: _Plan, size: tuple[int, int]) -> tuple[Keyframe, ...]:
    """Where objects begin: with their masks, or with filled boxes where there are none."""
    from core.eval.box_agreement.measure import start_keyframes

    return tuple(
        _with_masks(filled, plan.maps.get(filled.frame_index))
        for filled in start_keyframes(plan.boxes, size)
    )


def _with_masks(filled: Keyframe, truth: LabelMap | None) -> Keyframe:
    """A keyframe of filled boxes with masks in place of those that have one."""
    if truth is None:
        return filled
    known = np.intersect1d(filled.object_ids, truth)
    label_map, here = filled.label_map.copy(), np.isin(truth, known)
    label_map[np.isin(label_map, known)] = 0
    label_map[here] = truth[here]
    label_map.flags.writeable = False
    return replace(filled, label_map=label_map)


def _compare(
    plan: _Plan, item: FrameResult, keyframes: Sequence[Keyframe]
) -> tuple[list[float], list[float]]:
    """J of objects with masks, and agreement of those with boxes alone, on one frame."""
    js, overlaps = list[float](), list[float]()
    truth = plan.maps.get(item.frame_index)
    begun = {i: k for k in keyframes for i in k.object_ids if k.frame_index < item.frame_index}
    for box in plan.boxes:
        if box.frame_index != item.frame_index or box.object_id not in begun:
            continue
        mask = item.label_map == box.object_id
        if truth is not None:
            known = truth != VOID
            js.append(mask_overlap(mask & known, truth == box.object_id))
        elif box.corners:
            first = begun[box.object_id].label_map == box.object_id
            overlaps.append(agreement(mask, box.corners, begun=int(first.sum())))
    return js, overlaps


def _filled(boxes: list[DrawnBox], size: tuple[int, ...]) -> LabelMap:
    from core.eval.box_agreement.measure import filled_map

    return filled_map(boxes, (size[0], size[1]))


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
