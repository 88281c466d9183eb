"""The drawn boxes of one clip made dense: masks on labeled frames, carried both ways, judged."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.data.dense_labels import (
    Arrival,
    Passage,
    Verdict,
    agreement,
    dense_map,
    make_void,
)
from core.engine.densify.carry import CarriedMasks
from core.engine.fuse import fuse
from core.jobs import CancelToken, Progress
from core.media.annotations.values import Box
from core.prompts.boxes import boxes_to_keyframes
from core.types import Keyframe, LabelMap

if TYPE_CHECKING:
    from core.data.box_tables import DrawnBox
    from core.media.video import VideoSource
    from core.prompts.request import FeatureReader
    from core.tracking.contract import Tracker


@dataclass(frozen=True, slots=True)
class DenseFrame:
    """A label map that was made.

    Attributes:
        frame_index: of the video that was handed in.
        label_map: H x W: objects, background, void.
        verdicts: what became of each object on this frame.
    """

    frame_index: int
    label_map: LabelMap
    verdicts: Mapping[int, Verdict]


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """One clip.

    Attributes:
        video: its frames.
        boxes: a row for each object on each labeled frame (`require_complete`), with frames
            counted in `video`.
        tracker: without keyframes; of this clip alone, since trackers remember frames.
        describe: gives features of a frame to the method of prompts; None goes without.
        threshold: overlap of boxes from which a carried mask agrees.
    """

    video: VideoSource
    boxes: tuple[DrawnBox, ...]
    tracker: Tracker
    describe: FeatureReader | None
    threshold: float


@dataclass(slots=True)
class Checks:
    """How well carried masks agreed with drawn boxes, by object.

    Attributes:
        answered: overlap of each drawn box with the mask that was made of it.
        carried: how the masks agreed that walks brought to a labeled frame.
    """

    answered: dict[int, list[float]] = field(default_factory=dict)
    carried: dict[int, list[Arrival]] = field(default_factory=dict)


def densify_clip(
    request: ClipRequest, token: CancelToken
) -> Generator[Progress | DenseFrame, None, Checks]:
    """Label the frames from the first labeled one to the last.

    Yields:
        A `DenseFrame` for each of them, ascending, and a `Progress` before each of the masks that
        are made of boxes and after each walked frame.

    Raises:
        VosError: of the kinds that `boxes_to_keyframes` and `propagate` name.
        Cancelled: by the token.
    """
    checks = Checks()
    keyframes = yield from _keyframes(request, checks, token)
    for first, last in zip(keyframes, [*keyframes[1:], None], strict=True):
        yield _labeled(request, first)
        if last is not None and last.frame_index - first.frame_index > 1:
            yield from _stretch(request, first, last, checks, token)
    return checks


def _keyframes(
    request: ClipRequest, checks: Checks, token: CancelToken
) -> Generator[Progress, None, list[Keyframe]]:
    """A keyframe for each labeled frame; masks that miss their own box are void in it."""
    boxes = [Box(b.frame_index, b.object_id, *b.corners) for b in request.boxes if b.corners]
    read, describe = request.video.frame, request.describe
    found: dict[int, Keyframe] = {}
    for item in boxes_to_keyframes(boxes, token, read=read, describe=describe):
        if isinstance(item, Keyframe):
            found[item.frame_index] = item
        else:
            yield Progress(0, 0, item.text)
    info = request.video.info
    empty = np.zeros((info.height, info.width), np.uint8)
    indices = sorted({box.frame_index for box in request.boxes})
    bare = [found.get(index, Keyframe(index, (), empty)) for index in indices]
    return [_checked(request, keyframe, checks) for keyframe in bare]


def _checked(request: ClipRequest, keyframe: Keyframe, checks: Checks) -> Keyframe:
    """Assert the objects whose masks fill their boxes, and those that are not visible."""
    label_map, ids = keyframe.label_map.copy(), []
    rows = [box for box in request.boxes if box.frame_index == keyframe.frame_index]
    for box in rows:
        if box.corners is not None:
            mask = label_map == box.object_id
            overlap = agreement(mask, box.corners)
            checks.answered.setdefault(box.object_id, []).append(overlap)
            if overlap < request.threshold:
                label_map[mask] = 0
                continue
        ids.append(box.object_id)
    for box in rows:
        if box.object_id not in ids:
            make_void(label_map, [box.corners])
    label_map.flags.writeable = False
    return Keyframe(keyframe.frame_index, tuple(ids), label_map)


def _labeled(request: ClipRequest, keyframe: Keyframe) -> DenseFrame:
    verdicts = {
        box.object_id: Verdict.ABSENT
        if box.corners is None
        else Verdict.BOTH
        if box.object_id in keyframe.object_ids
        else Verdict.REFUSED
        for box in request.boxes
        if box.frame_index == keyframe.frame_index
    }
    return DenseFrame(keyframe.frame_index, keyframe.label_map, verdicts)


def _stretch(
    request: ClipRequest, first: Keyframe, last: Keyframe, checks: Checks, token: CancelToken
) -> Iterator[Progress | DenseFrame]:
    """Carry both ends through a stretch, each without the other, and label what lies between."""
    video, tracker = request.video, request.tracker
    with ExitStack() as stack:
        backward = stack.enter_context(CarriedMasks(video, tracker, last, to=first.frame_index))
        forward = stack.enter_context(CarriedMasks(video, tracker, first, to=last.frame_index))
        yield from backward.go(token)
        yield from forward.go(token)
        passages = _passages(request, forward, backward)
        for object_id, passage in passages.items():
            checks.carried.setdefault(object_id, []).extend(passage.arrivals)
        fuses = Verdict.BOTH in {p.verdict(request.threshold) for p in passages.values()}
        for index in range(first.frame_index + 1, last.frame_index):
            token.check()
            maps = {Verdict.FORWARD: forward.map(index), Verdict.BACKWARD: backward.map(index)}
            if fuses:
                maps[Verdict.BOTH] = _fused(request, index, forward, backward)
            label_map, verdicts = dense_map(passages, maps, threshold=request.threshold)
            yield DenseFrame(index, label_map, verdicts)


def _passages(
    request: ClipRequest, forward: CarriedMasks, backward: CarriedMasks
) -> dict[int, Passage]:
    start, end = forward.keyframe.frame_index, backward.keyframe.frame_index
    at = {(b.frame_index, b.object_id): b.corners for b in request.boxes}
    ids = sorted({box.object_id for box in request.boxes})
    return {
        object_id: Passage(
            (at[start, object_id], at[end, object_id]),
            forward.arrival(object_id, backward.keyframe, at[end, object_id]),
            backward.arrival(object_id, forward.keyframe, at[start, object_id]),
        )
        for object_id in ids
    }


def _fused(
    request: ClipRequest, index: int, forward: CarriedMasks, backward: CarriedMasks
) -> LabelMap:
    opinion = fuse(forward.opinion(index), backward.opinion(index))
    frame = request.video.frame(index)
    return request.tracker.render(opinion.probabilities, frame, opinion.object_ids)
