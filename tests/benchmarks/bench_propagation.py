"""How fast propagation is, whether its memory grows with the video, and what a correction costs.

`make bench` runs all of them, on the bundled weights where there are any, else on random ones of
the same size; systems of which none are bundled need --weights. By hand, with other sizes::

    python tests/benchmarks/bench_propagation.py speed --frames 4 --threads 2
    python tests/benchmarks/bench_propagation.py memory --size 854x480 --frames 2000
    python tests/benchmarks/bench_propagation.py memory --system flow --both --cache-mb 256
    python tests/benchmarks/bench_propagation.py correction --frames 200 --system copy

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
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from films import encode

from core.data.synthetic import moving_shapes
from core.engine.output import ResultFolder
from core.engine.propagate import PropagationRequest, propagate, step_count
from core.engine.registry import build_tracker, trackers
from core.engine.run import use_threads
from core.errors import CheckpointMissing
from core.jobs import CancelToken, Progress
from core.media.video import open_video
from core.tracking.contract import TrackerRequest
from core.types import FrameResult, Keyframe, Quality
from vosapp.assets import bundled_weights
from vosapp.services.weights import default_weights

CACHE_BYTES = 8 << 20
CLIP_FRAMES = 60
"""Frames of the clip; the speed is measured on the first few that are no keyframes."""
SPEED_ROWS = tuple(itertools.product(Quality, (1, 5), (1, 20)))
MEMORY_LIMIT_MB = 60
CORRECTION_KEYFRAMES = 5
"""Evenly spaced keyframes of the clip that is corrected; the middle one is changed."""


def test_speed() -> None:
    """Prints the table of speeds."""
    speed(_arguments(["speed"]))


def test_memory_does_not_grow() -> None:
    """Memory at the last frame is near that at a tenth of the way; in a process of its own."""
    subprocess.run([sys.executable, __file__, "memory"], check=True, env=_environment())


def test_memory_does_not_grow_both_ways() -> None:
    """The same where each span is walked from both ends, with the cache of the command line."""
    given = ["memory", "--system", "flow", "--both", "--cache-mb", "256"]
    sizes = ["--size", "480x270", "--frames", "3000"]
    subprocess.run([sys.executable, __file__, *given, *sizes], check=True, env=_environment())


def test_correction_costs_its_span() -> None:
    """Prints the cost of a correction; frames outside of its span keep their bytes."""
    assert correction(_arguments(["correction"])) == 0


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
            film = encode(Path(folder) / "clip.mp4", frames)
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
        film = encode(Path(folder) / "long.mp4", itertools.islice(loop, args.frames))
        asked = _request(label_maps, [0], args.frames)
        if args.both:
            ids, last_map = asked.keyframes[0].object_ids, label_maps[0][:, ::-1].copy()
            end = Keyframe(args.frames - 1, ids, last_map)
            asked = replace(asked, keyframes=(*asked.keyframes, end))
        del frames, label_maps, loop
        seen = list(_watch(film, asked, args, Path(folder) / "out"))
    growth = seen[-1] - seen[0]
    _print(f"from the first tenth to the last: {growth:+.1f} MB")
    return int(growth > MEMORY_LIMIT_MB)


def correction(args: argparse.Namespace) -> int:
    """Print what changing a keyframe costs; 1 where a frame outside of its span changes."""
    width, height = args.size
    frames, label_maps = moving_shapes(width=width, height=height, frame_count=args.frames)
    given = [index * args.frames // CORRECTION_KEYFRAMES for index in range(CORRECTION_KEYFRAMES)]
    middle = CORRECTION_KEYFRAMES // 2
    before = _request(label_maps, given, args.frames)
    changed = replace(before.keyframes[middle], label_map=label_maps[given[middle]][:, ::-1].copy())
    keyframes = (*before.keyframes[:middle], changed, *before.keyframes[middle + 1 :])
    span = range(given[middle - 1] + 1, given[middle + 1])
    with tempfile.TemporaryDirectory() as folder:
        film = encode(Path(folder) / "clip.mp4", frames)
        del frames
        old, whole_seconds = _label(film, before, args)
        after = PropagationRequest(keyframes, span.start, span.stop)
        part, part_seconds = _label(film, after, args)
        again, _ = _label(film, replace(after, start=0, stop=args.frames), args)
    same = [i for i in old if old[i] == again[i]]
    others = set(old) - set(span)
    _print(f"{args.system}, {args.quality}, {width} x {height}, keyframes {given}")
    _print(f"the whole clip: {len(old)} frames, {whole_seconds:.1f} s")
    _print(f"keyframe {given[middle]} changed: {len(part)} frames again, {part_seconds:.1f} s")
    _print(f"the whole clip again: {len(same)} frames have their bytes, {len(others)} lie outside")
    equal = all(part[i] == again[i] for i in part)
    _print(f"the span alone {'equals' if equal else 'DIFFERS FROM'} the whole clip again")
    return int(set(part) != set(span) or not others <= set(same) or not equal)


def _label(
    film: Path, asked: PropagationRequest, args: argparse.Namespace
) -> tuple[dict[int, bytes], float]:
    """Label maps as bytes by frame, and seconds."""
    tracker = build_tracker(_tracker_request(args, Quality(args.quality)))
    with open_video(film, cache_bytes=CACHE_BYTES) as video:
        start = time.perf_counter()
        job = propagate(video, tracker, asked, CancelToken())
        found = {r.frame_index: r.label_map.tobytes() for r in _results(job)}
        return found, time.perf_counter() - start


def _results(job: Iterator[FrameResult | Progress]) -> Iterator[FrameResult]:
    return (item for item in job if isinstance(item, FrameResult))


def _watch(
    film: Path, asked: PropagationRequest, args: argparse.Namespace, out: Path
) -> Iterator[float]:
    """Resident megabytes after each tenth of the steps."""
    process = psutil.Process()
    tracker = build_tracker(_tracker_request(args, Quality(args.quality)))
    with (
        open_video(film, cache_bytes=args.cache_mb << 20) as video,
        ResultFolder(out, video.info) as folder,
    ):
        steps = step_count(asked, video.info.frame_count)
        job = propagate(video, tracker, asked, CancelToken())
        for done, item in enumerate(job, start=1):
            if isinstance(item, FrameResult):
                folder.write(item.frame_index, item.label_map)
            if done % (steps // 10) == 0:
                megabytes = process.memory_info().rss / 1e6
                _print(f"step {done:>6}: {megabytes:8.1f} MB")
                yield megabytes


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


def _tracker_request(args: argparse.Namespace, quality: Quality) -> TrackerRequest:
    weights = args.weights or _weights(args.system)
    return TrackerRequest(args.system, quality, args.device, weights)


def _weights(system: str) -> Path | None:
    if not trackers()[system].needs_weights:
        return None
    if system != "self_supervised":
        return default_weights(system)
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
    parser = argparse.ArgumentParser(description="Speed, memory, and the cost of a correction.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, size, frames in (
        ("speed", "854x480", 12),
        ("memory", "128x96", 2000),
        ("correction", "256x192", 200),
    ):
        sub = commands.add_parser(name)
        sub.add_argument("--system", default="self_supervised", choices=tuple(trackers()))
        sub.add_argument("--weights", type=Path, help="a file; else the bundled ones")
        sub.add_argument("--size", type=_size, default=_size(size), help="as 854x480")
        sub.add_argument("--frames", type=int, default=frames, help="frames to measure")
        sub.add_argument("--quality", default="fast", help="for memory and correction")
        sub.add_argument("--device", default="cpu")
        sub.add_argument("--both", action="store_true", help="memory: keyframes at both ends")
        sub.add_argument("--cache-mb", type=int, default=8, help="memory: budget of frames")
        sub.add_argument("--threads", type=int)
    args = parser.parse_args(given)
    if args.threads:
        use_threads(args.threads, system=args.system)
    return args


def main() -> int:
    """Run one of the three from the command line."""
    args = _arguments(None)
    if args.command == "memory":
        return memory(args)
    if args.command == "correction":
        return correction(args)
    speed(args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
