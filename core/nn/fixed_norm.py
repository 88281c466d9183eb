"""Networks whose batch norm never learns statistics, and that may stand on an installed part."""

from __future__ import annotations

from typing import Self

from torch import nn


class FixedNorm(nn.Module):
    """Batch norm always uses its running statistics, in training as well.

    Batches of few clips say too little of them, and objects that fill a batch would count.
    """

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002
        """Switch to training or back; batch norm stays as in inference."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


def parts_but(network: nn.Module, installed: str) -> nn.ModuleDict:
    """All parts of a network but one, by the same names: what a checkpoint holds.

    Args:
        network: whose parts are asked for.
        installed: name of the part that is left out; empty for none.
    """
    return nn.ModuleDict({n: part for n, part in network.named_children() if n != installed})
