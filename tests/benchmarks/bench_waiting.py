"""How long one waits for masks: from the request to the first, to the frame looked at, to the end.

For a fresh run, a run that goes on, and a correction, with one object and with five::

    python tests/benchmarks/bench_waiting.py
    python tests/benchmarks/bench_waiting.py --frames 99 --quality balanced --threads 1

Everything as Ctrl+T does it, but for the window: the engine's job, a project, what is kept on disk.
Nothing is asserted about time: the figures say something only on a quiet machine, or with
`--processor`, which counts what the processor computes for this process. It also runs in a
checkout from before drafts and kept work (`PYTHONPATH=OTHER python THIS`), for comparison.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path

from films import encode

from core.data.synthetic import moving_shapes
from core.jobs import Cancelled, CancelToken
from core.media.video import open_video
from core.types import FrameResult, Quality
from vosapp.jobs.propagation import Engine, PropagationOrder
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref

try:
    from core.tracking.contract import TrackerRequest
    from vosapp.services.weights import default_weights
except ImportError:  # a checkout from before systems were values
    from core.systems.base import TrackerRequest

    from vosapp.assets import bundled_weights

    def default_weights(system):
        """The weights of then."""
        return bundled_weights(system, "thin")


try:
    from core.engine.kept_room import KeptRoom
    from core.types import FrameDraft
except ImportError:  # an older checkout
    KeptRoom, FrameDraft = None, ()

HEAD = f"{'run':<11} {'objects':>7} {'first mask':>11} {'looked at':>10} {'end':>8} {'kept MB':>8}"


@dataclass
class Times:
    """Seconds from the request on.

    Attributes:
        first: to the first mask that was not there, be it a draft.
        looked: to the first mask on the frame beside the one that is looked at, or on itself.
        end: to the end.
        results: that were made.
    """

    first: float = float("nan")
    looked: float = float("nan")
    end: float = float("nan")
    results: int = 0


class Bench:
    """A film, a project of it, and an engine."""

    def __init__(self, folder: Path, objects: int, wanted: argparse.Namespace) -> None:
        width, height = wanted.size
        self.frames = wanted.frames
        frames, self.maps = moving_shapes(
            width=width, height=height, frame_count=wanted.frames, objects=objects
        )
        self.film = encode(folder / "film.mp4", frames)
        self.ids = range(1, objects + 1)
        with open_video(self.film, cache_bytes=0) as video:
            path = folder / "film.vosapp"
            self.project = create_project(path, video_ref(video.info, path))
        for object_id in self.ids:
            self.project.do(AddObject())
            self.project.do(SetMask(0, object_id, self.maps[0] == object_id))
        system = "self_supervised"
        self.system = TrackerRequest(
            system, Quality(wanted.quality), "cpu", wanted.weights or default_weights(system)
        )
        room = {} if KeptRoom is None else {"room": KeptRoom(folder / "kept", 4 << 30)}
        self.engine = Engine(threads=wanted.threads, **room)
        self.kept = folder / "kept"
        self.now = time.process_time if wanted.processor else time.perf_counter

    def run(self, near: int, *, stop_at: int | None = None, seconds: float = math.inf) -> Times:
        """Do what Ctrl+T does; stopped after so many masks, or so many seconds."""
        more = {"near": near} if "near" in {f.name for f in fields(PropagationOrder)} else {}
        order = PropagationOrder(self.project, self.film, self.system, 0, self.frames, **more)
        token, times, begun = CancelToken(), Times(), self.now()
        shown = 0
        try:
            for item in self.engine.propagate(order)(token):
                if self.now() - begun > seconds:
                    token.cancel()
                if not isinstance(item, (FrameResult, FrameDraft or FrameResult)):
                    continue
                if getattr(item, "is_keyframe", False):
                    continue
                now = self.now() - begun
                shown += 1
                times.first = min(times.first, now) if times.first == times.first else now
                if abs(item.frame_index - near) <= 1:
                    times.looked = now if times.looked != times.looked else times.looked
                times.results += isinstance(item, FrameResult)
                if stop_at is not None and shown >= stop_at:
                    token.cancel()
        except Cancelled:
            pass
        times.end = self.now() - begun
        return times

    def kept_megabytes(self) -> float:
        """Size of what is kept between runs."""
        return sum(path.stat().st_size for path in self.kept.rglob("*") if path.is_file()) / 1e6

    def correct(self, index: int, object_id: int) -> None:
        """Assert one object's mask on a frame."""
        self.project.do(SetMask(index, object_id, self.maps[index] == object_id))


def measure(objects: int, wanted: argparse.Namespace) -> None:
    """Print the rows of one number of objects."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), objects, wanted)
        bench.run(0, stop_at=2)
        bench.project.undo()
        middle, third = wanted.frames // 2, wanted.frames // 3
        clear(bench.kept)
        say_row("fresh", objects, bench.run(0), bench)
        bench.project.undo()
        clear(bench.kept)
        bench.run(0, stop_at=wanted.frames * 3 // 4)
        say_row("continued", objects, bench.run(0), bench)
        bench.correct(wanted.frames - 1, 1)
        say_row("last frame", objects, bench.run(wanted.frames - 1), bench)
        bench.correct(middle, 1)
        times = bench.run(middle)
        say_row("correction", objects, times, bench)
        bench.correct(third, 1)
        bench.run(third, seconds=times.end / 3)
        say_row("it goes on", objects, bench.run(third), bench)
        bench.project.close()


def clear(folder: Path) -> None:
    """Forget what is kept."""
    if KeptRoom is not None:
        KeptRoom(folder, 1).clear()


def say_row(name: str, objects: int, times: Times, bench: Bench) -> None:
    """Print a row of the table."""
    row = (
        f"{name:<11} {objects:>7} {times.first:>9.2f} s {times.looked:>8.2f} s {times.end:>6.1f} s"
    )
    say(f"{row} {bench.kept_megabytes():>8.1f}")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def test_waiting() -> None:
    """Prints the table, for a short film."""
    main(["--frames", "30"])


def main(given: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--size", type=lambda t: tuple(map(int, t.split("x"))), default=(854, 480))
    parser.add_argument("--objects", type=int, nargs="+", default=[1, 5])
    parser.add_argument("--quality", default="fast")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--processor", action="store_true", help="processor time, not the clock's")
    wanted = parser.parse_args(given)
    width, height = wanted.size
    load = os.getloadavg()[0]
    say(f"{wanted.frames} frames, {width} x {height}, {wanted.quality}, {wanted.threads} threads,"
        f" load {load:.1f}")  # fmt: skip
    say(HEAD)
    for objects in wanted.objects:
        measure(objects, wanted)


if __name__ == "__main__":
    main()
