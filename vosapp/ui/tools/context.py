"""What tools work on: the frame that is shown, its label map as it is drawn, and ways to change it.

A change is drawn at once and sent to the project; until the project's own label map has it, it is
drawn again over every map that comes back, so that nothing flickers and nothing gets lost.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.types import MAX_OBJECT_ID
from vosapp.project.colors import usual_color
from vosapp.project.edits import Edit, Group
from vosapp.project.model import Change, TrackedObject
from vosapp.session.session import Session
from vosapp.session.view import FrameView
from vosapp.session.workspace import Workspace
from vosapp.ui.canvas.items import LabelItem
from vosapp.ui.tools.boxes import Box
from vosapp.ui.tools.local_edit import EnsureObject, LocalEdit
from vosapp.ui.view_state import ViewState

APART = 0.1
"""A box with less of an object's pixels than this share is about another one. Boxes of neighbors
overlap a little; who draws a box anew around an object has most of it inside."""


@dataclass(slots=True)
class _Sent:
    """An edit on its way to the project."""

    local: LocalEdit
    future: Future[Change]

    def settled(self, revision: int) -> bool:
        """True where a label map of this revision has it, or it failed."""
        if not self.future.done():
            return False
        return self.failed or self.future.result().revision <= revision

    @property
    def failed(self) -> bool:
        """True where the project refused it."""
        future = self.future
        return future.done() and (future.cancelled() or future.exception() is not None)


class ToolContext(QObject):
    """Shared by all tools of one canvas.

    Attributes:
        workspace: whose frames are drawn on.
        view_state: brush size, tolerance, sign.
        frame_index: of the frame that is shown; edits go there.
        new_object: that the next edit will add, since none was current; or None.

    Signals:
        said: something the user should know now (str).
        labelsTouched: a part of the label map was drawn on (`PixelRect`).
        labelsReset: the label map was replaced; what is being drawn must be drawn again.
        objectsChanged: `objects` is another list.
        drawingChanged: handles, proposals or the local history changed.
        panned: the picture is to be moved by view units (float, float).
    """

    said = Signal(str)
    labelsTouched = Signal(object)
    labelsReset = Signal()
    objectsChanged = Signal()
    drawingChanged = Signal()
    panned = Signal(float, float)

    def __init__(
        self,
        workspace: Workspace,
        view_state: ViewState,
        item: LabelItem,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.workspace, self.view_state = workspace, view_state
        self.frame_index = workspace.session.frame_index
        self.new_object: TrackedObject | None = None
        self._item = item
        self._view: FrameView | None = None
        self._sent: list[_Sent] = []
        self._adding = 0
        workspace.session.objectsChanged.connect(self._take_objects)
        workspace.session.failed.connect(self._take_failure)

    # What is there

    @property
    def session(self) -> Session:
        """The open session."""
        return self.workspace.session

    @property
    def view(self) -> FrameView | None:
        """What is shown; None before the first frame."""
        return self._view

    @property
    def ready(self) -> bool:
        """True while the current frame is the one that is shown: prompts are about that one."""
        return self._view is not None and self.frame_index == self.session.frame_index

    @property
    def labels(self) -> NDArray[np.uint8]:
        """H x W ids as they are drawn; never write to them but through this class."""
        return self._item.labels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the video."""
        return self.session.info.width, self.session.info.height

    @property
    def objects(self) -> tuple[TrackedObject, ...]:
        """All objects, and the one that is about to be added."""
        extra = () if self.new_object is None else (self.new_object,)
        return (*self.session.objects, *extra)

    @property
    def locked(self) -> frozenset[int]:
        """Ids that keep their pixels."""
        return frozenset(item.object_id for item in self.session.objects if item.locked)

    def object_at(self, x: float, y: float) -> int:
        """Return the visible object at an image position, 0 for none."""
        height, width = self.labels.shape
        if self._view is None or not (0 <= x < width and 0 <= y < height):
            return 0
        found = int(self.labels[int(y), int(x)])
        return found if any(o.object_id == found and o.visible for o in self.objects) else 0

    # Whom an edit is for

    @property
    def target(self) -> int:
        """Id of the object that is drawn, 0 where none is current."""
        if self.new_object is not None:
            return self.new_object.object_id
        return self.session.object_id

    @property
    def free_id(self) -> int:
        """The id that a new object would get, 0 where there is none left."""
        known = {item.object_id for item in self.session.objects}
        return next((i for i in range(1, MAX_OBJECT_ID + 1) if i not in known), 0)

    def claim(self) -> int:
        """Return the object to draw; where none is current, one that the edit will add.

        Returns 0, and says why, where it must not be changed.
        """
        item = self.session.current_object
        if item is not None and item.locked:
            self.say(self.tr("{} is locked. Unlock it to change its mask.").format(item.shown_name))
            return 0
        if item is not None and not item.visible:
            self.say(self.tr("{} is hidden. Show it to see what you draw.").format(item.shown_name))
        return self.target or self._announce_object()

    def claim_another(self, box: Box) -> None:
        """Let the next edit add an object where it is plainly not about the current one.

        That is so where the user has said what the current object is on this frame, and a box has
        next to nothing of it: a second box means a second object.
        """
        target = self.target
        if not target or self.new_object is not None or not self._said_here(target):
            return
        shown = self.labels == target
        left, top, right, bottom = (round(side) for side in box)
        whole, inside = int(shown.sum()), int(shown[top:bottom, left:right].sum())
        if whole and inside < APART * whole:
            self._announce_object()

    def name(self, object_id: int) -> str:
        """Return an object's name, or one for what is about to be added."""
        found = (item.shown_name for item in self.objects if item.object_id == object_id)
        return next(found, f"Object {object_id}")

    def release_claim(self) -> None:
        """Nothing was drawn: no object needs to be added."""
        if self.new_object is not None and not self._adding:
            self.new_object = None
            self.objectsChanged.emit()

    def color(self, object_id: int) -> tuple[int, int, int]:
        """Return an object's color."""
        found = (item.color for item in self.objects if item.object_id == object_id)
        return next(found, usual_color(object_id))

    # Changes

    def say(self, text: str) -> None:
        """Tell the user something."""
        self.said.emit(text)

    def draw(self, local: LocalEdit) -> None:
        """Show a drawing that is not finished yet."""
        here = self._view is not None and local.frame_index == self.frame_index
        if here and not local.part.empty:
            changed = local.draw(self._item.labels, self.locked)
            self._item.touch(changed)
            self.labelsTouched.emit(changed)

    def commit(self, local: LocalEdit, *others: Edit, name: str = "") -> None:
        """Show a drawing and send it to the project, with other edits, as one step.

        Args:
            local: what was drawn.
            others: edits that belong to it.
            name: of the step; empty takes that of the first edit.
        """
        self.draw(local)
        width, height = self.size
        edits = (local.edit(height, width), *others)
        known = {item.object_id for item in self.session.objects}
        if local.object_id not in known:
            edits = (EnsureObject(local.object_id), *edits)
            self._adding = local.object_id
            name = name or f"{_verb(local)} Object {local.object_id}"
        edit = edits[0] if len(edits) == 1 and not name else Group(edits, name)
        self._sent.append(_Sent(local, self.session.do(edit)))

    def restore(self) -> None:
        """Show the label map without what was drawn and not sent."""
        if self._view is None:
            return
        self._item.show_labels(self._view.label_map)
        for sent in self._sent:
            if sent.local.frame_index == self.frame_index:
                sent.local.draw(self._item.labels, self.locked)
        self.labelsReset.emit()

    def let_go(self) -> None:
        """Draw no more: the canvas shows something else. Masks that are still to come are sent."""
        self._view = None

    def take_view(self, view: FrameView) -> None:
        """Show what the project has; edits that are not in it yet stay drawn."""
        self._view, self.frame_index = view, view.frame_index
        self._sent = [sent for sent in self._sent if not sent.settled(view.revision)]
        self.restore()

    # Inside

    def _said_here(self, object_id: int) -> bool:
        """True where the user asserts the object on this frame, or is about to."""
        sent = any(
            one.local.object_id == object_id and one.local.frame_index == self.frame_index
            for one in self._sent
        )
        return sent or (self._view is not None and object_id in self._view.assertions)

    def _announce_object(self) -> int:
        free = self.free_id
        if not free:
            self.say(self.tr("There are {} objects already.").format(MAX_OBJECT_ID))
            return 0
        self.new_object = TrackedObject(free, f"Object {free}", usual_color(free))
        self.objectsChanged.emit()
        return free

    def _take_objects(self) -> None:
        new, known = self.new_object, {item.object_id for item in self.session.objects}
        if new is not None and new.object_id in known:
            self.new_object = None
            if self._adding == new.object_id:
                self.session.select_object(new.object_id)
            self._adding = 0
        self.objectsChanged.emit()

    def _take_failure(self) -> None:
        refused = {sent.local.object_id for sent in self._sent if sent.failed}
        if self._adding in refused:
            self._adding = 0
            self.release_claim()


def _verb(local: LocalEdit) -> str:
    if local.whole:
        return "Set mask of"
    return "Erase" if local.erase else "Paint"
