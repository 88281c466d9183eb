"""Evaluation of a folder of results against a folder of ground truth."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import MaskMismatch
from core.eval.matching import MAX_PROPOSALS, ProposalScorer
from core.eval.plans import SequencePlan, make_plans
from core.eval.records import ObjectScore, Protocol, Report, SequenceScore, make_report
from core.eval.scoring import SequenceScorer
from core.jobs import CancelToken, Job, Progress, mapped
from core.types import VOID

if TYPE_CHECKING:
    from core.types import LabelMap

NO_SEEN_LIST = "No list of seen categories was given: all count as seen, and G = (J + F) / 2."
NO_UNSEEN = "No object is of an unseen category: G is (J + F) / 2 over the seen ones."
NO_SEEN = "No object is of a seen category: G is (J + F) / 2 over the unseen ones."
UNSCORED = "{}: objects {} appear too late to be scored."
STABILITY = "T is the time stability of the results: lower is better."
COMPAT = "Decay is computed as by the official tool, which is wrong beyond 256 frames."


def evaluate(
    gt: Path,
    results: Path,
    *,
    protocol: Protocol,
    compat: bool = False,
    sequences: tuple[str, ...] | None = None,
    stability: bool = False,
    all_frames: bool = False,
    seen_categories: Collection[str] | None = None,
    token: CancelToken | None = None,
) -> Job[Report]:
    """Score results; yields a `Progress` before the first and after each frame.

    What the protocols do:

    - `SEMI`: objects 1 to the largest id of the first ground truth frame; the first and the last
      frame with ground truth are not scored; void counts as background; an id that is missing
      from the results counts as empty there; a larger id is an error.
    - `DAVIS16`: the same frames, all ids taken together as one object.
    - `UNSUPERVISED`: objects as in `SEMI`, all frames, void pixels ignored, at most 20 different
      ids in the results of a sequence, matched by the best mean of J and F.
    - `YOUTUBE_VOS`: the frames that meta.json names for any object of the sequence, or else all
      with ground truth; each object counts on those after the one it first appears in, also where
      it is hidden; other ids in the results are an error.

    Frames are read one at a time; nothing but scores is kept.

    Args:
        gt: dataset folder, in any layout of `core.data.layouts`.
        results: folder of results, in the same layouts, files named as in the ground truth.
        protocol: see above.
        compat: decay as the official tool computes it; see `core.eval.statistics.decay`.
        sequences: names of those to score; None means all of the ground truth.
        stability: measure T of the results as well.
        all_frames: `DAVIS16` only: the first and the last frame are scored, too, as is usual for
            objects that were found without a prompt.
        seen_categories: categories of YouTube-VOS that were seen in training.
        token: asked between frames whether to stop.

    Raises:
        DatasetError: a tree, a sequence or a frame is missing, or there is nothing to score.
        MaskReadError: a file is no label map.
        MaskMismatch: a result has another size than the ground truth or ids it must not have.
        Cancelled: the token was cancelled.
    """
    plans = make_plans(gt, results, protocol=protocol, sequences=sequences, all_frames=all_frames)
    total = sum(len(plan.truths) for plan in plans)
    done = 0
    yield Progress(0, total, plans[0].name)
    scores = []
    for plan in plans:
        frames = _score(plan, protocol, compat=compat, stability=stability, token=token)
        score = yield from mapped(frames, partial(_told, done, total=total, name=plan.name))
        scores.append(_with_categories(score, plan, protocol, seen_categories))
        done += len(plan.truths)
    notes = [note for plan in plans for note in (*plan.notes, *plan.reader.notes)]
    notes += _category_notes(scores, plans, protocol, seen_categories)
    notes += [STABILITY] * stability + [COMPAT] * compat
    return make_report(protocol, scores, notes=tuple(notes))


def _told(before: int, index: int, *, total: int, name: str) -> Progress:
    return Progress(before + index + 1, total, name)


def _score(
    plan: SequencePlan,
    protocol: Protocol,
    *,
    compat: bool,
    stability: bool,
    token: CancelToken | None,
) -> Generator[int, None, SequenceScore]:
    """Yield the index of each frame that was scored; return the sequence's scores."""
    kind = ProposalScorer if protocol is Protocol.UNSUPERVISED else SequenceScorer
    scorer = kind(plan.name, plan.object_ids, compat=compat, stability=stability)
    for index, (truth_path, result_path) in enumerate(zip(plan.truths, plan.results, strict=True)):
        if token is not None:
            token.check()
        truth = plan.reader.read(truth_path)
        result = plan.reader.read(result_path)
        _require_result(result, truth, result_path=result_path, truth_path=truth_path)
        if isinstance(scorer, ProposalScorer):
            scorer.add(result, truth, void=truth == VOID)
            _require_few(scorer.proposal_ids, result_path)
        elif protocol is Protocol.DAVIS16:
            scorer.add(result > 0, (truth > 0) & (truth != VOID))
        else:
            _require_known(result, plan.object_ids, result_path)
            scorer.add(result, truth, object_ids=plan.active(index))
        yield index
    return scorer.finish()


def _require_result(
    result: LabelMap, truth: LabelMap, *, result_path: Path, truth_path: Path
) -> None:
    if result.shape != truth.shape:
        (height, width), (rows, columns) = result.shape, truth.shape
        raise MaskMismatch(
            f"{result_path} is {width}x{height} pixels, the ground truth {truth_path} "
            f"{columns}x{rows}.",
            "Results have to be at the size of the ground truth.",
        )
    if (result == VOID).any():
        raise MaskMismatch(
            f"{result_path} has pixels of value {VOID}, which means void.",
            "Results must give every pixel to an object (1 to 254) or to the background (0).",
        )


def _require_known(result: LabelMap, object_ids: tuple[int, ...], path: Path) -> None:
    extra = [int(i) for i in np.unique(result) if i != 0 and i not in object_ids]
    if extra:
        raise MaskMismatch(
            f"{path} has ids {_numbers(extra)}, but the ground truth of the sequence has "
            f"{_numbers(object_ids)}.",
            "Use the ids of the ground truth; only the unsupervised protocol takes others.",
        )


def _require_few(proposals: tuple[int, ...], path: Path) -> None:
    if len(proposals) > MAX_PROPOSALS:
        raise MaskMismatch(
            f"With {path} the sequence has {len(proposals)} proposals; at most {MAX_PROPOSALS} are"
            " allowed.",
            "Leave out those that are least certain.",
        )


def _with_categories(
    score: SequenceScore, plan: SequencePlan, protocol: Protocol, seen: Collection[str] | None
) -> SequenceScore:
    if protocol is not Protocol.YOUTUBE_VOS:
        return score

    def label(row: ObjectScore) -> ObjectScore:
        category = plan.categories.get(row.object_id, "")
        return replace(row, category=category, seen=seen is None or category in seen)

    return replace(score, objects=tuple(label(row) for row in score.objects))


def _category_notes(
    scores: Iterable[SequenceScore],
    plans: Iterable[SequencePlan],
    protocol: Protocol,
    seen: Collection[str] | None,
) -> list[str]:
    if protocol is not Protocol.YOUTUBE_VOS:
        return []
    notes: list[str] = []
    groups: set[bool | None] = set()
    for score, plan in zip(scores, plans, strict=True):
        groups |= {row.seen for row in score.objects}
        left_out = [i for i in plan.object_ids if i not in {r.object_id for r in score.objects}]
        if left_out:
            notes.append(UNSCORED.format(plan.name, _numbers(left_out)))
    if seen is None:
        notes.append(NO_SEEN_LIST)
    elif len(groups) == 1:
        notes.append(NO_UNSEEN if True in groups else NO_SEEN)
    return notes


def _numbers(values: Iterable[int]) -> str:
    return ", ".join(str(value) for value in values)
