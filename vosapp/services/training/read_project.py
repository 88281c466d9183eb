"""What a project knows that can be learned from, or why it cannot. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from core.errors import MaskMismatch, VideoMismatch, VideoOpenError, VosError
from core.media.annotations.rectangles import Corners, tight_box
from core.types import LabelMap
from vosapp.project.file import Options
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.project.relink import video_differences, video_path
from vosapp.project.source import annotation_source, stored_info
from vosapp.project.store import Project
from vosapp.services.training.labels import LabeledVideo, MapReader
from vosapp.services.training.values import Reason, Source, Unusable

SURE = (FrameState.CHECKED, FrameState.KEYFRAME, FrameState.ABSENT)
"""States of what the user has said, or has found right; results of propagation teach nothing."""
READING = Options(read_only=True)
Boxes = dict[tuple[int, int], Corners | None]


def read_project(source: Source) -> LabeledVideo | Unusable:
    """Read a project, which may be open elsewhere; nothing is written to it."""
    try:
        with open_project(source.path, READING) as project:
            return _usable_video(project, source)
    except VosError as error:
        return Unusable(source.path, Reason.NOT_OPENED, error.message, error.hint)


def _usable_video(project: Project, source: Source) -> LabeledVideo | Unusable:
    path = video_path(project)
    if path is None:
        text = f"The video of {project.path.name} is not where it was: {project.video.path}."
        hint = "Open the project and say where the video is now."
        return Unusable(source.path, Reason.VIDEO_MISSING, text, hint)
    try:
        notes = video_differences(project, path)
    except VideoMismatch as error:
        return Unusable(source.path, Reason.VIDEO_OTHER, error.message, error.hint)
    except VideoOpenError as error:
        return Unusable(source.path, Reason.VIDEO_UNREADABLE, error.message, error.hint)
    if notes:
        text = f"The video of {project.path.name} may be another one: {notes[0]}"
        hint = "Open the project, and confirm its video or choose the right one."
        return Unusable(source.path, Reason.VIDEO_OTHER, text, hint)
    return _labeled(project, source, path)


def _labeled(project: Project, source: Source, path: Path) -> LabeledVideo:
    ref, labels = project.video, project.boxes_in()
    boxes: Boxes = {}
    masked, mask_count = _add_masks(project, boxes)
    drawn = [label for label in labels if label.drawn]
    for label in drawn:
        right, bottom = label.x + label.width, label.y + label.height
        edges = (label.x, label.y, right, bottom) if label.visible else None
        boxes[label.frame_index, label.object_id] = edges
    return LabeledVideo(
        source,
        path,
        Path(ref.path).name if ref.stems else Path(ref.path).stem,
        (ref.width, ref.height),
        ref.frame_count,
        float(ref.frame_count / ref.fps),
        boxes,
        masked,
        mask_count,
        sum(label.visible for label in drawn),
        len(labels) - len(drawn),
        partial(_open_maps, source.path),
    )


def _add_masks(project: Project, boxes: Boxes) -> tuple[tuple[int, ...], int]:
    """Add tight boxes of sure masks; return the frames that are whole, and how many masks."""
    lanes = {item.object_id: project.states(item.object_id) for item in project.objects()}
    sure = {number: np.isin(states, SURE) for number, states in lanes.items()}
    boxed = {label.object_id for label in project.boxes_in()}
    labeled = {number: where for number, where in sure.items() if where.any() or number in boxed}
    if not labeled:
        return (), 0
    every, any_of = np.stack(list(labeled.values())), 0
    for frame in np.flatnonzero(every.any(0)).tolist():
        shown = project.label_map(frame)
        for number, where in labeled.items():
            if where[frame]:
                boxes[frame, number] = tight_box(shown == number)
                any_of += boxes[frame, number] is not None
    return tuple(np.flatnonzero(every.all(0)).tolist()), any_of


@contextmanager
def _open_maps(path: Path) -> Iterator[MapReader]:
    with open_project(path, READING) as project:
        source = annotation_source(project, stored_info(project))

        def read(frame: int) -> LabelMap:
            found = source.label_map(frame)
            if found is None:
                msg = f"Frame {frame} of {path.name} has lost its masks."
                raise MaskMismatch(msg, "Choose the data anew.")
            return found

        yield read
