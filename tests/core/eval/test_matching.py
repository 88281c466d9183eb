"""Proposals are assigned by the best sum, and late ones count as empty before."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.eval.jf import contour_accuracy, region_similarity
from core.eval.matching import ProposalScorer


def naive_best(predictions, truths, proposals, objects):
    """Best sum of mean (J + F) / 2 over all assignments of objects to proposals."""

    def quality(proposal, object_id):
        pairs = [(p == proposal, t == object_id) for p, t in zip(predictions, truths, strict=True)]
        return np.mean([(region_similarity(*p) + contour_accuracy(*p)) / 2 for p in pairs])

    table = {(p, o): quality(p, o) for p in proposals for o in objects}
    choices = itertools.permutations(proposals, len(objects))
    return max(sum(table[pair] for pair in zip(c, objects, strict=True)) for c in choices)


@pytest.mark.parametrize("seed", range(4))
def test_assignment_equals_trying_all(seed):
    random = np.random.default_rng(seed)
    blocks = np.ones((6, 6), np.uint8)
    truths = [np.kron(random.integers(0, 4, (6, 7), np.uint8), blocks) for _ in range(3)]
    predictions = [np.kron(random.integers(0, 6, (6, 7), np.uint8), blocks) for _ in range(3)]
    predictions[0][predictions[0] == 5] = 0
    scorer = ProposalScorer("x", (1, 2, 3))
    for prediction, truth in zip(predictions, truths, strict=True):
        scorer.add(prediction, truth)
    assert set(scorer.proposal_ids) == {1, 2, 3, 4, 5}
    rows = scorer.finish().objects
    best = naive_best(predictions, truths, (1, 2, 3, 4, 5), (1, 2, 3))
    assert sum(row.j_and_f for row in rows) == pytest.approx(best)
    assert len({row.result_id for row in rows}) == 3


def test_object_without_a_proposal_scores_zero(paint):
    scorer = ProposalScorer("x", (1, 2), stability=True)
    for _ in range(2):
        scorer.add(paint(_5=(30, 30)), paint(_1=(5, 5), _2=(30, 30)))
    first, second = scorer.finish().objects
    assert (first.result_id, first.j_and_f, first.j.decay) == (None, 0, 0)
    assert np.isnan(first.stability)
    assert (second.result_id, second.j_and_f, second.stability) == (5, 1, 0)


def test_no_proposals_at_all_score_zero(paint):
    scorer = ProposalScorer("x", (1,))
    scorer.add(paint(), paint(_1=(5, 5)))
    assert scorer.finish().totals.j_and_f == 0


def test_late_proposal_counts_as_empty_before(paint):
    scorer = ProposalScorer("x", (1,))
    scorer.add(paint(), paint(_1=(5, 5)))
    scorer.add(paint(), paint())
    scorer.add(paint(_3=(5, 5)), paint(_1=(5, 5)))
    (row,) = scorer.finish().objects
    assert row.j.mean == pytest.approx(2 / 3)
    assert row.frame_count == 3


def test_void_does_not_count(paint):
    scorer = ProposalScorer("x", (1,))
    prediction = paint(_3=(5, 5), _4=(5, 25))
    prediction[prediction == 4] = 3
    scorer.add(prediction, paint(_1=(5, 5)), void=paint(_1=(5, 25)))
    assert scorer.finish().totals.j_and_f == 1


def test_shapes_must_agree(paint):
    with pytest.raises(ValueError, match="do not fit"):
        ProposalScorer("x", (1,)).add(paint()[:, :5], paint())
