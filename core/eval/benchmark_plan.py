"""Working out, before anything runs, what a benchmark gives to a system and what it scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.cleaning import NONE, Cleaning
from core.data.layouts import SequencePaths, read_tree, shorten
from core.engine.output import ResultFolder
from core.errors import DatasetError, MaskMismatch, UsageError
from core.eval.plans import SequencePlan, ids_in, plan_sequence
from core.eval.records import Protocol
from core.eval.starts import Start
from core.media.chosen_frames import ChosenFrames
from core.media.video import open_video
from core.nn.checkpoints import has_header, read_info
from core.train.labels import sequences_learned
from core.types import VOID, Keyframe, VideoInfo

if TYPE_CHECKING:
    from core.media.video import VideoSource
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
        start: how objects are given; masks that correct are true ones in any case.
        back_and_forth: each sequence is played forward, backward and forward again, so that it
            is three times as long; every pass counts (Cheng & Schwing 2022, "Long-time video 3x").
        seen: also sequences that the weights were trained on are scored.
        cleaning: what is done to propagated masks before they are scored.
    """

    root: Path
    tracker: TrackerRequest
    sequences: tuple[str, ...] | None = None
    keyframe_count: int = 1
    late_entries: bool = False
    out: Path | None = None
    adaptation: Adaptation | None = None
    start: Start = Start.MASK
    back_and_forth: bool = False
    seen: bool = False
    cleaning: Cleaning = NONE


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
        order: frames of the folder as they are played; None plays all of them once.
    """

    folder: Path
    info: VideoInfo
    plan: SequencePlan
    given: tuple[int, ...]
    corrected: frozenset[int]
    masks: tuple[Path, ...]
    frame_indices: tuple[int, ...]
    order: tuple[int, ...] | None = None

    @property
    def scored(self) -> dict[int, int]:
        """Index into the plan's truths of each frame that is scored."""
        begin = _place(self.plan.truths, self.masks)
        return {
            self.frame_indices[begin + index]: index
            for index in range(len(self.plan.truths))
            if begin + index not in self.corrected
        }

    def open(self, *, cache_bytes: int) -> VideoSource:
        """The frames as they are played.

        Raises:
            VideoOpenError: see `open_video`.
        """
        video = open_video(self.folder, cache_bytes=cache_bytes)
        return video if self.order is None else ChosenFrames(video, self.order)

    def whole(self) -> frozenset[int]:
        """Frames that are given whole and do not begin the sequence: corrections."""
        return frozenset(self.frame_indices[i] for i in self.corrected if i)

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
        UsageError: the weights were trained on some of them, and `seen` does not say to score them.
        DatasetError: the tree is none, frames are missing, or nothing would be scored.
        VideoOpenError, MaskReadError, MaskMismatch: a file of the dataset is damaged.
        OutputError: the results cannot be written.
    """
    sequences = read_tree(request.root, sequences=request.sequences)
    _require_unseen(request, [sequence.name for sequence in sequences])
    jobs = tuple(_job(sequence, request) for sequence in sequences)
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
    indices, order = _frame_indices(sequence, info), None
    if request.back_and_forth:
        count = info.frame_count
        order = (*range(count), *reversed(range(count)), *range(count))
        back = [2 * count - 1 - index for index in reversed(indices)]
        indices = (*indices, *back, *(2 * count + index for index in indices))
        masks = sequence.masks
        sequence = replace(sequence, masks=(*masks, *masks[::-1], *masks))
        info = replace(info, frame_count=len(order), stems=())
    protocol = Protocol.YOUTUBE_VOS if request.late_entries else Protocol.SEMI
    plan = plan_sequence(sequence, protocol)
    corrected = _evenly_spaced(sequence, request.keyframe_count)
    given = corrected | (_entries(sequence, plan) if request.late_entries else set())
    ordered = tuple(sorted(given))
    job = SequenceJob(
        folder, info, plan, ordered, frozenset(corrected), sequence.masks, indices, order
    )
    if not job.scored:
        msg = f"With {request.keyframe_count} masks given, nothing of {sequence.name} is scored."
        raise DatasetError(msg, f"It has {len(sequence.masks)} masks: give fewer of them.")
    return job


def trained_on(weights: Path | None, names: Iterable[str]) -> tuple[str, ...]:
    """Those sequences that weights were trained on, as their header says.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `core.nn.checkpoints.read_info`.
    """
    if weights is None or not has_header(weights):
        return ()
    learned = set(sequences_learned(read_info(weights)))
    return tuple(name for name in names if name in learned)


def told_of_training(weights: Path, names: Sequence[str]) -> str:
    """That weights were trained on sequences, as a sentence."""
    return f"{weights.name} was trained on {shorten(names)}."


def _require_unseen(request: BenchmarkRequest, names: Sequence[str]) -> None:
    weights = request.tracker.weights
    seen = () if request.seen else trained_on(weights, names)
    if weights is not None and seen:
        hint = "Score others with --sequences; vosapp benchmark --allow-seen scores them, too."
        raise UsageError(told_of_training(weights, seen), hint)


def _place(part: Sequence[Path], whole: Sequence[Path]) -> int:
    """Where a row of files begins in a longer one, which may hold each file several times."""
    return next(i for i in range(len(whole)) if tuple(whole[i : i + len(part)]) == tuple(part))


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
