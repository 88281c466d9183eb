"""Which frames a command works on, in which directions, and what that takes of memory."""

from __future__ import annotations

import re

from core.errors import UsageError
from core.types import Direction

FORWARD_CACHE_BYTES = 8 << 20
"""Walking forward needs each frame once; a small cache keeps memory flat however long the video."""
BACKWARD_CACHE_BYTES = 256 << 20
"""Walking backward decodes a run of frames for each step back, and wants to keep them."""

WAYS = {
    "both": (Direction.FORWARD, Direction.BACKWARD),
    "forward": (Direction.FORWARD,),
    "backward": (Direction.BACKWARD,),
}

_RANGE = re.compile(r"(-?\d{1,18})?:(-?\d{1,18})?", re.ASCII)
_RANGE_HINT = (
    "A range A:B goes from frame A up to, but not including, frame B; A: goes to the end, :B starts"
    " at 0."
)


def parse_range(text: str | None) -> tuple[int | None, int | None]:
    """Read `A:B`, `A:` or `:B`; None stands for an open end.

    Raises:
        UsageError: anything else.
    """
    if text is None:
        return None, None
    match = _RANGE.fullmatch(text.strip())
    if not match or match.groups() == (None, None):
        raise UsageError(f"--range {text} is no range of frames.", _RANGE_HINT)
    start, stop = (None if part is None else int(part) for part in match.groups())
    return start, stop


def check_range(bounds: tuple[int | None, int | None], frame_count: int) -> tuple[int, int]:
    """Return the frames (first, one past the last) that a range means in a video.

    Raises:
        UsageError: it reaches out of the video, or holds no frame.
    """
    start = 0 if bounds[0] is None else bounds[0]
    stop = frame_count if bounds[1] is None else bounds[1]
    if min(start, stop) < 0 or stop > frame_count or start >= frame_count:
        msg = f"The range {start}:{stop} reaches out of the video, which has {frame_count} frames."
        raise UsageError(msg, f"Frames are counted from 0: the whole video is 0:{frame_count}.")
    if start >= stop:
        raise UsageError(f"The range {start}:{stop} holds no frame.", _RANGE_HINT)
    return start, stop
