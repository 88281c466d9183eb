"""What a training step returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class LossTerms:
    """Named scalar losses and their weights; the loop minimizes the weighted sum."""

    terms: dict[str, tuple[Tensor, float]]

    @property
    def total(self) -> Tensor:
        """Weighted sum."""
        weighted = [loss * weight for loss, weight in self.terms.values()]
        total = weighted[0]
        for loss in weighted[1:]:
            total = total + loss
        return total
