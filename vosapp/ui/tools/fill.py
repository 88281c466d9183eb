"""Filling by color, and filling holes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from core.jobs import CancelToken
from vosapp.jobs.outcome import Failed, Outcome
from vosapp.jobs.runner import JobHandle
from vosapp.project import rules
from vosapp.session.view import FrameView
from vosapp.ui import errors
from vosapp.ui.tools.area import AreaTool
from vosapp.ui.tools.filling import fill_at
from vosapp.ui.tools.local_edit import from_mask
from vosapp.ui.tools.pointer import Pointer, Press
from vosapp.ui.view_state import ToolId


class FillTool(AreaTool):
    """A click adds the region of similar color, or fills the hole that was clicked.

    With the right button, or while negative, the region is taken away.
    """

    tool_id: ClassVar[ToolId] = ToolId.FILL

    def press(self, pointer: Pointer) -> None:
        """Fill; the region is sought beside the window."""
        view = self.context.view
        if view is None or not self.inside(pointer) or pointer.press is Press.NONE:
            return
        if not view.exact:
            self.context.say(self.tr("This frame is still being decoded."))
        elif self.begin(pointer):
            self._seek(pointer, view)

    def hint(self) -> str:
        """What the user can do."""
        return self.tr("Click a region of one color, or a hole in the mask")

    def _seek(self, pointer: Pointer, view: FrameView) -> None:
        context, target = self.context, self._target
        frame, labels, tolerance = view.frame, context.labels.copy(), context.view_state.tolerance
        kept = context.locked - {target}
        locked = rules.isin(labels, kept) if kept else None

        def job(token: CancelToken) -> Iterator[NDArray[np.bool_]]:
            token.check()
            yield fill_at(
                frame, labels, pointer.place, object_id=target, locked=locked, tolerance=tolerance
            )

        filling = _Filling(self, target, erase=self._erase, over=self._over)
        filling.follow(context.session.assistant.submit(job))


class _Filling(QObject):
    """One click until its region is found; goes away with its tool."""

    def __init__(
        self, tool: FillTool, target: int, *, erase: bool, over: frozenset[int] | None
    ) -> None:
        super().__init__(tool)
        self._tool, self._over = tool, over
        self._context, self._target, self._erase = tool.context, target, erase
        self._frame = tool.context.frame_index

    def follow(self, handle: JobHandle) -> None:
        """Take what the job finds."""
        handle.tell(self, finished=self._end, batch=self._take)

    def _take(self, values: list[NDArray[np.bool_]]) -> None:
        erase, over = self._erase, self._over
        local = from_mask(self._frame, self._target, values[-1], erase=erase, over=over)
        if not values[-1].any():
            self._context.say(self.tr("All of it belongs to locked objects."))
        elif self._frame != self._context.frame_index or self._tool.allowed(local):
            self._context.commit(local)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._context.say(errors.text(outcome.error))
        self._context.release_claim()
        self.deleteLater()
