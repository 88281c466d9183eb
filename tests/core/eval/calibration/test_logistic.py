"""The regression against weights that are known, and against a loop written from its equation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import UsageError
from core.eval.calibration.logistic import FEWEST, fit_confidence, regress
from core.tracking.judging.confidence import Cues, expected_j

TRUE = (-3.9, 1.4, 2.8, 2.6)


def loss(weights, inputs, shares):
    """Mean cross entropy, cell by cell."""
    total = 0.0
    for row, share in zip(inputs, shares, strict=True):
        score = weights[0] + sum(w * x for w, x in zip(weights[1:], row, strict=True))
        expected = 1 / (1 + math.exp(-score))
        total -= share * math.log(expected) + (1 - share) * math.log(1 - expected)
    return total / len(inputs)


@pytest.mark.parametrize("true", [TRUE, (2.0, 1.0, 0.5, 0.0)])
def test_known_weights_are_recovered_from_generated_cues(seen, true):
    rows = np.random.default_rng(0).random((300, 3))
    cells = [seen(i, cues=row, j=expected_j(Cues(*row), true)) for i, row in enumerate(rows)]
    assert fit_confidence(cells) == pytest.approx(true, abs=2e-3)


def test_no_cue_speaks_against_a_mask(seen):
    rows = np.random.default_rng(0).random((300, 3))
    against = (1.0, 2.0, -3.0, 1.0)
    cells = [seen(i, cues=row, j=expected_j(Cues(*row), against)) for i, row in enumerate(rows)]
    _constant, margin, agreement, cycle = fit_confidence(cells)
    assert agreement == 0 and margin > 1 and cycle > 0.5


def test_noise_moves_the_weights_a_little(seen):
    random = np.random.default_rng(1)
    cells = []
    for index, row in enumerate(random.random((4000, 3))):
        mean = expected_j(Cues(*row), TRUE)
        cells.append(seen(index, cues=row, j=random.beta(8 * mean, 8 * (1 - mean))))
    assert fit_confidence(cells) == pytest.approx(TRUE, abs=0.25)


def test_no_step_away_makes_the_loss_less():
    random = np.random.default_rng(2)
    inputs, shares = random.random((40, 3)), random.random(40)
    found = regress(inputs, shares)
    least = loss(found, inputs, shares)
    for place in range(4):
        for step in (-0.05, 0.05):
            moved = found.copy()
            moved[place] += step
            if place and moved[place] < 0:
                continue
            assert loss(moved, inputs, shares) > least


def test_perfect_masks_give_finite_weights(seen):
    cells = [seen(i, cues=(i / 30, 0.5, 0.5), j=float(i >= 15)) for i in range(30)]
    assert all(map(math.isfinite, fit_confidence(cells)))


def test_cells_that_are_empty_by_both_do_not_count(seen):
    rows = np.random.default_rng(0).random((60, 3))
    cells = [seen(i, cues=row, j=expected_j(Cues(*row), TRUE)) for i, row in enumerate(rows)]
    gone = [seen(100 + i, cues=(0, 0, 0), gone=True, j=1.0) for i in range(50)]
    assert fit_confidence([*cells, *gone]) == fit_confidence(cells)


def test_too_few_cells_are_refused(seen):
    with pytest.raises(UsageError, match=f"only {FEWEST - 1} masks"):
        fit_confidence([seen(i) for i in range(FEWEST - 1)])
