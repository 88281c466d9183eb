"""Consolidation: frames that leave the working memory become a few prototypes (XMem, section 3.3).

The cells that were read most are kept as prototypes. What is known of objects there is read anew
from all cells that leave, so that it is supported by more than one frame ("potentiation",
equation 5).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.memory.tokens import Tokens, alike, together
from core.ops.anisotropic import read_all, similarity


def consolidate(frames: Sequence[Tokens], used: Tensor, *, count: int) -> list[Tokens]:
    """Prototypes of some frames.

    A frame from before an object was known makes no statement of it, and neither do prototypes
    of that frame: prototypes that know the same objects come together.

    Args:
        frames: the leaving frames, oldest first, with selections.
        used: how much each cell of all frames was read in each step of its life.
        count: P; all cells where there are fewer.

    Returns:
        P cells in all, without selections.
    """
    selections = [frame.selection for frame in frames if frame.selection is not None]
    if len(selections) != len(frames):
        msg = "Cells without a selection cannot become prototypes."
        raise ValueError(msg)
    key = together([frame.key for frame in frames])
    shrinkage = together([frame.shrinkage for frame in frames])
    chosen = used.topk(min(count, len(key))).indices
    found = similarity(key, shrinkage, key[chosen], together(selections)[chosen])
    kept = read_all(found, shrinkage[:, None])[:, 0]
    values = _values(frames, found)
    owner = torch.cat([torch.full((len(f),), n) for n, f in enumerate(frames)])[chosen.cpu()]
    return _split(frames, owner.to(chosen.device), Tokens(key[chosen], kept, None, values))


def _values(frames: Sequence[Tokens], found: Tensor) -> dict[int, Tensor]:
    """What is read of each object at all prototypes, from the frames that know it."""
    ids = sorted({i for frame in frames for i in frame.values})
    sizes = [len(frame) for frame in frames]
    values = dict[int, Tensor]()
    for group, places in alike(ids, frames):
        knowing = [frame for frame, known in zip(frames, places, strict=True) if known]
        columns = [
            part for part, known in zip(torch.split(found, sizes, 1), places, strict=True) if known
        ]
        affinity = torch.cat(columns, 1).softmax(1)
        for object_id in group:
            values[object_id] = affinity @ together([f.values[object_id] for f in knowing])
    return values


def _split(frames: Sequence[Tokens], owner: Tensor, prototypes: Tokens) -> list[Tokens]:
    """Prototypes apart by the objects that their own frames know, in the order they were chosen."""
    sets = [frozenset(frame.values) for frame in frames]
    parts = list[Tokens]()
    for known in dict.fromkeys(sets[int(n)] for n in owner):
        places = [n for n, objects in enumerate(sets) if objects == known]
        mine = torch.isin(owner, torch.tensor(places, device=owner.device))
        parts.append(prototypes.of_objects(sorted(known)).chosen(mine))
    return parts
