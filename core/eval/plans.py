"""Working out, before anything is scored, which files and objects an evaluation compares."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.layouts import (
    MASK_SUFFIX,
    ObjectEntry,
    SequencePaths,
    find_mask_tree,
    read_meta,
    read_tree,
    shorten,
)
from core.errors import DatasetError
from core.eval.label_files import LabelReader
from core.eval.records import Protocol
from core.types import VOID

if TYPE_CHECKING:
    from core.types import LabelMap

UNSUPERVISED_FOLDER = "Annotations_unsupervised"


@dataclass(frozen=True, slots=True)
class SequencePlan:
    """What is compared for one sequence.

    Attributes:
        name: the sequence's name.
        truths: ground truth files of the frames that are looked at, in order.
        results: the result files, one for each truth; empty where they are not on disk.
        object_ids: the objects that are scored, ascending.
        starts: per object the index into `truths` from which on it counts; absent = 0.
        categories: per object its category, where there are any.
        notes: what is odd about the ground truth.
        reader: reads the sequence's files.
    """

    name: str
    truths: tuple[Path, ...]
    results: tuple[Path, ...]
    object_ids: tuple[int, ...]
    starts: dict[int, int] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reader: LabelReader = field(default_factory=LabelReader, compare=False)

    def active(self, index: int) -> tuple[int, ...]:
        """Objects that count on a frame, given by its index into `truths`."""
        return tuple(i for i in self.object_ids if self.starts.get(i, 0) <= index)


def make_plans(
    gt: Path,
    results: Path,
    *,
    protocol: Protocol,
    sequences: Collection[str] | None = None,
    all_frames: bool = False,
) -> tuple[SequencePlan, ...]:
    """Plans of all sequences, with every result file known to exist.

    Args:
        gt: dataset folder in any layout of `core.data.layouts`.
        results: folder of results, in the same layouts.
        protocol: decides about frames and objects.
        sequences: names of those wanted; None takes all of the ground truth (with
            meta.json in the YouTube-VOS protocol: all that it names).
        all_frames: the first and the last frame count in any protocol.

    Raises:
        DatasetError: a tree is not laid out as it should be, results of a sequence or a frame are
            missing, or a sequence has nothing to score.
        MaskReadError: a ground truth file cannot be read.
    """
    meta = read_meta(gt) if protocol is Protocol.YOUTUBE_VOS else None
    wanted = meta if sequences is None else sequences
    if wanted is not None and not wanted:
        raise DatasetError(f"No sequence of {gt} is chosen.", "Name at least one.")
    truths = read_tree(_truth_root(gt, protocol), sequences=wanted)
    tree = find_mask_tree(results)
    _require_sequences(truths, tree)
    plans = tuple(
        _with_results(
            plan_sequence(s, protocol, (meta or {}).get(s.name, ()), all_frames=all_frames), tree
        )
        for s in truths
    )
    _require_results(plans, tree)
    return plans


def _truth_root(gt: Path, protocol: Protocol) -> Path:
    separate = gt / UNSUPERVISED_FOLDER
    return separate if protocol is Protocol.UNSUPERVISED and separate.is_dir() else gt


def plan_sequence(
    sequence: SequencePaths,
    protocol: Protocol,
    entries: tuple[ObjectEntry, ...] = (),
    *,
    all_frames: bool = False,
) -> SequencePlan:
    """Plan of one sequence by its ground truth alone: frames and objects, no result files.

    Args:
        sequence: the files.
        protocol: decides about frames and objects.
        entries: what meta.json says of the objects, for the YouTube-VOS protocol.
        all_frames: the first and the last frame count in any protocol.

    Raises:
        DatasetError: there is nothing to score.
        MaskReadError: a ground truth file cannot be read.
    """
    if protocol is Protocol.YOUTUBE_VOS:
        return _late_object_plan(sequence, entries)
    whole = all_frames or protocol is Protocol.UNSUPERVISED
    truths = sequence.masks if whole else sequence.masks[1:-1]
    if not truths:
        raise DatasetError(
            f"{sequence.name} has {len(sequence.masks)} frames with masks and nothing to score.",
            "The first and the last frame are never scored, so at least three are needed.",
        )
    if protocol is Protocol.DAVIS16:
        return SequencePlan(sequence.name, truths, (), (1,))
    reader = LabelReader()
    ids, notes = _first_frame_ids(sequence, reader)
    return SequencePlan(sequence.name, truths, (), ids, notes=notes, reader=reader)


def _first_frame_ids(
    sequence: SequencePaths, reader: LabelReader
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    shown = ids_in(reader.read(sequence.masks[0]))
    if not shown:
        raise DatasetError(
            f"{sequence.masks[0]} shows no object, so nothing of {sequence.name} is scored.",
            "Choose the YouTube-VOS protocol, which also scores objects that appear later.",
        )
    ids = tuple(range(1, shown[-1] + 1))
    gaps = [str(object_id) for object_id in ids if object_id not in shown]
    if not gaps:
        return ids, ()
    text = f"{sequence.name}: ids {shorten(gaps)} are not on the first frame but count as objects."
    return ids, (text,)


def _late_object_plan(sequence: SequencePaths, entries: tuple[ObjectEntry, ...]) -> SequencePlan:
    masks = _named_masks(sequence, entries)
    reader = LabelReader()
    position = {path.stem: index for index, path in enumerate(masks)}
    first = {e.object_id: min(position[f] for f in e.frames) for e in entries if e.frames}
    if not entries or any(e.object_id not in first for e in entries):
        first = _first_appearances(masks, {e.object_id for e in entries}, reader) | first
    begin = min(first.values(), default=len(masks)) + 1
    truths = masks[begin:]
    if not truths:
        raise DatasetError(
            f"{sequence.name} has no frame to score after its first object appears.",
            "Leave the sequence out, or give it more frames with masks.",
        )
    return SequencePlan(
        sequence.name,
        truths,
        (),
        tuple(sorted(first)),
        starts={object_id: index + 1 - begin for object_id, index in first.items()},
        categories={entry.object_id: entry.category for entry in entries},
        reader=reader,
    )


def _named_masks(sequence: SequencePaths, entries: tuple[ObjectEntry, ...]) -> tuple[Path, ...]:
    """The frames that meta.json names for any object, or all that have masks."""
    named = {frame for entry in entries for frame in entry.frames}
    if not named:
        return sequence.masks
    missing = sorted(named - {path.stem for path in sequence.masks})
    if missing:
        raise DatasetError(
            f"meta.json names frames of {sequence.name} without masks: {shorten(missing)}.",
            "The ground truth has to hold every frame that is scored.",
        )
    return tuple(path for path in sequence.masks if path.stem in named)


def _first_appearances(
    masks: tuple[Path, ...], wanted: set[int], reader: LabelReader
) -> dict[int, int]:
    """Index of the first mask that shows each object; of all objects where none is wanted."""
    first: dict[int, int] = {}
    for index, path in enumerate(masks):
        for object_id in ids_in(reader.read(path)):
            if not wanted or object_id in wanted:
                first.setdefault(object_id, index)
        if wanted and len(first) == len(wanted):
            break
    return first


def ids_in(label_map: LabelMap) -> list[int]:
    """Object ids that have a pixel, ascending, without void."""
    return [int(label) for label in np.unique(label_map) if label not in (0, VOID)]


def _with_results(plan: SequencePlan, tree: Path) -> SequencePlan:
    files = tuple(tree / plan.name / f"{truth.stem}{MASK_SUFFIX}" for truth in plan.truths)
    return replace(plan, results=files)


def _require_sequences(truths: tuple[SequencePaths, ...], tree: Path) -> None:
    missing = [sequence.name for sequence in truths if not (tree / sequence.name).is_dir()]
    if missing:
        raise DatasetError(
            f"{tree} has no results for {len(missing)} of {len(truths)} sequences: "
            f"{shorten(missing)}.",
            "Add them, or name the sequences to score.",
        )


def _require_results(plans: tuple[SequencePlan, ...], tree: Path) -> None:
    missing = [path for plan in plans for path in plan.results if not path.is_file()]
    if missing:
        names = [path.relative_to(tree).as_posix() for path in missing]
        raise DatasetError(
            f"{tree} lacks {len(missing)} result frames: {shorten(names)}.",
            "Every frame that is scored needs a result, with the name of the ground truth's file.",
        )
