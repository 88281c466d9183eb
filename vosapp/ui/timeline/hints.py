"""Plain sentences about cells."""

from __future__ import annotations

import math

from PySide6.QtCore import QCoreApplication

from vosapp.project.boxes import BoxLabel
from vosapp.project.model import FrameState, TrackedObject
from vosapp.session.session import Session
from vosapp.session.view import LaneView
from vosapp.ui import numbering


def tr(text: str) -> str:
    """Translate a text of the timeline."""
    return QCoreApplication.translate("Timeline", text)


def cell_text(session: Session, item: TrackedObject, frame_index: int) -> str:
    """Return what is known of an object on a frame: "Frame 57 - Bear: propagated, ..."."""
    lane = session.lane(item.object_id)
    text = state_text(lane, frame_index) if lane is not None else tr("nothing yet")
    if any(
        (r.frame_index, r.object_id) == (frame_index, item.object_id)
        for r in session.update.references
    ):
        text += ", " + tr("reference frame")
    label = session.boxes(item.object_id).at(item.object_id, frame_index)
    if label is not None:
        text += ", " + box_text(label)
    number = numbering.shown(frame_index)
    return tr("Frame {0} - {1}: {2}").format(number, item.shown_name, text)


def box_text(label: BoxLabel) -> str:
    """Say what a box label is."""
    if not label.visible:
        return tr("box label: not visible")
    return tr("box drawn") if label.drawn else tr("box interpolated")


def state_text(lane: LaneView, frame_index: int) -> str:
    """Return the state of a cell with its confidence: "propagated, confidence 0.83"."""
    state = FrameState(int(lane.states[frame_index]))
    text = {
        FrameState.EMPTY: tr("nothing yet"),
        FrameState.PROPAGATED: tr("propagated"),
        FrameState.STALE: tr("stale: keyframes or weights have changed"),
        FrameState.CHECKED: tr("checked"),
        FrameState.KEYFRAME: tr("keyframe"),
        FrameState.ABSENT: tr("marked absent"),
    }[state]
    confidence = float(lane.confidence[frame_index])
    if state in (FrameState.EMPTY, FrameState.KEYFRAME, FrameState.ABSENT):
        return text
    if lane.needs_work[frame_index]:
        text += ", " + tr("needs work")
    if lane.gone is not None and lane.gone[frame_index]:
        return text + ", " + tr("found not to be in the picture")
    if math.isnan(confidence):
        return text
    if confidence <= 0 and state is not FrameState.CHECKED:
        return text + ", " + tr("lost")
    return text + ", " + tr("confidence {0}").format(f"{confidence:.2f}")
