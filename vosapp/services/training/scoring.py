"""What weights are worth on the held-out clips of a run. torch is imported when it begins."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.data.box_tables import DrawnBox, read_box_table
from core.data.dense_labels import agreement
from core.jobs import CancelToken, Job, Progress
from core.media.annotations.rectangles import mask_overlap
from core.media.chosen_frames import ChosenFrames
from core.media.label_map import read_label_map
from core.media.video import open_video
from core.types import VOID, Direction, FrameResult, Keyframe, LabelMap, Quality
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.staging import DataFolder, HeldClip
from vosapp.services.training.trainer import Scored, Shown
from vosapp.services.training.views import show_frame

MOST_CLIPS = 4
MOST_LABELED = 6
"""Labeled frames of a clip that are looked at."""
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
        self._plans = _plans(data)

    @property
    def is_able(self) -> bool:
        """See `Scorer.is_able`."""
        return bool(self._plans)

    def score(self, weights: Path, token: CancelToken) -> Job[Scored]:
        """See `Scorer.score`."""
        found, total = list[Scored](), sum(len(plan.frames) for plan in self._plans)
        done = 0
        for plan in self._plans:
            tracks = _tracked(plan, self._request(weights), token)
            one = Scored()
            while True:
                try:
                    next(tracks)
                except StopIteration as end:
                    one = end.value
                    break
                done += 1
                yield Progress(done, total, plan.clip.name, "score")
            if not found:
                self._keep_frame(plan, one)
            found.append(one)
        shown = found[0].shown if found else None
        return Scored(_mean([x.j for x in found]), _mean([x.boxes for x in found]), shown)

    def _request(self, weights: Path) -> object:
        from core.tracking.contract import TrackerRequest

        return TrackerRequest(self._system, Quality.FAST, self._device, weights)

    def _keep_frame(self, plan: _Plan, one: Scored) -> None:
        """Write the picture of the frame that is looked at, once."""
        if one.shown is None or (self._folder.view / "frame.png").exists():
            return
        place = plan.frames.index(one.shown.frame_index)
        with open_video(plan.clip.video) as video:
            frame = video.frame(one.shown.frame_index)
        truth = plan.maps.get(place)
        if truth is None:
            truth = _filled([b for b in plan.boxes if b.frame_index == place], frame.shape[:2])
        show_frame(self._folder, frame, np.where(truth == VOID, 0, truth).astype(np.uint8))


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


def _spread(values: list[int], count: int) -> list[int]:
    """At most so many of them, evenly, both ends included."""
    if len(values) <= count:
        return values
    if count < 1:
        return []
    places = np.linspace(0, len(values) - 1, count).round().astype(int)
    return [values[place] for place in dict.fromkeys(places.tolist())]


def _tracked(plan: _Plan, request: object, token: CancelToken) -> Generator[None, None, Scored]:
    """Track one clip from the first mask, or filled box, of each object on."""
    from core.engine.propagate import PropagationRequest, propagate
    from core.engine.registry import build_tracker

    with open_video(plan.clip.video) as video:
        chosen = ChosenFrames(video, plan.frames)
        size = (video.info.height, video.info.width)
        begun = _starts(plan, size)
        if not begun:
            return Scored()
        keyframes = _keyframes(begun)
        asked = PropagationRequest(
            keyframes, keyframes[0].frame_index, len(plan.frames), (Direction.FORWARD,)
        )
        js, overlaps, shown = list[float](), list[float](), None
        tracker = build_tracker(request)  # type: ignore[arg-type]
        for item in propagate(chosen, tracker, asked, token):
            if not isinstance(item, FrameResult):
                continue
            yield
            here, agree = _compare(plan, item, begun)
            js += here
            overlaps += agree
            if here or agree:
                shown = Shown(plan.clip.name, plan.frames[item.frame_index], item.label_map)
    return Scored(_mean(js), _mean(overlaps), shown)


_Starts = dict[int, tuple[int, LabelMap]]
"""Object -> place at which it begins, and a label map with it."""


def _starts(plan: _Plan, size: tuple[int, int]) -> _Starts:
    found: _Starts = {}
    for box in sorted(plan.boxes, key=lambda box: box.frame_index):
        if box.object_id in found or not box.corners:
            continue
        whole = plan.maps.get(box.frame_index)
        if whole is None or not (whole == box.object_id).any():
            whole = _filled([box], size)
        if (whole == box.object_id).any():
            found[box.object_id] = (box.frame_index, whole)
    return found


def _keyframes(begun: _Starts) -> tuple[Keyframe, ...]:
    keyframes = []
    for place in sorted({at for at, _ in begun.values()}):
        ids = tuple(sorted(number for number, (at, _) in begun.items() if at == place))
        label_map = np.zeros_like(begun[ids[0]][1])
        # Filled boxes may lie over each other: smaller ones above larger ones.
        for number in sorted(ids, key=lambda n: -int((begun[n][1] == n).sum())):
            label_map[begun[number][1] == number] = number
        label_map.flags.writeable = False
        keyframes.append(Keyframe(place, ids, label_map))
    return tuple(keyframes)


def _compare(plan: _Plan, item: FrameResult, begun: _Starts) -> tuple[list[float], list[float]]:
    """J of objects with masks, and agreement of those with boxes alone, on one frame."""
    js, overlaps = list[float](), list[float]()
    truth = plan.maps.get(item.frame_index)
    for box in plan.boxes:
        start = begun.get(box.object_id)
        if box.frame_index != item.frame_index or start is None or start[0] >= item.frame_index:
            continue
        mask = item.label_map == box.object_id
        if truth is not None:
            known = truth != VOID
            js.append(mask_overlap(mask & known, truth == box.object_id))
        elif box.corners:
            area = int((start[1] == box.object_id).sum())
            overlaps.append(agreement(mask, box.corners, begun=area))
    return js, overlaps


def _filled(boxes: list[DrawnBox], size: tuple[int, ...]) -> LabelMap:
    from core.eval.box_agreement.measure import filled_map

    return filled_map(boxes, (size[0], size[1]))


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan
