"""Scoring while results are made gives what the folder evaluation gives."""

from __future__ import annotations

import numpy as np
import pytest

from core.eval.protocols import evaluate
from core.eval.records import Protocol, make_report
from core.eval.scoring import SequenceScorer
from core.jobs import result_of


def test_streaming_equals_the_folder_evaluation(tmp_path, write_masks, two_objects):
    moved = [np.roll(label_map, 2, axis=0) for label_map in two_objects]
    write_masks(tmp_path / "gt/bear", two_objects)
    write_masks(tmp_path / "results/bear", moved)
    scorer = SequenceScorer("bear", (2, 1), stability=True)
    for prediction, truth in zip(moved[1:-1], two_objects[1:-1], strict=True):
        scorer.add(prediction, truth)
    job = evaluate(tmp_path / "gt", tmp_path / "results", protocol=Protocol.SEMI, stability=True)
    report = result_of(job)
    assert make_report(Protocol.SEMI, [scorer.finish()], notes=report.notes) == report


def test_objects_count_only_on_their_frames(paint):
    scorer = SequenceScorer("x", (1, 2, 3))
    both = paint(_1=(5, 5), _2=(30, 30))
    assert list(scorer.add(both, both, object_ids=(1,))) == [1]
    assert list(scorer.add(paint(_1=(5, 5)), both, object_ids=(1, 2))) == [1, 2]
    score = scorer.finish()
    assert score.frame_count == 2
    assert [(row.object_id, row.frame_count) for row in score.objects] == [(1, 2), (2, 1)]
    assert [row.j.mean for row in score.objects] == [1, 0]
    assert score.totals.j.mean == pytest.approx(0.5)
