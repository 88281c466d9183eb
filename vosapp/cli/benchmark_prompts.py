"""`vosapp benchmark --prompts`: boxes and clicks on one frame, beside plain GrabCut."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError
from vosapp.cli.measured import measured
from vosapp.cli.modes import check_mode
from vosapp.cli.options import check_file, sequence_names

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from core.eval.prompts import PromptRequest, PromptRun
    from core.prompts.request import FrameFeatures
    from core.types import Frame
    from vosapp.cli.console import Console

METHODS = ("plain", "features", "grabcut", "walk")
"""`plain` is OpenCV's GrabCut without anything of ours."""


def add_prompt_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what belongs to `--prompts`."""
    parser.add_argument(
        "--prompts",
        action="store_true",
        help="measure masks from boxes and clicks on the first true mask's frame",
    )
    parser.add_argument(
        "--prompt-methods",
        metavar="A,B",
        help=f"with --prompts: only these of {', '.join(METHODS)} (default: all)",
    )
    parser.add_argument(
        "--boxes-only", action="store_true", help="with --prompts: leave out the clicks"
    )


def check_prompts(args: argparse.Namespace) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: an option of `--prompts` without it, or one of the others with it.
    """
    own = {"--prompt-methods": args.prompt_methods is not None, "--boxes-only": args.boxes_only}
    others = {
        "--interactive": args.interactive,
        "--keyframes": args.keyframes > 1,
        "--late-entries": args.late_entries,
        "--confidence": args.confidence,
        "--adapt": args.adapt is not None or args.paper_mode,
        "--out": args.out is not None,
        "--curve": args.curve,
        "--scores": args.scores is not None,
        "--clean": args.clean is not None,
        "--given": args.given is not None,
        "--back-and-forth": args.back_and_forth,
    }
    why = "Prompts are answered on single frames; nothing is tracked."
    check_mode("--prompts", chosen=args.prompts, own=own, others=others, why=why)


def run_prompts(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Measure, print the table and return the figures.

    Returns:
        `core.eval.prompt_report.to_dict` with `prompts`, `system`, `weights` and `complete`.

    Raises:
        VosError: of the kinds that `measure_prompts` and `load_encoder` name, and for options
            that make no sense.
        Cancelled: stopped before an object was finished.
    """
    from core.eval.prompt_report import to_csv, to_dict, to_table
    from core.media.atomic import write_atomic
    from core.text import encoded

    if args.csv is not None:
        check_file(args.csv, option="--csv")
    weights, describe = _describer(args)
    runs = _measure(_request(args, describe), console)
    console.report(*to_table(runs))
    if args.csv is not None:
        write_atomic(args.csv, encoded(to_csv(runs)))
        console.say(f"Wrote {args.csv}.")
    return to_dict(runs) | {
        "prompts": True,
        "system": args.system if weights is not None else "",
        "weights": weights,
        "complete": not console.token.cancelled,
    }


def _request(
    args: argparse.Namespace, describe: Callable[[Frame], FrameFeatures] | None
) -> PromptRequest:
    from core.eval.prompts import PromptRequest
    from core.prompts.request import PromptMethod

    names = METHODS
    if args.prompt_methods is not None:
        names = tuple(name.strip() for name in args.prompt_methods.split(",") if name.strip())
    wrong = [name for name in names if name not in METHODS]
    if wrong or not names:
        msg = f"--prompt-methods knows no {wrong[0] if wrong else 'empty list'!r}."
        raise UsageError(msg, f"Choose from {', '.join(METHODS)}.")
    return PromptRequest(
        root=args.davis,
        methods=tuple(PromptMethod(name) for name in names if name != "plain"),
        plain="plain" in names,
        describe=describe,
        sequences=sequence_names(args.sequences),
        clicks=not args.boxes_only,
    )


def _describer(
    args: argparse.Namespace,
) -> tuple[Path | None, Callable[[Frame], FrameFeatures] | None]:
    """Weights and what makes features of frames; nothing for the baselines, which have none."""
    from core.engine.registry import system_spec
    from core.engine.run import use_threads
    from vosapp.cli.run_options import tracker_request

    spec = system_spec(args.system)
    if not spec.features:
        return None, None
    weights = tracker_request(args).weights
    if weights is None:
        return None, None
    from core.device import choose_device
    from core.tracking.spec import load

    if args.threads is not None:
        use_threads(args.threads, system=args.system)
    return weights, load(spec.features)(weights, choose_device(args.device))


def _measure(request: PromptRequest, console: Console) -> list[PromptRun]:
    from core.eval.prompt_report import run_line
    from core.eval.prompts import measure_prompts

    job = measure_prompts(request, console.token)
    return measured(job, console, line=run_line, unit="sequences", what="objects")
