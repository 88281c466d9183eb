"""`vosapp benchmark`: run a system on every sequence of a dataset and score it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.cleaning import NONE
from core.errors import UsageError
from vosapp.cli.adapt_options import (
    adaptation_name,
    adaptation_of,
    add_adapt_arguments,
    with_target,
)
from vosapp.cli.benchmark_all import add_all_arguments, check_all, run_all
from vosapp.cli.benchmark_curve import add_curve_argument, add_to_curve, check_curve
from vosapp.cli.benchmark_prompts import add_prompt_arguments, check_prompts, run_prompts
from vosapp.cli.benchmark_scores import add_score, add_scores_argument, scores_file
from vosapp.cli.clean_option import add_clean_argument, cleaning_of
from vosapp.cli.given_options import add_given_arguments, given_name
from vosapp.cli.measured import measured
from vosapp.cli.modes import check_mode
from vosapp.cli.options import check_file, sequence_names
from vosapp.cli.run_options import (
    DEFAULT_SYSTEM,
    add_run_arguments,
    positive,
    tracker_request,
)

if TYPE_CHECKING:
    import argparse

    from core.eval.benchmark import BenchmarkReport
    from core.eval.benchmark_plan import BenchmarkRequest
    from core.eval.interactive import InteractiveReport, InteractiveRequest
    from vosapp.cli.console import Console

NAME = "benchmark"
HELP = "run and score every sequence of a dataset"

EPILOG = (
    "The dataset is laid out as DAVIS: JPEGImages/480p/bear/00000.jpg and "
    "Annotations/480p/bear/00000.png. Each sequence is given its first mask; the objects of that "
    "mask are scored, on all frames but the first and the last. With --keyframes N further true "
    "masks are given, evenly spaced, and frames with one of them are not scored either. With "
    "--late-entries each object is given on the frame it first appears on, and scored from the "
    "next frame to the last one. With --interactive a robot corrects: after each round one more "
    "frame gets its true mask, and the masks that depend on it are made again. "
    "With --prompts nothing is tracked: boxes and clicks on the first mask's frame are answered. "
    "With --back-and-forth each sequence is played forward, backward and forward again, and all "
    "passes are scored. "
    "With --all-systems every system is run at every quality; rows that --csv has are not measured "
    "again, so that a run that was stopped goes on when it is given again."
)
DEFAULT_ROUNDS = 5
DEFAULT_QUALITY = "balanced"
PICKS = {"truth": ("truth",), "confidence": ("confidence",), "both": ("truth", "confidence")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--davis", type=Path, required=True, metavar="ROOT", help="dataset with frames and masks"
    )
    parser.add_argument("--sequences", metavar="A,B", help="run only these sequences")
    add_run_arguments(parser)
    # Filled in by `run`: with --all-systems they may not be given at all.
    parser.set_defaults(system=None, quality=None)
    add_adapt_arguments(parser)
    parser.add_argument(
        "--keyframes",
        type=positive,
        default=1,
        metavar="N",
        help="give N evenly spaced true masks, the first among them (default: 1)",
    )
    parser.add_argument(
        "--late-entries", action="store_true", help="give each object where it first appears"
    )
    add_clean_argument(parser, "default: none, so that systems are measured alone")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table by sequence")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the masks, too")
    parser.add_argument(
        "--confidence",
        action="store_true",
        help="also tell what the system's confidence is worth, and how well it tells absence",
    )
    add_given_arguments(parser)
    add_curve_argument(parser)
    add_scores_argument(parser)
    add_all_arguments(parser)
    _add_robot_arguments(parser)
    add_prompt_arguments(parser)


def _add_robot_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interactive", action="store_true", help="let a robot correct one frame after another"
    )
    parser.add_argument(
        "--rounds",
        type=positive,
        metavar="N",
        help=f"with --interactive: frames it corrects (default: {DEFAULT_ROUNDS}); with "
        "--all-systems: also measure after 1 to N corrected frames",
    )
    parser.add_argument(
        "--pick",
        choices=tuple(PICKS),
        help="with --interactive: the frame to correct is the worst by the truth, or the one with"
        " the least confidence (default: both, one after the other)",
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Run, score, print the table and return the figures.

    A benchmark that is stopped reports the sequences that it has finished.

    Returns:
        With `--all-systems` that of `leaderboard_report`. Else
        `core.eval.benchmark_report.to_dict`, or that of `interactive_report`, with `system`,
        `weights`, `quality`, `device`, `adaptation`, `keyframes`, `late_entries`, `given`,
        `back_and_forth`, `clean` and `complete`;
        with `--confidence` also `confidence`, see `core.eval.confidence_report.to_dict`.

    Raises:
        VosError: of the kinds that `core.eval.benchmark.benchmark` names, for options that make
            no sense, and for a CSV file that cannot be written.
        Cancelled: stopped before a sequence was finished.
    """
    from core.engine.run import device_name, use_threads

    check_all(args)
    if args.all_systems:
        return run_all(args, console)
    args.system, args.quality = args.system or DEFAULT_SYSTEM, args.quality or DEFAULT_QUALITY
    check_prompts(args)
    _check(args)
    if args.prompts:
        return run_prompts(args, console)
    request = _request(args)
    if args.threads is not None:
        use_threads(args.threads, system=args.system)
    device = device_name(args.device, system=args.system)
    figures = (_correct if args.interactive else _score)(request, args, console)
    return figures | {
        "system": args.system,
        "weights": request.tracker.weights,
        "quality": args.quality,
        "device": device,
        "adaptation": adaptation_name(request.adaptation, request.tracker),
        "keyframes": args.keyframes,
        "late_entries": args.late_entries,
        "given": given_name(args.given),
        "back_and_forth": args.back_and_forth,
        "clean": request.cleaning.text,
        "complete": not console.token.cancelled,
    }


def _check(args: argparse.Namespace) -> None:
    """Refuse options that do not go together, and a CSV file that cannot be written."""
    plain = {"--keyframes": args.keyframes > 1, "--out": args.out is not None}
    plain |= {"--confidence": args.confidence, "--curve": args.curve}
    plain |= {"--clean": args.clean is not None}
    plain |= {"--scores": args.scores is not None, "--back-and-forth": args.back_and_forth}
    robots = {"--rounds": args.rounds is not None, "--pick": args.pick is not None}
    why = "The robot starts from the first masks and writes none."
    check_mode("--interactive", chosen=args.interactive, own=robots, others=plain, why=why)
    if args.back_and_forth and args.out is not None:
        msg = "--out does not go with --back-and-forth."
        raise UsageError(msg, "Each frame has three masks there.")
    if args.clean is not None and args.scores is not None:
        msg = "--scores does not go with --clean."
        raise UsageError(msg, "Cards of weights tell what the weights do alone.")
    given_name(args.given)
    if args.csv is not None:
        check_file(args.csv, option="--csv")
    check_curve(args)
    scores_file(args)


def _score(
    request: BenchmarkRequest, args: argparse.Namespace, console: Console
) -> dict[str, object]:
    from core.eval import confidence_report
    from core.eval.benchmark_report import to_csv, to_dict, to_table

    report = _benchmark(request, console)
    console.report(*to_table(report))
    figures = to_dict(report)
    if args.confidence:
        console.report(*confidence_report.to_table(report.runs))
        figures["confidence"] = confidence_report.to_dict(report.runs)
    _write_csv(args.csv, to_csv(report), console)
    add_to_curve(report, args, console)
    add_score(report, request, args, console)
    return figures


def _correct(
    request: BenchmarkRequest, args: argparse.Namespace, console: Console
) -> dict[str, object]:
    from core.eval.interactive import InteractiveRequest, Pick
    from core.eval.interactive_report import to_csv, to_dict, to_table

    picks = tuple(Pick(name) for name in PICKS[args.pick or "both"])
    report = _annotate(InteractiveRequest(request, args.rounds or DEFAULT_ROUNDS, picks), console)
    console.report(*to_table(report))
    _write_csv(args.csv, to_csv(report), console)
    return to_dict(report) | {"interactive": True}


def _write_csv(path: Path | None, text: str, console: Console) -> None:
    from core.media.atomic import write_atomic
    from core.text import encoded

    if path is not None:
        write_atomic(path, encoded(text))
        console.say(f"Wrote {path}.")


def _request(args: argparse.Namespace) -> BenchmarkRequest:
    from core.eval.benchmark_plan import BenchmarkRequest
    from core.eval.starts import Start

    return BenchmarkRequest(
        root=args.davis,
        tracker=with_target(tracker_request(args), args),
        sequences=sequence_names(args.sequences),
        keyframe_count=args.keyframes,
        late_entries=args.late_entries,
        out=args.out,
        adaptation=adaptation_of(args),
        start=Start(given_name(args.given)),
        back_and_forth=args.back_and_forth,
        seen=args.allow_seen,
        cleaning=cleaning_of(args, usual=NONE),
    )


def _benchmark(request: BenchmarkRequest, console: Console) -> BenchmarkReport:
    from core.eval.benchmark import benchmark, make_benchmark_report
    from core.eval.benchmark_report import run_line

    job = benchmark(request, console.token)
    runs = measured(job, console, line=run_line, unit="frames", what="sequences")
    return make_benchmark_report(runs, request)


def _annotate(request: InteractiveRequest, console: Console) -> InteractiveReport:
    from core.eval.interactive import annotate, make_interactive_report
    from core.eval.interactive_report import run_line

    job = annotate(request, console.token)
    runs = measured(job, console, line=run_line, unit="rounds", what="sequences")
    return make_interactive_report(runs, request)
