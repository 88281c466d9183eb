"""Losses that teach correspondence from label maps."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

FAR = 0.1
"""Weight of a cell far from all objects; of one near an object it is 1 more."""
NEAR = 4
"""Cells to each side that count as near an object."""
SEEN = 2.0
"""A label counts only where one of the references shows it on more than so many cells."""
LEAST = 1e-3
"""Added before the logarithm: a cell that was missed costs 6.9, and it still teaches."""


def readable_probabilities(target: Tensor, references: Tensor) -> Tensor:
    """The query's probabilities of labels that a reference shows; no others can be read from it.

    Args:
        target: B x K x h x w, probabilities of the labels in the query, background first, sum 1.
        references: B x T x K x h x w, probabilities in the references.

    Returns:
        B x K x h x w, sum 0..1: 0 where nothing of the cell has been seen.
    """
    seen = (references.sum((3, 4)) > SEEN).any(1).to(target)
    return target * seen[:, :, None, None]


def cell_weights(target: Tensor) -> Tensor:
    """How much each cell of the query counts: most near objects.

    Args:
        target: B x K x h x w, probabilities of the labels in the query, background first.

    Returns:
        B x h x w, 0.1..1.1.
    """
    return FAR + F.max_pool2d(1 - target[:, :1], 2 * NEAR + 1, 1, NEAR)[:, 0]


def label_propagation(
    readout: Tensor, wanted: Tensor, weight: Tensor, *, total: Tensor | None = None
) -> Tensor:
    """Cross-entropy of labels read from references against the query's own.

    Args:
        readout: B x K x h x w, probabilities of the labels, 0..1.
        wanted: B x K x h x w, see `readable_probabilities`; where their sum is less than 1, the
            cell counts by that much less.
        weight: B x h x w, see `cell_weights`.
        total: what the sum is divided by; None takes `total_weight`. Processes that share a
            batch give the mean of theirs, so that the mean of their losses is that of the batch.

    Returns:
        A scalar; 0 for a readout that has every wanted label alone, at most 6.91.
    """
    missed = -(wanted * ((readout + LEAST) / (1 + LEAST)).log()).sum(1)
    divisor = total_weight(wanted, weight) if total is None else total
    return (missed * weight).sum() / divisor.clamp(min=LEAST)


def total_weight(wanted: Tensor, weight: Tensor) -> Tensor:
    """What all cells count together, a scalar; arguments as of `label_propagation`."""
    return (wanted.sum(1) * weight).sum()
