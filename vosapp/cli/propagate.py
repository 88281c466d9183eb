"""`vosapp propagate`: masks on some frames in, masks on every frame out."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError, VideoDecodeError, VosError
from core.media.export.losses import counted
from core.types import FrameResult
from vosapp.cli.adapt_options import (
    adaptation_name,
    adaptation_of,
    add_adapt_arguments,
    phases,
    with_target,
)
from vosapp.cli.clean_option import add_clean_argument, cleaning_of
from vosapp.cli.earlier_results import replaced, settle_earlier
from vosapp.cli.frame_range import (
    BACKWARD_CACHE_BYTES,
    FORWARD_CACHE_BYTES,
    WAYS,
    check_range,
    parse_range,
)
from vosapp.cli.import_options import add_import_arguments, import_options
from vosapp.cli.project_options import add_video_argument
from vosapp.cli.project_run import run_project
from vosapp.cli.run_options import add_run_arguments, choose_threads, tracker_request
from vosapp.cli.video_notes import telling

if TYPE_CHECKING:
    import argparse

    from core.engine.adapted_run import AdaptedRun
    from core.engine.output import ResultFolder
    from core.engine.propagate import PropagationRequest
    from core.engine.resumable import ResumableRun
    from core.engine.run_record import RunRecord
    from core.media.video import VideoSource
    from core.tracking.contract import Adaptation, TrackerRequest
    from core.types import Keyframe, VideoInfo
    from vosapp.cli.console import Console

NAME = "propagate"
HELP = "carry masks from one or several frames through a video"

EPILOG = (
    "Masks are label maps: pixel values 1 to 254 are objects, 0 is background. In a folder they "
    "are named by the frames' stems, or else by frame number (--first-frame). An object "
    "that is missing from a mask before its first appearance is unknown there (masks are carried "
    "back to it), after it absent. "
    "Results are written to OUT/<input's name>/00000.png and so on, at the video's own size; "
    "frames of an image folder keep their names. Results of an earlier run are overwritten frame "
    "by frame; where there are some that this run does not write, it is refused (--force). "
    "While a run is not finished, OUT/<input's name>.vosapp-run.json and .state say how "
    "far it is: with --resume and the same settings it goes on from there, to the same masks, with "
    "as many threads as it began with. "
    "With a project (.vosapp) as INPUT, its keyframes are carried and the results go into it: what "
    "is empty or stale is computed, keyframes and checked masks stay, and one step undoes it all; "
    "weights that were fine-tuned on its video (vosapp finetune) are used where they are switched "
    "on. "
    "With --adapt unet, what --resume takes over is the first pass, span by span; learning begins "
    "anew. With --adapt target it goes on as without."
)
PROJECT_SUFFIX = ".vosapp"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "input", type=Path, metavar="INPUT", help="video file, folder of frames, or project"
    )
    parser.add_argument(
        "--masks",
        type=Path,
        metavar="PATH",
        help="one mask (of the frame its name says, else of frame 0), a file with a mask on a page"
        " for each frame, or a folder of masks",
    )
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="folder for the results")
    parser.add_argument(
        "--direction",
        choices=("both", "forward", "backward"),
        default="both",
        help="way in which masks are carried (default both; frames out of reach get no mask)",
    )
    parser.add_argument(
        "--reference",
        type=int,
        action="append",
        metavar="FRAME",
        help="compare every frame with this one, which has a mask; may be given several times",
    )
    add_run_arguments(parser)
    add_adapt_arguments(parser)
    parser.add_argument(
        "--range", metavar="A:B", help="write only frames A to B - 1, counted from 0"
    )
    add_clean_argument(parser, "default: default")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run of the same settings that was stopped or killed",
    )
    parser.add_argument(
        "--all", action="store_true", help="project: compute also what is neither empty nor stale"
    )
    parser.add_argument(
        "--no-cache",
        action="store_true",
        help="project: compute everything anew, and keep nothing to go on from",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="remove the masks of an earlier run that this one does not write",
    )
    add_import_arguments(parser, masks=True, more=("boxes_to_masks",))
    add_video_argument(parser)


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Check everything, propagate, and write one mask a frame.

    Returns:
        For a project see `vosapp.cli.project_run`. Else `output` (folder), `frames` (with a
        result), `resumed_frames` (those of them that were done before), `seconds`,
        `frames_per_second`, `object_ids`, `keyframes` (frame indices), `system`, `weights`,
        `quality`, `device`, `adaptation` (none, fused, paper or target), `clean`, `peak_memory_mb`
        and `confidence`: for each frame with a result the mean over its objects, or none.

    Raises:
        VosError: anything the user can mend; nothing half written is left behind.
        Cancelled: finished frames are kept.
    """
    from core.engine.output import ResultFolder
    from core.engine.propagate import plan
    from core.engine.run import PeakMemory

    if _is_project(args.input):
        return run_project(args, console, parse_range(args.range))
    _require_paths(args)
    with ExitStack() as stack:
        peak = stack.enter_context(PeakMemory())
        adaptation = adaptation_of(args)
        system = with_target(tracker_request(args), args)
        bounds = parse_range(args.range)
        video = stack.enter_context(telling(_open(args.input, FORWARD_CACHE_BYTES), console))
        request = _request(args, bounds, video.info, console)
        if any(part.backward for part in plan(request, video.info.frame_count)):
            video.close()
            video = stack.enter_context(telling(_open(args.input, BACKWARD_CACHE_BYTES), console))
        sources = (args.input, args.masks)
        folder = stack.enter_context(ResultFolder(args.out, video.info, sources=sources))
        run = _Run(video, request, system, folder, adaptation)
        whole = bounds == (None, None)
        settle_earlier(request, folder, console, whole=whole, removes=args.force)
        outcome = _propagate(run, args, console)
        if bounds[1] is None:
            _require_whole(run)
        return outcome | {"peak_memory_mb": round(peak.megabytes, 1)}


def _is_project(path: Path) -> bool:
    return path.suffix.lower() == PROJECT_SUFFIX and not path.is_dir()


def _require_paths(args: argparse.Namespace) -> None:
    missing = [name for name, value in (("--masks", args.masks), ("-o", args.out)) if value is None]
    if missing:
        raise UsageError(
            f"{' and '.join(missing)} must be given.",
            "Write: vosapp propagate INPUT --masks PATH -o DIR. Only a project needs neither.",
        )
    projects = ("all", "no_cache", "video", "accept_video", "boxes_to_masks")
    alien = [name for name in projects if getattr(args, name)]
    if alien:
        option = f"--{alien[0].replace('_', '-')}"
        raise UsageError(
            f"{option} goes with a project only.",
            f"{args.input} is no project: leave out {option}.",
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """One propagation, checked and ready."""

    video: VideoSource
    request: PropagationRequest
    system: TrackerRequest
    folder: ResultFolder
    adaptation: Adaptation | None


def _open(path: Path, cache_bytes: int) -> VideoSource:
    from core.media.video import open_video

    return open_video(path, cache_bytes=cache_bytes)


def _request(
    args: argparse.Namespace,
    bounds: tuple[int | None, int | None],
    info: VideoInfo,
    console: Console,
) -> PropagationRequest:
    from core.engine.propagate import PropagationRequest
    from core.media.keyframes import load_keyframes

    start, stop = check_range(bounds, info.frame_count)
    imported = load_keyframes(args.masks, info, import_options(args))
    for note in imported.notes:
        console.say(note)
    keyframes = _with_references(imported.keyframes, args.reference or [])
    ways = WAYS[args.direction]
    return PropagationRequest(keyframes, start, stop, ways, cleaning_of(args))


def _with_references(keyframes: tuple[Keyframe, ...], frames: list[int]) -> tuple[Keyframe, ...]:
    missing = sorted(set(frames) - {keyframe.frame_index for keyframe in keyframes})
    if missing:
        raise UsageError(
            f"Frame {missing[0]} cannot be a reference: it has no mask.",
            f"There are masks of {', '.join(str(k.frame_index) for k in keyframes[:8])}"
            + (" and others." if len(keyframes) > 8 else "."),
        )
    return tuple(replace(k, reference=k.frame_index in frames) for k in keyframes)


def _propagate(run: _Run, args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Build the tracker and write every wanted frame that is not done already."""
    from core.engine.run import device_name, memory_guard

    name = run.system.system
    choose_threads(args, goes_on=run.folder.path if args.resume else None)
    device = device_name(run.system.device, system=name)
    record = _record(run, device, args, console)
    job = _tell_plan(run, record, console, resumes=args.resume)
    start = time.perf_counter()
    with memory_guard(name):
        try:
            _write_all(run, job, console)
        except VosError as error:
            raise _with_kept(error, run.folder) from error
    seconds = time.perf_counter() - start
    rate = run.folder.written / seconds
    before = f" {job.kept} were there before." if job.kept else ""
    console.report(
        f"Wrote {counted(run.folder.written, 'mask')} to {run.folder.path}"
        f" ({rate:.1f} frames a second).{before}"
    )
    figures = {"device": device, "seconds": seconds, "frames_per_second": rate}
    return _result(run, record) | figures | {"resumed_frames": job.kept}


def _record(run: _Run, device: str, args: argparse.Namespace, console: Console) -> RunRecord:
    """The record of this run, with what an earlier one has done where that is resumed."""
    from core.engine.run import threads_in_use
    from core.engine.run_record import RunRecord
    from core.engine.run_settings import run_settings

    settings = run_settings(
        run.video.info,
        run.request,
        run.system,
        device=device,
        threads=threads_in_use(system=run.system.system),
        adaptation=run.adaptation,
    )
    record = RunRecord(run.folder.path, settings)
    if args.resume and not record.load():
        console.say(f"{run.folder.path} has no unfinished run: starting with its first frame")
    return record


def _require_whole(run: _Run) -> None:
    """Raise `VideoDecodeError` where the video is cut off; all frames before that are written."""
    info = run.video.info
    if info.breaks_off:
        message = f"{info.path} breaks off after frame {info.frame_count - 1}; the rest is lost."
        hint = f"{_kept(run.folder)} If that is all you want: --range :{info.frame_count}."
        raise VideoDecodeError(message, hint)


def _job(run: _Run, record: RunRecord, *, resumes: bool) -> ResumableRun | AdaptedRun:
    from core.engine.adapted_run import AdaptedRun
    from core.engine.resumable import ResumableRun

    request, folder, frame_count = run.request, run.folder, run.video.info.frame_count
    if run.adaptation is None:
        return ResumableRun(request, folder, record, frame_count)
    return AdaptedRun(
        request, run.adaptation, folder, record, frame_count=frame_count, resumes=resumes
    )


def _tell_plan(
    run: _Run, record: RunRecord, console: Console, *, resumes: bool
) -> ResumableRun | AdaptedRun:
    earlier = len(run.folder.earlier())
    job = _job(run, record, resumes=resumes)
    frames = run.request.stop - run.request.start
    if job.kept:
        console.say(f"{job.kept} of {frames} frames are done already; going on with the others")
    elif earlier:
        path = run.folder.path
        told = replaced(run.request, run.folder, earlier)
        console.say(f"{path} holds {earlier} masks of an earlier run; {told}")
    steps = _steps(job, run.video.info.frame_count)
    if run.adaptation is not None:
        console.say("Two passes: masks are drafts until the video is learned and they are remade")
    elif steps > frames:
        console.say(
            f"{steps} steps for {frames} frames: some are passed, or walked from both sides"
        )
    return job


def _steps(job: ResumableRun | AdaptedRun, frame_count: int) -> int:
    from core.engine.adapted_run import AdaptedRun
    from core.engine.propagate import step_count

    if isinstance(job, AdaptedRun):
        return job.steps
    return sum(step_count(piece, frame_count) for piece in job.pieces)


def _write_all(run: _Run, job: ResumableRun | AdaptedRun, console: Console) -> None:
    from core.engine.registry import build_tracker

    if job.kept:
        console.kept = _kept(run.folder)
    tracker = build_tracker(run.system)
    results = job.write(run.video, tracker, console.token)
    total, text = _steps(job, run.video.info.frame_count), f"{run.system.system} "
    if run.adaptation is not None:
        for _ in console.follow(phases(results, total, text), unit="frames"):
            console.kept = _kept(run.folder) if run.folder.finished else ""
        return
    for result in console.track(results, total=total, text=text):
        if isinstance(result, FrameResult):
            console.kept = _kept(run.folder)


def _kept(folder: ResultFolder) -> str:
    return f"{folder.finished} finished frames are in {folder.path}."


def _with_kept(error: VosError, folder: ResultFolder) -> VosError:
    """The same error, which also says what is there in spite of it."""
    hint = error.hint if not folder.finished else f"{_kept(folder)} {error.hint}".rstrip()
    return type(error)(error.message, hint)


def _result(run: _Run, record: RunRecord) -> dict[str, object]:
    keyframes = run.request.keyframes
    return {
        "output": run.folder.path,
        "frames": len(record.frames),
        "object_ids": sorted({i for keyframe in keyframes for i in keyframe.object_ids}),
        "keyframes": [keyframe.frame_index for keyframe in keyframes],
        "system": run.system.system,
        "weights": run.system.weights,
        "quality": run.system.quality,
        "adaptation": adaptation_name(run.adaptation, run.system),
        "clean": run.request.cleaning.text,
        "confidence": [record.frames[index].confidence for index in sorted(record.frames)],
    }
