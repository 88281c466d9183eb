"""The support set: keyframes, and frames of the walk that stay within reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.systems.global_instance.model import SupportFeatures
from core.tracking.looks import rows
from core.types import Arrays


@dataclass(frozen=True, slots=True)
class Support:
    """A frame of the support set, cell after cell.

    Attributes:
        frame_index: 0-based.
        key: N x C_k.
        value: N x C_v, of all objects together.
        objects: N x C_v of each object that the frame says something of, be it that it is absent.
    """

    frame_index: int
    key: Tensor
    value: Tensor
    objects: Mapping[int, Tensor]

    def __len__(self) -> int:
        return len(self.key)

    def chosen(self, cells: Tensor) -> Support:
        """The same with some of the cells alone, by a mask."""
        objects = {i: value[cells] for i, value in self.objects.items()}
        return Support(self.frame_index, self.key[cells], self.value[cells], objects)

    def of_objects(self, object_ids: Sequence[int]) -> Support:
        """The same with what it says of these objects alone."""
        return replace(self, objects={i: v for i, v in self.objects.items() if i in object_ids})

    def to_arrays(self, lead: str) -> Arrays:
        """Arrays, their names beginning with `lead`."""
        arrays: Arrays = {
            f"{lead}.frame": np.array(self.frame_index),
            f"{lead}.key": self.key.cpu().numpy(),
            f"{lead}.value": self.value.cpu().numpy(),
        }
        return arrays | {
            f"{lead}.object.{i}": value.cpu().numpy() for i, value in self.objects.items()
        }


def support_of(frame_index: int, found: SupportFeatures, object_ids: Sequence[int]) -> Support:
    """What the network makes of one frame, for the K objects in their order."""
    objects = {i: rows(found.objects[0, row]) for row, i in enumerate(object_ids)}
    return Support(frame_index, rows(found.key[0]), rows(found.value[0]), objects)


def support_from(
    arrays: Mapping[str, NDArray[np.generic]], lead: str, device: torch.device
) -> Support:
    """What `Support.to_arrays` was asked of.

    Raises:
        ValueError: an array is missing.
    """
    start = f"{lead}.object."
    ids = sorted(int(name.removeprefix(start)) for name in arrays if name.startswith(start))
    try:
        key, value, *own = (
            torch.from_numpy(np.ascontiguousarray(arrays[name])).to(device)
            for name in (f"{lead}.key", f"{lead}.value", *(f"{start}{i}" for i in ids))
        )
        frame = int(arrays[f"{lead}.frame"])
    except KeyError as error:
        msg = f"The saved walk lacks {error}."
        raise ValueError(msg) from error
    return Support(frame, key, value, dict(zip(ids, own, strict=True)))


class Walked:
    """Frames of a walk that the support set may hold: the last one, and a few spread over all.

    Of the others every s-th is kept; s doubles whenever there are three times as many as are
    wanted. So they always lie evenly over the walk, and take no more room the longer it is.

    Attributes:
        wanted: frames that `chosen` returns at most.
        last: the frame before; None at the start.
    """

    def __init__(self, wanted: int) -> None:
        """Nothing is known yet.

        Args:
            wanted: frames that `chosen` returns at most.
        """
        self.wanted = wanted
        self._spread: list[Support] = []
        self._pace, self._count = 1, 0
        self.last: Support | None = None

    def add(self, frame: Support) -> None:
        """Remember the next frame of the walk."""
        others = self.wanted - 1
        if self.last is not None and others > 0 and self._count % self._pace == 0:
            self._spread.append(self.last)
        self._count += self.last is not None
        self.last = frame
        if len(self._spread) > 3 * others > 0:
            self._spread, self._pace = self._spread[::2], 2 * self._pace

    def chosen(self) -> list[Support]:
        """The frames of the walk in the support set, in their order."""
        if self.last is None or not self.wanted:
            return []
        kept = len(self._spread)
        others = min(self.wanted - 1, kept)
        middles = ((2 * part + 1) * kept // (2 * others) for part in range(others))
        return [*(self._spread[place] for place in middles), self.last]

    def to_arrays(self) -> Arrays:
        """All that is remembered."""
        arrays: Arrays = {"walked.course": np.array([self._pace, self._count], np.int64)}
        for number, frame in enumerate(self._spread):
            arrays |= frame.to_arrays(f"walked.{number}")
        return arrays if self.last is None else arrays | self.last.to_arrays("walked.last")

    def restore(self, arrays: Mapping[str, NDArray[np.generic]], device: torch.device) -> None:
        """Go on with what `to_arrays` was asked of.

        Raises:
            ValueError: an array is missing.
        """
        if "walked.course" not in arrays:
            msg = "The saved walk does not say how far it came."
            raise ValueError(msg)
        self._pace, self._count = (int(n) for n in arrays["walked.course"])
        self._spread, self.last = [], None
        while f"walked.{len(self._spread)}.key" in arrays:
            self._spread.append(support_from(arrays, f"walked.{len(self._spread)}", device))
        if "walked.last.key" in arrays:
            self.last = support_from(arrays, "walked.last", device)
