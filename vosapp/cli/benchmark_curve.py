"""`vosapp benchmark --curve`: a score becomes a point of the curve of a training run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import UsageError, VosError
from vosapp.cli.modes import check_mode

if TYPE_CHECKING:
    import argparse

    from core.eval.benchmark import BenchmarkReport
    from vosapp.cli.console import Console


def add_curve_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--curve`."""
    parser.add_argument(
        "--curve",
        action="store_true",
        help="add the mean J&F to the curve of the training run whose folder --weights lies in",
    )


def check_curve(args: argparse.Namespace) -> None:
    """Raise `VosError` unless the score of the weights can go to the curve of their run."""
    from core.train.scores import trained_steps

    if not args.curve:
        return
    if args.weights is None:
        msg = "--curve shows scores of the weights that a run made."
        raise UsageError(msg, "Give them with --weights.")
    other = {"--keyframes": args.keyframes > 1, "--late-entries": args.late_entries}
    other |= {"--given": args.given is not None, "--back-and-forth": args.back_and_forth}
    other |= {"--adapt": args.adapt is not None, "--paper-mode": args.paper_mode}
    why = "Its points are comparable: one mask, nothing adapted."
    check_mode("--curve", chosen=args.curve, own={}, others=other, why=why)
    trained_steps(args.weights)


def add_to_curve(report: BenchmarkReport, args: argparse.Namespace, console: Console) -> None:
    """Add the mean of sequences, named by the quality and by how many sequences it is of.

    What goes wrong here is told and no more: the figures themselves are not lost by it.
    """
    from core.train.scores import add_scores, trained_steps

    if not args.curve or console.token.cancelled:
        return
    encoder = "" if args.weights.stem == "weights" else f" {args.weights.stem}"
    name = f"J&F {args.quality} ({len(report.runs)}){encoder}"
    try:
        scores = {name: report.by_sequence.j_and_f}
        picture = add_scores(args.weights.parent, trained_steps(args.weights), scores)
    except VosError as error:
        console.warn(str(error))
    else:
        console.say(f"Drew {picture}.")
