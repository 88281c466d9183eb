"""Writing one clip's label maps, and its record when they are all there."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from core.data.dense_labels import Verdict
from core.engine.densify.clip import Checks, ClipRequest, DenseFrame, densify_clip
from core.engine.densify.plan import ClipPlan, DensifyRequest, require_frames
from core.engine.densify.records import ClipRecord, ObjectRecord, remove_record, write_record
from core.engine.registry import build_tracker
from core.errors import OutputError
from core.jobs import CancelToken, Progress, mapped
from core.media.atomic import made_folder, write_atomic
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
        self._masks = request.out / "Annotations/480p" / clip.name
        self._pictures = request.out / "JPEGImages/480p" / clip.name
        self._counts: dict[int, Counter[Verdict]] = {}
        self._walked = 0

    def go(self, token: CancelToken) -> Generator[Progress]:
        """Label the clip and say that it is finished; progress is in its frames."""
        start, clip = time.perf_counter(), self._clip
        remove_record(self._request.out, clip.name)
        _cleared(self._masks, ".png")
        if self._request.frames:
            _cleared(self._pictures, ".jpg")
        with open_video(clip.video, cache_bytes=CACHE_BYTES) as whole:
            require_frames(clip, whole)
            video = ChosenFrames(whole, clip.frames)
            job = densify_clip(self._clip_request(video), token)
            checks = yield from mapped(job, partial(self._step, video))
        self.record = self._record(checks, time.perf_counter() - start)
        write_record(self._request.out, self.record)

    def _step(self, video: VideoSource, item: Progress | DenseFrame) -> Progress:
        """Write what there is to be written, and say how far the clip is."""
        if isinstance(item, DenseFrame):
            self._write(video, item)
        else:
            self._walked += 1
        # Two walks reach each frame.
        return Progress(min(self._walked // 2, len(self._clip.frames)), 0, self._clip.name)

    def _write(self, video: VideoSource, item: DenseFrame) -> None:
        name = f"{self._clip.frames[item.frame_index]:05d}"
        write_label_map(self._masks / f"{name}.png", item.label_map)
        if self._request.frames:
            _write_frame(self._pictures / f"{name}.jpg", video.frame(item.frame_index))
        for object_id, verdict in item.verdicts.items():
            self._counts.setdefault(object_id, Counter())[verdict] += 1

    def _clip_request(self, video: VideoSource) -> ClipRequest:
        at = {index: place for place, index in enumerate(self._clip.frames)}
        boxes = tuple(replace(b, frame_index=at[b.frame_index]) for b in self._clip.boxes)
        tracker = build_tracker(self._request.tracker)
        return ClipRequest(video, boxes, tracker, self._describe, self._request.threshold)

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


def _cleared(folder: Path, suffix: str) -> None:
    """Make a folder, and remove the files of an earlier run from it."""
    made_folder(folder)
    try:
        for path in folder.iterdir():
            if re.fullmatch(rf"\d{{5,}}\{suffix}", path.name):
                path.unlink()
    except OSError as error:
        raise OutputError(f"{folder} cannot be emptied: {error.strerror}.") from error


def _write_frame(path: Path, frame: Frame) -> None:
    pixels = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
    write_atomic(path, data.tobytes())


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
