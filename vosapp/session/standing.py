"""Whose pixels on the frame that is shown no proposed mask may take (ADR 0047)."""

from __future__ import annotations

from vosapp.project.model import FrameState
from vosapp.session.session import Session


def spoken_for(session: Session) -> frozenset[int]:
    """Return the ids whose masks here are locked, drawn or imported by the user, or checked."""
    here, view = session.frame_index, session.view
    drawn = {}
    if view is not None and view.frame_index == here:
        drawn = {i: item for i, item in view.assertions.items() if item.area}
    return frozenset(
        item.object_id
        for item in session.objects
        if item.locked or item.object_id in drawn or _is_checked(session, item.object_id)
    )


def _is_checked(session: Session, object_id: int) -> bool:
    lane = session.lane(object_id)
    return lane is not None and lane.states[session.frame_index] == FrameState.CHECKED
