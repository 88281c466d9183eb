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
from vosapp.project import rules
from vosapp.project.colors import usual_color
from vosapp.project.edit_boxes import PutBox
from vosapp.project.edits import Edit, Group
from vosapp.project.model import Change, FrameState, TrackedObject
from vosapp.session.session import Session
from vosapp.session.standing import spoken_for
from vosapp.session.view import FrameView
from vosapp.session.workspace import Workspace
from vosapp.ui.canvas.items import LabelItem
from vosapp.ui.tools.announced import Announced
from vosapp.ui.tools.local_edit import EnsureObject, LocalEdit
from vosapp.ui.view_state import ViewState

MOST = 0.5
"""Share of another object's pixels from which on it is said that a mask takes them."""


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
        self._announced = Announced()
        self._item = item
        self._view: FrameView | None = None
        self._sent: list[_Sent] = []
        self._arriving = False
        workspace.session.objectsChanged.connect(self._take_objects)
        workspace.session.objectChosen.connect(self._take_choice)
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
        """All objects, and those that are about to be added."""
        known = self.session.objects
        ids = {item.object_id for item in known}
        return (*known, *(o for o in self._announced.objects if o.object_id not in ids))

    @property
    def new_object(self) -> TrackedObject | None:
        """What is being drawn and would be another object; None where it is not."""
        return self._announced.drawn

    @property
    def locked(self) -> frozenset[int]:
        """Ids that keep their pixels."""
        return frozenset(item.object_id for item in self.session.objects if item.locked)

    @property
    def spoken_for(self) -> frozenset[int]:
        """Ids whose pixels no proposed mask takes here; also those that were just drawn."""
        sent = (one.local for one in self._sent if not one.failed)
        here = {local.object_id for local in sent if local.frame_index == self.frame_index}
        return spoken_for(self.session) | here

    def _kept(self, local: LocalEdit) -> frozenset[int]:
        """Who keeps pixels from a drawing, as the project will see it."""
        return self.spoken_for if local.whole else self.locked

    def gains(self, local: LocalEdit) -> bool:
        """True where an area has a pixel that its object may have."""
        region = self.labels[local.part.slices]
        return bool(local.free(region, self._kept(local)).any())

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
        return self._announced.newest or self.session.object_id

    @property
    def chosen(self) -> int:
        """Id of the selected object, or of one that was taken last and is on its way; else 0.

        What is only being drawn does not count.
        """
        return self._announced.coming or self.session.object_id

    @property
    def free_id(self) -> int:
        """The id that a new object would get, 0 where there is none left."""
        known = {item.object_id for item in self.objects}
        return rules.lowest_free_id(known)

    def claim(self, *, new: bool = False) -> int:
        """Return the object to draw; where none is current, one that the edit will add.

        Returns 0, and says why, where it must not be changed.

        Args:
            new: one that the edit will add is meant in any case.
        """
        if new:
            return self._announce_object()
        item = next((one for one in self.objects if one.object_id == self.target), None)
        if item is not None and item.locked:
            text = self.tr("{} is locked. Unlock it, or press Esc and draw another object.")
            self.say(text.format(item.shown_name))
            return 0
        if item is not None and not item.visible:
            self.say(self.tr("{} is hidden. Show it to see what you draw.").format(item.shown_name))
        return self.target or self._announce_object()

    def set_aside(self) -> None:
        """What is taken and still on its way does not become the current object."""
        self._announced.set_aside()
        self.objectsChanged.emit()

    def deselect(self) -> bool:
        """Have no current object, also none that is on its way; False where there was none."""
        had = bool(self.target)
        if had:
            self.session.select_object(0)
        return had

    @property
    def finished(self) -> bool:
        """True where the user has said what the current object is on this frame, or checked it."""
        return self.is_finished(self.frame_index, self.target)

    def is_finished(self, frame_index: int, object_id: int) -> bool:
        """True where the user has said what an object is on a frame that is shown, or checked it.

        A mask that was taken and is not found yet counts.
        """
        if not object_id:
            return False
        if self._announced.owes(frame_index, object_id) or any(
            one.local.object_id == object_id
            and one.local.frame_index == frame_index
            and not one.failed
            for one in self._sent
        ):
            return True
        lane = self.session.lane(object_id)
        if lane is None:
            return False
        said = (FrameState.CHECKED, FrameState.KEYFRAME, FrameState.ABSENT)
        return FrameState(int(lane.states[frame_index])) in said

    def losers(self, mask: NDArray[np.bool_], object_id: int) -> tuple[str, ...]:
        """Return the names of other objects that would lose most of their pixels to a mask."""
        if self._view is None or mask.shape != self.labels.shape:
            return ()
        whole = np.bincount(self.labels.ravel(), minlength=256)
        lost = np.bincount(self.labels[mask], minlength=256)
        kept = self.spoken_for | {object_id}
        return tuple(
            item.name
            for item in self.session.objects
            if item.object_id not in kept and lost[item.object_id] > MOST * whole[item.object_id]
        )

    def is_new(self, object_id: int) -> bool:
        """True where an object is not in the project yet."""
        return object_id in self._announced.ids

    def name(self, object_id: int) -> str:
        """Return an object's name, or one for what is about to be added."""
        found = (item.shown_name for item in self.objects if item.object_id == object_id)
        return next(found, f"Object {object_id}")

    def release_claim(self) -> None:
        """Nothing was drawn: no object needs to be added."""
        if self._announced.drawn is not None:
            self._announced.drawn = None
            self.objectsChanged.emit()

    def promise(self, frame_index: int, object_id: int) -> None:
        """A mask was taken before it was found: it will be sent, or withdrawn."""
        self._announced.promise(frame_index, object_id)

    def withdraw(self, frame_index: int, object_id: int) -> None:
        """No mask was found for what was promised."""
        self._announced.settle(frame_index, object_id)
        if not any(one.local.object_id == object_id and not one.failed for one in self._sent):
            self._announced.lose((object_id,))
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
            changed = local.draw(self._item.labels, self._kept(local))
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
            self._announced.send(local.object_id)
            name = name or f"{_verb(local)} Object {local.object_id}"
        edit = edits[0] if len(edits) == 1 and not name else Group(edits, name)
        self._announced.settle(local.frame_index, local.object_id)
        self._sent.append(_Sent(local, self.session.do(edit)))

    def put_box(self, edit: PutBox) -> Future[Change]:
        """Send a box label to the project, with its object where that is not there yet."""
        object_id = edit.label.object_id
        if object_id in {item.object_id for item in self.session.objects}:
            return self.session.do(edit)
        self._announced.send(object_id)
        name = f"Add box label to Object {object_id}"
        return self.session.do(Group((EnsureObject(object_id), edit), name))

    def restore(self) -> None:
        """Show the label map without what was drawn and not sent."""
        if self._view is None:
            return
        self._item.show_labels(self._view.label_map)
        for sent in self._sent:
            if sent.local.frame_index == self.frame_index:
                sent.local.draw(self._item.labels, self._kept(sent.local))
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

    def _announce_object(self) -> int:
        free = self.free_id
        if not free:
            self.say(self.tr("There are {} objects already.").format(MAX_OBJECT_ID))
            return 0
        self._announced.drawn = TrackedObject(free, f"Object {free}", usual_color(free))
        self.objectsChanged.emit()
        return free

    def _take_objects(self) -> None:
        arrived = self._announced.arrive({item.object_id for item in self.session.objects})
        if arrived:
            self._arriving = True
            self.session.select_object(arrived)
            self._arriving = False
        self.objectsChanged.emit()

    def _take_choice(self, _object_id: int) -> None:
        """What the user selects counts more than what was drawn before and arrives later."""
        if not self._arriving:
            self.set_aside()

    def _take_failure(self) -> None:
        self._announced.lose({sent.local.object_id for sent in self._sent if sent.failed})
        self.objectsChanged.emit()


def _verb(local: LocalEdit) -> str:
    if local.whole:
        return "Set mask of"
    return "Erase" if local.erase else "Paint"
