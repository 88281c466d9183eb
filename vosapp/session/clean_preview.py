"""A clean-up that is being chosen: shown before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.cleaning import NONE, Cleaning
from core.types import LabelMap
from vosapp.project.store import Project


@dataclass(frozen=True, slots=True)
class CleanPreview:
    """How an object would be cleaned up on the frames `start` to `stop` - 1.

    Attributes:
        object_id: whose masks.
        start, stop: the frames.
        cleaning: what would be done; areas that were erased stay so.
    """

    object_id: int
    start: int
    stop: int
    cleaning: Cleaning


def shown_map(project: Project, frame_index: int, preview: CleanPreview | None) -> LabelMap:
    """Return what a frame shows, with the clean-up that is being chosen."""
    if preview is None or not preview.start <= frame_index < preview.stop:
        return project.label_map(frame_index)
    cleanings = project.cleanings_on(frame_index)
    erased = cleanings.get(preview.object_id, NONE).erased
    cleanings[preview.object_id] = replace(preview.cleaning, erased=erased)
    return project.cleaned_map(frame_index, cleanings)
