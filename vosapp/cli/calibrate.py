"""`vosapp calibrate`: fit confidence and absence of weights to sequences with ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError
from vosapp.cli.following import finish_job
from vosapp.cli.options import check_file
from vosapp.cli.run_options import add_run_arguments, tracker_request

if TYPE_CHECKING:
    import argparse

    from vosapp.cli.console import Console

NAME = "calibrate"
HELP = "fit confidence and absence of weights to true masks"

EPILOG = (
    "The calibration is fitted to every second sequence of each dataset, the first by name "
    "included; the others are run before and after, and the table shows only these. The weights "
    "themselves stay as they are; what was fitted goes into the header of the copy. A run that was "
    "stopped goes on with the next sequence when it is given again. The dataset is laid out as for "
    "`benchmark`."
)
SUFFIX = ".safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--davis",
        type=Path,
        required=True,
        action="append",
        metavar="ROOT",
        help="dataset with frames and masks; may be given several times",
    )
    add_run_arguments(parser)
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FILE", help="the calibrated weights"
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Calibrate, print the table and return the figures (`core.eval.calibration.report`).

    Raises:
        VosError: of the kinds that `core.eval.calibration.job.calibrate` names, and for options
            that make no sense.
        Cancelled: by the console's token.
    """
    from core.engine.run import use_threads

    _check_out(args.out, args.weights)
    tracker = tracker_request(args)
    if tracker.weights is None:
        msg = f"The system {args.system} has no weights, so that there is nothing to calibrate."
        raise UsageError(msg, "Take another --system.")
    from core.eval.calibration.job import CalibrationRequest, calibrate
    from core.eval.calibration.report import to_dict, to_table

    if args.threads is not None:
        use_threads(args.threads, system=args.system)
    request = CalibrationRequest(tuple(args.davis), tracker, args.out)
    console.kept = "Sequences that were finished are kept: give the same command to go on."
    calibrated = finish_job(calibrate(request, console.token), console, unit="frames")
    console.report(*to_table(calibrated).splitlines())
    console.say(f"Wrote {args.out}.")
    return to_dict(calibrated)


def _check_out(out: Path, weights: Path | None) -> None:
    check_file(out, option="--out")
    if out.suffix != SUFFIX:
        raise UsageError(f"{out} is no name for weights.", f"Name a {SUFFIX} file with --out.")
    if weights is not None and out.exists() and weights.exists() and out.samefile(weights):
        raise UsageError("--out names the weights themselves.", "Name another file.")
