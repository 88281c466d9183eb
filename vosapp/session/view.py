"""What the window shows of a project: frozen values, read off the window's thread."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.cleaning import Cleaning
from core.types import Frame, LabelMap
from vosapp.project.model import Assertion, Change, FrameState, Prompt, TrackedObject
from vosapp.project.store import Project
from vosapp.session.boxes import BoxLane, read_boxes


@dataclass(frozen=True, slots=True)
class LaneView:
    """One object over the whole video.

    Attributes:
        states: uint8 of `FrameState` per frame, with what the user asserts.
        confidence: float32 per frame, 0..1; NaN where there is none.
        gone: bool per frame, the engine found that the object is not there; None for nowhere.
        work: bool per frame, the user has marked the mask as one that needs work; None for nowhere.
    """

    states: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    gone: NDArray[np.bool_] | None = None
    work: NDArray[np.bool_] | None = None

    @property
    def needs_work(self) -> NDArray[np.bool_]:
        """Frames, bool each, whose result the user has marked as one that needs work."""
        if self.work is None:
            return np.zeros(len(self.states), np.bool_)
        return np.asarray(self.work & self._computed)

    @property
    def _computed(self) -> NDArray[np.bool_]:
        states = self.states
        return np.asarray((states == FrameState.PROPAGATED) | (states == FrameState.STALE))

    @property
    def found_gone(self) -> NDArray[np.bool_]:
        """Frames, bool each, whose result says that the object is not there."""
        if self.gone is None:
            return np.zeros(len(self.states), np.bool_)
        return np.asarray(self.gone & self._computed)


@dataclass(frozen=True, slots=True)
class FrameView:
    """One frame as it is to be shown.

    Attributes:
        frame_index: of what was asked for.
        frame: H x W x 3 uint8 RGB, read-only.
        label_map: H x W uint8 object ids, read-only.
        assertions: what the user asserts here, by object id.
        prompts: boxes and points of this frame.
        exact: False where `frame` is a nearby one that stands in until the right one is decoded.
        revision: the project's, at the latest, when this was read: an edit whose `Change` has
            this revision or an earlier one is in it.
        packed: `frame` as H x W x 4 uint8 blue, green, red, 255, as screens want it; or None.
        drafts: objects whose masks here are drafts of the propagation that is running.
        earlier: `label_map` is what the frame showed before its results were last changed; False
            where there was nothing, None where it was not asked for.
        cleanings: how propagated masks of objects are cleaned up here, as the project has it.
    """

    frame_index: int
    frame: Frame
    label_map: LabelMap
    assertions: dict[int, Assertion] = field(default_factory=dict)
    prompts: tuple[Prompt, ...] = ()
    exact: bool = True
    revision: int = 0
    packed: NDArray[np.uint8] | None = None
    drafts: frozenset[int] = frozenset()
    earlier: bool | None = None
    cleanings: Mapping[int, Cleaning] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectUpdate:
    """What has to be shown anew after a change.

    Attributes:
        change: what was done; its name is empty where nothing was.
        objects: all objects in the user's order.
        lanes: those that may have changed, by object id.
        references: keyframes that the engine always keeps in memory.
        undo: name of the step that undo takes back, empty for none.
        redo: name of the step that redo does again, empty for none.
        boxes: box labels of the objects that have any, of those that may have changed.
    """

    change: Change
    objects: tuple[TrackedObject, ...]
    lanes: dict[int, LaneView]
    references: tuple[Assertion, ...]
    undo: str = ""
    redo: str = ""
    boxes: dict[int, BoxLane] = field(default_factory=dict)


def read_update(
    project: Project, change: Change, object_ids: Collection[int] | None = None
) -> ProjectUpdate:
    """Read what a change has altered; None for `object_ids` reads every lane."""
    objects = project.objects()
    known = [item.object_id for item in objects]
    wanted = known if object_ids is None else [i for i in known if i in object_ids]
    undo, redo = ("" if step is None else step.name for step in project.next_steps())
    lanes = {object_id: read_lane(project, object_id) for object_id in wanted}
    boxes = read_boxes(project, change.boxed_ids)
    return ProjectUpdate(change, objects, lanes, project.references(), undo, redo, boxes)


def read_lane(project: Project, object_id: int) -> LaneView:
    """Read one object's states and confidences."""
    lane = project.cells(object_id)
    return LaneView(lane.states, lane.confidence, lane.gone, lane.needs_work)


def keyframes_in(lane: LaneView) -> NDArray[np.intp]:
    """Frames on which the user asserts something about the object, ascending."""
    return np.flatnonzero((lane.states == FrameState.KEYFRAME) | (lane.states == FrameState.ABSENT))
