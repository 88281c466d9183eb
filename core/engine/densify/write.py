"""Writing one clip's label maps, and its record when they are all there."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from core.data.dense_labels import Verdict
from core.engine.densify.clip import Checks, ClipRequest, DenseFrame, densify_clip
from core.engine.densify.plan import ClipPlan, DensifyRequest, require_frames
from core.engine.densify.records import ClipRecord, ObjectRecord, remove_record, write_record
from core.engine.registry import build_tracker
from core.errors import OutputError
from core.jobs import CancelToken, Progress
from core.media.atomic import write_atomic
from core.media.chosen_frames import ChosenFrames
from core.media.label_map import write_label_map
from core.media.video import VideoSource, open_video
from core.prompts.request import FeatureReader
from core.types import Frame

CACHE_BYTES = 512 << 20
"""Of decoded frames: stretches are walked backward, too."""
JPEG_QUALITY = 95


class ClipJob:
    """One clip on its way to the disk."""

    def __init__(
        self, request: DensifyRequest, clip: ClipPlan, describe: FeatureReader | None
    ) -> None:
        self._request = request
        self._clip = clip
        self._describe = describe
        self._counts: dict[int, Counter[Verdict]] = {}

    def go(self, token: CancelToken) -> Generator[Progress]:
        """Label the clip and say that it is finished; progress is in its frames."""
        start, clip, out = time.perf_counter(), self._clip, self._request.out
        remove_record(out, clip.name)
        masks = _cleared(out / "Annotations/480p" / clip.name, ".png")
        pictures = out / "JPEGImages/480p" / clip.name
        if self._request.frames:
            _cleared(pictures, ".jpg")
        with open_video(clip.video, cache_bytes=CACHE_BYTES) as whole:
            require_frames(clip, whole)
            video = ChosenFrames(whole, clip.frames)
            job, walked = densify_clip(self._clip_request(video), token), 0
            while True:
                try:
                    item = next(job)
                except StopIteration as end:
                    checks: Checks = end.value
                    break
                if isinstance(item, DenseFrame):
                    name = f"{clip.frames[item.frame_index]:05d}"
                    write_label_map(masks / f"{name}.png", item.label_map)
                    if self._request.frames:
                        _write_frame(pictures / f"{name}.jpg", video.frame(item.frame_index))
                    self._count(item)
                else:
                    walked += 1
                    # Two walks reach each frame.
                    yield Progress(min(walked // 2, len(clip.frames)), 0, clip.name)
        self.record = self._record(checks, time.perf_counter() - start)
        write_record(out, self.record)

    def _clip_request(self, video: VideoSource) -> ClipRequest:
        at = {index: place for place, index in enumerate(self._clip.frames)}
        boxes = tuple(replace(b, frame_index=at[b.frame_index]) for b in self._clip.boxes)
        tracker = build_tracker(self._request.tracker)
        return ClipRequest(video, boxes, tracker, self._describe, self._request.threshold)

    def _count(self, item: DenseFrame) -> None:
        for object_id, verdict in item.verdicts.items():
            self._counts.setdefault(object_id, Counter())[verdict] += 1

    def _record(self, checks: Checks, seconds: float) -> ClipRecord:
        clip = self._clip
        names = {box.object_id: box.name for box in clip.boxes}
        objects = tuple(self._object(i, names[i], checks) for i in sorted(names))
        return ClipRecord(
            clip.name, clip.video.name, clip.settings, clip.frames, round(seconds, 2), objects
        )

    def _object(self, object_id: int, name: str, checks: Checks) -> ObjectRecord:
        counts = self._counts[object_id]
        answered = checks.answered.get(object_id, [])
        carried = checks.carried.get(object_id, [])
        refused, absent = counts[Verdict.REFUSED], counts[Verdict.ABSENT]
        return ObjectRecord(
            object_id,
            name,
            boxes=len(answered),
            answered=_mean(answered),
            carried=_mean([one.box for one in carried]),
            alike=_mean([one.mask for one in carried if one.mask is not None]),
            kept=counts.total() - refused - absent,
            refused=refused,
            absent=absent,
        )


def made_folder(path: Path) -> None:
    """Make a folder where there is none.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"Cannot create the folder {path}: {error.strerror}."
        raise OutputError(msg, "Choose a folder you may write.") from error


def _cleared(folder: Path, suffix: str) -> Path:
    """A folder without the files of an earlier run."""
    made_folder(folder)
    try:
        for path in folder.iterdir():
            if re.fullmatch(rf"\d{{5,}}\{suffix}", path.name):
                path.unlink()
    except OSError as error:
        raise OutputError(f"{folder} cannot be emptied: {error.strerror}.") from error
    return folder


def _write_frame(path: Path, frame: Frame) -> None:
    pixels = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    write_atomic(path, data.tobytes())


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
