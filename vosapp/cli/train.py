"""`vosapp train SYSTEM`: learn from the user's own videos."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import recipe_of, systems
from core.errors import UsageError
from core.jobs import Progress
from core.train.recipe import COMMON_OPTIONS, VALIDATION_OPTIONS
from vosapp.cli.backbone_option import add_backbone_argument
from vosapp.cli.parser import add_common_arguments
from vosapp.cli.run_options import positive
from vosapp.cli.train_process import USUAL_MINUTES as ON_PROJECTS
from vosapp.cli.train_process import (
    add_process_arguments,
    is_process,
    require_no_process_options,
    run_process,
)
from vosapp.services.models.store import weights_named

if TYPE_CHECKING:
    from core.train.loop import TrainProgress
    from core.train.recipe import Option, Recipe, Value
    from core.train.request import TrainRequest
    from core.train.validation import Validator
    from vosapp.cli.console import Console

NAME = "train"
HELP = "train a system on your own videos"
BUNDLED = "bundled"
USUAL_MINUTES = 60.0
NOT_ON_PROJECTS = {
    (*(option.name for option in VALIDATION_OPTIONS), "tensorboard"): "It measures itself on what"
    " it holds out of its projects.",
    ("images",): "Leave it out: such a run learns from projects and videos alone.",
    ("cache", "snapshots", "workers"): "Leave it out: such a run decides that itself.",
}
"""Options that a run on projects refuses, and why."""
SOURCES = {
    "videos": "folder of raw videos; sequences of a data set (JPEGImages) are videos, too",
    "images": "folder of still images, which are set in motion",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments: a subcommand for each system that has a recipe."""
    subs = parser.add_subparsers(title="systems", metavar="system", dest="system", required=True)
    for spec in systems().values():
        if spec.recipe is not None:
            _add_system(subs.add_parser(spec.name, help=spec.recipe.help), spec.recipe)


def _add_system(sub: argparse.ArgumentParser, recipe: Recipe) -> None:
    for source in recipe.sources:
        sub.add_argument(f"--{source}", type=Path, help=SOURCES[source])
    sub.add_argument("--out", type=Path, help="run folder: state, log, weights")
    _add_network(sub, recipe)
    length = sub.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="length of the run in steps, instead of minutes")
    length.add_argument(
        "--minutes",
        type=float,
        help=f"length in minutes (default {USUAL_MINUTES:g}; on projects {ON_PROJECTS:g})",
    )
    sub.add_argument(
        "--resume", action="store_true", help="go on with the run in --out, as it began"
    )
    sub.add_argument(
        "--init",
        metavar="FILE",
        help=f"weights to start from, or the name of a model; {BUNDLED} takes those that ship here",
    )
    sub.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    for option in recipe.all_options:
        _add_option(sub, option)
    sub.add_argument(
        "--threads",
        type=positive,
        metavar="N",
        help="processor threads (default: the system's; a run that is resumed keeps its own)",
    )
    add_backbone_argument(sub)
    sub.add_argument("--cache", type=Path, help="folder for packed frames (default OUT/frames)")
    sub.add_argument(
        "--snapshots",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="every so many minutes keep the weights of that moment in a file of their own",
    )
    sub.add_argument(
        "--tensorboard",
        type=Path,
        metavar="DIR",
        help="write losses and scores for TensorBoard, too (needs vosapp[train])",
    )
    add_process_arguments(sub)
    add_common_arguments(sub)
    sub.add_argument(
        "--workers", type=int, default=1, help="processes that prepare batches (default 1)"
    )


def _add_network(sub: argparse.ArgumentParser, recipe: Recipe) -> None:
    presets = "; ".join(f"{name}: {text}" for name, text in recipe.presets.items())
    sub.add_argument("--preset", default=recipe.default_preset, help=presets)
    later = [stage for stage in recipe.stages if stage.after]
    text = recipe.default_stage
    if later:
        names = " or ".join(stage.name for stage in later)
        text = f"{text}; or {names}, after {later[0].after} with --init"
    sub.add_argument("--stage", default=recipe.default_stage, help=text)


def _add_option(sub: argparse.ArgumentParser, option: Option) -> None:
    name = f"--{option.name}"
    if option.kind is bool:
        sub.add_argument(name, action="store_true", default=None, help=option.help)
        return
    usual = [f"{option.default:g}" if option.kind is float else f"{option.default}" or "none"]
    usual += [f"in the stage {stage} {value}" for stage, value in option.by_stage.items()]
    if option.refining is not None:
        usual.append(f"with --init {option.refining:g}")
    if option.stages:
        usual.append(f"stage {', '.join(option.stages)} only")
    sub.add_argument(
        name,
        type=option.kind,
        choices=option.choices or None,
        metavar=option.metavar or None,
        help=f"{option.help} ({'; '.join(usual)})",
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Train and say where the weights are; of several processes the first one speaks."""
    if is_process(args):
        return _run_process(args, console)
    require_no_process_options(args)
    if args.out is None:
        raise UsageError("There is no run folder.", "Give one with --out, or --projects.")
    from core.train.run import train
    from core.train.team import team_rank

    if team_rank():
        console.hush()
    console.kept = f"The run in {args.out} goes on with --resume."
    request = _request(args)
    validator = _validator(request)
    run = _Run(train(request, console.token, validator=validator))
    for progress in console.follow(_packing(run), unit="files"):
        _tell(progress, console)
    for progress in console.follow(_training(run, args.steps), unit="steps"):
        _tell(progress, console)
    console.report(f"Weights: {run.weights}")
    last = run.last
    return {
        **_best(request, validator),
        "weights": run.weights,
        "steps": last.step if last else 0,
        "seconds": last.seconds if last else 0.0,
        "losses": last.losses if last else {},
    }


def _run_process(args: argparse.Namespace, console: Console) -> dict[str, object]:
    recipe = recipe_of(args.system)
    if args.steps is not None:
        raise UsageError("A run on projects has its length in minutes.", "Give --minutes.")
    asked = {word.partition("=")[0] for word in args.typed}
    for names, why in NOT_ON_PROJECTS.items():
        for name in names:
            if f"--{name}" in asked:
                raise UsageError(f"--{name} does not go with a run on projects.", why)
    given = _given(args, recipe)
    args.preset_asked = args.preset if "--preset" in asked or args.init is None else ""
    args.stage_asked = args.stage if "--stage" in asked else ""
    args.init_file = _init(args.init, args.system, args.preset)
    return run_process(args, console, recipe, given=given)


def _given(args: argparse.Namespace, recipe: Recipe) -> dict[str, Value]:
    """The options of a recipe that were named."""
    return {
        option.name: _plain(getattr(args, option.name))
        for option in recipe.all_options
        if getattr(args, option.name) is not None
    }


@dataclass
class _Run:
    """A job and what it has come to so far."""

    job: Generator[Progress | TrainProgress, None, Path]
    last: TrainProgress | None = None
    weights: Path | None = field(default=None)

    def next(self) -> Progress | TrainProgress | None:
        """What the job yields next; None once it has ended."""
        try:
            item = next(self.job)
        except StopIteration as end:
            self.weights = end.value
            return None
        if not isinstance(item, Progress):
            self.last = item
        return item


def _packing(run: _Run) -> Generator[Progress]:
    """The part of a job before its first step."""
    while isinstance(item := run.next(), Progress):
        yield item


def _training(run: _Run, steps: int | None) -> Generator[Progress]:
    """The steps of a job, whose total is only known where the run's length is in steps."""
    while run.last is not None and run.weights is None:
        text = ", ".join(f"{name} {value:.4f}" for name, value in run.last.losses.items())
        if steps is None:
            text = f"{run.last.fraction:.1%} of the time, {text}"
        yield Progress(run.last.step, steps or 0, text)
        while isinstance(item := run.next(), Progress):
            yield replace(item, done=run.last.step, total=steps or 0)


def _tell(progress: Progress, console: Console) -> None:
    """Tell warnings, and what weights on the way have made; the bar shows the rest."""
    from core.train.validating import OUTCOME

    if progress.warning:
        console.warn(progress.text)
    elif progress.phase == OUTCOME:
        console.say(progress.text)


def _validator(request: TrainRequest) -> Validator | None:
    """What measures weights on the way; of several processes the first one does so."""
    from core.train.team import team_rank

    path = str(request.settings["validate"])
    if not path or team_rank():
        return None
    # Not before: machines that only train may lack what tracking needs.
    from core.eval.validators import validator_of
    from core.tracking.contract import TrackerRequest
    from core.types import Quality

    boxes = str(request.settings.get("boxes", ""))
    tracker = TrackerRequest(request.recipe.system, Quality.FAST, request.device)
    trained = Path(boxes) if boxes else None
    return validator_of(Path(path), tracker, videos=request.videos, boxes=trained)


def _best(request: TrainRequest, validator: Validator | None) -> dict[str, object]:
    """The best weights of a run that measured them, for the outcome."""
    from core.train.run_log import LOG
    from core.train.validation import best_of, read_measured

    if validator is None:
        return {}
    best = best_of(read_measured(request.out / LOG, validator.name))
    if best is None:
        return {}
    return {"best": {"step": best.step, "measure": validator.name, "value": best.value}}


def _request(args: argparse.Namespace) -> TrainRequest:
    from core.train.config import FitConfig
    from core.train.origin import settings_of
    from core.train.request import TrainRequest

    recipe = recipe_of(args.system)
    init = _init(args.init, args.system, args.preset)
    given = _given(args, recipe)
    chosen = settings_of(
        recipe,
        given,
        stage=args.stage,
        out=args.out,
        resume=args.resume,
        refines=init is not None,
    )
    own = {o.name: chosen[o.name] for o in recipe.all_options if o.name in chosen}
    rate, bf16, seed = (own.pop(option.name) for option in COMMON_OPTIONS)
    minutes = args.minutes
    if args.steps is None and minutes is None:
        minutes = USUAL_MINUTES
    return TrainRequest(
        recipe,
        args.out,
        FitConfig(
            args.steps,
            minutes,
            learning_rate=float(rate),
            bf16=bool(bf16),
        ),
        args.preset,
        args.stage,
        own,
        **{source: getattr(args, source) for source in recipe.sources},
        init=init,
        resume=args.resume,
        device=args.device,
        seed=int(seed),
        cache=args.cache,
        workers=args.workers,
        threads=args.threads,
        snapshots=args.snapshots,
        command=_typed(args.typed),
        board=args.tensorboard,
    )


def _plain(value: Value | Path) -> Value:
    return str(value) if isinstance(value, Path) else value


def _typed(words: list[str]) -> str:
    """The command as it was typed, with names in place of paths: weights are passed on."""
    shown = [Path(word).name if os.sep in word else word for word in words]
    return shlex.join(["vosapp", *shown])


def _init(given: str | None, system: str, preset: str) -> Path | None:
    """The file to start from; a file of that name comes before the word `bundled`."""
    if given is None:
        return None
    path = Path(given)
    if given == BUNDLED and not path.exists():
        from vosapp.assets import bundled_start

        return bundled_start(system, preset)
    return weights_named(given)
