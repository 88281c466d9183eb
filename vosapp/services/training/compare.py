"""Old and new weights side by side on one frame of an open project. torch is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.data.box_tables import DrawnBox
from core.errors import UsageError
from core.jobs import CancelToken, Job, Progress
from core.media.chosen_frames import ChosenFrames
from core.media.video import open_video
from core.nn.checkpoints import read_info
from core.types import Direction, FrameResult, Keyframe, LabelMap, Quality
from vosapp.project.boxes import BoxLabel
from vosapp.project.keyframes import keyframes
from vosapp.project.relink import require_video
from vosapp.project.store import Project

MOST_WALKED = 32
"""Frames between the keyframe and the frame that are tracked."""


def compare_frame(
    project: Project,
    video: Path,
    frame_index: int,
    *,
    models: Sequence[Path],
    token: CancelToken,
    device: str = "auto",
    quality: Quality = Quality.FAST,
) -> Job[tuple[LabelMap, ...]]:
    """Carry the nearest keyframe to a frame with each of several weights; nothing is kept.

    Where there is none, the box labels that were drawn on the nearest frame are filled.

    Args:
        project: with keyframes or box labels.
        video: the project's.
        frame_index: of the frame that is looked at; not that of a keyframe.
        models: weights, of any system.
        token: is looked at before each frame.
        device: where it is computed.
        quality: working resolution.

    Yields:
        A `Progress` after each frame.

    Returns:
        A label map of each model, in their order.

    Raises:
        UsageError: there is no keyframe and no drawn box on another frame.
        VosError: the video or the weights cannot be used.
        Cancelled: by the token.
    """
    from core.engine.propagate import PropagationRequest, propagate
    from core.engine.registry import build_tracker
    from core.tracking.contract import TrackerRequest

    require_video(project, video)
    start = start_near(project, frame_index)
    frames = _walk(start.frame_index, frame_index)
    place, goal = frames.index(start.frame_index), frames.index(frame_index)
    moved = Keyframe(place, start.object_ids, start.label_map)
    way = Direction.FORWARD if goal > place else Direction.BACKWARD
    found, done = list[LabelMap](), 0
    with open_video(video) as opened:
        chosen = ChosenFrames(opened, frames)
        for number, weights in enumerate(models, 1):
            said = f"weights {number} of {len(models)}"
            system = read_info(weights).system
            tracker = build_tracker(TrackerRequest(system, quality, device, weights))
            asked = PropagationRequest((moved,), 0, len(frames), (way,))
            for item in propagate(chosen, tracker, asked, token):
                if isinstance(item, FrameResult):
                    done += 1
                    yield Progress(done, len(frames) * len(models), said, "compare")
                    if item.frame_index == goal:
                        found.append(item.label_map)
    return tuple(found)


def start_near(project: Project, frame_index: int) -> Keyframe:
    """The nearest keyframe on another frame, else the drawn boxes of the nearest one, filled.

    Raises:
        UsageError: there is neither.
    """
    known = [k for k in keyframes(project) if k.frame_index != frame_index and k.object_ids]
    if not known:
        drawn = (b for b in project.boxes_in() if b.drawn and b.visible)
        known = _filled(project, [b for b in drawn if b.frame_index != frame_index])
    if not known:
        msg = "There is no mask and no box label on another frame to start from."
        raise UsageError(msg, "Draw one on a frame, then look at another one.")
    return min(known, key=lambda one: abs(one.frame_index - frame_index))


def _filled(project: Project, labels: Sequence[BoxLabel]) -> list[Keyframe]:
    from core.eval.box_agreement.measure import start_keyframes

    size = (project.video.height, project.video.width)
    by_frame = dict[int, list[DrawnBox]]()
    for b in labels:
        corners = (b.x, b.y, b.x + b.width, b.y + b.height)
        box = DrawnBox("", b.frame_index, b.object_id, "", corners)
        by_frame.setdefault(b.frame_index, []).append(box)
    return [start for boxes in by_frame.values() for start in start_keyframes(tuple(boxes), size)]


def _walk(first: int, last: int) -> tuple[int, ...]:
    """Frames from one to the other, ascending, some left out where they are many."""
    low, high = sorted((first, last))
    count = min(high - low + 1, MOST_WALKED)
    return tuple(dict.fromkeys(np.linspace(low, high, count).round().astype(int).tolist()))
