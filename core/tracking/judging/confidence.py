"""How far a frame's labels can be trusted: cheap cues, and what they say of the J to expect.

The entropy of the affinity is none of them: agreeing memory frames spread it although the label is
certain. The weights are fitted to true J and come with the network (`core.tracking.config`).
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.ops.matching import read, search_everywhere
from core.tracking.config import ReadConfig

PROBES = 256
"""Cells of a keyframe that are looked for on each frame, shared by its objects."""
FEWEST = 64
"""Probes of an object where there are many."""
BESIDE = 6
"""Probes lie on the objects and up to so many cells beside them."""


@dataclass(frozen=True, slots=True)
class Probes:
    """A sample of a keyframe's cells on and beside each of its objects.

    Attributes:
        keys: C x n, object after object.
        probabilities: for each object that the keyframe shows, in this order, what it asserts of
            the object on its own probes, 0..1.
        masses: cells that each asserted object covers; 0 for one that is absent.
    """

    keys: Tensor
    probabilities: dict[int, Tensor]
    masses: dict[int, float]

    def shows(self, object_id: int) -> bool:
        """Whether the object is there."""
        return object_id in self.probabilities


@dataclass(frozen=True, slots=True)
class Cues:
    """What speaks for a mask, each 0..1.

    Attributes:
        margin: mean lead over the next label, where the object is in play.
        agreement: soft IoU of what the keyframes alone and what the recent frames alone say.
        cycle: soft IoU of the keyframe's own mask and of what its cells read back when they are
            looked for on the frame.
    """

    margin: float
    agreement: float
    cycle: float


def expected_j(cues: Cues, weights: tuple[float, float, float, float]) -> float:
    """The J that the cues let expect, 0..1.

    Args:
        cues: of an object on a frame.
        weights: as `Calibration.confidence` has them.
    """
    constant, *slopes = weights
    score = constant + sum(w * x for w, x in zip(slopes, astuple(cues), strict=True))
    return 1 / (1 + math.exp(-score))


def soft_iou(first: Tensor, second: Tensor) -> float:
    """Intersection over union of two planes of probabilities; 1 where both are empty."""
    union = float(torch.maximum(first, second).sum())
    return float(torch.minimum(first, second).sum()) / union if union > 0 else 1.0


def margins(probabilities: Tensor) -> list[float]:
    """Mean lead of each object over the next label, where it is in play.

    Args:
        probabilities: (1 + K) x h x w, background first.

    Returns:
        K values 0..1; 0 for an object that has no cell.
    """
    result = []
    for index in range(1, len(probabilities)):
        own = probabilities[index]
        rival = torch.cat([probabilities[:index], probabilities[index + 1 :]]).amax(0)
        lead = (own - rival).abs()[own > 0.1]
        result.append(float(lead.mean()) if len(lead) else 0.0)
    return result


def make_probes(keyframe: MemoryFrame) -> Probes:
    """Choose a keyframe's probes: evenly around each object that it shows."""
    flat = keyframe.soft[1:].flatten(1)
    masses = dict(zip(keyframe.object_ids, flat.sum(1).tolist(), strict=True))
    shown = [row for row, object_id in enumerate(keyframe.object_ids) if masses[object_id]]
    count = max(FEWEST, PROBES // max(1, len(shown)))
    around = F.max_pool2d(keyframe.soft[1:], 2 * BESIDE + 1, 1, BESIDE) if shown else keyframe.soft
    chosen = [_evenly((around[row].flatten() > 0).nonzero()[:, 0], count) for row in shown]
    cells = torch.cat(chosen) if chosen else torch.zeros(0, dtype=torch.long)
    return Probes(
        keyframe.keys.flatten(1)[:, cells.to(keyframe.keys.device)].contiguous(),
        {keyframe.object_ids[r]: flat[r, c] for r, c in zip(shown, chosen, strict=True)},
        masses,
    )


def _evenly(cells: Tensor, count: int) -> Tensor:
    """At most `count` of some cells."""
    return cells[:: max(1, math.ceil(len(cells) / count))]


def find_again(
    probes: Probes, keys: Tensor, planes: dict[int, Tensor], reading: ReadConfig
) -> dict[int, float]:
    """How well a keyframe's objects are found on a frame: `Cues.cycle` by object id.

    Args:
        probes: of the keyframe.
        keys: of the frame, C x h x w.
        planes: h x w probabilities on the frame of objects that the keyframe shows.
        reading: how each probe reads the frame's cells.
    """
    found = search_everywhere(probes.keys[:, :, None], keys.flatten(1), k=reading.top_k)
    values = torch.stack([plane.flatten() for plane in planes.values()])
    back = read([found], [values], k=reading.top_k, temperature=reading.temperature)
    ends = torch.tensor([len(s) for s in probes.probabilities.values()]).cumsum(0).tolist()
    places = dict(zip(probes.probabilities, ends, strict=True))
    return {
        i: soft_iou(
            row[places[i] - len(probes.probabilities[i]) : places[i]], probes.probabilities[i]
        )
        for i, row in zip(planes, back, strict=True)
    }
