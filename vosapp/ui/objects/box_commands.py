"""What can be done with box labels. As `vosapp.ui.objects.commands`: all of it returns at once."""

from __future__ import annotations

from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_boxes import InterpolateBoxes, PutBox, RemoveBoxes
from vosapp.session import boxes
from vosapp.session.workspace import Workspace
from vosapp.ui.view_state import ViewState


def remove_here(workspace: Workspace, view_state: ViewState) -> bool:
    """Remove the current object's label on this frame; False where there is none.

    A drawn one between two others becomes an interpolated one where the gaps are filled.
    """
    session = workspace.session
    here, target = session.frame_index, session.object_id
    if not target or session.boxes(target).at(target, here) is None:
        return False
    session.do(RemoveBoxes(target, here, here + 1, fill=view_state.fill_boxes))
    return True


def remove_in_range(workspace: Workspace, _view_state: ViewState) -> None:
    """Remove the current object's labels between in and out points."""
    session = workspace.session
    if session.object_id:
        session.do(RemoveBoxes(session.object_id, *session.range))


def mark_unseen(workspace: Workspace, view_state: ViewState) -> None:
    """Say that nothing of the current object is visible on this frame."""
    session = workspace.session
    if session.object_id:
        label = BoxLabel(session.frame_index, session.object_id, 0.0, 0.0, 0.0, 0.0)
        session.do(PutBox(label, fill=view_state.fill_boxes))


def interpolate(workspace: Workspace, _view_state: ViewState) -> None:
    """Make labels on all frames between the current object's drawn ones."""
    session = workspace.session
    if session.object_id:
        session.do(InterpolateBoxes(session.object_id))


def next_frame(workspace: Workspace) -> int | None:
    """Return the frame on which a box is worth most: of the current object, else of any."""
    session = workspace.session
    ids = [session.object_id] if session.object_id else [o.object_id for o in session.objects]
    lanes = [session.boxes(object_id) for object_id in ids]
    return boxes.next_to_box(lanes, session.frame_count)


def has_boxes(workspace: Workspace) -> bool:
    """True where the current object, or any where none is current, has a drawn box."""
    session = workspace.session
    ids = [session.object_id] if session.object_id else [o.object_id for o in session.objects]
    return any(session.boxes(object_id).drawn.any() for object_id in ids)
