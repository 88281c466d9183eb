"""`vosapp propagate P.vosapp`: fills what is empty or stale in a project."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import UsageError, VosError
from vosapp.cli.adapt_options import adaptation_name, adaptation_of, phases
from vosapp.cli.project_options import finish_job, open_project_video
from vosapp.cli.run_options import tracker_request
from vosapp.cli.video_notes import telling

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from core.engine.propagate import PropagationRequest
    from core.jobs import Progress
    from core.media.video import VideoSource
    from core.systems.base import Adaptation, Tracker, TrackerRequest
    from core.types import FrameResult
    from vosapp.cli.console import Console
    from vosapp.project.model import TrackedObject
    from vosapp.project.results import Stored
    from vosapp.project.store import Project

ALIEN = (
    *("masks", "out", "resume", "reference", "force"),
    *("unlabelled", "first_frame", "image_size"),
)
"""Options of `propagate` that make no sense for a project."""


@dataclass(slots=True)
class _Run:
    """One propagation inside a project."""

    project: Project
    video: VideoSource
    system: TrackerRequest
    request: PropagationRequest
    pieces: tuple[PropagationRequest, ...]
    writable: frozenset[int]
    locked: tuple[TrackedObject, ...]
    adaptation: Adaptation | None = None
    tuned: bool = False
    results: int = 0
    drafts: int = 0

    @property
    def kept(self) -> str:
        stored = f"{self.results} frames are stored in {self.project.path}"
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
        `device`, `adaptation`, `peak_memory_mb`.

    Raises:
        VosError: anything the user can mend; results so far are stored.
        Cancelled: likewise.
    """
    from core.engine.run import PeakMemory
    from vosapp.cli.propagate import BACKWARD_CACHE_BYTES, FORWARD_CACHE_BYTES
    from vosapp.project.opening import open_project

    _refuse(args)
    with ExitStack() as stack:
        peak = stack.enter_context(PeakMemory())
        adaptation = adaptation_of(args)
        system = tracker_request(args)
        project = stack.enter_context(open_project(args.input))
        for note in project.notes:
            console.warn(note)
        cache = FORWARD_CACHE_BYTES if args.direction == "forward" else BACKWARD_CACHE_BYTES
        video = open_project_video(project, args, console, cache_bytes=cache)
        stack.enter_context(telling(video, console))
        if args.boxes_to_masks:
            _mask_boxes(project, video, console)
        weights = _tuned_weights(stack, project, args, console)
        run = _prepare(args, bounds, project=project, video=video, system=system)
        run.adaptation = adaptation
        if weights is not None:
            run.system, run.tuned = replace(system, weights=weights), True
        result = _propagate(run, args, console)
        return result | {"peak_memory_mb": round(peak.megabytes, 1)}


def _mask_boxes(project: Project, video: VideoSource, console: Console) -> None:
    """Make keyframes of the boxes in the project, as one step that can be undone."""
    from core.media.annotations.values import ImportedAnnotations
    from vosapp.box_masks import boxes_of, with_masks
    from vosapp.project.edit_import import ImportAnnotations

    boxes = boxes_of(project)
    found = with_masks(ImportedAnnotations((), boxes=boxes), video.frame, console.token)
    for note in found.notes or ("There is no box without a mask",):
        console.say(note)
    if boxes:
        edit = ImportAnnotations(found)
        finish_job(project.run(edit, console.token), console, unit="frames")


def _tuned_weights(
    stack: ExitStack, project: Project, args: argparse.Namespace, console: Console
) -> Path | None:
    """The weights adapted to the video, where the project uses some and no others are given."""
    from vosapp.project.tuned import TUNABLE
    from vosapp.tuned import tuned_file

    if args.system != TUNABLE:
        return None
    try:
        if not project.uses_tuned:
            return None
        if args.weights is not None:
            console.say("The weights that were adapted to this video are not used: --weights")
            return None
        path = stack.enter_context(tuned_file(project))
    except VosError as error:
        console.warn(f"{error} The bundled weights are used.")
        return None
    console.say("Using the weights that were adapted to this video (vosapp adapt)")
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


def _prepare(
    args: argparse.Namespace,
    bounds: tuple[int | None, int | None],
    *,
    project: Project,
    video: VideoSource,
    system: TrackerRequest,
) -> _Run:
    from core.engine.propagate import PropagationRequest
    from vosapp.box_masks import boxes_of
    from vosapp.cli.propagate import WAYS, check_range
    from vosapp.project.keyframes import keyframes
    from vosapp.project.rules import WRITABLE
    from vosapp.propagation import OPEN, left_out, pieces_with, writable_frames

    count = video.info.frame_count
    start, stop = check_range(bounds, count)
    found = keyframes(project)
    if not found and boxes_of(project):
        raise UsageError(
            f"{project.path} has boxes, but no keyframe to propagate: boxes are no masks.",
            "Make masks of them: vosapp propagate PROJECT --boxes-to-masks.",
        )
    if not found:
        raise UsageError(
            f"{project.path} has no keyframe to propagate.",
            "Import a mask first: vosapp import PROJECT --format masks FILE.",
        )
    request = PropagationRequest(found, start, stop, WAYS[args.direction])
    writable = writable_frames(project, request)
    states = WRITABLE if args.all else OPEN
    pieces = pieces_with(request, count, writable_frames(project, request, states))
    locked = left_out(project, request, states)
    return _Run(project, video, system, request, pieces, writable, locked)


def _propagate(run: _Run, args: argparse.Namespace, console: Console) -> dict[str, object]:
    from core.engine.run import device_name, memory_guard, use_threads

    name = run.system.system
    if args.threads is not None:
        use_threads(args.threads, system=name)
    device = device_name(run.system.device, system=name)
    start = time.perf_counter()
    if run.pieces:
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
    from core.engine.registry import build_tracker
    from vosapp.propagation import spans_of, store_results, weights_identity

    tracker = build_tracker(run.system)
    # Nothing else can change the project meanwhile: it is locked by this process.
    propagation = run.project.begin_propagation(
        run.system.system, weights_identity(run.system.weights)
    )
    spans = spans_of(run.pieces, run.video.info.frame_count)
    results = _results(run, tracker, console)
    stored = store_results(run.project, propagation, results, spans=spans)
    counted = _counted(run, stored, console)
    total, text = _step_count(run), f"{run.system.system} "
    if run.adaptation is not None:
        for _ in console.follow(phases(counted, total, text), unit="frames"):
            pass
        return
    for _ in console.track(counted, total=total, text=text):
        pass


def _counted(
    run: _Run, stored: Iterator[FrameResult | Progress | Stored], console: Console
) -> Iterator[FrameResult | Progress]:
    """Pass steps on, and count frames that the project has taken, each once."""
    from vosapp.project.results import Stored

    drafts: dict[int, bool] = {}
    for item in stored:
        if not isinstance(item, Stored):
            yield item
        elif item.frame_index in run.writable:
            drafts[item.frame_index] = item.is_draft
            run.results, run.drafts = len(drafts), sum(drafts.values())
            console.kept = f"{run.kept} The same command goes on with the others."


def _step_count(run: _Run) -> int:
    from core.engine.adapted import AdaptedRequest, adapted_step_count
    from core.engine.propagate import step_count

    count = run.video.info.frame_count
    if run.adaptation is None:
        return sum(step_count(piece, count) for piece in run.pieces)
    adapted = AdaptedRequest(run.request, run.adaptation, run.pieces)
    return adapted_step_count(adapted, count, frozenset())


def _results(run: _Run, tracker: Tracker, console: Console) -> Iterator[FrameResult | Progress]:
    from core.engine.adapted import AdaptedRequest, propagate_adapted
    from core.engine.propagate import propagate
    from core.engine.spool import ShareSpool

    if run.adaptation is not None:
        adapted = AdaptedRequest(run.request, run.adaptation, run.pieces)
        with ShareSpool() as spool:
            yield from propagate_adapted(run.video, tracker, adapted, console.token, spool=spool)
        return
    for piece in run.pieces:
        yield from propagate(run.video, tracker, piece, console.token)


def _report(run: _Run, seconds: float, console: Console) -> None:
    if run.locked:
        names = ", ".join(f"{item.name} ({item.object_id})" for item in run.locked)
        console.warn(f"Left out, since locked: {names}.")
    if not run.results:
        what = "Nothing else" if run.locked else "Nothing"
        console.report(f"{what} is empty or stale: nothing to do. --all computes everything again.")
        return
    rate = run.results / seconds
    console.report(
        f"Stored {run.results} frames in {run.project.path} ({rate:.1f} frames a second)."
    )


def _result(run: _Run) -> dict[str, object]:
    from vosapp.propagation import OPEN, weights_identity, writable_frames

    return {
        "project": run.project.path,
        "frames": run.results,
        "left": sorted(writable_frames(run.project, run.request, OPEN)),
        "locked": [item.object_id for item in run.locked],
        "object_ids": sorted({i for k in run.request.keyframes for i in k.object_ids}),
        "keyframes": [keyframe.frame_index for keyframe in run.request.keyframes],
        "states": {state.name.lower(): n for state, n in run.project.counts().items()},
        "system": run.system.system,
        # The file of adapted weights was there for the run only.
        "weights": weights_identity(run.system.weights) if run.tuned else run.system.weights,
        "adapted_weights": run.tuned,
        "quality": run.system.quality,
        "adaptation": adaptation_name(run.adaptation),
    }
