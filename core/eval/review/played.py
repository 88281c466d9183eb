"""Sequences of a dataset as a project would store them, with the true J beside: played once, kept.

What a list of frames to check is made of (`core.review.track.Track`) is a few numbers a frame and
object, so that weights can be fitted, and lists compared, without playing anything again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.engine.propagate import PropagationRequest, propagate
from core.engine.registry import build_tracker
from core.eval.benchmark_plan import BenchmarkRequest, SequenceJob, plan_jobs
from core.eval.jf import region_similarity
from core.jobs import CancelToken, Job, Progress
from core.media.atomic import made_folder, write_atomic
from core.media.file_hash import sha256_of
from core.media.input_file import read_input
from core.review.facts import measure
from core.review.track import Measured, Track
from core.tracking.walk_state import pack, unpack
from core.types import FrameResult

SUFFIX = ".review"
CACHE_BYTES = 8 << 20
_PLAIN = re.compile(r"[^\w.-]")
_BROKEN = (OSError, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class Played:
    """One sequence.

    Attributes:
        name: of the sequence.
        tracks: what a project would know of each object, by object id.
        j: true J of each object and frame, float32; NaN where it is not scored.
    """

    name: str
    tracks: dict[int, Track]
    j: dict[int, NDArray[np.float32]]

    @property
    def frame_j(self) -> NDArray[np.float32]:
        """Mean of J over the objects of each frame; NaN where none is scored."""
        rows = np.stack(list(self.j.values()))
        known = np.isfinite(rows)
        total = np.where(known, rows, 0).sum(0)
        count = known.sum(0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def play(request: BenchmarkRequest, folder: Path, token: CancelToken) -> Job[tuple[Played, ...]]:
    """Play all sequences of a dataset that were not played before with the same settings.

    Args:
        request: what is run, and on what.
        folder: where each sequence is kept; a run that was stopped goes on with the next one.
        token: is looked at between two frames.

    Yields:
        A `Progress` after each frame.

    Returns:
        All sequences, in the order of their names.

    Raises:
        VosError: of the kinds that `plan_jobs` and `propagate` name; a file cannot be written.
        Cancelled: by the token; finished sequences are kept.
    """
    jobs = plan_jobs(request)
    settings = _settings(request)
    total, done = sum(job.info.frame_count for job in jobs), 0
    played = []
    for job in jobs:
        path = folder / (_PLAIN.sub("_", job.plan.name) + SUFFIX)
        found = load(path, settings)
        if found is None:
            for step in _play(job, request, token):
                if isinstance(step, Played):
                    found = step
                else:
                    yield Progress(done + step, total, job.plan.name)
            if found is None:
                raise RuntimeError(job.plan.name)
            save(path, found, settings)
        done += job.info.frame_count
        played.append(found)
    return tuple(played)


def _play(
    job: SequenceJob, request: BenchmarkRequest, token: CancelToken
) -> Iterator[int | Played]:
    """Yield how many frames are done, and then what came of them."""
    count, ids = job.info.frame_count, job.plan.object_ids
    log = _Log(count, ids)
    scored = job.scored
    keyframes = job.keyframes()
    for keyframe in keyframes:
        log.assert_(keyframe.frame_index, keyframe.object_ids)
    with job.open(cache_bytes=CACHE_BYTES) as video:
        wanted = PropagationRequest(keyframes, 0, count, cleaning=request.cleaning)
        done = 0
        for result in propagate(video, build_tracker(request.tracker), wanted, token):
            if isinstance(result, Progress):
                continue
            log.put(result)
            if result.frame_index in scored:
                index = scored[result.frame_index]
                truth = job.read(job.plan.truths[index])
                for i in job.plan.active(index):
                    j = region_similarity(result.label_map == i, truth == i)
                    log.j[i][result.frame_index] = j
            done += 1
            yield done
    yield Played(job.plan.name, log.tracks(), log.j)


class _Log:
    """What a project would store of a run."""

    def __init__(self, count: int, object_ids: tuple[int, ...]) -> None:
        self._facts = {i: Measured(count) for i in object_ids}
        self._confidence, self._apart, self.j = (
            {i: np.full(count, np.nan, np.float32) for i in object_ids} for _ in range(3)
        )
        self._known, self._sure, self._gone = (
            {i: np.zeros(count, np.bool_) for i in object_ids} for _ in range(3)
        )

    def assert_(self, frame_index: int, object_ids: tuple[int, ...]) -> None:
        """Note what is given on a frame."""
        for object_id in object_ids:
            if object_id in self._sure:
                self._sure[object_id][frame_index] = True

    def put(self, result: FrameResult) -> None:
        """Take note of a frame."""
        found, frame = measure(result.label_map), result.frame_index
        for object_id, facts in self._facts.items():
            if object_id not in result.object_ids:
                continue
            facts.put(frame, found.get(object_id))
            self._known[object_id][frame] = True
            self._gone[object_id][frame] = object_id in result.absent
            sure = self._sure[object_id][frame]
            confidence = np.nan if sure else result.confidence.get(object_id, np.nan)
            self._confidence[object_id][frame] = confidence
            self._apart[object_id][frame] = result.disagreement.get(object_id, np.nan)

    def tracks(self) -> dict[int, Track]:
        """Return all that was noted, by object id."""
        return {
            i: facts.track(
                known=self._known[i],
                open_=self._known[i] & ~self._sure[i],
                looked=np.zeros_like(self._known[i]),
                sure=self._sure[i],
                gone=self._gone[i],
                confidence=self._confidence[i],
                disagreement=self._apart[i],
            )
            for i, facts in self._facts.items()
        }


def save(path: Path, played: Played, settings: dict[str, Any]) -> None:
    """Keep a sequence.

    Raises:
        OutputError: the file cannot be written.
    """
    head = {"name": played.name, "ids": sorted(played.tracks), "settings": settings}
    arrays: dict[str, NDArray[Any]] = {
        f"{i}.{f.name}": getattr(track, f.name)
        for i, track in played.tracks.items()
        for f in fields(Track)
    }
    arrays |= {f"{i}.j": j for i, j in played.j.items()}
    arrays["head"] = np.frombuffer(json.dumps(head).encode(), np.uint8)
    write_atomic(made_folder(path.parent) / path.name, pack(arrays))


def load(path: Path, settings: dict[str, Any]) -> Played | None:
    """Return a sequence that was kept with the same settings, None where there is none."""
    try:
        arrays: dict[str, Any] = unpack(read_input(path, limit=None))
        head = json.loads(arrays["head"].tobytes())
        if head["settings"] != settings:
            return None
        names = [f.name for f in fields(Track)]
        tracks = {i: Track(**{n: arrays[f"{i}.{n}"] for n in names}) for i in head["ids"]}
        return Played(head["name"], tracks, {i: arrays[f"{i}.j"] for i in head["ids"]})
    except _BROKEN:
        return None


def _settings(request: BenchmarkRequest) -> dict[str, Any]:
    """What a sequence that was kept depends on."""
    tracker = request.tracker
    weights = None if tracker.weights is None else sha256_of(tracker.weights)
    return {
        "system": tracker.system,
        "weights": weights,
        "quality": tracker.quality.value,
        "keyframes": request.keyframe_count,
        "late": request.late_entries,
        "cleaning": request.cleaning.text,
    }
