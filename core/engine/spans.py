"""Which frames depend on which keyframes: the video cut into spans that are computed apart.

A keyframe that asserts every object is a border: what lies on its two sides does not touch. A
keyframe that asserts only some objects lies inside a span, and the others run through it. So does
an outer one that hides something of an object: the walk to the end of the video passes it, and
still knows what is hidden there (ADR 0050).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.types import SEEN_WHOLE, Direction, Keyframe


@dataclass(frozen=True, slots=True)
class Span:
    """A row of frames between two borders.

    Attributes:
        first: first frame.
        last: last frame, not before `first`.
        before: the border before it; None at the start of the video.
        after: the border after it; None at the end.
        inside: keyframes within it that assert only some objects, ascending.
    """

    first: int
    last: int
    before: Keyframe | None
    after: Keyframe | None
    inside: tuple[Keyframe, ...]

    def origin(self, direction: Direction) -> int | None:
        """First frame that a walk through the span labels; None where no keyframe starts one."""
        forward = direction is Direction.FORWARD
        if forward and self.before is not None:
            return self.first
        if not forward and self.after is not None:
            return self.last
        if not self.inside:
            return None
        return self.inside[0 if forward else -1].frame_index

    def known(self, frame_index: int, direction: Direction) -> dict[int, int]:
        """Objects that a walk knows at a frame, each with its distance to what asserts it."""
        forward = direction is Direction.FORWARD
        border = self.before if forward else self.after
        passed = [
            k for k in self.inside if (k.frame_index <= frame_index) == forward
            or k.frame_index == frame_index
        ]  # fmt: skip
        distance: dict[int, int] = {}
        for keyframe in ([border] if border else []) + (passed if forward else passed[::-1]):
            gap = abs(frame_index - keyframe.frame_index)
            distance.update(dict.fromkeys(keyframe.object_ids, gap))
        return dict(sorted(distance.items()))


def cut(keyframes: tuple[Keyframe, ...], frame_count: int) -> tuple[Span, ...]:
    """The spans of a video, ascending; borders themselves are in none.

    Args:
        keyframes: ascending by frame index.
        frame_count: frames of the video.
    """
    cutting = borders(keyframes, frame_count)
    indices = {k.frame_index for k in cutting}
    partial = [k for k in keyframes if k.frame_index not in indices]
    spans = []
    for before, after in zip([None, *cutting], [*cutting, None], strict=True):
        first = before.frame_index + 1 if before else 0
        last = after.frame_index - 1 if after else frame_count - 1
        inside = tuple(k for k in partial if first <= k.frame_index <= last)
        if first <= last:
            spans.append(Span(first, last, before, after, inside))
    return tuple(spans)


def borders(keyframes: tuple[Keyframe, ...], frame_count: int) -> tuple[Keyframe, ...]:
    """The keyframes that cut a video, ascending: those that assert every object.

    The first and the last of them do not, where frames lie beyond and they show less of an object
    than a keyframe on the other side.

    Args:
        keyframes: ascending by frame index.
        frame_count: frames of the video.
    """
    objects = {object_id for keyframe in keyframes for object_id in keyframe.object_ids}
    found = [k for k in keyframes if objects <= set(k.object_ids)]
    passed = set()
    for border in {k.frame_index: k for k in (*found[:1], *found[-1:])}.values():
        after = tuple(k for k in keyframes if k.frame_index > border.frame_index)
        before = tuple(k for k in keyframes[::-1] if k.frame_index < border.frame_index)
        hidden_behind = border is found[0] and border.frame_index > 0 and _hides(border, after)
        at_end = border is found[-1] and border.frame_index < frame_count - 1
        if hidden_behind or (at_end and _hides(border, before)):
            passed.add(border.frame_index)
    return tuple(k for k in found if k.frame_index not in passed)


def fuller(inward: tuple[Keyframe, ...], object_id: int) -> Keyframe | None:
    """The first keyframe that shows more of an object than the first one that asserts it."""
    asserting = (k for k in inward if object_id in k.object_ids)
    areas = ((k, _area(k, object_id)) for k in asserting)
    _, outermost = next(areas, (None, 0))
    return next((k for k, area in areas if SEEN_WHOLE * area > outermost), None)


def _hides(border: Keyframe, inward: tuple[Keyframe, ...]) -> bool:
    """Whether it shows only a part of an object; one that is absent is not hidden."""
    every = border, *inward
    return any(_area(border, i) and fuller(every, i) is not None for i in border.object_ids)


def _area(keyframe: Keyframe, object_id: int) -> int:
    return int(np.count_nonzero(keyframe.label_map == object_id))
