"""Rounds of learning: from the second on, what the network has found teaches it (eq. 15)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from core.losses.bootstrap import bootstrapped_target
from core.systems.multi_granularity.granularities import global_features
from core.systems.multi_granularity.model import MultiGranularity


class Rounds(nn.Module):
    """A network, and itself as it was when the present round began. Its state resumes exactly."""

    def __init__(self, network: MultiGranularity, rounds: int, *, alpha: float) -> None:
        """Begin the first round.

        Args:
            network: learns.
            rounds: how many the run is divided into.
            alpha: share of the prior from the second round on.
        """
        super().__init__()
        self.network = network
        self.rounds, self.alpha = rounds, alpha
        self.teacher: MultiGranularity | None = None
        if rounds > 1:
            self.teacher = copy.deepcopy(network).requires_grad_(requires_grad=False)
        self.register_buffer("begun", torch.zeros((), dtype=torch.int64))
        self.begun: Tensor

    @property
    def number(self) -> int:
        """Of the round, from 0 on."""
        return int(self.begun)

    def begin_due(self, share: float) -> None:
        """Begin the round that a share of the run belongs to, 0..1, if it has not begun."""
        due = min(self.rounds - 1, int(share * self.rounds))
        if self.teacher is not None and due > self.number:
            self.teacher.load_state_dict(self.network.state_dict())
            self.begun.fill_(due)

    @torch.no_grad()
    def targets(self, frames: Tensor, prior: Tensor) -> Tensor:
        """What is to be learned as foreground.

        Args:
            frames: N x T x 3 x S x S, as `Granularities` takes them.
            prior: N x K x S/4 x S/4 of 0 and 1, of the frames of the abstract.
        """
        if self.teacher is None or self.number == 0:
            return prior
        found = predicted(self.teacher.eval(), frames[:, : prior.shape[1]])
        return bootstrapped_target(prior, found, alpha=self.alpha)


def predicted(network: MultiGranularity, abstract: Tensor) -> Tensor:
    """Foreground of the frames of abstracts, each by all others of its video.

    Args:
        network: in eval mode.
        abstract: N x K x 3 x S x S, 0..1.

    Returns:
        N x K x S/4 x S/4, 0..1.
    """
    flat = network.features(abstract.flatten(0, 1))
    features = torch.unflatten(flat, 0, abstract.shape[:2])
    places = torch.arange(features.shape[1], device=abstract.device)[:, None]
    gathered = [global_features(network, features, place.expand(len(abstract))) for place in places]
    return torch.stack([network.foreground(r) for r in gathered], dim=1)
