"""What objects and keyframes cost: processor seconds of a frame, beside one object from one mask.

    python tests/benchmarks/bench_keyframes.py
    python tests/benchmarks/bench_keyframes.py --clip FRAMES --masks MASKS --quality balanced

One thread, rendering included; a keyframe costs something, and is no frame to divide by. The last
column is the whole clip: keyframes are frames that need not be propagated. Without
FRAMES and MASKS (a video and true label maps, one a frame) it is a generated film. It runs in an
older checkout, too (`PYTHONPATH=OTHER python THIS`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.data.synthetic import moving_shapes
from core.engine.propagate import PropagationRequest, propagate
from core.engine.registry import build_tracker
from core.engine.run import use_threads
from core.jobs import CancelToken
from core.media.label_map import read_label_map
from core.media.video import open_video
from core.tracking.contract import TrackerRequest
from core.types import Frame, FrameResult, Keyframe, LabelMap, Quality, VideoInfo
from vosapp.services.weights import default_weights

SYSTEM = "self_supervised"


class Film:
    """Frames in memory, as a video."""

    def __init__(self, frames: np.ndarray) -> None:
        count, height, width = frames.shape[:3]
        self._frames = frames
        self.info = VideoInfo(Path("film"), count, width, height, Fraction(25))

    def frame(self, index: int) -> Frame:
        """One of them."""
        return self._frames[index]

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """Some of them."""
        yield from (self._frames[index] for index in range(start, stop, step))


def keyframe(maps: list[LabelMap], index: int, ids: tuple[int, ...]) -> Keyframe:
    """The true masks of some objects."""
    return Keyframe(
        index, ids, np.where(np.isin(maps[index], ids), maps[index], 0).astype(np.uint8)
    )


def cost(video: Film, keyframes: list[Keyframe], wanted: argparse.Namespace) -> tuple[float, float]:
    """Processor seconds of a frame that is none of the keyframes, and of all together."""
    request = TrackerRequest(
        SYSTEM, Quality(wanted.quality), "cpu", wanted.weights or default_weights(SYSTEM)
    )
    tracker = build_tracker(request)
    asked = PropagationRequest(tuple(keyframes), 0, video.info.frame_count)
    begun = time.process_time()
    made = sum(
        isinstance(item, FrameResult) for item in propagate(video, tracker, asked, CancelToken())
    )
    spent = time.process_time() - begun
    return spent / (made - len(keyframes)), spent


def main(given: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--masks", type=Path)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--quality", default="fast")
    parser.add_argument("--weights", type=Path)
    wanted = parser.parse_args(given)
    use_threads(1, system=SYSTEM)
    if wanted.clip is None:
        frames, maps = moving_shapes(width=854, height=480, frame_count=wanted.frames, objects=5)
    else:
        with open_video(wanted.clip) as source:
            count = min(wanted.frames, source.info.frame_count)
            frames = np.stack([source.frame(index) for index in range(count)])
        paths = sorted(wanted.masks.glob("*.png"))[:count]
        maps = [np.asarray(read_label_map(path).label_map) for path in paths]
    ids = tuple(int(i) for i in np.unique(maps[0]) if i not in (0, 255))
    last, one = len(maps) - 1, ids[:1]
    evenly = sorted({round(n * last / 19) for n in range(20)})
    cost(Film(frames[:3]), [keyframe(maps, 0, one)], wanted)  # warms up
    video, alone = Film(frames), 0.0
    for name, keyframes in (
        ("one object, one keyframe", [keyframe(maps, 0, one)]),
        ("all objects, one keyframe", [keyframe(maps, 0, ids)]),
        ("one object, first and last frame", [keyframe(maps, i, one) for i in (0, last)]),
        ("one object, 20 keyframes", [keyframe(maps, i, one) for i in evenly]),
        ("all objects, 20 keyframes", [keyframe(maps, i, ids) for i in evenly]),
        ("all, and one of them on the last", [keyframe(maps, 0, ids), keyframe(maps, last, one)]),
    ):
        seconds, whole = cost(video, keyframes, wanted)
        alone = alone or seconds
        sys.stdout.write(f"{name:<34} {seconds:.3f} s   {seconds / alone:.2f}   {whole:.1f} s\n")
        sys.stdout.flush()


def test_keyframes() -> None:
    """Prints the table, for a short film."""
    main(["--frames", "21"])


if __name__ == "__main__":
    main()
