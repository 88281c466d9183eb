"""Losses that teach correspondence from label maps."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

FAR = 0.1
"""Weight of a cell far from all objects; of one near an object it is 1 more."""
NEAR = 4
"""Cells to each side that count as near an object."""
SEEN = 2.0
"""Cells of a label that references have to show more of, in one of them."""
LEAST = 1e-3
"""Shares are taken as no smaller than this: a cell that was missed costs 6.9 and no more. Below
it there is no gradient either: what is read wholly wrong teaches nothing (ADR 0020, limits)."""


def cell_weights(target: Tensor, references: Tensor) -> Tensor:
    """How much each cell of the query counts: most near objects, not at all where unseen.

    A label that no reference shows cannot be read from them. A cell that it shares with one that
    is shown counts by the other's share, and its own share still costs there.

    Args:
        target: B x K x h x w, shares of the labels in the query, background first.
        references: B x T x K x h x w, shares in the references.

    Returns:
        B x h x w, 0..1.1.
    """
    near = F.max_pool2d(1 - target[:, :1], 2 * NEAR + 1, 1, NEAR)[:, 0]
    seen = (references.sum((3, 4)) > SEEN).any(1).to(target)
    readable = (target * seen[:, :, None, None]).sum(1)
    return (FAR + near) * readable


def label_propagation(
    readout: Tensor, target: Tensor, weight: Tensor, *, total: Tensor | None = None
) -> Tensor:
    """Cross-entropy of labels read from references against the query's own.

    Shares below `LEAST` have no gradient, and labels that no reference shows cost in cells that
    count for another one; both are limits that ADR 0020 knows, and says how to mend.

    Args:
        readout: B x K x h x w, shares of the labels, 0..1.
        target: B x K x h x w, true shares, sum 1.
        weight: B x h x w, see `cell_weights`.
        total: what the sum is divided by; None takes the sum of `weight`. Processes that share a
            batch give the mean of theirs, so that the mean of their losses is that of the batch.

    Returns:
        A scalar; near 0 for equal labels.
    """
    missed = -(target * readout.clamp(min=LEAST).log()).sum(1)
    divisor = weight.sum() if total is None else total
    return (missed * weight).sum() / divisor.clamp(min=LEAST)
