"""Memory cells: keys, and what is known of objects where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Tokens:
    """N cells that know the same objects.

    Attributes:
        key: N x C_k.
        shrinkage: N, at least 1.
        selection: N x C_k, 0..1; None where the cells are never queries again.
        values: N x C_v of each object id that the cells say something of.
    """

    key: Tensor
    shrinkage: Tensor
    selection: Tensor | None
    values: Mapping[int, Tensor]

    def __len__(self) -> int:
        return len(self.key)

    def knows(self, object_id: int) -> bool:
        """Whether the cells say anything of an object, be it that it is not there."""
        return object_id in self.values

    def chosen(self, index: Tensor) -> Tokens:
        """Some of the cells, by indices or a mask."""
        selection = None if self.selection is None else self.selection[index]
        values = {i: value[index] for i, value in self.values.items()}
        return Tokens(self.key[index], self.shrinkage[index], selection, values)

    def joined(self, other: Tokens) -> Tokens:
        """These cells and then others that know the same objects; without selections."""
        values = {i: torch.cat([value, other.values[i]]) for i, value in self.values.items()}
        key = torch.cat([self.key, other.key])
        return Tokens(key, torch.cat([self.shrinkage, other.shrinkage]), None, values)

    def of_objects(self, object_ids: Sequence[int]) -> Tokens:
        """The same cells with what they know of these objects alone."""
        return replace(self, values={i: v for i, v in self.values.items() if i in object_ids})


class Knows(Protocol):
    """A place that says something of some objects: a frame, or cells."""

    def knows(self, object_id: int, /) -> bool:
        """Whether anything is said of an object."""


def alike(
    object_ids: Sequence[int], places: Sequence[Knows]
) -> list[tuple[tuple[int, ...], tuple[bool, ...]]]:
    """Object ids grouped by the places that know them, those known in most places first.

    Args:
        object_ids: ascending.
        places: what may know them.

    Returns:
        Ids, and for each place whether it knows them, group after group; one group in the common
        case.
    """
    groups: dict[tuple[bool, ...], list[int]] = {}
    for object_id in object_ids:
        known = tuple(place.knows(object_id) for place in places)
        groups.setdefault(known, []).append(object_id)
    ordered = sorted(groups.items(), key=lambda group: -sum(group[0]))
    return [(tuple(ids), known) for known, ids in ordered]


def together(parts: Sequence[Tensor]) -> Tensor:
    """Rows of several tensors as one; a single one is not copied."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))
