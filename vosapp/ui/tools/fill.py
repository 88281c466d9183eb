"""Filling by color, and filling holes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.jobs import CancelToken
from vosapp.jobs.outcome import Crashed, Failed, Outcome
from vosapp.project import rules
from vosapp.ui.tools.base import Tool
from vosapp.ui.tools.context import ToolContext
from vosapp.ui.tools.filling import fill_at
from vosapp.ui.tools.local_edit import from_mask
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.view_state import ToolId


class FillTool(Tool):
    """A click adds the region of similar color, or fills the hole that was clicked.

    With the right button, or while negative, the region is taken away.
    """

    tool_id: ClassVar[ToolId] = ToolId.FILL

    def __init__(self, context: ToolContext) -> None:
        super().__init__(context)
        self._busy = 0

    def press(self, pointer: Pointer) -> None:
        """Fill; the region is sought beside the window."""
        view, (width, height) = self.context.view, self.context.size
        inside = 0 <= pointer.x < width and 0 <= pointer.y < height
        if view is None or not inside or pointer.press is Press.NONE:
            return
        erase = pointer.press is Press.RIGHT or not self.context.view_state.positive
        if erase and not self.context.target:
            self.context.say(self.tr("Select the object to cut from first."))
            return
        if not view.exact:
            self.context.say(self.tr("This frame is still being decoded."))
            return
        target = self.context.claim()
        if target:
            self._begin(pointer, target, erase=erase)

    def hint(self) -> str:
        """What the user can do."""
        return self.tr("Click a region of one color, or a hole in the mask")

    def _begin(self, pointer: Pointer, target: int, *, erase: bool) -> None:
        context, view = self.context, self.context.view
        if view is None:
            return
        frame, labels, index = view.frame, context.labels.copy(), context.frame_index
        kept = context.locked - {target}
        locked = rules.isin(labels, kept) if kept else None
        tolerance = context.view_state.tolerance

        def job(token: CancelToken) -> Iterator[NDArray[np.bool_]]:
            token.check()
            yield fill_at(
                frame, labels, pointer.place, object_id=target, locked=locked, tolerance=tolerance
            )

        def take(values: list[Any]) -> None:
            self._commit(index, target, values[-1], erase=erase)

        handle = context.session.assistant.submit(job)
        handle.batchReady.connect(take)
        handle.finished.connect(self._finished)
        self._busy += 1

    def _commit(self, index: int, target: int, mask: NDArray[np.bool_], *, erase: bool) -> None:
        if mask.any():
            self.context.commit(from_mask(index, target, mask, erase=erase))
        else:
            self.context.say(self.tr("All of it belongs to locked objects."))

    def _finished(self, outcome: Outcome) -> None:
        self._busy -= 1
        if isinstance(outcome, Failed):
            self.context.say(str(outcome.error))
        elif isinstance(outcome, Crashed):
            self.context.session.crashed.emit(outcome.report)
        if not self._busy:
            self.context.release_claim()
