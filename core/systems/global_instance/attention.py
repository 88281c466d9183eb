"""How much each support frame counts, and one similarity of a frame with all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class TemporalAttention(nn.Module):
    """Weights of the support frames for a query frame (Ge et al. 2021, fig. 3).

    Each looks at the key of the first frame, of the support frame itself and of the query: a 1x1
    convolution and the mean over all cells of each, then three 1x1 convolutions. The last of them
    begins with zeros, so that all frames count the same until something else is learned.
    """

    def __init__(self, key_channels: int, inner: int) -> None:
        super().__init__()
        self.first = nn.Linear(key_channels, inner)
        self.chosen = nn.Linear(key_channels, inner)
        self.query = nn.Linear(key_channels, inner)
        self.inner1 = nn.Linear(3 * inner, inner)
        self.inner2 = nn.Linear(inner, inner)
        self.weigh = nn.Linear(inner, 1)
        nn.init.zeros_(self.weigh.weight)
        nn.init.zeros_(self.weigh.bias)

    def forward(self, first: Tensor, support: Sequence[Tensor], query: Tensor) -> Tensor:
        """Weights that sum to 1.

        Args:
            first: ... x N x C_k, keys of the frame that is most certain.
            support: T keys, each ... x N_i x C_k.
            query: ... x N x C_k.

        Returns:
            ... x T.
        """
        lead, asked = _summary(self.first, first), _summary(self.query, query)
        rows = [torch.cat([lead, _summary(self.chosen, key), asked], -1) for key in support]
        x = F.relu(self.inner2(F.relu(self.inner1(torch.stack(rows, -2)))))
        return self.weigh(x)[..., 0].softmax(-1)  # type: ignore[no-any-return]


def _summary(layer: nn.Linear, key: Tensor) -> Tensor:
    """The mean over cells of what a layer makes of a key."""
    return F.relu(layer(key)).mean(-2)


def cell_scales(weights: Tensor, sizes: Sequence[int]) -> Tensor:
    """What the similarity of each cell is multiplied by: T times the weight of its frame.

    Equal weights leave it as it is, however many frames there are.

    Args:
        weights: ... x T, they sum to 1.
        sizes: cells of each frame.

    Returns:
        ... x M.
    """
    counts = torch.tensor(list(sizes), device=weights.device)
    return (weights * len(sizes)).repeat_interleave(counts, dim=-1)


def similarity(query: Tensor, key: Tensor, scale: Tensor) -> Tensor:
    """Similarity of a frame with its support set, the same for all objects (eq. 4).

    Args:
        query: ... x N x C.
        key: ... x M x C.
        scale: ... x M, see `cell_scales`.

    Returns:
        ... x N x M: scale <q, k> / sqrt(C).
    """
    return query @ (key * (scale[..., None] / math.sqrt(key.shape[-1]))).mT
