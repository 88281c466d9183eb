"""`vosapp propagate P.vosapp`: fills what is empty or stale in a project."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import UsageError, VosError
from core.media.export.losses import counted
from vosapp.cli.adapt_options import adaptation_name, adaptation_of, phases, with_target
from vosapp.cli.clean_option import cleaning_of
from vosapp.cli.following import finish_job
from vosapp.cli.project_options import open_project_video
from vosapp.cli.run_options import tracker_request
from vosapp.cli.video_notes import telling

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from core.engine.propagate import Made
    from core.jobs import Progress
    from core.media.video import VideoSource
    from core.tracking.contract import TrackerRequest
    from core.types import FrameResult
    from vosapp.cli.console import Console
    from vosapp.project.results import Stored
    from vosapp.project.store import Project
    from vosapp.services.work import Work

ALIEN = (
    *("masks", "out", "resume", "reference", "force"),
    *("unlabelled", "first_frame", "image_size"),
)
"""Options of `propagate` that make no sense for a project."""


@dataclass(slots=True)
class _Run:
    """One propagation inside a project."""

    work: Work
    video: VideoSource
    system: TrackerRequest
    tuned: bool = False
    keeps: bool = True
    results: int = 0
    drafts: int = 0

    @property
    def kept(self) -> str:
        stored = f"{self.results} frames are stored in {self.work.project.path}"
        if self.drafts:
            return f"{stored}, {self.drafts} of them not adapted: --adapt --all makes them anew."
        return f"{stored}."


def run_project(
    args: argparse.Namespace, console: Console, bounds: tuple[int | None, int | None]
) -> dict[str, object]:
    """Propagate a project's keyframes into the project, as one step that can be undone.

    Args:
        args: of `vosapp propagate`.
        console: of the command.
        bounds: the frames A up to but without B; None is an open end.

    Returns:
        `project`, `frames` (computed now), `left` (frames with something empty or stale after
        it), `seconds`, `frames_per_second`, `locked` (ids of objects that were left out since
        they are), `object_ids`, `keyframes`, `states` (cells by state),
        `system`, `weights`, `adapted_weights` (those kept in the project were used), `quality`,
        `device`, `adaptation`, `clean`, `peak_memory_mb`.

    Raises:
        VosError: anything the user can mend; results so far are stored.
        Cancelled: likewise.
    """
    from core.engine.run import PeakMemory
    from vosapp.cli.frame_range import BACKWARD_CACHE_BYTES, FORWARD_CACHE_BYTES, WAYS, check_range
    from vosapp.project.opening import open_project
    from vosapp.services.work import plan_work

    _refuse(args)
    with ExitStack() as stack:
        peak = stack.enter_context(PeakMemory())
        adaptation = adaptation_of(args)
        system = with_target(tracker_request(args), args)
        project = stack.enter_context(open_project(args.input))
        for note in project.notes:
            console.warn(note)
        cache = FORWARD_CACHE_BYTES if args.direction == "forward" else BACKWARD_CACHE_BYTES
        video = open_project_video(project, args, console, cache_bytes=cache)
        stack.enter_context(telling(video, console))
        if args.boxes_to_masks:
            _mask_boxes(project, video, console)
        weights = _tuned_weights(stack, project, args, console)
        work = plan_work(
            project,
            range(*check_range(bounds, video.info.frame_count)),
            ways=WAYS[args.direction],
            only_open=not args.all,
            adaptation=adaptation,
            cleaning=cleaning_of(args),
        )
        run = _Run(work, video, system, keeps=not args.no_cache)
        if weights is not None:
            run.system, run.tuned = replace(system, weights=weights), True
        result = _propagate(run, args, console)
        return result | {"peak_memory_mb": round(peak.megabytes, 1)}


def _mask_boxes(project: Project, video: VideoSource, console: Console) -> None:
    """Make keyframes of the boxes in the project, as one step that can be undone."""
    from vosapp.services.box_masks import masking

    edit = masking(project, video.frame, console.token)
    for note in edit.found.notes or ("There is no box without a mask",):
        console.say(note)
    if edit.found.frames:
        finish_job(project.run(edit, console.token), console, unit="frames")


def _tuned_weights(
    stack: ExitStack, project: Project, args: argparse.Namespace, console: Console
) -> Path | None:
    """The weights tuned to the video, where the project uses some and no others are given."""
    from vosapp.services.weights import finetuned_system, tuned_file

    if args.system != finetuned_system():
        return None
    try:
        if not project.uses_tuned:
            return None
        if args.weights is not None:
            console.say("The weights that were fine-tuned on this video are not used: --weights")
            return None
        path = stack.enter_context(tuned_file(project))
    except VosError as error:
        console.warn(f"{error} The bundled weights are used.")
        return None
    console.say("Using the weights that were fine-tuned on this video (vosapp finetune)")
    return path


def _refuse(args: argparse.Namespace) -> None:
    given = [name for name in ALIEN if getattr(args, name)]
    if given:
        option = "-o" if given[0] == "out" else f"--{given[0].replace('_', '-')}"
        raise UsageError(
            f"{args.input} is a project: {option} does not go with it.",
            "Masks come from its keyframes and go into it; vosapp import and vosapp export"
            " exchange them with files.",
        )


def _propagate(run: _Run, args: argparse.Namespace, console: Console) -> dict[str, object]:
    from core.engine.run import device_name, memory_guard, use_threads

    name = run.system.system
    if args.threads is not None:
        use_threads(args.threads, system=name)
    device = device_name(run.system.device, system=name)
    start = time.perf_counter()
    if run.work.pieces:
        with memory_guard(name):
            try:
                _store_all(run, console)
            except VosError as error:
                hint = f"{run.kept} {error.hint}".rstrip() if run.results else error.hint
                raise type(error)(error.message, hint) from error
    seconds = time.perf_counter() - start
    _report(run, seconds, console)
    rate = run.results / seconds if run.results else 0.0
    figures = {"device": device, "seconds": seconds, "frames_per_second": rate}
    return _result(run) | figures


def _store_all(run: _Run, console: Console) -> None:
    from core.engine.manner import Manner
    from core.engine.registry import build_tracker
    from core.engine.run import device_name, threads_in_use
    from vosapp.services.kept import default_room, kept_work
    from vosapp.services.propagate import weights_identity
    from vosapp.services.work import run_work, without_had

    work, system = run.work, run.system
    tracker = build_tracker(system)
    # Nothing else can change the project meanwhile: it is locked by this process.
    identity = weights_identity(system.weights)
    propagation = work.project.begin_propagation(system.system, identity)
    opened = kept_work(
        default_room() if run.keeps else None,
        run.video.info,
        system,
        tracker,
        device=device_name(system.device, system=system.system),
        threads=threads_in_use(system=system.system),
    )
    with opened as kept:
        run.work = work = without_had(work, kept, propagation)
        manner = Manner(kept=kept)
        stored = run_work(
            work, run.video, tracker, console.token, propagation=propagation, manner=manner
        )
        _follow(run, _counted(run, stored, console), console)


def _follow(run: _Run, counted: Iterator[FrameResult | Progress], console: Console) -> None:
    work, text = run.work, f"{run.system.system} "
    if work.adaptation is not None:
        for _ in console.follow(phases(counted, work.steps, text), unit="frames"):
            pass
        return
    for _ in console.track(counted, total=work.steps, text=text):
        pass


def _counted(
    run: _Run, stored: Iterator[Made | Stored], console: Console
) -> Iterator[FrameResult | Progress]:
    """Pass steps on, and count frames that the project has taken, each once."""
    from core.jobs import Progress
    from core.types import FrameResult
    from vosapp.project.results import Stored

    drafts: dict[int, bool] = {}
    for item in stored:
        if isinstance(item, FrameResult | Progress):
            yield item
        elif not isinstance(item, Stored):
            continue  # Nobody asks for drafts here.
        elif item.frame_index in run.work.writable:
            drafts[item.frame_index] = item.is_draft
            run.results, run.drafts = len(drafts), sum(drafts.values())
            console.kept = f"{run.kept} The same command goes on with the others."


def _report(run: _Run, seconds: float, console: Console) -> None:
    if run.work.locked:
        names = ", ".join(f"{item.name} ({item.object_id})" for item in run.work.locked)
        console.warn(f"Left out, since locked: {names}.")
    if not run.results:
        what = "Nothing else" if run.work.locked else "Nothing"
        console.report(f"{what} is empty or stale: nothing to do. --all computes everything again.")
        return
    rate = run.results / seconds
    console.report(
        f"Stored {counted(run.results, 'frame')} in {run.work.project.path}"
        f" ({rate:.1f} frames a second)."
    )


def _result(run: _Run) -> dict[str, object]:
    from vosapp.services.propagate import OPEN, weights_identity, writable_frames

    work = run.work
    return {
        "project": work.project.path,
        "frames": run.results,
        "left": sorted(writable_frames(work.project, work.request, OPEN)),
        "locked": [item.object_id for item in work.locked],
        "object_ids": sorted({i for k in work.request.keyframes for i in k.object_ids}),
        "keyframes": [keyframe.frame_index for keyframe in work.request.keyframes],
        "states": {state.name.lower(): n for state, n in work.project.counts().items()},
        "system": run.system.system,
        # The file of fine-tuned weights was there for the run only.
        "weights": weights_identity(run.system.weights) if run.tuned else run.system.weights,
        "adapted_weights": run.tuned,
        "quality": run.system.quality,
        "adaptation": adaptation_name(work.adaptation, run.system),
        "clean": work.request.cleaning.text,
    }
