"""What a project tells of how its propagated masks are cleaned up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.cleaning import Cleaning
from core.types import LabelMap
from vosapp.project.box_reading import BoxReading
from vosapp.project.cleanings import CleaningSpan


class CleanReading(BoxReading):
    """The part of `vosapp.project.store.Project` that reads clean-ups, and masks as they make them.

    `Project.label_map` gives masks that are cleaned up.
    """

    def cleaned_map(self, frame_index: int, cleanings: Mapping[int, Cleaning]) -> LabelMap:
        """Return what a frame would show with other clean-ups, by object id; raw with none."""
        with self._reading():
            return self._editor.shown_with(self._editor.frame(frame_index), cleanings)

    def soft_labels(self, frame_index: int, object_id: int) -> NDArray[np.uint8] | None:
        """Return what the engine said of an object's cells, h x w, 0..255 for 0..1.

        None where nothing is kept; it may have been said of a mask that was changed since.
        """
        with self._reading():
            return self._editor.softs.get(self._editor.frame(frame_index), object_id)

    def cleanings(self, object_id: int | None = None) -> tuple[CleaningSpan, ...]:
        """Return how all objects are cleaned up, or one, by object and frame."""
        with self._reading():
            known = self._editor.cleanings
            return known.all() if object_id is None else known.of_object(object_id)

    def cleanings_on(self, frame_index: int) -> dict[int, Cleaning]:
        """Return the clean-up of each object that has one on a frame."""
        with self._reading():
            return self._editor.cleanings.on_frame(self._editor.frame(frame_index))
