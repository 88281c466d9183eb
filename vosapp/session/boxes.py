"""Box labels as the window shows them, and which frame to draw the next one on. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vosapp.project.boxes import BoxCounts, BoxLabel
from vosapp.project.store import Project

CALM = 5e-4
"""Change of an object's speed that is expected of any, in sides of its box per frame squared."""
WORTH = 0.01
"""Sides of a box by which an interpolated one may be wrong before its frame is suggested: gaps of
up to a dozen frames are let be while an object moves evenly."""


def _no_frames() -> NDArray[np.intp]:
    return np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class BoxLane:
    """The box labels of one object over the whole video.

    Attributes:
        frames: indices of the N frames that have one, ascending.
        boxes: N x 4 float64, x, y, width, height in pixels; width 0 where it is not visible.
        drawn: N bool; False for interpolated ones.
    """

    frames: NDArray[np.intp] = field(default_factory=_no_frames)
    boxes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))
    drawn: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    @property
    def visible(self) -> NDArray[np.bool_]:
        """N bool; False for those that say that nothing of the object is visible."""
        return np.asarray(self.boxes[:, 2] > 0)

    @property
    def counts(self) -> BoxCounts:
        """How many there are of each kind."""
        seen = self.visible
        drawn, unseen = int((seen & self.drawn).sum()), int((~seen).sum())
        return BoxCounts(drawn, len(self.frames) - drawn - unseen, unseen)

    def at(self, object_id: int, frame_index: int) -> BoxLabel | None:
        """Return the label of a frame, None for none."""
        place = int(np.searchsorted(self.frames, frame_index))
        if place == len(self.frames) or self.frames[place] != frame_index:
            return None
        x, y, width, height = map(float, self.boxes[place])
        drawn = bool(self.drawn[place])
        return BoxLabel(frame_index, object_id, x, y, width, height, drawn=drawn)


NO_BOXES = BoxLane()


def read_boxes(project: Project, object_ids: Iterable[int] | None = None) -> dict[int, BoxLane]:
    """Read the box labels of some objects, or of all that have any."""
    if object_ids is not None:
        return {i: lane_of(project.boxes_of(i)) for i in object_ids}
    by_object: dict[int, list[BoxLabel]] = {}
    for label in project.boxes_in():
        by_object.setdefault(label.object_id, []).append(label)
    return {object_id: lane_of(labels) for object_id, labels in by_object.items()}


def lane_of(labels: Iterable[BoxLabel]) -> BoxLane:
    """Return labels of one object, ascending by frame, as arrays."""
    listed = list(labels)
    if not listed:
        return NO_BOXES
    boxes = np.array([(x.x, x.y, x.width, x.height) for x in listed], np.float64)
    frames = np.array([x.frame_index for x in listed], np.intp)
    return BoxLane(frames, boxes, np.array([x.drawn for x in listed], np.bool_))


def doubt(lane: BoxLane, frame_count: int) -> NDArray[np.float64]:
    """Return how much each frame wants a drawn box, float64 per frame.

    Between two drawn boxes that is by how many sides of the box an interpolated one may be wrong:
    a/2 (t - t0) (t1 - t) at most, where a is how much the object's speed changes from gap to gap.
    Beyond the first and the last it is as in a gap of twice the length: no box is made there.
    Next to a label that says "not visible" only half of a gap is about the object.
    """
    score = np.zeros(frame_count)
    keys = np.flatnonzero(lane.drawn)
    if not keys.size or not frame_count:
        return score
    frames, seen = lane.frames[keys], lane.visible[keys]
    pull = _pull(frames, lane.boxes[keys], seen)
    t = np.arange(frame_count)
    place = np.searchsorted(frames, t, side="right")
    first, last = np.maximum(place - 1, 0), np.minimum(place, len(frames) - 1)
    inner = (place > 0) & (place < len(frames))
    before, after = t - frames[first], frames[last] - t
    score = np.where(inner, before * after, np.maximum(before, after) ** 2.0) / 2
    score = score * np.maximum(pull[first], pull[last])
    share = np.where(inner, seen[first].astype(float) + seen[last], 2.0 * seen[first]) / 2
    return np.asarray(score * share)


def next_to_box(lanes: Iterable[BoxLane], frame_count: int) -> int | None:
    """Return the frame on which a box is worth most, None where all gaps are small.

    Args:
        lanes: of the objects that are asked for; those without a drawn box say nothing.
        frame_count: frames of the video.
    """
    score = np.zeros(frame_count)
    for lane in lanes:
        np.maximum(score, doubt(lane, frame_count), out=score)
    best = int(np.argmax(score)) if frame_count else 0
    return best if frame_count and score[best] > WORTH else None


def _pull(
    frames: NDArray[np.intp], boxes: NDArray[np.float64], seen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return how much the speed changes at each drawn box, in sides per frame squared."""
    found = np.full(len(frames), CALM)
    if len(frames) < 3:
        return found
    edges = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)
    time = np.diff(frames).astype(float)
    speed = np.diff(edges, axis=0) / time[:, None]
    change = np.abs(np.diff(speed, axis=0)).max(axis=1) / ((time[:-1] + time[1:]) / 2)
    side = np.sqrt(np.maximum(boxes[1:-1, 2] * boxes[1:-1, 3], 1.0))
    known = seen[:-2] & seen[1:-1] & seen[2:]
    found[1:-1] = np.where(known, np.maximum(change / side, CALM), CALM)
    return found
