"""What a project tells of its box labels."""

from __future__ import annotations

from vosapp.project.boxes import BoxCounts, BoxLabel, count
from vosapp.project.file import ProjectFile


class BoxReading(ProjectFile):
    """The part of `vosapp.project.store.Project` that reads box labels."""

    def boxes(self, frame_index: int) -> dict[int, BoxLabel]:
        """Return the box labels of a frame, by object id."""
        with self._reading():
            return self._editor.boxes.on_frame(self._editor.frame(frame_index))

    def boxes_in(self, start: int = 0, stop: int | None = None) -> tuple[BoxLabel, ...]:
        """Return all box labels on the frames `start` to `stop` - 1, by frame and object id."""
        with self._reading():
            return self._editor.boxes.on_frames(*self._editor.range(start, stop))

    def boxes_of(
        self, object_id: int, start: int = 0, stop: int | None = None
    ) -> tuple[BoxLabel, ...]:
        """Return an object's box labels on the frames `start` to `stop` - 1, ascending."""
        with self._reading():
            frames = self._editor.range(start, stop)
            return self._editor.boxes.of_object(object_id, *frames)

    def boxed_frames(self, object_id: int | None = None) -> tuple[int, ...]:
        """Return the frames that have box labels of any object, or of one, ascending."""
        labels = self.boxes_in() if object_id is None else self.boxes_of(object_id)
        return tuple(sorted({label.frame_index for label in labels}))

    def box_counts(self) -> dict[int, BoxCounts]:
        """Count the box labels of each object that has any, by object id."""
        by_object: dict[int, list[BoxLabel]] = {}
        for label in self.boxes_in():
            by_object.setdefault(label.object_id, []).append(label)
        return {object_id: count(labels) for object_id, labels in sorted(by_object.items())}
