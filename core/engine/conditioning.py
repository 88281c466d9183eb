"""Which keyframes a tracker knows while a span is walked: those of the span, and references.

So a span's results depend on nothing else, whatever the system remembers, and the memory a run
takes does not grow with the keyframes of the video (ADR 0014).
"""

from __future__ import annotations

from typing import Self

from core.engine.spans import Span, cut, fuller
from core.jobs import CancelToken
from core.media.video import VideoSource
from core.tracking.contract import Tracker
from core.types import Keyframe


def governing(span: Span, keyframes: tuple[Keyframe, ...]) -> tuple[Keyframe, ...]:
    """The keyframes that a span's results depend on, ascending by frame index.

    A span at an end of the video is walked from one side only. What its outermost keyframe hides of
    an object would be lost up to the end: there the nearest keyframe that shows more of it counts,
    too (ADR 0050). And those close to the border, since the walk begins at one of them (ADR 0058).

    Args:
        span: its borders, the keyframes inside it, and those of its lead-ins count.
        keyframes: all of the video, ascending; those that are references count everywhere.
    """
    own = span.keyframes
    found = {k.frame_index: k for k in (*own, *(k for k in keyframes if k.reference))}
    sides = (keyframes, span.before), (keyframes[::-1], span.after)
    for inward in (side for side, border in sides if border is None):
        for object_id in sorted({i for k in own for i in k.object_ids}):
            more = fuller(inward, object_id)
            if more is not None:
                found[more.frame_index] = more
    return tuple(found[index] for index in sorted(found))


def changed(before: tuple[Keyframe, ...], after: tuple[Keyframe, ...], frame_count: int) -> range:
    """The frames from the first to the last that new keyframes may change, their own included.

    Args:
        before: as they were, ascending.
        after: with others added or put in place of some; those that stay are the same values.
        frame_count: frames of the video.
    """

    def known(keyframes: tuple[Keyframe, ...]) -> set[tuple[int, ...]]:
        return {
            (span.first, span.last, *(id(k) for k in governing(span, keyframes)))
            for span in cut(keyframes, frame_count)
        }

    old = {id(keyframe) for keyframe in before}
    ends = [(k.frame_index, k.frame_index) for k in after if id(k) not in old]
    ends += [(key[0], key[1]) for key in known(after) - known(before)]
    if not ends:
        return range(0)
    return range(min(first for first, _ in ends), max(last for _, last in ends) + 1)


class Conditioning:
    """Hands a tracker the keyframes of one span after another.

    As a context manager it takes back on leaving what the tracker still has, so that the next
    propagation with the same tracker begins without any.
    """

    def __init__(
        self,
        video: VideoSource,
        tracker: Tracker,
        *,
        keyframes: tuple[Keyframe, ...],
        token: CancelToken,
    ) -> None:
        """Prepare; nothing is given yet.

        Args:
            video: whose frames go with the keyframes.
            tracker: knows no keyframe.
            keyframes: all of the video.
            token: looked at before each keyframe.
        """
        self._video = video
        self._tracker = tracker
        self._keyframes = keyframes
        self._token = token
        self._given: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._keep(set())

    def turn_to(self, span: Span) -> None:
        """Let the tracker know exactly what governs a span; what it knows already stays.

        Raises:
            VideoDecodeError: a keyframe's frame cannot be read.
            Cancelled: by the token.
        """
        wanted = governing(span, self._keyframes)
        self._keep({keyframe.frame_index for keyframe in wanted})
        for keyframe in wanted:
            if keyframe.frame_index not in self._given:
                self._token.check()
                frame = self._video.frame(keyframe.frame_index)
                self._tracker.add_keyframe(keyframe, frame)
                self._given.add(keyframe.frame_index)

    def _keep(self, indices: set[int]) -> None:
        for index in sorted(self._given - indices):
            self._tracker.remove_keyframe(index)
        self._given &= indices
