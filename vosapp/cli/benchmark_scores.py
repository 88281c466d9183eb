"""`vosapp benchmark --scores`: a score goes to the file that a card of weights is made from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError, VosError
from vosapp.cli.adapt_options import UNET
from vosapp.cli.options import check_file
from vosapp.cli.told import command_line

if TYPE_CHECKING:
    import argparse

    from core.eval.benchmark import BenchmarkReport
    from core.eval.benchmark_plan import BenchmarkRequest
    from vosapp.cli.console import Console

BESIDE = "beside the weights"


def add_scores_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--scores`."""
    parser.add_argument(
        "--scores",
        nargs="?",
        const=BESIDE,
        metavar="FILE",
        help="add the means to FILE, in place of older ones of the same; without FILE to "
        "NAME.scores.json beside --weights",
    )


def scores_file(args: argparse.Namespace) -> Path | None:
    """The file that a score goes to; None where it goes to none.

    Raises:
        UsageError: it is no file of scores, or no weights are named for it to be beside of.
        OutputError: it cannot be written.
    """
    from core.eval.scores_file import read_scores, scores_path

    if args.scores is None:
        return None
    if args.scores == BESIDE and args.weights is None:
        msg = "--scores names no file, and no --weights are given to put it beside."
        raise UsageError(msg, "Write --scores FILE, or give --weights.")
    path = scores_path(args.weights) if args.scores == BESIDE else Path(args.scores)
    check_file(path, option="--scores")
    read_scores(path)
    return path


def add_score(
    report: BenchmarkReport, request: BenchmarkRequest, args: argparse.Namespace, console: Console
) -> None:
    """Keep the means; what goes wrong here is told and no more: the figures are not lost by it."""
    from core.eval.scores_file import keep_score, make_score

    if args.scores is None:
        return
    if console.token.cancelled:
        console.warn("The score is not kept: sequences are missing.")
        return
    try:
        path = scores_file(args)
        if path is not None:
            keep_score(path, make_score(report, request, _command(args, request)))
            console.say(f"Added the score to {path}.")
    except VosError as error:
        console.warn(str(error))


def _command(args: argparse.Namespace, request: BenchmarkRequest) -> str:
    options = {
        "--davis": args.davis,
        "--sequences": args.sequences,
        "--system": args.system,
        "--weights": request.tracker.weights,
        "--quality": args.quality,
        "--keyframes": args.keyframes if args.keyframes > 1 else None,
        "--late-entries": args.late_entries,
        "--adapt": args.adapt == UNET or args.adapt,
        "--paper-mode": args.paper_mode,
        "--given": args.given,
        "--back-and-forth": args.back_and_forth,
        "--allow-seen": args.allow_seen,
    }
    return command_line("benchmark", options)
