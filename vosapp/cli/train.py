"""`vosapp train SYSTEM`: learn from the user's own videos."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UsageError
from vosapp.cli.parser import add_common_arguments
from vosapp.cli.run_options import positive

if TYPE_CHECKING:
    from core.jobs import Progress
    from core.systems.self_supervised.train_request import TrainRequest
    from core.train.loop import TrainProgress
    from vosapp.cli.console import Console

NAME = "train"
HELP = "train a system on your own videos"
BUNDLED = "bundled"
RATE, REFINING_RATE = 1e-3, 1e-4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    systems = parser.add_subparsers(title="systems", metavar="system", dest="system", required=True)
    sub = systems.add_parser("self_supervised", help="correspondence from raw videos, no labels")
    sub.add_argument("--videos", type=Path, help="folder of raw videos")
    sub.add_argument("--images", type=Path, help="folder of still images, which are set in motion")
    sub.add_argument("--out", type=Path, required=True, help="run folder: state, log, weights")
    sub.add_argument(
        "--preset",
        default="thin",
        help="network: thin, resnet18; resnet18-rgb or resnet50-rgb to start other systems from",
    )
    sub.add_argument(
        "--stage",
        default="pairwise",
        help="pairwise; or memory or labels, after it with --init (pairwise)",
    )
    length = sub.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="length of the run in steps")
    length.add_argument("--minutes", type=float, help="length of the run in minutes (default 60)")
    sub.add_argument(
        "--resume", action="store_true", help="go on with the run in --out, as it began"
    )
    sub.add_argument(
        "--init", metavar="FILE", help="weights to start from; bundled takes those that ship here"
    )
    sub.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    sub.add_argument("--batch", type=int, help="pairs in a batch (default 8); in labels half")
    sub.add_argument("--crop", type=int, help="side of a training image (192)")
    sub.add_argument(
        "--radius", type=int, help="window radius in cells of 4 px (8; in the stage labels 10)"
    )
    sub.add_argument(
        "--blend",
        type=float,
        metavar="SHARE",
        help="how far the weights of the stage labels go from --init to what it learned (1/3); "
        "for a finished run give --resume and the same --stage and --steps",
    )
    sub.add_argument(
        "--widen",
        type=int,
        metavar="STEPS",
        help="begin with neighboring frames, reach further every so many steps (0: at once)",
    )
    sub.add_argument("--rate", type=float, help="learning rate (1e-3; with --init 1e-4)")
    sub.add_argument(
        "--bf16",
        action="store_true",
        default=None,
        help="bf16 forward pass (for GPUs and processors with AMX; slower on others)",
    )
    sub.add_argument("--seed", type=int, help="seed of weights and data (0)")
    sub.add_argument(
        "--threads",
        type=positive,
        metavar="N",
        help="processor threads (default: the system's; a run that is resumed keeps its own)",
    )
    sub.add_argument("--cache", type=Path, help="folder for packed frames (default OUT/frames)")
    add_common_arguments(sub)
    sub.add_argument("--workers", type=int, default=1, help="processes that prepare batches")


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Train and say where the weights are; of several processes the first one speaks."""
    from core.systems.self_supervised.recipe import train
    from core.train.team import team_rank

    if team_rank():
        console.hush()
    console.kept = f"The run in {args.out} goes on with --resume."
    run = _Run(iter(train(_request(args), console.token)))
    for progress in console.follow(_packing(run), unit="files"):
        if progress.text.startswith("left out"):
            console.warn(progress.text)
    for _ in console.follow(_training(run, args.steps), unit="steps"):
        pass
    console.report(f"Weights: {run.weights}")
    last = run.last
    return {
        "weights": run.weights,
        "steps": last.step if last else 0,
        "seconds": last.seconds if last else 0.0,
        "losses": last.losses if last else {},
    }


@dataclass
class _Run:
    """A job and what it has come to so far."""

    job: Iterator[Progress | TrainProgress | Path]
    last: TrainProgress | None = None
    weights: Path | None = None


def _packing(run: _Run) -> Iterator[Progress]:
    """The part of a job before its first step, which is kept in `run`."""
    from core.jobs import Progress

    for item in run.job:
        if isinstance(item, Progress):
            yield item
        else:
            _keep(run, item)
            return


def _training(run: _Run, steps: int | None) -> Iterator[Progress]:
    """The steps of a job, whose total is only known where the run's length is in steps."""
    from core.jobs import Progress

    while run.last is not None and run.weights is None:
        text = ", ".join(f"{name} {value:.4f}" for name, value in run.last.losses.items())
        if steps is None:
            text = f"{run.last.fraction:.1%} of the time, {text}"
        yield Progress(run.last.step, steps or 0, text)
        item = next(run.job)
        if not isinstance(item, Progress):
            _keep(run, item)


def _keep(run: _Run, item: TrainProgress | Path) -> None:
    if isinstance(item, Path):
        run.weights = item
    else:
        run.last = item


def _request(args: argparse.Namespace) -> TrainRequest:
    from core.data.pairs import PairConfig
    from core.systems.self_supervised.anchored import BLEND
    from core.systems.self_supervised.train_request import TrainRequest
    from core.train.loop import FitConfig

    if args.blend is not None and args.stage != "labels":
        msg = f"The stage {args.stage} blends nothing."
        raise UsageError(msg, "Leave --blend away, or add --stage labels.")
    init = _init(args.init, args.preset)
    chosen = _settings(args, _usual_rate(init))
    minutes = args.minutes if args.steps is not None or args.minutes is not None else 60.0
    return TrainRequest(
        videos=args.videos,
        out=args.out,
        preset=args.preset,
        length=FitConfig(
            args.steps, minutes, learning_rate=chosen["rate"], bf16=bool(chosen["bf16"])
        ),
        pairs=PairConfig(batch=chosen["batch"], crop=chosen["crop"], widen=chosen["widen"]),
        init=init,
        resume=args.resume,
        device=args.device,
        seed=chosen["seed"],
        cache=args.cache,
        workers=args.workers,
        stage=args.stage,
        images=args.images,
        radius=chosen["radius"],
        blend=BLEND if args.blend is None else args.blend,
        threads=chosen["threads"],
    )


def _settings(args: argparse.Namespace, rate: float) -> dict[str, Any]:
    """What is given, else what the run that goes on has, else what is usual."""
    from core.systems.self_supervised.origin import begun_with

    usual = {
        "batch": 8,
        "crop": 192,
        "widen": 0,
        "radius": None,
        "rate": rate,
        "bf16": False,
        "seed": 0,
        "threads": None,
    }
    begun = begun_with(args.out) if args.resume else {}
    given = {name: getattr(args, name) for name in usual if getattr(args, name) is not None}
    return {**usual, **begun, **given}


def _init(given: str | None, preset: str) -> Path | None:
    """The file to start from; a file of that name comes before the word `bundled`."""
    if given is None:
        return None
    path = Path(given)
    if given == BUNDLED and not path.exists():
        from core.systems.self_supervised.build import SYSTEM
        from vosapp.assets import bundled_weights

        return bundled_weights(SYSTEM, preset)
    return path


def _usual_rate(init: Path | None) -> float:
    """Weights that have learned already are only nudged, as in the paper's second stage."""
    return RATE if init is None else REFINING_RATE
