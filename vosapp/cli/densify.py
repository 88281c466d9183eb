"""`vosapp densify`: boxes on a few frames of many clips become label maps of the frames between."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.box_tables import read_box_table, read_crowds
from core.data.dense_labels import AGREES
from core.data.splits import Split, in_split
from core.errors import OutputError, UsageError
from vosapp.cli.following import finish_job
from vosapp.cli.run_options import add_run_arguments, positive, tracker_request

if TYPE_CHECKING:
    from core.data.box_tables import DrawnBox
    from core.engine.densify.job import Densified
    from vosapp.cli.console import Console

NAME = "densify"
HELP = "make label maps from boxes on a few frames of many clips"

EPILOG = (
    "The table has the columns clip, frame (from 0), object, name, x, y, w, h; empty x to h: not "
    "visible on that frame; as JSON a list of objects with these fields. Each box becomes a mask, "
    "which is carried to the next frames with boxes, forward and backward. Where a carried mask "
    "agrees with the box it arrives at, which it has not seen, the stretch is kept; else the "
    "object is void (255) there. Results are OUT/Annotations/480p/CLIP/00004.png and so on, "
    "OUT/densify.json and OUT/report.csv. Finished clips are not done again; give the same command "
    "to go on. The twenty clips of core.data.splits are left out, to validate on."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--boxes", type=Path, required=True, metavar="FILE", help="table of boxes, CSV or JSON"
    )
    parser.add_argument(
        "--videos", type=Path, required=True, metavar="DIR", help="folder with the clips"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="the results")
    parser.add_argument(
        "--split",
        choices=tuple(split.value for split in Split),
        default=Split.TRAIN.value,
        help="which clips: those to train on, those held out, or all (default: train)",
    )
    parser.add_argument("--clips", metavar="A,B", help="only these, whatever their split")
    parser.add_argument(
        "--notes",
        type=Path,
        metavar="FILE",
        help='CSV with clip and note; clips noted as "crowd" are left out',
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N of them")
    parser.add_argument(
        "--step", type=positive, default=1, metavar="N", help="label every Nth frame (default: 1)"
    )
    parser.add_argument(
        "--agreement",
        type=_share,
        default=AGREES,
        metavar="IOU",
        help=f"overlap of boxes from which a carried mask is kept (default: {AGREES:g})",
    )
    parser.add_argument(
        "--frames", action="store_true", help="write the frames, too, as JPEGImages/480p/CLIP"
    )
    add_run_arguments(parser)


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Densify, print the totals and return them.

    Returns:
        `totals` and `problems` (`core.engine.densify.records.to_dict`), `output` and
        `resumed_clips`.

    Raises:
        VosError: of the kinds that `core.engine.densify.job.densify` and `read_box_table` name.
        Cancelled: finished clips are kept.
    """
    from core.engine.densify.job import densify
    from core.engine.densify.plan import DensifyRequest
    from core.engine.densify.records import to_dict
    from core.engine.run import memory_guard, use_threads

    if args.out.exists() and not args.out.is_dir():
        raise OutputError(f"{args.out} is no folder.", "Name a folder for the results.")
    boxes = _chosen(_without_crowds(read_box_table(args.boxes), args.notes, console), args)
    tracker = tracker_request(args)
    if args.threads is not None:
        use_threads(args.threads, system=args.system)
    request = DensifyRequest(
        boxes, args.videos, args.out, tracker, args.agreement, args.step, args.frames
    )
    console.kept = "Clips that were finished are kept: give the same command to go on."
    with memory_guard(args.system):
        found = finish_job(densify(request, console.token), console, unit="frames")
    _report(found, args.out, console)
    return to_dict(found.records, found.problems) | {
        "output": args.out,
        "resumed_clips": found.resumed,
    }


def _without_crowds(
    table: dict[str, tuple[DrawnBox, ...]], notes: Path | None, console: Console
) -> dict[str, tuple[DrawnBox, ...]]:
    """The clips whose background is known: in a crowd it holds objects without a box."""
    crowds = frozenset() if notes is None else read_crowds(notes)
    left = {clip: boxes for clip, boxes in table.items() if clip not in crowds}
    if len(left) < len(table):
        console.say(f"Left out as crowds: {len(table) - len(left)} clips.")
    return left


def _chosen(
    table: dict[str, tuple[DrawnBox, ...]], args: argparse.Namespace
) -> dict[str, tuple[DrawnBox, ...]]:
    """The clips that are asked for, in the table's order."""
    names = in_split(table, Split(args.split))
    if args.clips is not None:
        wanted = {name.strip() for name in args.clips.split(",") if name.strip()}
        names = tuple(clip for clip in table if {clip, clip.rpartition(".")[0]} & wanted)
        known = {name for clip in table for name in (clip, clip.rpartition(".")[0])}
        if not wanted or wanted - known:
            unknown = min(wanted - known, default="")
            msg = f"--clips names {unknown!r}, of which {args.boxes} has no boxes."
            raise UsageError(msg, "Write it as --clips bear,boat.")
    names = names[: args.limit]
    if not names:
        msg = f"{args.boxes} has no clip of the split {args.split}."
        raise UsageError(msg, "Take another --split, or name --clips.")
    return {name: table[name] for name in names}


def _report(found: Densified, out: Path, console: Console) -> None:
    from core.engine.densify.records import total

    sums = total(found.records)
    visible = max(1, sums.kept + sums.refused)
    agreed = "" if sums.carried is None else f" Carried masks agree by {sums.carried:.2f}."
    console.report(
        f"{sums.clips} clips, {sums.objects} objects, {sums.boxes} boxes in {out}.",
        f"Kept: {sums.kept / visible:.1%} of {visible} visible frames of objects; refused:"
        f" {sums.refused_share:.1%}.{agreed}",
    )
    if found.problems:
        console.report(f"Left out: {len(found.problems)} clips that cannot be done.")


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no overlap above 0, up to 1")
    return value
