"""What can be done with objects. Every function takes the workspace and the view's state.

All of them return at once; what they change comes back by the session's signals, and what cannot
be done as its `failed`. Without a current object nothing happens.
"""

from __future__ import annotations

from core.types import MAX_OBJECT_ID
from vosapp.project import rules
from vosapp.project.edit_masks import MarkAbsent, SetMask
from vosapp.project.edit_ranges import (
    CheckFrames,
    ClearMasks,
    DeleteObject,
    MergeObjects,
    SetReference,
    SplitObject,
)
from vosapp.project.edits import (
    AddObject,
    Group,
    LockObject,
    RecolorObject,
    RenameObject,
    ReorderObjects,
    SetCategory,
    ShowObject,
)
from vosapp.project.model import FrameState
from vosapp.session.session import Session
from vosapp.session.workspace import Workspace
from vosapp.ui.objects.newcomer import select_newcomer
from vosapp.ui.view_state import ViewState


def new_object(workspace: Workspace, _view_state: ViewState, name: str = "") -> None:
    """Add an object, on any frame at any time, and make it the current one."""
    session = workspace.session
    select_newcomer(session)
    session.do(AddObject(name=name))


def as_new_object(workspace: Workspace, frame_index: int, object_id: int) -> None:
    """Take back the last step, which set an object's mask, and give that mask to a new object.

    Nothing happens where another frame is shown, or there is no room for another object.
    """
    session = workspace.session
    view = session.view
    free = rules.lowest_free_id({item.object_id for item in session.objects})
    if view is None or view.frame_index != frame_index or not free:
        return
    mask = view.label_map == object_id
    session.undo()
    select_newcomer(session)
    session.do(
        Group((AddObject(free), SetMask(frame_index, free, mask)), f"Set mask of Object {free}")
    )


def rename(workspace: Workspace, _view_state: ViewState, name: str) -> None:
    """Give the current object a name; an empty or an unchanged one is no change."""
    item = workspace.session.current_object
    if item is not None and name.strip() and name.strip() != item.name:
        workspace.session.do(RenameObject(item.object_id, name))


def recolor(workspace: Workspace, object_id: int, color: tuple[int, int, int]) -> None:
    """Give an object a color: red, green, blue, 0..255; one that is gone stays so."""
    known = {item.object_id: item.color for item in workspace.session.objects}
    if known.get(object_id, color) != color:
        workspace.session.do(RecolorObject(object_id, color))


def categorize(workspace: Workspace, object_id: int, category: str) -> None:
    """Say what class an object is of; empty for none; one that is gone stays so."""
    known = {item.object_id: item.category for item in workspace.session.objects}
    if known.get(object_id, category) != category.strip():
        workspace.session.do(SetCategory(object_id, category.strip()))


def toggle_visible(workspace: Workspace, _view_state: ViewState) -> None:
    """Hide the current object, or show it."""
    item = workspace.session.current_object
    if item is not None:
        workspace.session.do(ShowObject(item.object_id, visible=not item.visible))


def toggle_solo(workspace: Workspace, view_state: ViewState) -> None:
    """Show the current object alone, or all again."""
    wanted = workspace.session.object_id
    view_state.set_solo(0 if view_state.solo == wanted else wanted)


def toggle_lock(workspace: Workspace, _view_state: ViewState) -> None:
    """Lock the current object, so that nothing changes its masks, or unlock it."""
    item = workspace.session.current_object
    if item is not None:
        workspace.session.do(LockObject(item.object_id, locked=not item.locked))


def merge(workspace: Workspace, _view_state: ViewState, target: int) -> None:
    """Make the current object part of another one, which becomes the current one."""
    session = workspace.session
    source = session.object_id
    if source and source != target:
        session.select_object(target)
        session.do(MergeObjects(source, target))


def split_here(workspace: Workspace, _view_state: ViewState) -> None:
    """From the current frame on, make the current object another one, and select that."""
    session = workspace.session
    if session.object_id:
        select_newcomer(session)
        session.do(SplitObject(session.object_id, session.frame_index))


def delete_on_frame(workspace: Workspace, _view_state: ViewState) -> None:
    """Delete the current object's mask on the current frame."""
    session = workspace.session
    if session.object_id:
        here = session.frame_index
        session.do(ClearMasks(session.object_id, here, here + 1))


def delete_in_range(workspace: Workspace, _view_state: ViewState) -> None:
    """Delete the current object's masks between in and out points."""
    session = workspace.session
    if session.object_id:
        session.do(ClearMasks(session.object_id, *session.range))


def delete_everywhere(workspace: Workspace, _view_state: ViewState) -> None:
    """Delete the current object with all its masks; its neighbor becomes the current one."""
    session = workspace.session
    gone = session.object_id
    if gone:
        ids = [item.object_id for item in session.objects]
        place = ids.index(gone)
        left = ids[:place] + ids[place + 1 :]
        session.do(DeleteObject(gone))
        if left:
            session.select_object(left[min(place, len(left) - 1)])


def mark_absent(workspace: Workspace, _view_state: ViewState) -> None:
    """Assert that the current object is not on the current frame."""
    session = workspace.session
    if session.object_id:
        here = session.frame_index
        session.do(MarkAbsent(session.object_id, here, here + 1))


def check_frame(workspace: Workspace, _view_state: ViewState) -> None:
    """Lock all results of the current frame, or unlock them where all are locked."""
    session = workspace.session
    states = {i: _state_here(session, i) for i in (o.object_id for o in session.objects)}
    open_ids = [i for i, s in states.items() if s in (FrameState.PROPAGATED, FrameState.STALE)]
    checked = [i for i, s in states.items() if s is FrameState.CHECKED]
    ids, here = tuple(open_ids or checked), session.frame_index
    if ids:
        session.do(CheckFrames(ids, here, here + 1, checked=bool(open_ids)))


def toggle_reference(workspace: Workspace, _view_state: ViewState) -> None:
    """Make the current keyframe a reference frame, or an ordinary one again."""
    session = workspace.session
    here = session.frame_index
    known = any(item.frame_index == here for item in session.update.references)
    session.do(SetReference(here, reference=not known))


def next_object(workspace: Workspace, view_state: ViewState) -> None:
    """Select the next object of the list, after the last one the first."""
    _cycle(workspace, view_state, 1)


def previous_object(workspace: Workspace, view_state: ViewState) -> None:
    """Select the object before in the list, before the first one the last."""
    _cycle(workspace, view_state, -1)


def select_by_digit(workspace: Workspace, view_state: ViewState, digit: int) -> None:
    """Select the object with an id, its number in the list and in files; 0 selects none."""
    if digit == 0:
        workspace.session.select_object(0)
    elif any(item.object_id == digit for item in workspace.session.objects):
        _select(workspace, view_state, digit)


def reorder(workspace: Workspace, object_id: int, place: int) -> None:
    """Move an object so that it comes before the one at a place of the list."""
    ids = [item.object_id for item in workspace.session.objects]
    if object_id not in ids:
        return
    old = ids.index(object_id)
    ids.insert(place, object_id)
    del ids[old if old < place else old + 1]
    if ids != [item.object_id for item in workspace.session.objects]:
        workspace.session.do(ReorderObjects(tuple(ids)))


def bring_forward(workspace: Workspace, _view_state: ViewState) -> None:
    """Move the current object one place up in the list, to the front."""
    _shift(workspace, -1)


def send_backward(workspace: Workspace, _view_state: ViewState) -> None:
    """Move the current object one place down in the list, to the back."""
    _shift(workspace, 1)


def is_full(workspace: Workspace) -> bool:
    """True where no more objects can be added."""
    return len(workspace.session.objects) >= MAX_OBJECT_ID


def _shift(workspace: Workspace, by: int) -> None:
    ids = [item.object_id for item in workspace.session.objects]
    here = workspace.session.object_id
    if here in ids:
        # `reorder` counts places between rows: down is past the next one.
        place = ids.index(here) + (by if by < 0 else by + 1)
        reorder(workspace, here, max(0, place))


def _cycle(workspace: Workspace, view_state: ViewState, way: int) -> None:
    ids = [item.object_id for item in workspace.session.objects]
    if not ids:
        return
    here = workspace.session.object_id
    start = -1 if way > 0 else 0
    place = ids.index(here) if here in ids else start
    _select(workspace, view_state, ids[(place + way) % len(ids)])


def _select(workspace: Workspace, view_state: ViewState, object_id: int) -> None:
    """Select an object; where one is shown alone, this one is now."""
    workspace.session.select_object(object_id)
    if view_state.solo:
        view_state.set_solo(object_id)


def _state_here(session: Session, object_id: int) -> FrameState:
    lane = session.lane(object_id)
    state = FrameState.EMPTY if lane is None else int(lane.states[session.frame_index])
    return FrameState(state)
