"""What keyframes contribute: a permanent memory, and what walks that leave from them begin with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.memory.reading import CellReading
from core.memory.tokens import Tokens
from core.nn.encoder_shape import STRIDE
from core.ops.aggregate import aggregate
from core.ops.anisotropic import as_query
from core.systems.box_supervised.config import MemoryTrackingConfig
from core.systems.box_supervised.looks import Look
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.propagation import Propagation
from core.tracking.drawn import DrawnFrames
from core.tracking.padded import in_cells
from core.types import Keyframe


@dataclass(frozen=True, slots=True)
class Given:
    """What a keyframe contributes.

    Attributes:
        keyframe: the keyframe.
        tokens: its permanent memory, of the objects that it asserts.
        labels: the same cells with the share of each object in place of values.
        sensory: what a walk that leaves from it begins with, by object.
        shows: the objects that have pixels on it.
        probed: the frame as the judge looks for its objects.
    """

    keyframe: Keyframe
    tokens: Tokens
    labels: Tokens
    sensory: dict[int, Tensor]
    shows: frozenset[int]
    probed: MemoryFrame


class Keyframes(DrawnFrames[Given]):
    """The keyframes that a tracker has at the time, and what they let read."""

    def __init__(self, top_k: int) -> None:
        super().__init__()
        self._top_k = top_k

    def permanent(self, stepped: Mapping[int, Tokens], *, but: int | None = None) -> list[Tokens]:
        """What keyframes assert, by frame index, those without any cell left out.

        Args:
            stepped: what the walk saw on keyframes that it stepped on, which goes before.
            but: a frame whose own keyframe is left out.
        """
        every = sorted(index for index in self._given if index != but)
        found = [stepped.get(index, self._given[index].tokens) for index in every]
        return [tokens for tokens in found if len(tokens)]

    def read_labels(
        self, look: Look, object_ids: tuple[int, ...]
    ) -> tuple[Tensor, dict[int, tuple[int, ...]]]:
        """What keyframes alone say of a frame, and which of them know each object.

        Returns:
            K x h x w shares of cells, 0 for objects that none knows, and frame indices by object.
        """
        labels = {k: g.labels for k, g in sorted(self._given.items()) if len(g.labels)}
        sources = {i: tuple(k for k, cells in labels.items() if cells.knows(i)) for i in object_ids}
        known = tuple(i for i in object_ids if sources[i])
        planes = look.image.new_zeros(len(object_ids), *look.cells)
        if known:
            reading = CellReading(list(labels.values()), known)
            for i, plane in reading.read(look.key, look.selection, self._top_k).items():
                planes[object_ids.index(i)] = torch.unflatten(plane[:, 0], 0, look.cells)
        return planes, sources


def given_by(
    keyframe: Keyframe, look: Look, *, network: MemoryNetwork, config: MemoryTrackingConfig
) -> Given:
    """What a keyframe contributes.

    Args:
        keyframe: the keyframe.
        look: its frame.
        network: ready for inference.
        config: of the run.
    """
    ids = keyframe.object_ids
    masks, void = look.asserted(keyframe)
    walk = Propagation(network, config.memory, top_k=config.top_k)
    tokens = walk.memorize(look, ids, aggregate(masks)[1:]) if ids else _nothing(look)
    shares, unstated = in_cells(masks, STRIDE), in_cells(void, STRIDE)
    labels = {i: shares[row].flatten()[:, None] for row, i in enumerate(ids)}
    known = Tokens(tokens.key, tokens.shrinkage, tokens.selection, labels)
    stated = unstated.flatten() <= 0.5
    shows = frozenset(i for i, mask in zip(ids, masks, strict=True) if bool(mask.any()))
    rest = (1 - unstated - shares.sum(0)).clamp(min=0)
    soft = torch.cat([rest[None], shares])
    keys = torch.unflatten(_searching(as_query(look.key, look.selection)).T, 1, look.cells)
    probed = MemoryFrame(keyframe.frame_index, keys, soft, ids, keyframe.reference)
    return Given(keyframe, tokens.chosen(stated), known.chosen(stated), walk.sensory, shows, probed)


def _searching(queries: Tensor) -> Tensor:
    """Queries for a search that divides similarities by the root of their length."""
    return queries * math.sqrt(queries.shape[1])


def _nothing(look: Look) -> Tokens:
    """Cells that speak of no object."""
    return Tokens(look.key, look.shrinkage, look.selection, {})
