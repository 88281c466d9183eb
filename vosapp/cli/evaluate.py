"""`vosapp evaluate`: score a folder of results against ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.media.input_file import read_input_text
from vosapp.cli.following import finish_job
from vosapp.cli.options import check_file, sequence_names

if TYPE_CHECKING:
    import argparse

    from core.eval.records import Report
    from vosapp.cli.console import Console

NAME = "evaluate"
HELP = "score masks against the ground truth"

MAX_LIST_BYTES = 1 << 20
PROTOCOLS = ("semi", "davis16", "unsupervised", "youtube-vos")
SALIENCY = "saliency"
"""Of maps of single images, which are no sequences."""
YOUTUBE_OBJECTS = "youtube-objects"
"""Of a set with a layout of its own."""
EPILOG = (
    "Both folders may be plain (FOLDER/bear/00000.png) or laid out as DAVIS "
    "(Annotations/480p/bear/00000.png) or YouTube-VOS (meta.json, Annotations/). "
    "semi: DAVIS 2017, the objects of the first frame, first and last frame not scored. "
    "davis16: the same with all objects as one. "
    "unsupervised: all frames, at most 20 proposals matched to the objects. "
    "youtube-vos: each object from the frame after its first one on; G over categories. "
    "youtube-objects: mean J by category on Youtube-Objects; --results has "
    "CATEGORY/VIDEO/SHOT/frame0001.png. "
    "saliency: gray maps of single images (vosapp discover --images --maps) by F-beta and mean "
    "absolute error; --gt is a folder of masks, or one in the layout of DUTS."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--gt", type=Path, required=True, metavar="DIR", help="folder of ground truth masks"
    )
    parser.add_argument(
        "--results", type=Path, required=True, metavar="DIR", help="folder of masks to score"
    )
    parser.add_argument(
        "--protocol",
        choices=(*PROTOCOLS, SALIENCY, YOUTUBE_OBJECTS),
        default="semi",
        help="how to score (default: semi)",
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--sequences", metavar="A,B", help="score only these sequences")
    chosen.add_argument(
        "--split", metavar="NAME", help="score the sequences of this list in ImageSets (2017/val)"
    )
    parser.add_argument(
        "--seen-categories",
        type=Path,
        metavar="FILE",
        help="youtube-vos: categories seen in training, one a line",
    )
    parser.add_argument(
        "--compat",
        action="store_true",
        help="decay as the official tool has it (wrong beyond 256 frames)",
    )
    parser.add_argument(
        "--stability", action="store_true", help="measure the time stability T, too (slower)"
    )
    parser.add_argument(
        "--all-frames",
        action="store_true",
        help="davis16: score the first and the last frame, too, as for objects found unprompted",
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write a table by object")


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Score, print the table and return the figures.

    Returns:
        `core.eval.report.to_dict` of the report; of maps `core.eval.saliency.SaliencyReport`'s, of
        Youtube-Objects `core.eval.youtube_objects.CategoryReport`'s.

    Raises:
        VosError: of the kinds that `core.eval.protocols.evaluate` names, and for options that
            make no sense or a CSV file that cannot be written.
    """
    from core.eval.report import to_csv, to_dict, to_table
    from core.media.atomic import write_atomic
    from core.text import encoded

    if args.protocol == SALIENCY:
        return _saliency(args, console)
    if args.protocol == YOUTUBE_OBJECTS:
        return _youtube_objects(args, console)
    if args.csv is not None:
        check_file(args.csv, option="--csv")
    report = _evaluate(args, console)
    console.report(*to_table(report))
    if args.csv is not None:
        write_atomic(args.csv, encoded(to_csv(report)))
        console.say(f"Wrote {args.csv}.")
    return to_dict(report)


def _saliency(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Score maps of single images."""
    from core.eval.saliency import evaluate_saliency

    _require_plain(args)
    job = evaluate_saliency(args.gt, args.results, console.token)
    report = finish_job(job, console, unit="images")
    console.report(*report.to_table())
    return report.to_dict()


def _youtube_objects(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Score masks on Youtube-Objects by category."""
    from core.eval.youtube_objects import evaluate_youtube_objects

    _require_plain(args)
    job = evaluate_youtube_objects(args.gt, args.results, token=console.token)
    report = finish_job(job, console, unit="shots")
    console.report(*report.to_table())
    return report.to_dict()


def _require_plain(args: argparse.Namespace) -> None:
    """Refuse options that a protocol with a report of its own does not know."""
    others = ("csv", "sequences", "split", "seen_categories", "compat", "stability", "all_frames")
    alien = [name for name in others if getattr(args, name)]
    if alien:
        option = f"--{alien[0].replace('_', '-')}"
        msg = f"{option} has no meaning with the protocol {args.protocol}."
        raise UsageError(msg, "Leave it out.")


def _evaluate(args: argparse.Namespace, console: Console) -> Report:
    from core.eval.protocols import evaluate
    from core.eval.records import Protocol

    if args.all_frames and args.protocol != "davis16":
        msg = f"--all-frames has no meaning with the protocol {args.protocol}."
        raise UsageError(msg, "Use it with --protocol davis16.")
    job = evaluate(
        args.gt,
        args.results,
        protocol=Protocol(args.protocol),
        compat=args.compat,
        sequences=_sequences(args),
        stability=args.stability,
        all_frames=args.all_frames,
        seen_categories=_seen_categories(args),
        token=console.token,
    )
    return finish_job(job, console, unit="frames")


def _sequences(args: argparse.Namespace) -> tuple[str, ...] | None:
    if args.split is not None:
        from core.data.layouts import read_split

        return read_split(args.gt, args.split)
    return sequence_names(args.sequences)


def _seen_categories(args: argparse.Namespace) -> frozenset[str] | None:
    path = args.seen_categories
    if path is None:
        return None
    if args.protocol != "youtube-vos":
        raise UsageError(
            f"--seen-categories has no meaning with the protocol {args.protocol}.",
            "Use it with --protocol youtube-vos.",
        )
    try:
        lines = read_input_text(path, limit=MAX_LIST_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"Cannot read the list {path}: {reason}.", "Check the path.") from error
    return frozenset(line.strip() for line in lines if line.strip())
