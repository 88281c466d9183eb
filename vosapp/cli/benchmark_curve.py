"""`vosapp benchmark --curve RUN`: a score becomes a point of a training run's curve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from core.eval.benchmark import BenchmarkReport
    from vosapp.cli.console import Console


def add_curve_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--curve`."""
    parser.add_argument(
        "--curve",
        type=Path,
        metavar="RUN",
        help="add the mean J&F to the curve of the training run in RUN, which made --weights",
    )


def check_curve(args: argparse.Namespace) -> None:
    """Raise `UsageError` or `CheckpointError` unless the score of the weights can go to the run."""
    from core.train.scores import trained_steps

    if args.curve is None:
        return
    if args.weights is None:
        msg = "--curve shows scores of the weights that a run made."
        raise UsageError(msg, "Give them with --weights.")
    trained_steps(args.weights, args.curve)


def add_to_curve(report: BenchmarkReport, args: argparse.Namespace, console: Console) -> None:
    """Add the mean of sequences, named by the quality and by how many sequences it is of."""
    from core.train.scores import add_scores, trained_steps

    if args.curve is None or console.token.cancelled:
        return
    name = f"J&F {args.quality} ({len(report.runs)})"
    steps = trained_steps(args.weights, args.curve)
    picture = add_scores(args.curve, steps, {name: report.by_sequence.j_and_f})
    console.say(f"Drew {picture}.")
