"""First looks at a correction: short walks from a keyframe inside a span, for drafts alone.

A keyframe that asserts some objects begins no walk of its own: those of its span pass it, on their
way from a border that may be far. What comes out of here is shown until they arrive, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.engine.span_run import SpanRun, seen_of
from core.types import Direction, FrameDraft, Keyframe

AROUND = 6
"""Frames on each side of the keyframe: what one sees of a correction at a glance."""


def outward(run: SpanRun, near: int) -> Iterator[FrameDraft]:
    """Drafts of the frames around a keyframe, of the objects that it asserts, nearest first.

    Args:
        run: of the span.
        near: the frame that is looked at; nothing comes where no keyframe inside the span is.
    """
    given = next((k for k in run.span.inside if k.frame_index == near), None)
    if given is None or not run.walking.manner.drafts or run.begins_near(near, AROUND):
        return
    run.turn()
    for way in (Direction.FORWARD, Direction.BACKWARD):
        yield from _walk(run, given, way)


def _walk(run: SpanRun, given: Keyframe, way: Direction) -> Iterator[FrameDraft]:
    walking, step = run.walking, way.value
    others = {k.frame_index for k in run.span.inside if set(k.object_ids) & set(given.object_ids)}
    walking.tracker.start(way)
    for distance in range(1, AROUND + 1):
        index = given.frame_index + distance * step
        if not run.span.first <= index <= run.span.last or index in others:
            return
        if not walking.wants(index):
            return
        walking.token.check()
        frame = walking.video.frame(index)
        said = walking.tracker.step(index, frame, given.object_ids)
        known = dict.fromkeys(said.object_ids, distance)
        run.looked.add(index)
        yield run.draft(seen_of(index, frame, said, known=known, seconds=0.0))
