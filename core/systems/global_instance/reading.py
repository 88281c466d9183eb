"""Reading the support set: one similarity a frame, whatever the number of objects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from core.ops.anisotropic import Affinity, best, read_best
from core.systems.global_instance.attention import cell_scales, similarity
from core.systems.global_instance.support import Support

Places = tuple[int, ...]
"""Which frames of the support set are read, by their positions in it."""
IN_CACHE, ELSEWHERE = 3 << 20, 64 << 20
"""Bytes of similarities that are computed at a time, on CPUs and elsewhere."""


class SharedReading:
    """What one frame finds in the support set.

    The similarity is computed once. All objects that are known on the same frames read with one
    softmax over the best cells of these: usually that is one for all objects.
    """

    def __init__(
        self,
        support: Sequence[Support],
        query: Tensor,
        weights: Tensor,
        *,
        wanted: Iterable[Places],
        top_k: int,
    ) -> None:
        """Search the support set.

        Args:
            support: T frames with cells.
            query: N x C_k.
            weights: T, see `core.systems.global_instance.attention`.
            wanted: places that will be read from.
            top_k: cells that each query reads.
        """
        sizes = [len(frame) for frame in support]
        key, scale = torch.cat([frame.key for frame in support]), cell_scales(weights, sizes)
        ends = torch.tensor(sizes).cumsum(0).tolist()
        parts = {places: list[Affinity]() for places in wanted}
        columns = {places: _columns(places, sizes, ends) for places in parts}
        room = IN_CACHE if query.device.type == "cpu" else ELSEWHERE
        for some in torch.split(query, max(1, room // (4 * len(key)))):
            found = similarity(some, key, scale)
            for places, chosen in columns.items():
                seen = found if len(places) == len(support) else _picked(found, chosen)
                parts[places].append(best(seen, k=top_k))
        self._affinity = {places: _joined(found) for places, found in parts.items()}

    def read(self, places: Places, values: Sequence[Tensor]) -> Tensor:
        """Read values of the frames at some places, each N_i x V: N x V."""
        return read_best(self._affinity[places], torch.cat(list(values)))


def places_of(support: Sequence[Support], object_id: int) -> Places:
    """The frames of a support set that say something of an object."""
    return tuple(n for n, frame in enumerate(support) if object_id in frame.objects)


def _columns(places: Places, sizes: list[int], ends: list[int]) -> list[slice]:
    return [slice(ends[place] - sizes[place], ends[place]) for place in places]


def _picked(found: Tensor, columns: list[slice]) -> Tensor:
    return torch.cat([found[:, one] for one in columns], 1)


def _joined(parts: list[Affinity]) -> Affinity:
    weights, cells = ([getattr(p, name) for p in parts] for name in ("weights", "cells"))
    return Affinity(torch.cat(weights), torch.cat(cells))
