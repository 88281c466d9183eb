"""Which frames depend on which keyframes: the video cut into spans that are computed apart.

A keyframe that asserts every object is a border: what lies on its two sides does not touch. A
keyframe that asserts only some objects lies inside a span, and the others run through it. So does
an outer one that hides something of an object: the walk to the end of the video passes it, and
still knows what is hidden there (ADR 0050).

Where keyframes lie close together the walk to an end of the video begins before its border, at one
of those: it passes what is between, and goes on with what it has seen there (ADR 0058).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

from core.types import LEAD_IN, SEEN_WHOLE, Direction, Keyframe


@dataclass(frozen=True, slots=True)
class Span:
    """A row of frames between two borders.

    Attributes:
        first: first frame.
        last: last frame, not before `first`.
        before: the border before it; None at the start of the video.
        after: the border after it; None at the end.
        inside: keyframes within it that assert only some objects, ascending.
        lead_before: in the last span keyframes shortly before `before`, ascending: the walk begins
            at the first of them.
        lead_after: in the first span those shortly after `after`: the walk begins at the last.
    """

    first: int
    last: int
    before: Keyframe | None
    after: Keyframe | None
    inside: tuple[Keyframe, ...]
    lead_before: tuple[Keyframe, ...] = ()
    lead_after: tuple[Keyframe, ...] = ()

    @property
    def keyframes(self) -> tuple[Keyframe, ...]:
        """All that its walks meet, ascending."""
        borders = self.before, *self.inside, self.after
        own = (k for k in borders if k is not None)
        return *self.lead_before, *own, *self.lead_after

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

    def lead_in(self, direction: Direction) -> range:
        """Frames that a walk passes before those of the span, in its order; the border is last."""
        forward, way = direction is Direction.FORWARD, direction.value
        border = self.before if forward else self.after
        passed = self.lead_before if forward else self.lead_after[::-1]
        if border is None or not passed:
            return range(0)
        return range(passed[0].frame_index + way, border.frame_index + way, way)

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
            # Between two borders the walk from the other side knows what one of them hides.
            leads_in = _lead(before if after is None else None, keyframes, -1)
            leads_back = _lead(after if before is None else None, keyframes, 1)
            spans.append(Span(first, last, before, after, inside, leads_in, leads_back))
    return tuple(spans)


def _lead(
    border: Keyframe | None, keyframes: tuple[Keyframe, ...], side: int
) -> tuple[Keyframe, ...]:
    """The keyframes on one side of a border from which walks to its other side begin, ascending.

    They reach to the farthest within `LEAD_IN` frames that asserts what the border asserts. Where
    the border says that an object is absent there are none: what was seen might come back.
    """
    if border is None:
        return ()
    at = border.frame_index
    first, last = (at + 1, at + LEAD_IN) if side > 0 else (at - LEAD_IN, at - 1)
    begin = bisect_left(keyframes, first, key=_index)
    near = keyframes[begin : bisect_right(keyframes, last, key=_index)]
    whole = [n for n, k in enumerate(near) if set(border.object_ids) <= set(k.object_ids)]
    if not whole or not all(_area(border, i) for i in border.object_ids):
        return ()
    return near[: whole[-1] + 1] if side > 0 else near[whole[0] :]


def _index(keyframe: Keyframe) -> int:
    return keyframe.frame_index


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
