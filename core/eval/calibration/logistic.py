"""What cues say of the J to expect: a logistic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from core.errors import UsageError
from core.eval.calibration.cells import Seen
from core.eval.confidence import has_mask

FEWEST = 20
"""Cells without which four constants are not worth fitting."""
RIDGE = 1e-6
"""Weight of the squared slopes beside the mean loss: keeps them finite where J is 0 or 1 alone."""
DIGITS = 4

Floats = NDArray[np.float64]


def fit_confidence(seen: Sequence[Seen]) -> tuple[float, float, float, float]:
    """Constant and slopes of margin, agreement and cycle, as `Calibration.confidence` has them.

    J is a share, not a class; the cross entropy of a share is least where the expected J equals
    its mean, too (Papke & Wooldridge 1996). No slope is below 0: each cue speaks for a mask, and
    where few sequences say otherwise others will not. Cells that are empty by truth and result
    do not count.

    Raises:
        UsageError: too few cells.
    """
    told = [one for one in seen if one.cell is not None and has_mask(one.cell)]
    if len(told) < FEWEST:
        msg = f"There are only {len(told)} masks to fit confidence to; {FEWEST} are needed."
        raise UsageError(msg, "Give more sequences, or longer ones.")
    cues = np.array([astuple(one.sighting.cues) for one in told], np.float64)
    j = np.array([one.cell.j for one in told if one.cell is not None], np.float64)
    constant, margin, agreement, cycle = (round(float(x), DIGITS) for x in regress(cues, j))
    return constant, margin, agreement, cycle


def regress(inputs: Floats, shares: Floats) -> Floats:
    """Constant and slopes >= 0 whose logistic function is nearest to shares by cross entropy.

    Args:
        inputs: N x D.
        shares: N, 0..1.

    Returns:
        1 + D values.
    """
    table = np.column_stack([np.ones(len(inputs)), inputs])

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = table @ weights
        value = np.logaddexp(0, scores).mean() - (shares * scores).mean()
        slope = table.T @ (expit(scores) - shares) / len(table)
        penalty = np.concatenate([[0.0], weights[1:]])
        return value + RIDGE * (penalty @ penalty) / 2, slope + RIDGE * penalty

    found = minimize(
        loss,
        np.zeros(table.shape[1]),
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), *[(0, None)] * inputs.shape[1]],
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 1000},
    )
    return np.asarray(found.x, np.float64)
