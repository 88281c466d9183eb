"""Similarity of memory and query by an anisotropic squared distance, and reading with it.

Cheng & Schwing 2022 (XMem), equation 2: S = s_j * -sum_c e_ci (k_cj - q_ci)^2 / sqrt(C). The memory
cell j brings key k and shrinkage s, at least 1; the query i brings q and selection e, 0..1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.topk import largest


@dataclass(frozen=True, slots=True)
class Affinity:
    """How much each of N queries reads of each of its k best memory cells.

    Attributes:
        weights: N x k, at least 0, each row sums to 1.
        cells: N x k int64.
    """

    weights: Tensor
    cells: Tensor


def similarity(key: Tensor, shrinkage: Tensor, query: Tensor, selection: Tensor) -> Tensor:
    """Similarity of every query with every memory cell; gradients flow through all inputs.

    Args:
        key: ... x M x C, of the memory.
        shrinkage: ... x M.
        query: ... x N x C.
        selection: ... x N x C.

    Returns:
        ... x N x M.
    """
    own = (selection * query.square()).sum(-1, keepdim=True)
    squares = selection @ key.square().mT
    found = 2 * ((query * selection) @ key.mT) - squares - own
    return found * shrinkage[..., None, :] / math.sqrt(key.shape[-1])


def read_all(found: Tensor, values: Tensor) -> Tensor:
    """Values read with a softmax over the whole memory; gradients flow.

    Args:
        found: ... x N x M similarity.
        values: ... x M x V.

    Returns:
        ... x N x V.
    """
    return found.softmax(-1) @ values


def best(found: Tensor, *, k: int) -> Affinity:
    """Softmax over the k most similar cells of each query; no gradients.

    The softmax subtracts the largest similarity, so that queries that resemble nothing do not
    divide 0 by 0: exp(S) is 0 below -104 in float32.

    Args:
        found: N x M similarity.
        k: cells that each query reads; all M where there are fewer.
    """
    values, cells = largest(found, k)
    return Affinity(values.softmax(1), cells)


def read_best(affinity: Affinity, values: Tensor) -> Tensor:
    """Values M x V read with an affinity: N x V."""
    weights = affinity.weights.to(values.dtype)
    return F.embedding_bag(affinity.cells, values, per_sample_weights=weights, mode="sum")


def usage(affinity: Affinity, count: int) -> Tensor:
    """How much each of `count` memory cells was read by all queries together: `count` values."""
    used = affinity.weights.new_zeros(count)
    return used.index_add_(0, affinity.cells.flatten(), affinity.weights.flatten())


def as_query(query: Tensor, selection: Tensor) -> Tensor:
    """Queries as longer vectors, whose dot product with those of `as_memory` is the similarity.

    One product of matrices is a third of the work of `similarity`, whose sums go through memory
    again and again.

    Args:
        query: N x C.
        selection: N x C.

    Returns:
        N x (2 C + 1).
    """
    own = (selection * query.square()).sum(1, keepdim=True)
    longer = torch.cat([-selection, 2 * query * selection, -own], 1)
    return longer / math.sqrt(query.shape[1])


def as_memory(key: Tensor, shrinkage: Tensor) -> Tensor:
    """Memory cells as longer vectors, see `as_query`.

    Args:
        key: M x C.
        shrinkage: M.

    Returns:
        M x (2 C + 1).
    """
    ones = torch.ones_like(key[:, :1])
    return torch.cat([key.square(), key, ones], 1) * shrinkage[:, None]
