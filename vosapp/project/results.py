"""Taking over what a propagation made, by the rules: it never writes what the user decided."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from core.errors import MaskMismatch
from core.types import FrameResult
from vosapp.project import rules
from vosapp.project.editor import Editor, Span
from vosapp.project.model import FrameState, Provenance
from vosapp.project.schema import RESULTS


@dataclass(frozen=True, slots=True)
class Propagation:
    """A propagation that is going on; hands its results to the project.

    Attributes:
        number: tells it from others of this session.
        run_id: its row in the table of runs; 0 where that is full.
        provenance: where its masks come from.
        name: of its step in the history.
    """

    number: int
    run_id: int
    provenance: Provenance
    name: str = "Propagate"


@dataclass(frozen=True, slots=True)
class Stored:
    """A result is on the disk now, and not before.

    Attributes:
        frame_index: its frame.
        is_draft: a second pass will replace it.
    """

    frame_index: int
    is_draft: bool


def put_results(
    editor: Editor, propagation: Propagation, results: Iterable[FrameResult], newer: Sequence[Span]
) -> None:
    """Store results frame by frame.

    Args:
        editor: inside a transaction.
        propagation: what they come from.
        results: any frames in any order; ids that are not objects of the project are left out.
        newer: which frames are governed by keyframes that were edited after the propagation
            began; results there are stored as stale.

    Raises:
        MaskMismatch: a label map of another size than the video.
        UsageError: a frame that the video does not have.
    """
    locked = editor.locked_ids()
    order = tuple(item.object_id for item in editor.objects())
    for result in results:
        _put_result(editor, propagation, result, _Around(order, locked, newer))


def mark_left(editor: Editor, spans: Iterable[Span], alike: Collection[int]) -> None:
    """Mark what other weights left in spans that are computed again, until they are.

    So that a propagation that is stopped in the middle leaves no masks of two origins side by
    side that both look finished: the next one finds the span open, and computes it whole.

    Args:
        editor: inside a transaction.
        spans: of which results are about to be stored.
        alike: propagations with the same origin: what they made comes out the same again.
    """
    locked = editor.locked_ids()
    for object_id, start, stop in spans:
        if object_id not in locked:
            editor.lanes.mark_stale(object_id, start, stop, but=alike)


@dataclass(frozen=True, slots=True)
class _Around:
    order: tuple[int, ...]
    locked: frozenset[int]
    newer: Sequence[Span]


def _put_result(
    editor: Editor, propagation: Propagation, result: FrameResult, around: _Around
) -> None:
    frame = editor.frame(result.frame_index)
    if result.label_map.shape != editor.maps.blank.shape:
        raise MaskMismatch(f"The result of frame {frame} is not as large as the video.")
    asserted = editor.assertions(frame)
    states = {i: editor.lanes.state(i, frame) for i in around.order if i not in asserted}
    may = {i for i, s in states.items() if rules.may_write(s, locked=i in around.locked)}
    writable = may & set(result.object_ids)
    kept = {i for i, s in states.items() if i not in may and s is not FrameState.EMPTY}
    if not writable:
        return
    stored = editor.results_map(frame)
    merged = rules.merge_results(
        stored, result.label_map, writable=writable, kept=kept, order=around.order
    )
    editor.maps.put_layer(RESULTS, frame, merged)
    for object_id in writable:
        late = any(i == object_id and a <= frame < b for i, a, b in around.newer)
        editor.lanes.put_result(
            object_id,
            frame,
            state=FrameState.STALE if late else FrameState.PROPAGATED,
            confidence=result.confidence.get(object_id, math.nan),
            run_id=propagation.run_id,
            gone=object_id in result.absent,
            disagreement=result.disagreement.get(object_id, math.nan),
        )
        editor.softs.put(frame, object_id, result.soft.get(object_id))
