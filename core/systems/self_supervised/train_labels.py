"""The training step on composite clips: propagate labels and, beside it, reconstruct colors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.composites.actors import MAX_OBJECTS
from core.data.composites.batches import LabelBatch, MixedBatch
from core.losses.label_propagation import (
    cell_weights,
    label_propagation,
    readable_probabilities,
    total_weight,
)
from core.ops.attention import windowed_readout
from core.systems.self_supervised.config import STRIDE
from core.systems.self_supervised.spec import LABEL_RADIUS
from core.systems.self_supervised.train import pair_loss
from core.train.team import Team
from core.train.terms import LossTerms


class EachApart(nn.Module):
    """Keys of several batches of images, each normalized by its own statistics of batch norm.

    Raw and composite frames differ, and so would statistics of both together. The running ones,
    which inference uses, are those of the first batch, here of raw frames: videos are not
    composites. One module, so that processes that share a batch see one forward pass a step.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, *images: Tensor) -> tuple[Tensor, ...]:
        """N x 3 x H x W each; keys N x C x h x w each."""
        first = self.encoder(images[0])
        with running_statistics_held(self.encoder):
            return first, *(self.encoder(x) for x in images[1:])


@contextmanager
def running_statistics_held(network: nn.Module) -> Iterator[None]:
    """Batch norm normalizes as before, but its running statistics stay as they are."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    usual = [m.momentum for m in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, usual, strict=True):
            norm.momentum = momentum


def labels_step(
    encoders: Callable[..., tuple[Tensor, ...]],
    *,
    radius: int = LABEL_RADIUS,
    team: Team | None = None,
) -> Callable[[MixedBatch], LossTerms]:
    """The training step of the stage of labels: colors of raw pairs, labels of composite clips.

    Args:
        encoders: an `EachApart`.
        radius: of the window in each reference that labels are read from, in cells; for colors
            it is that of the first stage.
        team: the processes that share a batch; None works alone.
    """
    team = team or Team()

    def step(batch: MixedBatch) -> LossTerms:
        images = batch.pairs.inputs.flatten(0, 1), batch.labels.inputs.flatten(0, 1)
        raw, composite = (keys.float() for keys in encoders(*images))
        color = pair_loss(raw, batch.pairs, team=team)
        labels = label_loss(composite, batch.labels, radius=radius, team=team)
        return LossTerms({"color": (color, 1.0), "labels": (labels, 1.0)})

    return step


def label_loss(keys: Tensor, batch: LabelBatch, *, radius: int, team: Team) -> Tensor:
    """How badly the labels of the last frame are read from those of the frames before it.

    Args:
        keys: (B T) x C x h x w.
        batch: of B clips of T frames.
        radius: of the window in each reference, in cells.
        team: the processes that share a batch.

    Returns:
        A scalar.
    """
    keys = keys.view(*batch.inputs.shape[:2], *keys.shape[1:])
    probabilities = cell_probabilities(batch.label_maps)
    target, references = probabilities[:, -1], probabilities[:, :-1]
    readout = windowed_readout(keys[:, -1], keys[:, :-1], references, radius=radius)
    wanted, weight = readable_probabilities(target, references), cell_weights(target)
    total = team.mean(total_weight(wanted, weight))
    return label_propagation(readout, wanted, weight, total=total)


def cell_probabilities(label_maps: Tensor) -> Tensor:
    """B x T x H x W uint8 to B x T x K x h x w: the part of a cell that each label covers."""
    ids = torch.arange(1 + MAX_OBJECTS, device=label_maps.device)
    planes = (label_maps[:, :, None] == ids[:, None, None]).float()
    small = F.avg_pool2d(planes.flatten(0, 1), STRIDE)
    return small.view(*planes.shape[:3], *small.shape[2:])
