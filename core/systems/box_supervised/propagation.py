"""One walk of the network through a video: what it remembers, reads, and sees of each object.

The order of things is that of the public program (Cheng & Schwing 2022): a frame is read from the
memory and decoded; every r-th, and each that a user has drawn on, is memorized and renews the
sensory memory in place of the decoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.memory.layers import LayeredMemory
from core.memory.layers_state import (
    memory_to_arrays,
    restore_memory,
    tokens_from_arrays,
    tokens_to_arrays,
)
from core.memory.limits import MemoryLimits
from core.memory.tokens import Tokens
from core.systems.box_supervised.looks import Look
from core.systems.box_supervised.model import MemoryNetwork
from core.tracking.looks import rows
from core.types import Arrays

AT_ONCE = 4
"""Objects that are decoded together: the room they take does not grow with their number."""


class Propagation:
    """What a walk knows besides what the user asserts.

    Attributes:
        memory: the frames that were memorized.
        sensory: C_h x h x w of each object that the walk has met.
        stepped: what the walk saw on keyframes that it stepped on, by frame index.
    """

    def __init__(self, network: MemoryNetwork, limits: MemoryLimits, *, top_k: int) -> None:
        self._network = network
        self.memory = LayeredMemory(limits, top_k=top_k)
        self.sensory: dict[int, Tensor] = {}
        self.stepped: dict[int, Tokens] = {}

    def start(self) -> None:
        """Begin a walk: forget all."""
        self.memory.clear()
        self.sensory, self.stepped = {}, {}

    def segment(
        self, look: Look, permanent: Sequence[Tokens], object_ids: tuple[int, ...], *, update: bool
    ) -> Tensor:
        """Each object's mask by itself.

        Args:
            look: the frame.
            permanent: what the user asserts of other frames.
            object_ids: something is known of each.
            update: whether the decoder renews the sensory memory.

        Returns:
            K x H x W probabilities, which may exceed 1 together.
        """
        if not object_ids:
            return look.image.new_zeros(0, *look.size)
        found = self.memory.read(permanent, look.key, look.selection, object_ids)
        masks = list[Tensor]()
        for start in range(0, len(object_ids), AT_ONCE):
            some = object_ids[start : start + AT_ONCE]
            read = torch.stack([torch.unflatten(found[i].T, 1, look.cells) for i in some])[None]
            sensory = self._sensory_of(look, some)
            logits, sensory = self._network.decode(look.features, read, sensory, update=update)
            if update:
                self._keep(some, sensory)
            masks.append(torch.sigmoid(logits[0]))
        return torch.cat(masks)

    def memorize(self, look: Look, object_ids: tuple[int, ...], masks: Tensor) -> Tokens:
        """Renew the sensory memory by what is to be remembered of a frame, and return that.

        Args:
            look: the frame.
            object_ids: all objects that are on it.
            masks: K x H x W probabilities.
        """
        sensory = self._sensory_of(look, object_ids)
        value, sensory = self._network.encode_masks(look.image, look.features, sensory, masks[None])
        self._keep(object_ids, sensory)
        values = {i: rows(value[0, row]) for row, i in enumerate(object_ids)}
        return Tokens(look.key, look.shrinkage, look.selection, values)

    def begin(self, states: Mapping[int, Tensor]) -> None:
        """Give objects that the walk has not met a sensory memory to go on from."""
        self.sensory = {**states, **self.sensory}

    def to_arrays(self) -> Arrays:
        """All that the walk knows."""
        arrays = memory_to_arrays(self.memory)
        for object_id, state in self.sensory.items():
            arrays[f"sensory.{object_id}"] = state.cpu().numpy()
        for index, tokens in self.stepped.items():
            arrays |= tokens_to_arrays(tokens, f"stepped.{index}")
        return arrays

    def restore(self, arrays: Mapping[str, NDArray[np.generic]], device: torch.device) -> None:
        """Go on with a walk that `to_arrays` was asked of.

        Raises:
            ValueError: an array is missing.
        """
        restore_memory(self.memory, arrays, device)
        for name, array in arrays.items():
            kind, _, rest = name.partition(".")
            if kind == "sensory":
                self.sensory[int(rest)] = torch.from_numpy(array).to(device)
            elif kind == "stepped" and rest.endswith(".key"):
                index = int(rest.removesuffix(".key"))
                self.stepped[index] = tokens_from_arrays(arrays, f"stepped.{index}", device)

    def _sensory_of(self, look: Look, object_ids: tuple[int, ...]) -> Tensor:
        """1 x K x C_h x h x w; zeros for objects that are new."""
        fresh = self._network.new_sensory(look.features, 1)[0, 0]
        return torch.stack([self.sensory.get(i, fresh) for i in object_ids])[None]

    def _keep(self, object_ids: tuple[int, ...], sensory: Tensor) -> None:
        self.sensory = {**self.sensory, **dict(zip(object_ids, sensory[0], strict=True))}
