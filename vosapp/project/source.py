"""What exporters read of a project, and what importers must know of its video."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UsageError
from core.media.annotations.values import AnnotationSource, Box, ObjectInfo, no_frame
from core.media.frame_times import FrameTimes
from core.types import VOID, Frame, LabelMap, VideoInfo
from vosapp.project import rules
from vosapp.project.boxes import box_of
from vosapp.project.colors import usual_color
from vosapp.project.model import FrameState, TrackedObject
from vosapp.project.relink import video_path
from vosapp.project.store import Project


def stored_info(project: Project) -> VideoInfo:
    """Return what the project knows of its video, which may be gone."""
    ref = project.video
    path = video_path(project)
    if path is None:
        # The name of a video comes from its path; without the file nothing says it is no folder.
        gone = Path(ref.path)
        path = gone if ref.stems else gone.parent / gone.stem
    return VideoInfo(path, ref.frame_count, ref.width, ref.height, ref.fps, ref.stems)


def annotation_source(
    project: Project,
    info: VideoInfo,
    *,
    object_ids: Collection[int] = (),
    frame: Callable[[int], Frame] = no_frame,
    frame_range: range | None = None,
    times: FrameTimes | None = None,
    shown: Callable[[int], LabelMap] | None = None,
) -> AnnotationSource:
    """Return what an exporter reads.

    A frame on which every chosen object is `EMPTY` has no label map: nothing is known of it. Void
    of keyframes is there where no object is shown.

    Args:
        project: stays open while the source is used.
        info: its video.
        object_ids: which objects; the others become background. Empty takes all.
        frame: gives pictures; see `AnnotationSource`.
        frame_range: see `AnnotationSource`.
        times: see `AnnotationSource`.
        shown: gives what a frame shows; None takes it as the project shows it.

    Raises:
        UsageError: the project has no object of an id.
    """
    items = {item.object_id: item for item in project.objects()}
    chosen = sorted(set(object_ids) or items)
    for object_id in chosen:
        if object_id not in items:
            known = ", ".join(map(str, sorted(items))) or "none"
            raise UsageError(f"There is no object {object_id}.", f"The project has: {known}.")
    labeled = labeled_frames(project, chosen)
    others = items.keys() - set(chosen)
    look = project.label_map if shown is None else shown

    def label_map(index: int) -> LabelMap | None:
        if not labeled[index]:
            return None
        found = look(index)
        void = (project.keyframe_map(index) == VOID) & (found == 0)
        if others:
            found = np.where(rules.isin(found, others), 0, found).astype(np.uint8)
        return np.where(void, VOID, found).astype(np.uint8) if void.any() else found

    infos = tuple(_object_info(items[object_id]) for object_id in chosen)
    boxes = _boxes(project, chosen, frame_range)
    return AnnotationSource(info, infos, label_map, frame, frame_range, times, boxes)


def _boxes(project: Project, object_ids: Collection[int], frames: range | None) -> tuple[Box, ...]:
    wanted = range(project.video.frame_count) if frames is None else frames
    if not wanted:
        return ()
    labels = project.boxes_in(wanted.start, wanted.stop)
    return tuple(box_of(label) for label in labels if label.object_id in object_ids)


def labeled_frames(project: Project, object_ids: Collection[int]) -> NDArray[np.bool_]:
    """Return for each frame whether anything is known there of some objects."""
    labeled = np.zeros(project.video.frame_count, np.bool_)
    for object_id in object_ids:
        labeled |= project.states(object_id) != FrameState.EMPTY
    return labeled


def unsure_frames(
    project: Project, object_ids: Collection[int], frames: range
) -> dict[FrameState, list[int]]:
    """Return the frames on which some, but not all, objects are `EMPTY`, and those with `STALE`."""
    lanes = [project.states(object_id)[frames.start : frames.stop] for object_id in object_ids]
    if not lanes:
        return {}
    empty = np.stack([states == FrameState.EMPTY for states in lanes])
    stale = np.stack([states == FrameState.STALE for states in lanes])
    found = {
        FrameState.EMPTY: empty.any(0) & ~empty.all(0),
        FrameState.STALE: stale.any(0),
    }
    return {
        state: (np.flatnonzero(where) + frames.start).tolist()
        for state, where in found.items()
        if where.any()
    }


def _object_info(item: TrackedObject) -> ObjectInfo:
    # A name that nobody has given is no name.
    name = "" if item.name == f"Object {item.object_id}" else item.name
    plain = ObjectInfo.plain(item.object_id, name=name, category=item.category)
    # Nor is a color; files get the one that their palette has for it.
    chosen = item.color != usual_color(item.object_id)
    return replace(plain, color=item.color) if chosen else plain
