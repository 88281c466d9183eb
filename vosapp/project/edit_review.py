"""What the user has found of propagated masks, as an edit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.jobs import Progress
from vosapp.project.editor import Editor
from vosapp.project.model import Review

_TITLES = {
    Review.UNREVIEWED: "Take back review",
    Review.CHECKED: "Check frames",
    Review.NEEDS_WORK: "Mark as needing work",
}


@dataclass(frozen=True, slots=True)
class ReviewFrames:
    """Say what was found of propagated masks (ADR 0056).

    Checked masks are never overwritten; a run that writes a mask makes it unreviewed.

    Attributes:
        object_ids: whose; keyframes and empty cells are left out.
        start, stop: the frames `start` to `stop` - 1; None is the end.
        review: what was found.
    """

    object_ids: tuple[int, ...]
    start: int
    stop: int | None
    review: Review

    def title(self, _editor: Editor) -> str:
        """Return what it does."""
        return _TITLES[self.review]

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        start, stop = editor.range(self.start, self.stop)
        for object_id in self.object_ids:
            editor.object(object_id)
            asserted = editor.asserted_frames(object_id, start, stop)
            for first, last in zip([start - 1, *asserted], [*asserted, stop], strict=True):
                editor.lanes.set_review(object_id, first + 1, last, self.review)
        return ()
