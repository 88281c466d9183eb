"""`vosapp check`: which frames of a project may be wrong, and what was found of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vosapp.cli.run_options import positive

if TYPE_CHECKING:
    import argparse

    from vosapp.cli.console import Console
    from vosapp.project.model import Review
    from vosapp.project.store import Project
    from vosapp.services.review import ReviewRow

NAME = "check"
HELP = "list the frames of a project that may be wrong"

EPILOG = (
    "The worst frames come first, spread over the video: one entry stands for its neighbors. "
    "Severity is the J that is expected to be missing, 0 to 1. The project is opened for reading "
    "only, so it may be open elsewhere; its video is not needed."
)
SHOWN = ("to-check", "needs-work", "checked")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("project", type=Path, metavar="FILE", help="a project (.vosapp)")
    parser.add_argument(
        "--count", type=positive, default=20, metavar="N", help="frames at most (default: 20)"
    )
    parser.add_argument(
        "--object", type=positive, metavar="ID", help="one object; default: all that are visible"
    )
    parser.add_argument(
        "--show",
        choices=SHOWN,
        default=SHOWN[0],
        help="frames to check (default), or those that were reviewed",
    )


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """List the frames.

    Returns:
        `project`, `frames` (each with `frame`, `stop` one past the last, `object_ids`, `severity`,
        `reasons` as words of `core.review.reasons.Reason`, and `review`), and `counts` of masks by
        what was found of them.

    Raises:
        VosError: no project, or no such object.
        Cancelled: by the console's token.
    """
    from core.errors import UsageError
    from vosapp.project.file import Options
    from vosapp.project.model import Review
    from vosapp.project.opening import open_project
    from vosapp.services.review import ReviewBook, ReviewFilter

    review = dict(zip(SHOWN, (Review.UNREVIEWED, Review.NEEDS_WORK, Review.CHECKED), strict=True))
    with open_project(args.project, Options(read_only=True)) as project:
        for note in project.notes:
            console.warn(note)
        if args.object and args.object not in {o.object_id for o in project.objects()}:
            raise UsageError(f"There is no object {args.object} in this project.")
        book = ReviewBook(project)
        for _ in console.follow(book.measure_all(console.token), unit="frames"):
            pass
        wanted = ReviewFilter(review[args.show], args.object or 0)
        rows = book.rows(wanted, count=args.count)[: args.count]
        counts = book.counts(wanted.object_id)
        console.report(*_lines(project, rows), _counted(counts))
    found = {kind.value: number for kind, number in counts.items()}
    return {"project": args.project, "frames": [_told(row) for row in rows], "counts": found}


def _lines(project: Project, rows: tuple[ReviewRow, ...]) -> list[str]:
    from core.review.words import told

    names = {item.object_id: item.shown_name for item in project.objects()}
    lines = []
    for row in rows:
        one = row.stop - row.frame_index == 1
        frames = f"frame {row.frame_index}" if one else f"frames {row.frame_index}-{row.stop - 1}"
        shown = ", ".join(names[i] for i in row.object_ids)
        line = f"{frames}  {shown}"
        lines.append(f"{line}  {row.severity:.2f}  {told(row.reasons)}" if row.reasons else line)
    return lines or ["no such frames"]


def _counted(counts: dict[Review, int]) -> str:
    parts = [f"{number} {review.value.replace('-', ' ')}" for review, number in counts.items()]
    return "masks: " + ", ".join(parts)


def _told(row: ReviewRow) -> dict[str, object]:
    return {
        "frame": row.frame_index,
        "stop": row.stop,
        "object_ids": row.object_ids,
        "severity": round(row.severity, 4),
        "reasons": [reason.value for reason in row.reasons],
        "review": row.review.value,
    }
