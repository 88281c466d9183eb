"""`vosapp train SYSTEM --projects ...`: a run in a process of its own, followed or left alone.

The run lies in a folder of its own below the user's data, and goes on when the command ends.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import TrainingError, UsageError
from core.jobs import Cancelled, Progress
from core.train.recipe import Recipe, Value
from vosapp.cli.following import finish_job
from vosapp.services.training.data import require_trainable, sources_of, survey
from vosapp.services.training.offers import needs_labels, needs_masks
from vosapp.services.training.run_values import REQUEST, RunRequest, RunState, RunStatus
from vosapp.services.training.values import Kind, Source, Survey

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator

    from vosapp.cli.console import Console

LOOK_SECONDS = 0.5
USUAL_MINUTES = 30.0
WISHES = ("stop", "pause", "go_on")
"""Options that tell a run in --out what to do."""


def add_process_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what makes a run a process of its own."""
    group = parser.add_argument_group(
        "a run on projects",
        "It has a process of its own, which outlives this command; Ctrl-C ends both, and the best "
        "model is kept. Some of the labels are held out: weights are scored on them.",
    )
    group.add_argument(
        "--projects", type=Path, nargs="+", default=[], metavar="P",
        help="projects, or folders of projects; their box labels and masks are learned from",
    )  # fmt: skip
    group.add_argument(
        "--data", type=Path, nargs="+", default=[], metavar="PATH",
        help="more to learn from: datasets in DAVIS layout, folders of videos, tables of boxes",
    )  # fmt: skip
    group.add_argument(
        "--detach", action="store_true", help="start it and return; --out RUN follows it later"
    )
    group.add_argument(
        "--stop", action="store_true", help="end the run in --out; its best model is kept"
    )
    group.add_argument("--pause", action="store_true", help="pause the run in --out")
    group.add_argument("--go-on", action="store_true", help="end the pause of the run in --out")
    group.add_argument(
        "--save-as", metavar="NAME", help="at the end keep the model under this name"
    )


def is_process(args: argparse.Namespace) -> bool:
    """Whether a run in a process of its own is meant."""
    if args.projects or args.data:
        return True
    return args.out is not None and (args.out / REQUEST).is_file()


def require_no_process_options(args: argparse.Namespace) -> None:
    """Refuse what only runs on projects know, where none is meant.

    Raises:
        UsageError: such as --stop for a folder that holds no run on projects.
    """
    found = next((name for name in (*WISHES, "detach", "save_as") if getattr(args, name)), None)
    if found is not None:
        where = f", and there is none in {args.out}" if args.out is not None else ""
        hint = "Name the folder of such a run with --out, or start one with --projects."
        raise UsageError(f"{_option(found)} is for runs on projects{where}.", hint)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def run_process(
    args: argparse.Namespace, console: Console, recipe: Recipe, *, given: dict[str, Value]
) -> dict[str, object]:
    """Start, follow, resume, pause or stop a run.

    Args:
        args: of the command.
        console: says what goes on.
        recipe: of the system.
        given: options of the recipe that were named.

    Returns:
        `run` (its folder), `state`, `weights` (None without a model), `steps`, `seconds`,
        `before` and `best` (held-out scores, None where nothing was held out), and `model` (the
        name it was kept under).
    """
    from vosapp.services.training import runs

    if args.out is not None and not (args.projects or args.data):
        folder = args.out
        if _obeyed(args, folder, console):
            return _said(runs.run_status(folder), None)
        if not runs.run_status(folder).state.alive:
            if not args.resume:
                raise UsageError(f"{folder} holds a run already.", "Add --resume to go on with it.")
            runs.resume_run(folder, minutes=args.minutes)
    else:
        folder = _started(args, console, recipe, given=given)
    console.report(f"Run: {folder}")
    if args.detach:
        return _said(runs.run_status(folder), None)
    return _followed(folder, args, console)


def _obeyed(args: argparse.Namespace, folder: Path, console: Console) -> bool:
    from vosapp.services.training import runs

    wishes = dict(zip(WISHES, (runs.stop_run, runs.pause_run, runs.go_on_run), strict=True))
    asked = [name for name in WISHES if getattr(args, name)]
    for name in asked:
        wishes[name](folder)
        console.say(f"The run was told: {name.replace('_', ' ')}.")
    return bool(asked)


def _started(
    args: argparse.Namespace, console: Console, recipe: Recipe, *, given: dict[str, Value]
) -> Path:
    from vosapp.services.training import runs

    wish = next((name for name in WISHES if getattr(args, name)), None)
    if wish is not None:
        hint = "Name its folder with --out, and leave --projects and --data out."
        raise UsageError(f"{_option(wish)} is for a run that was started before.", hint)
    if args.out is not None:
        hint = "Leave --out out: each run gets a new folder, and its name is printed."
        raise UsageError("A run on projects has a folder of its own.", hint)
    sources = _sources(args, given)
    found = _surveyed(sources, console)
    asked = recipe.system, args.stage_asked
    labels, masks = needs_labels(*asked), needs_masks(*asked)
    require_trainable(found, needs_labels=labels, needs_masks=masks)
    request = RunRequest(
        recipe.system,
        args.minutes if args.minutes is not None else USUAL_MINUTES,
        sources,
        preset=args.preset_asked,
        stage=args.stage_asked,
        start=args.init_file,
        options={n: v for n, v in given.items() if n not in ("boxes", "seed")},
        device=args.device,
        threads=args.threads or 1,
        seed=int(given.get("seed", 0)),
    )
    _tell_estimate(request, found, console)
    return runs.start_run(request)


def _sources(args: argparse.Namespace, given: dict[str, Value]) -> tuple[Source, ...]:
    found = [source for path in (*args.projects, *args.data) for source in sources_of(path)]
    boxes, videos = given.get("boxes"), getattr(args, "videos", None)
    if boxes:
        found.append(Source(Path(str(boxes)), Kind.BOXES, videos))
    elif videos is not None:
        found += sources_of(videos)
    return tuple(dict.fromkeys(found))


def _surveyed(sources: tuple[Source, ...], console: Console) -> Survey:
    found = finish_job(survey(sources, console.token), console, unit="sources")
    every, held = found.counted, found.held_out
    console.say(
        f"{every.boxes} boxes and {every.masks} masks of {every.objects} objects on {every.frames}"
        f" frames, {every.minutes:.1f} minutes of video in {len(found.clips)} videos."
    )
    if held:
        console.say(f"Held out: {', '.join(clip.name for clip in held)}.")
    for item in found.unusable:
        console.warn(f"{item.text} {item.hint}")
    return found


def _tell_estimate(request: RunRequest, found: Survey, console: Console) -> None:
    from vosapp.services.training.estimates import estimate

    guess = estimate(request, found)
    console.say(
        f"About {guess.steps} steps, {guess.seconds / 60:.0f} minutes in all,"
        f" {guess.memory / 1e9:.1f} GB of memory, {guess.disk / 1e6:.0f} MB on the disk."
    )
    for text in guess.warnings:
        console.warn(text)


def _followed(folder: Path, args: argparse.Namespace, console: Console) -> dict[str, object]:
    from vosapp.services.training import runs

    console.kept = f"The run in {folder} goes on with --resume."
    last = list[RunStatus]()

    def progress() -> Generator[Progress]:
        watch, asked, silent = runs.RunWatch(folder), False, False
        while True:
            status = watch.status()
            last[:] = [status]
            if console.token.cancelled and not asked:
                asked = True
                runs.stop_run(folder)
            silence = runs.silent_for(status, time.time())
            if silence and not silent:
                console.warn(silence)
            silent = bool(silence)
            yield Progress(round(1000 * status.fraction), 1000, _line(status))
            if not status.state.alive:
                return
            time.sleep(LOOK_SECONDS)

    for _ in console.follow(progress(), unit="thousandths"):
        pass
    return _ended(last[0], args, console)


def _line(status: RunStatus) -> str:
    text = status.text or status.state.value
    if status.state is RunState.TRAINING and status.losses:
        losses = status.losses[-1].losses
        text = ", ".join(f"{name} {value:.3f}" for name, value in losses.items())
    if status.best is not None and not math.isnan(status.best.score):
        text += f"; held-out {status.best.score:.3f}"
    return text


def _ended(status: RunStatus, args: argparse.Namespace, console: Console) -> dict[str, object]:
    from vosapp.services.training import runs

    if status.state in (RunState.FAILED, RunState.LOST):
        hint = f"vosapp train {args.system} --resume --out {status.folder} goes on with it."
        raise TrainingError(status.text, hint)
    console.report(status.text)
    name = None
    if args.save_as and status.model is not None:
        name = runs.keep_model(status.folder, args.save_as).name
        console.report(f"Kept as {name}: --weights {name}.")
    if status.model is not None:
        console.report(f"Weights: {status.model}")
    if console.token.cancelled and status.model is None:
        raise Cancelled
    return _said(status, name)


def _said(status: RunStatus, name: str | None) -> dict[str, object]:
    before, best = status.before, status.best
    return {
        "run": status.folder,
        "state": status.state.value,
        "weights": status.model,
        "steps": status.step,
        "seconds": status.seconds,
        "before": before.score if before else None,
        "best": best.score if best else None,
        "model": name,
    }
