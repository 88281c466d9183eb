"""Which clips are to be made dense, on which of their frames."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core import __version__
from core.data.box_tables import DrawnBox, clip_names, require_complete
from core.data.dense_labels import AGREES, ALIKE, SLIVER
from core.data.raw_video import find_videos
from core.errors import AnnotationReadError, DatasetError
from core.media.file_hash import sha256_of
from core.tracking.contract import TrackerRequest

if TYPE_CHECKING:
    from core.media.video import VideoSource


@dataclass(frozen=True, slots=True)
class DensifyRequest:
    """What is to be made dense.

    Attributes:
        boxes: of each clip, as `core.data.box_tables.read_box_table` has them.
        videos: folder with the clips, or one of them.
        out: folder for the tree.
        tracker: the system that carries.
        threshold: overlap of boxes from which a carried mask agrees, 0..1.
        step: every Nth frame is walked and labeled, beside those with boxes.
        frames: write the frames, too.
    """

    boxes: Mapping[str, tuple[DrawnBox, ...]]
    videos: Path
    out: Path
    tracker: TrackerRequest
    threshold: float = AGREES
    step: int = 1
    frames: bool = False


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """A clip, its video, and the frames that are wanted of it.

    Attributes:
        name: of its folder of label maps: the video's without its suffix.
        video: the file.
        boxes: a row for each object on each labeled frame.
        frames: indices of the labeled frames and of those that are walked between them, ascending.
        settings: all that the label maps depend on.
    """

    name: str
    video: Path
    boxes: tuple[DrawnBox, ...]
    frames: tuple[int, ...]
    settings: str


def plan_clips(request: DensifyRequest) -> list[ClipPlan]:
    """Each clip with its video and the frames that are walked, in the table's order.

    Raises:
        DatasetError: a video is missing or there twice, or two clips have one name.
        AnnotationReadError: rows are missing (`require_complete`).
    """
    if not 0 < request.threshold <= 1 or request.step < 1:
        msg = f"A threshold of {request.threshold:g} with step {request.step} makes no sense."
        raise ValueError(msg)
    found = find_clips(request.boxes, request.videos)
    weights = request.tracker.weights
    mark = "" if weights is None else sha256_of(weights)
    clips = [_clip(request, found[c], boxes, mark) for c, boxes in request.boxes.items()]
    twice = [name for name, count in Counter(clip.name for clip in clips).items() if count > 1]
    if twice:
        msg = f"Two clips are called {twice[0]}, but for their endings."
        raise DatasetError(msg, "Rename one of them, in the table as well.")
    return clips


def require_frames(clip: ClipPlan, video: VideoSource) -> None:
    """Refuse boxes on frames that a video does not have, or outside of its frames.

    Raises:
        AnnotationReadError: there are such boxes.
    """
    info = video.info
    for box in clip.boxes:
        if box.frame_index >= info.frame_count:
            msg = f"There is a box on frame {box.frame_index}, but only {info.frame_count} frames."
            raise AnnotationReadError(msg, "Frames are counted from 0.")
        x0, y0, x1, y1 = box.corners or (0, 0, 1, 1)
        if x0 >= info.width or y0 >= info.height or x1 <= 0 or y1 <= 0:
            msg = f"The box of object {box.object_id} on frame {box.frame_index} lies outside."
            raise AnnotationReadError(msg, f"Frames are {info.width} x {info.height} pixels.")


def find_clips(clips: Iterable[str], videos: Path) -> dict[str, Path]:
    """The video of each clip, which is named with or without its suffix.

    Args:
        clips: names; an empty one means the video that `videos` is.
        videos: folder with the clips, or one of them.

    Raises:
        DatasetError: no such folder; a video is missing or there twice.
    """
    if not videos.exists():
        raise DatasetError(f"{videos} does not exist.", "Check the path.")
    by_name: dict[str, list[Path]] = {}
    for path in find_videos(videos):
        for name in (*clip_names(path.name), *([] if videos.is_dir() else [""])):
            by_name.setdefault(name, []).append(path)
    found = {}
    for clip in clips:
        named = by_name.get(clip, [])
        if len(named) != 1:
            name = clip or "(none: the table has no column clip)"
            msg = f"{len(named)} videos of the name {name} are in {videos}, not one."
            raise DatasetError(msg, "Name the folder with the clips of the table of boxes.")
        found[clip] = named[0]
    return found


def _clip(
    request: DensifyRequest, video: Path, boxes: tuple[DrawnBox, ...], weights: str
) -> ClipPlan:
    require_complete(boxes)
    labeled = {box.frame_index for box in boxes}
    between = range(min(labeled), max(labeled) + 1, request.step)
    frames = tuple(sorted(labeled | set(between)))
    tracker = request.tracker
    drawn = hashlib.sha256(repr(boxes).encode("utf-8", "surrogateescape")).hexdigest()
    parts = (
        *(__version__, tracker.system, weights, tracker.quality.value, tracker.device),
        *(f"{request.threshold:g}", str(request.step), str(request.frames), drawn),
        *(str(video.stat().st_size), f"{ALIKE:g}", f"{SLIVER:g}"),
    )
    return ClipPlan(video.stem, video, boxes, frames, " ".join(parts))
