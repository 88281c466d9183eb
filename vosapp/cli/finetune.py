"""`vosapp finetune P.vosapp`: lets the network learn a project's video, and keeps what it learned.

Not to be confused with `vosapp propagate --adapt`, which learns the objects of one run.
"""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import recipe_of
from core.errors import UsageError
from core.jobs import Progress, mapped
from vosapp.cli.project_options import add_video_argument, open_project_video
from vosapp.cli.run_options import add_compute_arguments
from vosapp.services.models.store import weights_named
from vosapp.services.weights import finetuned_system

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from core.eval.trials import TrialScore
    from vosapp.cli.console import Console
    from vosapp.project.store import Project
    from vosapp.services.finetune import Finetuned, FinetuneOrder, FinetuneStep, TrackerMaker

NAME = "finetune"
HELP = "fine-tune the network on a project's video"
PREVIEW = "fast"
"""Quality at which keyframes are tried."""
CACHE_BYTES = 8 << 20
GOES_ON = "The run goes on with the same options and --resume."

EPILOG = (
    "The encoder's training goes on, on the frames of this one video; no mask is used. Then the "
    "weights before and after are tried on keyframes: each is predicted from the nearest other "
    "one, or, where none is near, carried 12 frames away and back. The new weights are kept in the "
    "project. From then on vosapp propagate P uses them where they did better there (or as --use "
    "and --no-use say). A run that is stopped goes on with --resume."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("project", type=Path, metavar="P", help="a project (.vosapp)")
    length = parser.add_mutually_exclusive_group()
    usual = f"length in steps (default {_default_steps()}: some minutes on a processor)"
    length.add_argument("--steps", type=int, metavar="N", help=usual)
    length.add_argument("--minutes", type=float, metavar="M", help="length in minutes instead")
    length.add_argument(
        "--switch",
        choices=("on", "off"),
        help="learn nothing: switch the project's fine-tuned weights on or off",
    )
    length.add_argument(
        "--remove", action="store_true", help="learn nothing: remove them from the project"
    )
    use = parser.add_mutually_exclusive_group()
    use.add_argument(
        "--use", action="store_true", default=None, help="use the new weights whatever they score"
    )
    use.add_argument(
        "--no-use",
        dest="use",
        action="store_false",
        default=None,
        help="keep them, but switched off",
    )
    parser.add_argument(
        "--weights",
        type=weights_named,
        metavar="FILE",
        help="weights to start from, or the name of a model (default: the bundled)",
    )
    parser.add_argument("--range", metavar="A:B", help="learn from frames A to B - 1 only")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="order of the data (0)")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    add_compute_arguments(parser)
    add_video_argument(parser)


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Learn the video, compare, keep; or only switch what is kept.

    Returns:
        `project`, `adapted` (what the project has now: see `describe`; None for nothing), and
        after learning `keyframes` (each tried one with `frame`, `origin`, `way`, and J by object
        `before` and `after`), `before` and `after` (mean J).

    Raises:
        VosError: anything the user can mend; the project is as it was.
        Cancelled: likewise; the run can be resumed.
    """
    from vosapp.project.opening import open_project

    with ExitStack() as stack:
        project = stack.enter_context(open_project(args.project))
        for note in project.notes:
            console.warn(note)
        if args.switch or args.remove:
            _check_switch(args)
            return _switch(project, args, console)
        return _learn(project, args, console)


def _default_steps() -> int | None:
    return recipe_of(finetuned_system()).require_finetuning().steps


def describe(project: Project) -> dict[str, object] | None:
    """What a project's fine-tuned weights are, for `--json`; None where it has none.

    Raises:
        CheckpointMismatch: what the file says of them makes no sense.
    """
    info = project.tuned()
    if info is None:
        return None
    return {
        "weights": info.identity,
        "base": info.base,
        "preset": info.preset,
        "steps": info.steps,
        "seconds": info.seconds,
        "loss": info.loss,
        "seed": info.seed,
        "frames": info.frames,
        "range": [info.start, info.stop],
        "before": info.before if info.scores else None,
        "after": info.after if info.scores else None,
        "in_use": project.uses_tuned,
    }


def _check_switch(args: argparse.Namespace) -> None:
    if args.use is not None:
        option = "--remove" if args.remove else "--switch"
        msg = f"--use and --no-use do not go with {option}."
        raise UsageError(msg, "They say what becomes of new weights; --switch is for old ones.")


def _switch(project: Project, args: argparse.Namespace, console: Console) -> dict[str, object]:
    if args.remove:
        told = (
            "Removed the fine-tuned weights of"
            if project.drop_tuned()
            else "There are no fine-tuned weights in"
        )
        console.report(f"{told} {project.path}; its masks stay.")
        return {"project": project.path, "adapted": None}
    if project.tuned() is None:
        raise UsageError(
            f"{project.path} has no fine-tuned weights.",
            f"Make some: vosapp finetune {args.project}.",
        )
    project.use_tuned(on=args.switch == "on")
    which = "the fine-tuned weights" if args.switch == "on" else "the bundled weights again"
    console.report(f"Propagations of {project.path} use {which}.")
    return {"project": project.path, "adapted": describe(project)}


def _learn(project: Project, args: argparse.Namespace, console: Console) -> dict[str, object]:
    order = _order(project, args, console)
    console.kept = GOES_ON if args.resume and order.run is not None and order.run.is_dir() else ""

    def keep(tuned: Finetuned) -> None:
        use = args.use if args.use is not None else _did_better(tuned)
        project.put_tuned(tuned.info, tuned.data, use=use)

    tuned = _tune(order, _tracker_maker(args), keep, console)
    _report(project, tuned, args, console)
    return {
        "project": project.path,
        "adapted": describe(project),
        "keyframes": [_trial(one, other) for one, other in _pairs(tuned)],
        "before": tuned.info.before if tuned.before else None,
        "after": tuned.info.after if tuned.after else None,
    }


def _order(project: Project, args: argparse.Namespace, console: Console) -> FinetuneOrder:
    from core.engine.run import device_name, use_threads
    from vosapp.cli.frame_range import check_range, parse_range
    from vosapp.services.finetune import FinetuneOrder
    from vosapp.services.weights import default_weights

    device_name(args.device, system=finetuned_system())
    if args.threads is not None:
        use_threads(args.threads, system=finetuned_system())
    with open_project_video(project, args, console, cache_bytes=CACHE_BYTES) as video:
        start, stop = check_range(parse_range(args.range), video.info.frame_count)
        place = video.info.path
    return FinetuneOrder(
        project,
        place,
        args.weights or default_weights(finetuned_system()),
        start,
        stop,
        steps=args.steps,
        minutes=args.minutes,
        device=args.device,
        seed=args.seed,
        run=project.path.with_name(f"{project.path.name}-adapt"),
        resume=args.resume,
        threads=args.threads,
    )


def _tracker_maker(args: argparse.Namespace) -> TrackerMaker:
    from core.engine.registry import build_tracker
    from core.tracking.contract import TrackerRequest
    from core.types import Quality

    system, quality = finetuned_system(), Quality(PREVIEW)
    return lambda path: build_tracker(TrackerRequest(system, quality, args.device, path))


def _tune(
    order: FinetuneOrder,
    make_tracker: TrackerMaker,
    keep: Callable[[Finetuned], None],
    console: Console,
) -> Finetuned:
    """Run the job; each of its parts has a bar of its own. Its state goes when all is kept."""
    from vosapp.services.finetune import discard_run, finetune_project

    found: list[Finetuned] = []

    def shown(item: Progress | FinetuneStep) -> Progress:
        if isinstance(item, Progress):
            return item
        console.kept = GOES_ON
        return _shown(item, order)

    def progress() -> Iterator[Progress]:
        job = finetune_project(order, make_tracker, console.token)
        found.append((yield from mapped(job, shown)))

    for _, part in itertools.groupby(progress(), key=lambda item: item.phase):
        for _ in console.follow(part, unit="steps"):
            pass
    keep(found[0])
    discard_run(order)
    return found[0]


def _shown(step: FinetuneStep, order: FinetuneOrder) -> Progress:
    total = _default_steps() if order.minutes is None and order.steps is None else order.steps
    done = "" if total else f"{step.fraction:.0%} of the time, "
    return Progress(step.step, total or 0, f"learning, {done}loss {step.loss:.4f}", "learning")


def _did_better(tuned: Finetuned) -> bool:
    """True where the new weights predict keyframes better; no keyframe says nothing."""
    return bool(tuned.before) and tuned.info.after > tuned.info.before


def _pairs(tuned: Finetuned) -> list[tuple[TrialScore, TrialScore]]:
    return list(zip(tuned.before, tuned.after, strict=True))


def _trial(one: TrialScore, other: TrialScore) -> dict[str, object]:
    trial = one.trial
    return {
        "frame": trial.frame_index,
        "origin": trial.origin,
        "way": "there and back" if trial.returns else "from a neighbor",
        "before": {str(object_id): j for object_id, j in one.scores.items()},
        "after": {str(object_id): j for object_id, j in other.scores.items()},
    }


def _report(project: Project, tuned: Finetuned, args: argparse.Namespace, console: Console) -> None:
    info = tuned.info
    frames = f"{info.frames} of {info.stop - info.start} frames"
    console.report(f"Learned {frames} in {info.steps} steps, {info.seconds:.0f} s.")
    if tuned.before:
        console.report(*_table(tuned))
    else:
        console.report("There is no keyframe with a mask to compare on.")
    state = "in use" if project.uses_tuned else "switched off"
    turn = "off" if project.uses_tuned else "on"
    console.report(
        f"The fine-tuned weights are kept in {project.path} and {state};"
        f" vosapp finetune {args.project} --switch {turn} changes that."
    )


def _table(tuned: Finetuned) -> list[str]:
    """J by keyframe and object before and after; below the means."""
    lines = [f"{'frame':>7} {'object':>7} {'before':>7} {'after':>7}   masks carried"]
    for one, other in _pairs(tuned):
        trial = one.trial
        way = f"to frame {trial.origin} and back" if trial.returns else f"from {trial.origin}"
        for object_id, j in one.scores.items():
            scores = f"{j:>7.3f} {other.scores[object_id]:>7.3f}"
            lines.append(f"{trial.frame_index:>7} {object_id:>7} {scores}   {way}")
    lines.append(f"{'mean':>7} {'':>7} {tuned.info.before:>7.3f} {tuned.info.after:>7.3f}")
    return lines
