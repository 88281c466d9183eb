"""Checking and writing exports in the thread for files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import UsageError
from core.jobs import CancelToken, Progress
from core.media.annotations.values import AnnotationSource
from core.media.export.base import Exporter, ExportReport
from core.media.export.formats import EXPORTERS
from core.media.export.leftovers import refuse_leftovers, remove_leftovers
from core.media.export.validate import Finding, Severity, validate
from core.media.video import VideoSource
from vosapp.project.relink import open_linked
from vosapp.project.store import Project
from vosapp.services.export import (
    CACHE_BYTES,
    DESCRIPTIONS,
    all_losses,
    find_leftovers,
    guard_frames,
    missing_frames,
    needs_pictures,
)
from vosapp.services.export_source import export_source


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format as the dialog lists it.

    Attributes:
        exporter: with its usual options.
        title: for people.
        text: what it is good for.
    """

    exporter: Exporter
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be exported.

    Attributes:
        project: open.
        video: where its frames are.
        exporter: the format with its options.
        out: folder for the files.
        frames: which frames; numbers stay.
        object_ids: which objects; empty takes all.
        removes: files of an earlier export that were shown to the user, and may be removed.
    """

    project: Project
    video: Path
    exporter: Exporter
    out: Path
    frames: range
    object_ids: tuple[int, ...] = ()
    removes: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class ExportCheck:
    """What a look at the masks has found.

    Attributes:
        findings: what readers would stumble over, worst first.
        losses: what the format cannot hold, in plain sentences.
        missing: frames of which nothing is known.
        nothing: there is no mask at all to be exported.
        leftovers: files of an earlier export that this one would not replace.
    """

    findings: tuple[Finding, ...]
    losses: tuple[str, ...]
    missing: tuple[int, ...]
    nothing: bool
    leftovers: tuple[Path, ...] = ()

    @property
    def errors(self) -> int:
        """Findings that make the export useless."""
        return sum(finding.severity is Severity.ERROR for finding in self.findings)


CheckJob = Callable[[CancelToken], Generator[Progress, None, ExportCheck]]
WriteJob = Callable[[CancelToken], Generator[Progress, None, ExportReport]]


def formats() -> tuple[ExportFormat, ...]:
    """Return all formats, the usual one first."""
    return tuple(ExportFormat(one, one.title, DESCRIPTIONS[one.name]) for one in EXPORTERS)


def check(order: ExportOrder) -> CheckJob:
    """Look at what would be exported with the eyes of a reader; writes nothing.

    The job raises:
        UsageError: it would write among the video's own frames, or there is no such object.
        VosError: the format needs pictures, and the video cannot be read.
        Cancelled: by the token.
    """

    def job(token: CancelToken) -> Generator[Progress, None, ExportCheck]:
        yield Progress(0, 0, "looking at the masks")
        token.check()
        # What is looked at is what would be written, with pictures where the format needs them.
        with _source(order) as source:
            guard_frames(source, order.exporter, order.out)
            missing = missing_frames(order.project, source)
            if len(missing) == len(source.frames):
                return ExportCheck((), (), tuple(missing), nothing=True)
            findings = validate(source, order.exporter, token=token)
            yield Progress(0, 0, "looking for what is lost")
            losses = all_losses(order.project, source, order.exporter, token=token)
            left = find_leftovers(order.project, source, order.exporter, order.out)
            return ExportCheck(findings, losses, tuple(missing), nothing=False, leftovers=left)

    return job


def write(order: ExportOrder) -> WriteJob:
    """Write an export.

    The job raises:
        VosError: a file cannot be written, the video cannot be read, nothing is chosen.
        Cancelled: by the token; whole files stay, and the same export goes on from there.
    """

    def job(token: CancelToken) -> Generator[Progress, None, ExportReport]:
        if not order.frames:
            raise UsageError("No frame is chosen.", "Choose at least one frame.")
        with _source(order) as source:
            guard_frames(source, order.exporter, order.out)
            left = find_leftovers(order.project, source, order.exporter, order.out)
            refuse_leftovers(tuple(path for path in left if path not in order.removes), "export")
            removed = remove_leftovers(left)
            report = yield from order.exporter.export(source, order.out, token=token)
            report.removed = removed
            return report

    return job


@contextmanager
def _source(order: ExportOrder) -> Iterator[AnnotationSource]:
    project = order.project
    if not needs_pictures(order.exporter):
        yield _source_with(order, None)
        return
    look = project.read_only
    video, _ = open_linked(project, order.video, confirmed=look, cache_bytes=CACHE_BYTES)
    with video:
        yield _source_with(order, video)


def _source_with(order: ExportOrder, video: VideoSource | None) -> AnnotationSource:
    return export_source(
        order.project,
        order.exporter,
        video,
        frames=lambda _info: order.frames,
        object_ids=order.object_ids,
    )
