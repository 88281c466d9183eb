"""What weights are measured by while they are trained: J&F, or agreement with boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.data.box_tables import clip_names, read_box_table
from core.data.layouts import shorten
from core.data.raw_video import find_videos, is_sequence
from core.data.splits import Split, in_split
from core.engine.densify.plan import find_clips
from core.engine.registry import require_tracking
from core.errors import AnnotationReadError, UsageError
from core.eval.benchmark import benchmark
from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs
from core.eval.box_agreement.measure import Boxes, box_agreement
from core.jobs import CancelToken, Job, Progress
from core.media.video import open_video
from core.tracking.contract import TrackerRequest
from core.train.validation import Validator


def validator_of(
    path: Path, tracker: TrackerRequest, *, videos: Path | None, boxes: Path | None = None
) -> Validator:
    """What measures weights, with all that it needs looked at.

    Args:
        path: a data set with masks, of which each sequence is given its first one; or a table of
            boxes on `videos`, of which held-out clips are tracked, or all where it has none.
        tracker: the system; its weights are those that are measured.
        videos: folder with the clips of the table.
        boxes: a table that is trained on; its clips cannot validate, but those held out.

    Raises:
        UsageError: a system that carries no masks; no videos for a table of boxes, or nothing that
            reads them frame by frame; a data set whose sequences are trained on.
        AnnotationReadError: the table cannot be read, or has nothing that is not trained on.
        DatasetError, VideoOpenError, MaskReadError, MaskMismatch: see `plan_jobs`, `find_clips`.
    """
    require_tracking(tracker.system)
    if path.is_dir():
        jobs = plan_jobs(BenchmarkRequest(path, tracker))
        _require_apart([job.plan.name for job in jobs], videos)
        name = f"J&F {path.resolve().name} ({len(jobs)})"
        return Validator(name, partial(_score, path, tracker))
    if videos is None:
        msg = f"{path} is taken for a table of boxes, which are on --videos."
        raise UsageError(msg, "Give --videos, or name a data set with masks.")
    chosen = _held_out(path, boxes)
    _require_readable(chosen, videos)
    return Validator(f"box agreement ({len(chosen)})", partial(_agree, chosen, videos, tracker))


def _require_apart(names: Sequence[str], videos: Path | None) -> None:
    """Refuse sequences that are trained on: weights would be refused there, hours later."""
    trained = () if videos is None else find_videos(videos)
    both = sorted({place.name for place in trained if is_sequence(place)} & set(names))
    if both:
        msg = f"{shorten(both)} would be trained on and validate, too."
        raise UsageError(msg, "Name another data set with --validate.")


def _held_out(path: Path, trained: Path | None) -> Mapping[str, Boxes]:
    every = read_box_table(path)
    names = in_split(every, Split.HELD_OUT)
    if not names:
        seen = {n for clip in _clips(trained) for n in clip_names(clip)}
        names = tuple(clip for clip in every if seen.isdisjoint(clip_names(clip)))
    if not names:
        msg = f"All clips of {path} are trained on, so that they cannot validate."
        raise AnnotationReadError(msg, "Name a table of other clips with --validate.")
    return {name: every[name] for name in names}


def _clips(trained: Path | None) -> tuple[str, ...]:
    """Names of the clips that are trained on; those of a data set are no clips of a table."""
    return () if trained is None or trained.is_dir() else tuple(read_box_table(trained))


def _require_readable(clips: Mapping[str, Boxes], videos: Path) -> None:
    """Look at each video now: hours later nobody sits there."""
    for video in find_clips(clips, videos).values():
        try:
            with open_video(video, cache_bytes=0):
                pass
        except ImportError as error:
            msg = f"{video.name} cannot be read frame by frame here: {error}."
            hint = "Install PyAV, or leave --validate out and measure --snapshots elsewhere."
            raise UsageError(msg, hint) from error


def _agree(
    boxes: Mapping[str, Boxes], videos: Path, tracker: TrackerRequest,
    weights: Path, token: CancelToken,
) -> Job[float]:  # fmt: skip
    found = yield from box_agreement(boxes, videos, replace(tracker, weights=weights), token)
    return found.mean


def _score(root: Path, tracker: TrackerRequest, weights: Path, token: CancelToken) -> Job[float]:
    job = benchmark(BenchmarkRequest(root, replace(tracker, weights=weights)), token)
    while True:
        try:
            item = next(job)
        except StopIteration as end:
            value = float(end.value.by_sequence.j_and_f)
            return value if math.isfinite(value) else math.nan
        if isinstance(item, Progress):
            yield item
