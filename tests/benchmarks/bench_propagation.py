"""How fast propagation is, and whether its memory grows with the length of the video.

`make bench` runs both with their defaults, on the bundled weights where there are any, else on
random ones of the same size. By hand, with other sizes::

    python tests/benchmarks/bench_propagation.py speed --frames 4 --threads 2
    python tests/benchmarks/bench_propagation.py memory --size 854x480 --frames 2000

Nothing is asserted about time: the figures say something only on a quiet machine.
"""

from __future__ import annotations

import argparse
import atexit
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil

from core.data.synthetic import moving_shapes
from core.engine.output import ResultFolder
from core.engine.propagate import PropagationRequest, propagate
from core.engine.registry import SYSTEMS, build_tracker
from core.engine.run import use_threads
from core.errors import CheckpointMissing
from core.jobs import CancelToken, Progress
from core.media.video import open_video
from core.systems.base import TrackerRequest
from core.types import FrameResult, Keyframe, Quality
from vosapp.assets import bundled_weights

CACHE_BYTES = 8 << 20
CLIP_FRAMES = 60
"""Frames of the clip; the speed is measured on the first few that are no keyframes."""
SPEED_ROWS = tuple(itertools.product(Quality, (1, 5), (1, 20)))
MEMORY_LIMIT_MB = 60


def test_speed() -> None:
    """Prints the table of speeds."""
    speed(_arguments(["speed"]))


def test_memory_does_not_grow() -> None:
    """Memory at the last frame is near that at a tenth of the way; in a process of its own."""
    subprocess.run([sys.executable, __file__, "memory"], check=True, env=_environment())


def speed(args: argparse.Namespace) -> None:
    """Print frames a second by quality, number of objects and number of keyframes."""
    width, height = args.size
    _print(f"{args.system}, {width} x {height}, {args.threads or 'default'} threads")
    _print("quality   objects  keyframes  s/frame  frames/s  s/keyframe")
    for quality, objects, keyframes in SPEED_ROWS:
        with tempfile.TemporaryDirectory() as folder:
            frames, label_maps = moving_shapes(
                width=width, height=height, frame_count=CLIP_FRAMES, objects=objects
            )
            film = _encode(Path(folder) / "clip.mp4", frames)
            given = [index * CLIP_FRAMES // keyframes for index in range(keyframes)]
            asked = _request(label_maps, given, CLIP_FRAMES)
            seconds, for_keyframes = _time(film, asked, args, quality)
        row = f"{quality.value:<9} {objects:>7}  {keyframes:>9}  {seconds:>7.3f}"
        _print(f"{row}  {1 / seconds:>8.2f}  {for_keyframes / keyframes:>10.3f}")


def memory(args: argparse.Namespace) -> int:
    """Print the resident memory along a long video; 1 when it grew by more than the limit."""
    width, height = args.size
    with tempfile.TemporaryDirectory() as folder:
        frames, label_maps = moving_shapes(width=width, height=height, frame_count=48)
        loop = itertools.cycle([*frames, *frames[-2:0:-1]])
        film = _encode(Path(folder) / "long.mp4", itertools.islice(loop, args.frames))
        asked = _request(label_maps, [0], args.frames)
        del frames, label_maps, loop
        seen = dict(_watch(film, asked, args, Path(folder) / "out"))
    first, last = seen[args.frames // 10], seen[args.frames]
    _print(f"from frame {args.frames // 10} to {args.frames}: {last - first:+.1f} MB")
    return int(last - first > MEMORY_LIMIT_MB)


def _results(job: Iterator[FrameResult | Progress]) -> Iterator[FrameResult]:
    return (item for item in job if isinstance(item, FrameResult))


def _watch(
    film: Path, asked: PropagationRequest, args: argparse.Namespace, out: Path
) -> Iterator[tuple[int, float]]:
    process = psutil.Process()
    tracker = build_tracker(_tracker_request(args, Quality(args.quality)))
    with (
        open_video(film, cache_bytes=CACHE_BYTES) as video,
        ResultFolder(out, video.info) as folder,
    ):
        for result in _results(propagate(video, tracker, asked, CancelToken())):
            folder.write(result.frame_index, result.label_map)
            done = result.frame_index + 1
            if done % (args.frames // 10) == 0:
                megabytes = process.memory_info().rss / 1e6
                _print(f"frame {done:>6}: {megabytes:8.1f} MB")
                yield done, megabytes


def _time(
    film: Path, asked: PropagationRequest, args: argparse.Namespace, quality: Quality
) -> tuple[float, float]:
    """Median seconds of a frame that is no keyframe, and seconds before the first frame."""
    tracker = build_tracker(_tracker_request(args, quality))
    with open_video(film, cache_bytes=CACHE_BYTES) as video:
        start = time.perf_counter()
        results = _results(propagate(video, tracker, asked, CancelToken()))
        first = next(results)
        for_keyframes = time.perf_counter() - start - first.seconds
        plain = (result.seconds for result in results if not result.is_keyframe)
        # One more than asked: the first of them warms up.
        seconds = list(itertools.islice(plain, args.frames + 1))[1:]
        results.close()
    return statistics.median(seconds), for_keyframes


def _request(label_maps: np.ndarray, given: list[int], stop: int) -> PropagationRequest:
    ids = tuple(int(i) for i in np.unique(label_maps[0]) if i)
    keyframes = tuple(Keyframe(index, ids, label_maps[index]) for index in given)
    return PropagationRequest(keyframes, 0, stop)


def _encode(path: Path, frames: Iterable[np.ndarray]) -> Path:
    with av.open(str(path), "w") as container:
        stream = None
        for index, image in enumerate(frames):
            if stream is None:
                stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
    return path


def _tracker_request(args: argparse.Namespace, quality: Quality) -> TrackerRequest:
    weights = _weights() if SYSTEMS[args.system].needs_weights else None
    return TrackerRequest(args.system, quality, args.device, weights)


def _weights() -> Path:
    try:
        return bundled_weights("self_supervised", "thin")
    except CheckpointMissing:
        return _random_weights()


def _random_weights() -> Path:
    """Random weights: as fast, and as large in memory, as trained ones."""
    from core.nn.checkpoints import CheckpointInfo, save_weights
    from core.systems.self_supervised.config import PRESETS
    from core.systems.self_supervised.model import KeyEncoder

    path = Path(tempfile.gettempdir()) / f"vosapp-bench-{os.getpid()}.safetensors"
    if not path.exists():
        config = PRESETS["thin"]
        info = CheckpointInfo("self_supervised", "thin", config.to_dict())
        save_weights(path, KeyEncoder(config), info)
        atexit.register(path.unlink, missing_ok=True)
    return path


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    return os.environ | {"PYTHONPATH": root}


def _size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Speed and memory of propagation.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, size, frames in (("speed", "854x480", 12), ("memory", "128x96", 2000)):
        sub = commands.add_parser(name)
        sub.add_argument("--system", default="self_supervised", choices=tuple(SYSTEMS))
        sub.add_argument("--size", type=_size, default=_size(size), help="as 854x480")
        sub.add_argument("--frames", type=int, default=frames, help="frames to measure")
        sub.add_argument("--quality", default="fast", help="for memory")
        sub.add_argument("--device", default="cpu")
        sub.add_argument("--threads", type=int)
    args = parser.parse_args(given)
    if args.threads:
        use_threads(args.threads, system=args.system)
    return args


def main() -> int:
    """Run one of the two from the command line."""
    args = _arguments(None)
    if args.command == "memory":
        return memory(args)
    speed(args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
