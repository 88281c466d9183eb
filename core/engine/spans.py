"""Which frames depend on which keyframes: the video cut into spans that are computed apart.

A keyframe that asserts every object is a border: what lies on its two sides does not touch. A
keyframe that asserts only some objects lies inside a span, and the others run through it.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.types import Direction, Keyframe


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
    objects = {object_id for keyframe in keyframes for object_id in keyframe.object_ids}
    borders = [k for k in keyframes if objects <= set(k.object_ids)]
    partial = [k for k in keyframes if not objects <= set(k.object_ids)]
    spans = []
    for before, after in zip([None, *borders], [*borders, None], strict=True):
        first = before.frame_index + 1 if before else 0
        last = after.frame_index - 1 if after else frame_count - 1
        inside = tuple(k for k in partial if first <= k.frame_index <= last)
        if first <= last:
            spans.append(Span(first, last, before, after, inside))
    return tuple(spans)
