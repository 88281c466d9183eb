"""What keyframes contribute: frames of the support set that are always there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.memory.bank import MemoryFrame
from core.nn.encoder_shape import STRIDE
from core.ops.aggregate import aggregate
from core.systems.global_instance.looks import Look
from core.systems.global_instance.model import GlobalInstanceNetwork
from core.systems.global_instance.support import Support, support_of
from core.tracking.drawn import DrawnFrames
from core.tracking.padded import in_cells
from core.types import Keyframe


@dataclass(frozen=True, slots=True)
class Given:
    """What a keyframe contributes.

    Attributes:
        keyframe: the keyframe.
        support: its cells that it does not leave void.
        labels: the share of each object in each of these cells, N x 1.
        shows: the objects that have pixels on it.
        probed: the frame as the judge looks for its objects.
    """

    keyframe: Keyframe
    support: Support
    labels: dict[int, Tensor]
    shows: frozenset[int]
    probed: MemoryFrame


class Keyframes(DrawnFrames[Given]):
    """The keyframes that a tracker has at the time, and which of them is nearest."""

    def support(
        self, stepped: Mapping[int, Support], *, but: int | None = None
    ) -> list[tuple[Given, Support]]:
        """What keyframes assert, by frame index, those without any cell left out.

        Args:
            stepped: what the walk saw on keyframes that it stepped on, which goes before.
            but: a frame whose own keyframe is left out.
        """
        every = [given for given in self.ordered if given.keyframe.frame_index != but]
        found = [(g, stepped.get(g.keyframe.frame_index, g.support)) for g in every]
        return [(given, support) for given, support in found if len(support)]


def nearest(support: list[Support], frame_index: int) -> Support:
    """The one nearest in time; of two the earlier one."""
    return min(support, key=lambda one: (abs(one.frame_index - frame_index), one.frame_index))


def given_by(keyframe: Keyframe, look: Look, *, network: GlobalInstanceNetwork) -> Given:
    """What a keyframe contributes.

    Args:
        keyframe: the keyframe.
        look: its frame.
        network: ready for inference.
    """
    ids, index = keyframe.object_ids, keyframe.frame_index
    masks, void = look.asserted(keyframe)
    if not ids:
        return _silent(keyframe, look)
    found = network.encode_support(look.image, look.features, aggregate(masks)[None, 1:])
    shares, unstated = in_cells(masks, STRIDE), in_cells(void, STRIDE)
    stated = unstated.flatten() <= 0.5
    labels = {i: shares[row].flatten()[stated, None] for row, i in enumerate(ids)}
    shows = frozenset(i for i, mask in zip(ids, masks, strict=True) if bool(mask.any()))
    rest = (1 - unstated - shares.sum(0)).clamp(min=0)
    soft = torch.cat([rest[None], shares])
    probed = MemoryFrame(index, found.key[0], soft, ids, keyframe.reference)
    support = support_of(index, found, ids).chosen(stated)
    return Given(keyframe, support, labels, shows, probed)


def _silent(keyframe: Keyframe, look: Look) -> Given:
    """A keyframe that asserts no object."""
    index, key = keyframe.frame_index, look.key[:0]
    soft = look.image.new_ones(1, *look.cells)
    probed = MemoryFrame(index, look.features.key[0], soft, (), keyframe.reference)
    return Given(keyframe, Support(index, key, key, {}), {}, frozenset(), probed)
