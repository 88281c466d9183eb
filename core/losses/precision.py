"""Which numbers losses are computed with."""

from __future__ import annotations

from torch import Tensor


def full_precision(logits: Tensor) -> Tensor:
    """At least 32 bits: squares, sums and logarithms of half precision are too coarse."""
    return logits.float() if logits.element_size() < 4 else logits
