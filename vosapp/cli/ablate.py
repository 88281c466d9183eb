"""`vosapp ablate`: compare variants of a system on a dataset, one row of a table at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError
from vosapp.cli.following import finish_job
from vosapp.cli.options import check_file, sequence_names
from vosapp.cli.quality_options import add_qualities_argument, qualities_of
from vosapp.cli.run_options import add_run_arguments, tracker_request

if TYPE_CHECKING:
    import argparse

    from vosapp.cli.console import Console

NAME = "ablate"
HELP = "compare variants of a system on a dataset"

EPILOG = (
    "--variants names a TOML or JSON file with a table for each variant: [plain] changes nothing, "
    "and [wide] with the line config.radius = 16 below it changes one field of the system's config "
    "(--fields shows them). A variant may also say weights, adapt (true, unet, target), "
    "paper_mode, keyframes and late_entries. Each variant is run on each sequence at each quality, "
    "and its row is appended to the table at once; rows that are there are not measured again, so "
    "that a run that was stopped goes on when it is given again."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("--davis", type=Path, metavar="ROOT", help="dataset with frames and masks")
    parser.add_argument("--variants", type=Path, metavar="FILE", help="what is compared")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the table, which is added to")
    parser.add_argument("--sequences", metavar="A,B", help="run only these sequences")
    parser.add_argument(
        "--fields", action="store_true", help="show what may be varied, and do no more"
    )
    add_run_arguments(parser)
    add_qualities_argument(parser, default="that of --quality")


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Measure what is missing, print the means and return them (`core.eval.ablation.report`).

    Raises:
        VosError: of the kinds that `core.eval.ablation.job.ablate` names, and for options that
            make no sense.
        Cancelled: by the console's token.
    """
    if args.fields:
        return _fields(args.system, console)
    for option in ("davis", "variants", "csv"):
        if getattr(args, option) is None:
            raise UsageError(f"--{option} is missing.", "See vosapp ablate --help.")
    check_file(args.csv, option="--csv")
    tracker = tracker_request(args)
    from core.engine.run import use_threads
    from core.eval.ablation.job import AblationRequest, ablate
    from core.eval.ablation.report import to_dict, to_table
    from core.eval.ablation.variants import read_variants

    if args.threads is not None:
        use_threads(args.threads, system=args.system)
    request = AblationRequest(
        args.davis,
        tracker,
        read_variants(args.variants),
        qualities_of(args.qualities) or (tracker.quality,),
        args.csv,
        sequence_names(args.sequences),
    )
    console.kept = f"Finished rows are in {args.csv}: give the same command to go on."
    found = finish_job(ablate(request, console.token), console, unit="frames")
    console.report(*to_table(found).splitlines())
    return to_dict(found) | {"csv": args.csv}


def _fields(system: str, console: Console) -> dict[str, object]:
    """What may be varied: each field with its values by quality, or one where all are alike."""
    from core.eval.ablation.varying import varied_fields

    by_quality = varied_fields(system)
    names = next(iter(by_quality.values()))
    for name in names:
        values = [str(fields[name]) for fields in by_quality.values()]
        shown = values[0] if len(set(values)) == 1 else " / ".join(values)
        console.report(f"config.{name} = {shown}")
    console.report(f"Several values are those of {', '.join(q.value for q in by_quality)}.")
    return {"fields": {quality.value: fields for quality, fields in by_quality.items()}}
