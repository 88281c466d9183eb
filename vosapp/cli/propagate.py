"""`vosapp propagate`: masks on some frames in, masks on every frame out."""

from __future__ import annotations

import re
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError, VideoDecodeError, VosError
from core.types import Direction, FrameResult
from vosapp.cli.run_options import add_run_arguments, tracker_request

if TYPE_CHECKING:
    import argparse

    from core.engine.output import ResultFolder
    from core.engine.propagate import PropagationRequest
    from core.media.video import VideoSource
    from core.systems.base import Tracker, TrackerRequest
    from core.types import VideoInfo
    from vosapp.cli.console import Console

NAME = "propagate"
HELP = "carry masks from one or several frames through a video"

EPILOG = (
    "Masks are label maps: pixel values 1 to 254 are objects, 0 is background. In a folder they "
    "are named by the frames' stems, or else by frame number, the first being 00000. An object "
    "that is missing from a mask before its first appearance is unknown there (masks are carried back to "
    "it), after it absent. "
    "Results are written to OUT/<input's name>/00000.png and so on, at the video's own size; "
    "frames of an image folder keep their names. Results of an earlier run are overwritten frame "
    "by frame."
)

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
_RANGE_HINT = "A range A:B goes from frame A up to but without frame B; A: and :B are open."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("input", type=Path, metavar="INPUT", help="video file or folder of frames")
    parser.add_argument(
        "--masks",
        type=Path,
        required=True,
        metavar="PATH",
        help="one mask (of the frame its name says, else of frame 0), or a folder of masks",
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--direction",
        choices=("both", "forward", "backward"),
        default="both",
        help="way in which masks are carried (default both; frames out of reach get no mask)",
    )
    add_run_arguments(parser)
    parser.add_argument(
        "--range", metavar="A:B", help="write only frames A to B - 1, counted from 0"
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Check everything, propagate, and write one mask a frame.

    Returns:
        `output` (folder), `frames` (written), `seconds`, `frames_per_second`, `object_ids`,
        `keyframes` (frame indices), `system`, `weights`, `quality`, `device`, `peak_memory_mb` and
        `confidence`: for each written frame the mean over its objects, or none.

    Raises:
        VosError: anything the user can mend; nothing half written is left behind.
        Cancelled: finished frames are kept.
    """
    from core.engine.output import ResultFolder
    from core.engine.run import PeakMemory

    with ExitStack() as stack:
        peak = stack.enter_context(PeakMemory())
        system = tracker_request(args)
        bounds = parse_range(args.range)
        video = stack.enter_context(_open(args.input, FORWARD_CACHE_BYTES))
        request = _request(args.masks, bounds, WAYS[args.direction], video.info, console)
        if request.start < request.keyframes[0].frame_index:
            video.close()
            video = stack.enter_context(_open(args.input, BACKWARD_CACHE_BYTES))
        sources = (args.input, args.masks)
        folder = stack.enter_context(ResultFolder(args.out, video.info, sources=sources))
        run = _Run(video, request, system, folder)
        outcome = _propagate(run, args.threads, console)
        if bounds[1] is None:
            _require_whole(run)
        return outcome | {"peak_memory_mb": round(peak.megabytes, 1)}


@dataclass(slots=True)
class _Run:
    """One propagation, checked and ready.

    Attributes:
        confidence: mean over the objects, by frame; None where the system has no opinion.
    """

    video: VideoSource
    request: PropagationRequest
    system: TrackerRequest
    folder: ResultFolder
    confidence: dict[int, float | None] = field(default_factory=dict)


def _open(path: Path, cache_bytes: int) -> VideoSource:
    from core.media.video import open_video

    return open_video(path, cache_bytes=cache_bytes)


def _request(
    masks: Path,
    bounds: tuple[int | None, int | None],
    ways: tuple[Direction, ...],
    info: VideoInfo,
    console: Console,
) -> PropagationRequest:
    from core.engine.propagate import PropagationRequest
    from core.media.keyframes import load_keyframes

    start, stop = check_range(bounds, info.frame_count)
    imported = load_keyframes(masks, info)
    for note in imported.notes:
        console.say(note)
    return PropagationRequest(imported.keyframes, start, stop, ways)


def _propagate(run: _Run, threads: int | None, console: Console) -> dict[str, object]:
    """Build the tracker and write every wanted frame."""
    from core.engine.registry import build_tracker
    from core.engine.run import device_name, memory_guard, use_threads

    _tell_plan(run, console)
    name = run.system.system
    if threads is not None:
        use_threads(threads, system=name)
    device = device_name(run.system.device, system=name)
    with memory_guard(name):
        tracker = build_tracker(run.system)
        start = time.perf_counter()
        try:
            _write_all(run, tracker, console)
        except VosError as error:
            raise _with_kept(error, run.folder) from error
    seconds = time.perf_counter() - start
    rate = run.folder.written / seconds
    console.report(
        f"Wrote {run.folder.written} masks to {run.folder.path} ({rate:.1f} frames a second)."
    )
    return _result(run) | {"device": device, "seconds": seconds, "frames_per_second": rate}


def _require_whole(run: _Run) -> None:
    """Raise `VideoDecodeError` where the video is cut off; all frames before that are written."""
    info = run.video.info
    if info.breaks_off:
        message = f"{info.path} breaks off after frame {info.frame_count - 1}; the rest is lost."
        hint = f"{_kept(run.folder)} If that is all you want: --range :{info.frame_count}."
        raise VideoDecodeError(message, hint)


def _tell_plan(run: _Run, console: Console) -> None:
    from core.engine.propagate import step_count

    request, folder = run.request, run.folder
    earlier = folder.count_earlier()
    if earlier:
        console.say(f"{folder.path} holds {earlier} masks of an earlier run; new ones replace them")
    steps, frames = step_count(request, run.video.info.frame_count), request.stop - request.start
    if steps > frames:
        console.say(f"{steps} steps for {frames} frames: frames between keyframes are walked twice")


def _write_all(run: _Run, tracker: Tracker, console: Console) -> None:
    from core.engine.propagate import propagate, step_count

    request, folder = run.request, run.folder
    total = step_count(request, run.video.info.frame_count)
    results = propagate(run.video, tracker, request, console.token)
    for result in console.track(results, total=total, text=f"{run.system.system} "):
        if isinstance(result, FrameResult):
            folder.write(result.frame_index, result.label_map)
            run.confidence[result.frame_index] = _mean(result.confidence)
            console.kept = _kept(folder)


def _mean(confidence: dict[int, float]) -> float | None:
    return sum(confidence.values()) / len(confidence) if confidence else None


def _kept(folder: ResultFolder) -> str:
    return f"{folder.written} finished frames are in {folder.path}."


def _with_kept(error: VosError, folder: ResultFolder) -> VosError:
    """The same error, which also says what is there in spite of it."""
    hint = error.hint if not folder.written else f"{_kept(folder)} {error.hint}".rstrip()
    return type(error)(error.message, hint)


def _result(run: _Run) -> dict[str, object]:
    keyframes = run.request.keyframes
    return {
        "output": run.folder.path,
        "frames": run.folder.written,
        "object_ids": sorted({i for keyframe in keyframes for i in keyframe.object_ids}),
        "keyframes": [keyframe.frame_index for keyframe in keyframes],
        "system": run.system.system,
        "weights": run.system.weights,
        "quality": run.system.quality,
        "confidence": [run.confidence[index] for index in sorted(run.confidence)],
    }


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
