"""What an export of a project reads: masks cleaned up, and soft alpha where a format shows it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from core.cleaning import NONE, Cleaning
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.types import LabelMap, VideoInfo
from vosapp.project.source import annotation_source, stored_info
from vosapp.project.store import Project

if TYPE_CHECKING:
    from core.media.export.base import Exporter
    from core.media.video import VideoSource


def export_source(
    project: Project,
    exporter: Exporter,
    video: VideoSource | None,
    *,
    frames: Callable[[VideoInfo], range],
    object_ids: Collection[int] = (),
    cleaning: Cleaning | None = None,
) -> AnnotationSource:
    """Return what an exporter reads of a project.

    Args:
        project: stays open while the source is used.
        exporter: the format.
        video: gives pictures; None where the format needs none.
        frames: which frames, of those of the video.
        object_ids: which objects; empty takes all.
        cleaning: of propagated masks, in place of what the project says; `NONE` gives masks as
            they are stored. What was erased stays erased, but for raw masks.

    Raises:
        UsageError: the project has no object of an id.
    """
    info = stored_info(project) if video is None else video.info
    cleanings = _cleanings(project, cleaning)
    source = annotation_source(
        project,
        info,
        object_ids=object_ids,
        frame_range=frames(info),
        shown=_shown(project, cleanings) if cleaning is not None else None,
    )
    if video is None:
        return source
    times = None if video.index is None else video.index.times
    if getattr(exporter, "shown_colors", False):
        source = replace(source, objects=_as_shown(project, source.objects))
    if getattr(exporter, "hard", True):
        return replace(source, frame=video.frame, times=times)
    # Imported when it is wanted: most formats need none of it.
    from vosapp.services.alpha import SoftAlpha

    soft = SoftAlpha(project, video.frame, cleanings)
    return replace(source, frame=soft.frame, times=times, alpha=soft.alpha)


def _as_shown(project: Project, objects: Iterable[ObjectInfo]) -> tuple[ObjectInfo, ...]:
    """Return objects in the colors that they have in the window, also those nobody has chosen."""
    colors = {item.object_id: item.color for item in project.objects()}
    return tuple(replace(info, color=colors[info.object_id]) for info in objects)


def _shown(
    project: Project, cleanings: Callable[[int], dict[int, Cleaning]]
) -> Callable[[int], LabelMap]:
    return lambda index: project.cleaned_map(index, cleanings(index))


def _cleanings(project: Project, chosen: Cleaning | None) -> Callable[[int], dict[int, Cleaning]]:
    """Return what says how the objects of a frame are cleaned up."""
    if chosen is None:
        return project.cleanings_on
    if chosen == NONE:
        return lambda _index: {}
    ids = [item.object_id for item in project.objects()]

    def on_frame(index: int) -> dict[int, Cleaning]:
        own = project.cleanings_on(index)
        return {i: replace(chosen, erased=own.get(i, NONE).erased) for i in ids}

    return on_frame
