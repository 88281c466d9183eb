"""Working out, before anything runs, what a benchmark gives to a system and what it scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.layouts import SequencePaths, read_tree
from core.engine.output import ResultFolder
from core.errors import DatasetError, MaskMismatch
from core.eval.plans import SequencePlan, ids_in, plan_sequence
from core.eval.records import Protocol
from core.media.video import open_video
from core.types import VOID, Keyframe, VideoInfo

if TYPE_CHECKING:
    from core.tracking.contract import Adaptation, TrackerRequest
    from core.types import LabelMap


@dataclass(frozen=True, slots=True)
class BenchmarkRequest:
    """What is to be run and scored.

    Attributes:
        root: dataset folder in a layout of `core.data.layouts`, with frames.
        tracker: the system; built anew for each sequence.
        sequences: names of those wanted; None takes all.
        keyframe_count: so many true masks, evenly spaced from the first one on, are given.
        late_entries: give every object where it first appears, instead of only those of the
            first mask.
        out: folder that also gets the results; None writes none.
        adaptation: how each sequence is learned; None leaves it at propagation.
    """

    root: Path
    tracker: TrackerRequest
    sequences: tuple[str, ...] | None = None
    keyframe_count: int = 1
    late_entries: bool = False
    out: Path | None = None
    adaptation: Adaptation | None = None


@dataclass(frozen=True, slots=True)
class SequenceJob:
    """One sequence, ready to run.

    Attributes:
        folder: its frames.
        info: what is known of them as a video.
        plan: what counts, by the protocol.
        given: positions in `masks` of the true masks that are given.
        corrected: those of `given` that are given whole, and so are not scored.
        masks: ground truth files, in order.
        frame_indices: the frame of each mask.
    """

    folder: Path
    info: VideoInfo
    plan: SequencePlan
    given: tuple[int, ...]
    corrected: frozenset[int]
    masks: tuple[Path, ...]
    frame_indices: tuple[int, ...]

    @property
    def scored(self) -> dict[int, int]:
        """Index into the plan's truths of each frame that is scored."""
        begin = self.masks.index(self.plan.truths[0])
        return {
            self.frame_indices[begin + index]: index
            for index in range(len(self.plan.truths))
            if begin + index not in self.corrected
        }

    def read(self, path: Path) -> LabelMap:
        """Read a ground truth file.

        Raises:
            MaskReadError: it cannot be read.
            MaskMismatch: it is of another size than the frames.
        """
        label_map = self.plan.reader.read(path)
        if label_map.shape != (self.info.height, self.info.width):
            height, width = label_map.shape
            raise MaskMismatch(
                f"The mask {path} is {width} x {height} pixels, but the frames are"
                f" {self.info.width} x {self.info.height}.",
                "Frames and masks of a dataset have to be of one size.",
            )
        return label_map

    def keyframes(self) -> tuple[Keyframe, ...]:
        """What is given: whole masks assert all objects met so far, others only new ones.

        Raises:
            MaskReadError, MaskMismatch: see `read`.
        """
        return tuple(self._keyframes())

    def _keyframes(self) -> Iterator[Keyframe]:
        met: set[int] = set()
        for position in self.given:
            label_map = self.read(self.masks[position])
            shown = set(ids_in(label_map)) & set(self.plan.object_ids)
            asserted = met | shown if position in self.corrected else shown - met
            met |= shown
            if asserted:
                ids = tuple(sorted(asserted))
                kept = np.isin(label_map, (*ids, VOID))
                own = np.where(kept, label_map, 0).astype(np.uint8)
                yield Keyframe(self.frame_indices[position], ids, own)


def plan_jobs(request: BenchmarkRequest) -> tuple[SequenceJob, ...]:
    """Jobs of all sequences, checked as far as possible without running them.

    Raises:
        DatasetError: the tree is none, frames are missing, or nothing would be scored.
        VideoOpenError, MaskReadError, MaskMismatch: a file of the dataset is damaged.
        OutputError: the results cannot be written.
    """
    jobs = tuple(
        _job(sequence, request) for sequence in read_tree(request.root, sequences=request.sequences)
    )
    for job in jobs:
        job.read(job.masks[job.given[0]])
        if request.out is not None:
            with result_folder(request.out, job):
                pass
    return jobs


def result_folder(out: Path, job: SequenceJob) -> ResultFolder:
    """The folder for a sequence's results, which must not be one of the dataset's own."""
    return ResultFolder(out, job.info, sources=(job.folder, job.masks[0].parent))


def _job(sequence: SequencePaths, request: BenchmarkRequest) -> SequenceJob:
    if not sequence.frames:
        raise DatasetError(
            f"{sequence.name} has masks in {request.root}, but no frames.",
            "Frames belong in JPEGImages/480p/<sequence> beside Annotations/480p/<sequence>.",
        )
    folder = sequence.frames[0].parent
    with open_video(folder, cache_bytes=0) as video:
        info = video.info
    protocol = Protocol.YOUTUBE_VOS if request.late_entries else Protocol.SEMI
    plan = plan_sequence(sequence, protocol)
    corrected = _evenly_spaced(sequence, request.keyframe_count)
    given = corrected | (_entries(sequence, plan) if request.late_entries else set())
    indices = _frame_indices(sequence, info)
    job = SequenceJob(
        folder, info, plan, tuple(sorted(given)), frozenset(corrected), sequence.masks, indices
    )
    if not job.scored:
        msg = f"With {request.keyframe_count} masks given, nothing of {sequence.name} is scored."
        raise DatasetError(msg, f"It has {len(sequence.masks)} masks: give fewer of them.")
    return job


def _evenly_spaced(sequence: SequencePaths, count: int) -> set[int]:
    return {index * len(sequence.masks) // count for index in range(count)}


def _entries(sequence: SequencePaths, plan: SequencePlan) -> set[int]:
    """Positions of the masks on which some object appears for the first time."""
    begin = len(sequence.masks) - len(plan.truths)
    return {begin - 1 + plan.starts[object_id] for object_id in plan.object_ids}


def _frame_indices(sequence: SequencePaths, info: VideoInfo) -> tuple[int, ...]:
    by_stem = {stem: index for index, stem in enumerate(info.stems)}
    lost = [mask for mask in sequence.masks if mask.stem not in by_stem]
    if lost:
        raise DatasetError(
            f"{len(lost)} masks of {sequence.name} have no frame of their name, such as {lost[0]}.",
            "Each mask carries the name of its frame.",
        )
    return tuple(by_stem[mask.stem] for mask in sequence.masks)
