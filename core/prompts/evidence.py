"""Cues added up with learned weights, twice: the second time with what the first answer says.

Two logistic regressions in a row, the second on the first one's output (auto-context, Tu & Bai
2010). The mask is the set of pixels with the largest expected overlap (after Nowozin 2014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.prompts.cues import second_cues

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.cues import Cues
    from core.prompts.view import View
    from core.prompts.weights import Passes, Weights


def weigh(cues: Cues, weights: Weights) -> NDArray[np.float32]:
    """Probability of each pixel to belong to the object: h x w, 0..1."""
    total = sum(
        (np.float32(w) * cues[name] for name, w in weights.cues.items()), start=np.zeros(())
    )
    return np.asarray(1 / (1 + np.exp(-np.clip(total + weights.bias, -30, 30))), np.float32)


def answer(
    view: View, cues: Cues, passes: Passes, allowed: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Probability after both passes, 0 where the object may not be.

    Args:
        view: what the cues are about.
        cues: those of the prompt.
        passes: learned for this kind of prompt.
        allowed: h x w, where the object may be.
    """
    first = weigh(cues, passes[0]) * allowed
    return weigh(cues | second_cues(view, first), passes[1]) * allowed


def best_threshold(probabilities: NDArray[np.float32]) -> float:
    """Probability from which on a pixel is better taken, at most 0.5.

    Taking the n most probable pixels, with probabilities that sum to c of a total of C, has an
    expected intersection of c and an expected union of n + C - c; their ratio is what is made
    largest.
    """
    ranked = np.sort(probabilities.ravel())[::-1].astype(np.float64)
    inside = np.cumsum(ranked)
    overlap = inside / (np.arange(1, len(ranked) + 1) + inside[-1] - inside + 1e-9)
    return min(0.5, float(ranked[int(np.argmax(overlap))]))
