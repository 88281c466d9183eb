"""Two encoders, of which one follows the other slowly (Zhu et al. 2020, section 3.2)."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

MOMENTUM = 0.999
"""m of the paper: the share of its own weights that the memory encoder keeps in a step."""


Encoder = TypeVar("Encoder", bound=nn.Module)


class MomentumPair(nn.Module, Generic[Encoder]):
    """Encoder of queries, which learns, and encoder of references, its moving average.

    theta_r <- m theta_r + (1 - m) theta_q after each step of the optimizer; no gradient reaches
    theta_r. Statistics of batch norm are copied: the paper is silent, and averages of theirs would
    belong to weights that never were.
    """

    query: Encoder
    memory: Encoder

    def __init__(self, query: Encoder, *, momentum: float = MOMENTUM) -> None:
        super().__init__()
        self.query = query
        self.memory = copy.deepcopy(query)
        self.memory.requires_grad_(requires_grad=False)
        self.momentum = momentum

    @torch.no_grad()
    def follow(self) -> None:
        """Take the step of the memory encoder; call it after each one of the optimizer."""
        pairs = zip(self.memory.parameters(), self.query.parameters(), strict=True)
        for behind, ahead in pairs:
            behind.lerp_(ahead, 1 - self.momentum)
        for kept, new in zip(self.memory.buffers(), self.query.buffers(), strict=True):
            kept.copy_(new)
