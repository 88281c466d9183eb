"""`vosapp export`: writes a project's masks in the formats of other programs."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import OutputError
from core.media.export.box_formats import BoxExport
from core.media.export.formats import BOX_EXPORTERS, EXPORTERS, exporter_named
from core.media.export.validate import Severity
from vosapp.cli.clean_option import add_clean_argument, cleaning_of
from vosapp.cli.export_options import add_format_arguments, object_ids, with_options
from vosapp.cli.following import finish_job
from vosapp.cli.project_options import add_video_argument, open_project_video
from vosapp.cli.video_notes import telling
from vosapp.services.export import (
    CACHE_BYTES,
    OPTIONS,
    all_losses,
    find_leftovers,
    guard_frames,
    missing_frames,
    needs_pictures,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from core.media.annotations.values import AnnotationSource
    from core.media.export.base import Exporter, ExportReport
    from core.media.export.validate import Finding
    from vosapp.cli.console import Console
    from vosapp.project.store import Project

NAME = "export"
HELP = "write a project's masks or box labels in a file format"

ALIASES = {
    "davis": "davis2017",
    "cvat": "cvat-video",
    "yolo": "yolo-seg",
    "boxes": "boxes-csv",
    "csv": "boxes-csv",
    "mot": "boxes-mot",
}
"""Other names of exporters, so that both directions know a format by the same names."""
REFUSED = 2

EPILOG = (
    "First the masks are looked at with the eyes of a reader: errors stop the export, warnings and "
    "what the format cannot hold are said. Frames without any label are left out and listed. The "
    "project is opened for reading only. An export that was stopped goes on with the same command: "
    "files of a folder that are there with the same content stay. Where an earlier export has left "
    "files that this one does not replace, it is refused; --force removes exactly these. "
    "A format that is one file "
    "(video, zip, JSON, XML, text) appears when it is whole, and is written anew. The formats "
    "boxes-... write box labels and look at no mask."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("project", type=Path, metavar="PROJECT", help="a project (.vosapp)")
    names = sorted({*ALIASES, *(exporter.name for exporter in (*EXPORTERS, *BOX_EXPORTERS))})
    parser.add_argument(
        "--format", required=True, choices=names, metavar="F", help=f"one of {', '.join(names)}"
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="DIR", help="folder for the files"
    )
    parser.add_argument(
        "--range", metavar="A:B", help="only frames A to B - 1, counted from 0; numbers stay"
    )
    parser.add_argument("--objects", metavar="IDS", help="only these objects, as in 1,2")
    add_clean_argument(parser, "default: as the project has it; none: as masks are stored")
    add_format_arguments(parser)
    parser.add_argument(
        "--force",
        action="store_true",
        help="export in spite of errors, and remove files of an earlier export that are left over",
    )
    add_video_argument(parser)


@dataclass(frozen=True, slots=True)
class _Export:
    """One export, checked and ready."""

    project: Project
    source: AnnotationSource
    exporter: Exporter
    out: Path


@dataclass(frozen=True, slots=True)
class _Around:
    """What opening the source needs besides the project."""

    stack: ExitStack
    console: Console
    wanted: tuple[int, ...]


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Validate, say what is lost, and write.

    Returns:
        `project`, `format`, `options`, `output`, `frames` (asked for), `object_ids`, `written`,
        `unchanged` and `removed` (files), `missing` (frames without a label), `losses` and
        `findings`, each with `severity`, `frame_index`, `object_id` and `text`. Where errors stop
        the export, `written` is None and the exit code 2.

    Raises:
        VosError: anything the user can mend.
        Cancelled: whole files stay.
    """
    from vosapp.project.file import Options
    from vosapp.project.opening import open_project

    exporter = with_options(exporter_named(ALIASES.get(args.format, args.format)), args)
    wanted = object_ids(args.objects)
    with ExitStack() as stack:
        project = stack.enter_context(open_project(args.project, Options(read_only=True)))
        for note in project.notes:
            console.warn(note)
        source = _source(project, exporter, args, _Around(stack, console, wanted))
        guard_frames(source, exporter, args.out)
        job = _Export(project, source, exporter, args.out)
        if isinstance(exporter, BoxExport):
            return _boxes(job, args, console)
        return _validated(job, args, console)


def _source(
    project: Project,
    exporter: Exporter,
    args: argparse.Namespace,
    around: _Around,
) -> AnnotationSource:
    """Return what is exported, with pictures where the format needs them."""
    from vosapp.cli.frame_range import check_range, parse_range
    from vosapp.services.export_source import export_source

    cleaning = None if args.clean is None else cleaning_of(args)
    video = None
    if needs_pictures(exporter) or args.video is not None:
        video = open_project_video(project, args, around.console, cache_bytes=CACHE_BYTES)
        around.stack.enter_context(telling(video, around.console))
    bounds = parse_range(args.range)
    return export_source(
        project,
        exporter,
        video,
        frames=lambda info: range(*check_range(bounds, info.frame_count)),
        object_ids=around.wanted,
        cleaning=cleaning,
    )


def _boxes(job: _Export, args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Write box labels: there is no mask to look at."""
    from core.media.export.leftovers import refuse_leftovers

    frames, boxes = job.source.frames, job.source.boxes
    if not boxes:
        raise OutputError(
            f"No frame of {frames.start}:{frames.stop} has a box label.",
            "Import boxes first; masks go out in the other formats.",
        )
    leftovers = job.exporter.leftovers(job.source, job.out, ())
    if not args.force:
        refuse_leftovers(leftovers, "export")
    removed = _remove(leftovers, job.out, console)
    losses = job.exporter.announce_losses(job.source, token=console.token)
    return _result(job, ()) | _write(job, losses, console) | {"removed": removed}


def _validated(job: _Export, args: argparse.Namespace, console: Console) -> dict[str, object]:
    from core.media.export.leftovers import refuse_leftovers
    from core.media.export.validate import validate

    frames = job.source.frames
    missing = missing_frames(job.project, job.source)
    if len(missing) == len(frames):
        raise OutputError(
            f"No frame of {frames.start}:{frames.stop} has a label: there is nothing to export.",
            "Import masks or propagate first.",
        )
    leftovers = find_leftovers(job.project, job.source, job.exporter, job.out)
    if not args.force:
        refuse_leftovers(leftovers, "export")
    console.say("Looking at the masks")
    findings = validate(job.source, job.exporter, token=console.token)
    _tell_findings(findings, console)
    errors = [f for f in findings if f.severity is Severity.ERROR]
    result = _result(job, findings) | {"missing": missing}
    if errors and not args.force:
        console.complain(
            f"Nothing is written: {_counted(len(errors))}. --force tries all the same."
        )
        console.exit_code = REFUSED
        return result
    removed = _remove(leftovers, job.out, console)
    losses = all_losses(job.project, job.source, job.exporter, token=console.token)
    return result | _write(job, losses, console) | {"removed": removed}


def _remove(leftovers: tuple[Path, ...], out: Path, console: Console) -> int:
    from core.media.export.leftovers import remove_leftovers

    removed = remove_leftovers(leftovers)
    if removed:
        console.say(f"Removed {removed} files of an earlier export from {out}")
    return removed


def _tell_findings(findings: tuple[Finding, ...], console: Console) -> None:
    tell: dict[Severity, Callable[[str], None]] = {
        Severity.ERROR: console.complain,
        Severity.WARNING: console.warn,
        Severity.INFO: console.say,
    }
    for finding in findings:
        at = "" if finding.frame_index is None else f"frame {finding.frame_index}: "
        tell[finding.severity](f"{at}{finding.text}")


def _write(job: _Export, losses: tuple[str, ...], console: Console) -> dict[str, object]:
    for sentence in losses:
        console.warn(f"{job.exporter.title}: {sentence}")
    console.kept = f"Whole files are in {job.out}; the same command goes on from there."
    work = job.exporter.export(job.source, job.out, token=console.token)
    report = finish_job(work, console, unit="frames")
    _report(job, report, console)
    return {
        "losses": losses,
        "written": report.written,
        "unchanged": report.unchanged,
        "missing": report.missing,
    }


def _report(job: _Export, report: ExportReport, console: Console) -> None:
    from core.media.export.losses import listed

    told = f"{job.exporter.title}: wrote {report.written} files to {job.out}."
    if report.unchanged:
        told += f" {report.unchanged} were there already."
    if report.missing:
        what = "box" if isinstance(job.exporter, BoxExport) else "label"
        told += f" Without any {what}: frames {listed(report.missing)}."
    console.report(told)


def _result(job: _Export, findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "project": job.project.path,
        "format": job.exporter.name,
        "output": job.out,
        "options": {
            option.field: getattr(job.exporter, option.field)
            for option in OPTIONS
            if hasattr(job.exporter, option.field)
        },
        "frames": len(job.source.frames),
        "object_ids": [info.object_id for info in job.source.objects],
        "losses": (),
        "written": None,
        "unchanged": None,
        "findings": [dataclasses.asdict(finding) for finding in findings],
    }


def _counted(errors: int) -> str:
    return "1 error" if errors == 1 else f"{errors} errors"
