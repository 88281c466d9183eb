"""`vosapp ablate`: compare variants of a system on a dataset, one row of a table at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import OutputError, UsageError
from vosapp.cli.following import finish_job
from vosapp.cli.options import check_file, sequence_names
from vosapp.cli.quality_options import add_qualities_argument, qualities_of
from vosapp.cli.run_options import add_run_arguments, tracker_request

if TYPE_CHECKING:
    import argparse

    from core.eval.ablation.variants import Variant
    from core.tracking.contract import TrackerRequest
    from vosapp.cli.console import Console

NAME = "ablate"
HELP = "compare variants of a system on a dataset"

EPILOG = (
    "--variants names a TOML or JSON file with a table for each variant: [plain] changes nothing, "
    "and [wide] with the line config.radius = 16 below it changes one field of the system's config "
    "(--fields shows them). A variant may also say weights, adapt (true, unet, target), "
    "paper_mode, keyframes, late_entries, given (mask, box, prompt; nothing: objects are found), "
    "refine and finder (with given = nothing), back_and_forth, like (an "
    "earlier variant, which it then changes), and train: options of vosapp train, as "
    "train.pairwise = 0, whose weights it is run with; train.after names an earlier variant to "
    "start from, and seeds = 3 trains three times. Trainings are kept in --runs. Each variant is "
    "run on each sequence at each quality, and its row is appended to the table at once; rows that "
    "are there are not measured again, so that a run that was stopped goes on when it is given "
    "again."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("--davis", type=Path, metavar="ROOT", help="dataset with frames and masks")
    parser.add_argument("--variants", type=Path, metavar="FILE", help="what is compared")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="the table, which is added to")
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="folder of what is trained (default: beside --csv)"
    )
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
    if args.runs is not None and args.runs.exists() and not args.runs.is_dir():
        raise OutputError(f"{args.runs} is no folder.", "Name a folder for what is trained.")
    from core.eval.ablation.variants import read_variants

    variants = read_variants(args.variants)
    tracker = _tracker(args, variants)
    from core.engine.run import use_threads
    from core.eval.ablation.job import AblationRequest, ablate
    from core.eval.ablation.report import to_dict, to_table

    if args.threads is not None:
        use_threads(args.threads, system=args.system)
    request = AblationRequest(
        args.davis,
        tracker,
        variants,
        qualities_of(args.qualities) or (tracker.quality,),
        args.csv,
        sequence_names(args.sequences),
    )
    console.kept = f"Finished rows are in {args.csv}: give the same command to go on."
    if any(variant.train for variant in variants):
        from core.eval.ablation.training import train_variants

        runs = args.runs or args.csv.with_name(f"{args.csv.stem}-runs")
        job = train_variants(request, runs, args.variants.parent, token=console.token)
        request = finish_job(job, console, unit="parts")
    found = finish_job(ablate(request, console.token), console, unit="frames")
    console.report(*to_table(found).splitlines())
    return to_dict(found) | {"csv": args.csv}


def _tracker(args: argparse.Namespace, variants: tuple[Variant, ...]) -> TrackerRequest:
    """The system; weights only where some variant brings none of its own."""
    from core.engine.registry import require_quality, system_spec
    from core.tracking.contract import TrackerRequest
    from core.types import Quality

    bare = (v for v in variants if not v.train and v.weights is None and not v.finder)
    if args.weights is not None or any(bare):
        return tracker_request(args)
    quality = Quality(args.quality)
    require_quality(system_spec(args.system), quality)
    return TrackerRequest(args.system, quality, args.device)


def _fields(system: str, console: Console) -> dict[str, object]:
    """What may be varied: each field with its values by quality, or one where all are alike."""
    from core.eval.ablation.varying import trained_options, varied_fields

    by_quality = varied_fields(system)
    names = next(iter(by_quality.values()))
    for name in names:
        values = [str(fields[name]) for fields in by_quality.values()]
        shown = values[0] if len(set(values)) == 1 else " / ".join(values)
        console.report(f"config.{name} = {shown}")
    console.report(f"Several values are those of {', '.join(q.value for q in by_quality)}.")
    options = trained_options(system)
    console.report(*(f"train.{name} = {value}" for name, value in options.items()))
    fields = {quality.value: fields for quality, fields in by_quality.items()}
    return {"fields": fields, "train": options}
