"""`vosapp export`: writes a project's masks in the formats of other programs."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import OutputError, UsageError
from core.media.export.formats import EXPORTERS, exporter_named
from core.media.export.validate import Severity
from vosapp.cli.export_options import FIELDS, add_format_arguments, object_ids, with_options
from vosapp.cli.project_options import add_video_argument, finish_job, open_project_video

if TYPE_CHECKING:
    import argparse

    from core.media.annotations.values import AnnotationSource
    from core.media.export.base import Exporter, ExportReport
    from core.media.export.validate import Finding
    from vosapp.cli.console import Console
    from vosapp.project.store import Project

NAME = "export"
HELP = "write a project's masks in a file format"

ALIASES = {"davis": "davis2017", "cvat": "cvat-video", "yolo": "yolo-seg"}
"""Other names of exporters, so that both directions know a format by the same names."""
CACHE_BYTES = 8 << 20
REFUSED = 2
_PICTURES = frozenset({"overlay", "matte-png", "matte-prores", "matte-vp9", "cut-outs"})
_OWN_FOLDER = frozenset({"matte-png", "cut-outs", "object-masks", "masks"})
"""Formats that write to OUT/SEQUENCE."""

EPILOG = (
    "First the masks are looked at with the eyes of a reader: errors stop the export, warnings and "
    "what the format cannot hold are said. Frames without any label are left out and listed. The "
    "project is opened for reading only. An export that was stopped goes on with the same command: "
    "files of a folder that are there with the same content stay. A format that is one file "
    "(video, zip, JSON, XML, text) appears when it is whole, and is written anew."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = EPILOG
    parser.add_argument("project", type=Path, metavar="PROJECT", help="a project (.vosapp)")
    names = sorted({*ALIASES, *(exporter.name for exporter in EXPORTERS)})
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
    add_format_arguments(parser)
    parser.add_argument("--force", action="store_true", help="export in spite of errors")
    add_video_argument(parser)


@dataclass(frozen=True, slots=True)
class _Export:
    """One export, checked and ready."""

    project: Project
    source: AnnotationSource
    exporter: Exporter
    out: Path
    left_out: int


@dataclass(frozen=True, slots=True)
class _Around:
    """What opening the source needs besides the project."""

    stack: ExitStack
    console: Console
    wanted: tuple[int, ...]


def run(args: argparse.Namespace, console: Console) -> dict[str, object]:
    """Validate, say what is lost, and write.

    Returns:
        `project`, `format`, `options`, `output`, `frames` (asked for), `object_ids`, `written` and
        `unchanged` (files), `missing` (frames without a label), `losses` and `findings`, each with
        `severity`, `frame_index`, `object_id` and `text`. Where errors stop the export, `written`
        is None and the exit code 2.

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
        _guard_frames(source, exporter, args.out)
        left_out = len(project.objects()) - len(source.objects)
        job = _Export(project, source, exporter, args.out, left_out)
        return _validated(job, args, console)


def _source(
    project: Project,
    exporter: Exporter,
    args: argparse.Namespace,
    around: _Around,
) -> AnnotationSource:
    """Return what is exported, with pictures where the format needs them."""
    from core.media.annotations.values import no_frame
    from vosapp.cli.propagate import check_range, parse_range
    from vosapp.project.source import annotation_source, stored_info

    info, frame, times = stored_info(project), no_frame, None
    if _needs_pictures(exporter) or args.video is not None:
        video = open_project_video(project, args.video, around.console, cache_bytes=CACHE_BYTES)
        around.stack.enter_context(video)
        info, frame = video.info, video.frame
        times = video.index.times if video.index is not None else None
    start, stop = check_range(parse_range(args.range), info.frame_count)
    return annotation_source(
        project,
        info,
        object_ids=around.wanted,
        frame=frame,
        frame_range=range(start, stop),
        times=times,
    )


def _needs_pictures(exporter: Exporter) -> bool:
    return exporter.name in _PICTURES or bool(getattr(exporter, "images", False))


def _guard_frames(source: AnnotationSource, exporter: Exporter, out: Path) -> None:
    """Refuse to write among the frames of the video.

    Raises:
        UsageError: the export would put files into the folder that the frames are in.
    """
    from core.media.export.base import sequence_name

    if not source.video.stems:
        return
    name, frames = sequence_name(source), source.video.path.resolve()
    places = [out / name] if exporter.name in _OWN_FOLDER else []
    if _needs_pictures(exporter):
        places += [out.joinpath(*p, name) for p in (("JPEGImages",), ("images",))]
        places.append(out / "JPEGImages" / "480p" / name)
    if frames in [place.resolve() for place in places]:
        hint = "Choose another folder"
        hint += ", or leave the frames out: --no-images." if hasattr(exporter, "images") else "."
        raise UsageError(f"This would write among the video's own frames in {frames}.", hint)


def _validated(job: _Export, args: argparse.Namespace, console: Console) -> dict[str, object]:
    from core.media.export.validate import validate

    frames = job.source.frames
    missing = _missing(job)
    if len(missing) == len(frames):
        raise OutputError(
            f"No frame of {frames.start}:{frames.stop} has a label: there is nothing to export.",
            "Import masks or propagate first.",
        )
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
    return result | _write(job, console)


def _missing(job: _Export) -> list[int]:
    """Frames of which nothing is known; looks at states only, not at masks."""
    from vosapp.project.source import labeled_frames

    labeled = labeled_frames(job.project, [info.object_id for info in job.source.objects])
    return [index for index in job.source.frames if not labeled[index]]


def _tell_findings(findings: tuple[Finding, ...], console: Console) -> None:
    tell = {
        Severity.ERROR: console.complain,
        Severity.WARNING: console.warn,
        Severity.INFO: console.say,
    }
    for finding in findings:
        at = "" if finding.frame_index is None else f"frame {finding.frame_index}: "
        tell[finding.severity](f"{at}{finding.text}")


def _write(job: _Export, console: Console) -> dict[str, object]:
    losses = _losses(job, console)
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


def _losses(job: _Export, console: Console) -> tuple[str, ...]:
    """Say what the format loses, and what of the project does not reach it."""
    from core.media.export.losses import listed
    from vosapp.project.model import FrameState
    from vosapp.project.source import unsure_frames

    ids = [info.object_id for info in job.source.objects]
    unsure = unsure_frames(job.project, ids, job.source.frames)
    own = []
    if job.left_out:
        own.append(f"Objects left out, since they are not chosen: {job.left_out}.")
    if FrameState.EMPTY in unsure:
        frames = listed(unsure[FrameState.EMPTY])
        own.append(f"Some objects have no mask yet, which looks as if they were absent: {frames}.")
    if FrameState.STALE in unsure:
        own.append(f"Masks older than their keyframes: frames {listed(unsure[FrameState.STALE])}.")
    return (*own, *job.exporter.announce_losses(job.source, token=console.token))


def _report(job: _Export, report: ExportReport, console: Console) -> None:
    from core.media.export.losses import listed

    told = f"{job.exporter.title}: wrote {report.written} files to {job.out}."
    if report.unchanged:
        told += f" {report.unchanged} were there already."
    if report.missing:
        told += f" Without any label: frames {listed(report.missing)}."
    console.report(told)


def _result(job: _Export, findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "project": job.project.path,
        "format": job.exporter.name,
        "output": job.out,
        "options": {
            field: getattr(job.exporter, field) for field in FIELDS if hasattr(job.exporter, field)
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
