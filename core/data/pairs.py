"""Batches of frame pairs from packed raw videos, for learning by reconstruction.

Which pairs a batch holds, and how they are cropped and jittered, is a pure function of the seed
and the step: a run that is resumed sees what an unbroken one would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from core.data.frame_pack import FramePack
from core.errors import TrainingError
from core.ops.color import rgb_to_lab
from core.types import Frame


@dataclass(frozen=True, slots=True)
class PairConfig:
    """How pairs are drawn."""

    batch: int = 8
    """Pairs in a batch."""
    crop: int = 192
    """Side of the square training image in pixels, a multiple of 8."""
    gaps: tuple[float, ...] = (0.07, 0.14, 0.21, 0.34, 0.5)
    """Time between the two frames of a pair in seconds, each as likely as the others."""
    min_scale: float = 0.6
    """Smallest crop, as a share of the frame's short side."""
    drop: float = 0.8
    """Share of pairs in which one of the color channels a and b is hidden."""

    def __post_init__(self) -> None:
        if self.batch < 1:
            msg = f"A batch of {self.batch} pairs is not possible."
            raise TrainingError(msg, "Give --batch a number of 1 or more.")
        if self.crop < 8 or self.crop % 8:
            msg = f"Training images of {self.crop} px are not possible."
            raise TrainingError(msg, "Give --crop a multiple of 8.")


@dataclass(frozen=True, slots=True)
class PairBatch:
    """A batch of pairs.

    Attributes:
        inputs: B x 2 x 3 x S x S float32 normalized Lab as the encoder sees it: one of a and b
            zeroed in both frames, the other times 3/2 (MAST's channel dropout).
        colors: B x 2 x 2 x S x S float32: a and b to be reconstructed.
        hidden: B x 2 float32: 1 for the channels that count in the loss (the hidden one; both
            where none was hidden).
    """

    inputs: Tensor
    colors: Tensor
    hidden: Tensor

    def to(self, device: torch.device) -> PairBatch:
        """The same batch on a device."""
        moved = (x.to(device, non_blocking=True) for x in (self.inputs, self.colors, self.hidden))
        return PairBatch(*moved)


class PairDataset(Dataset[PairBatch]):
    """Item k is the whole batch of step k."""

    def __init__(self, packs: list[FramePack], config: PairConfig, *, seed: int) -> None:
        self._packs = packs
        self._config = config
        self._seed = seed
        weights = np.sqrt([len(pack.times) for pack in packs])
        self._odds = weights / weights.sum()

    def __getitem__(self, step: int) -> PairBatch:
        rng = np.random.default_rng((self._seed, step))
        pairs = [self._pair(rng) for _ in range(self._config.batch)]
        inputs, colors, hidden = (torch.from_numpy(np.stack(x)) for x in zip(*pairs, strict=True))
        return PairBatch(inputs, colors, hidden)

    def _pair(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pack = self._packs[rng.choice(len(self._packs), p=self._odds)]
        first, second = _pick_frames(pack, float(rng.choice(self._config.gaps)), rng)
        frames = crop_pair(pack.frame(first), pack.frame(second), self._config, rng)
        lab = _jitter(np.stack([rgb_to_lab(x) for x in frames]).transpose(0, 3, 1, 2), rng)
        colors = np.ascontiguousarray(lab[:, 1:])
        hidden = _hide_channel(lab, self._config.drop, rng)
        return np.ascontiguousarray(lab), colors, hidden


def _pick_frames(pack: FramePack, gap: float, rng: np.random.Generator) -> tuple[int, int]:
    times = np.asarray(pack.times)
    first = int(rng.integers(len(times)))
    way = 1 if rng.random() < 0.5 else -1
    distance = np.abs(times - (times[first] + way * gap))
    distance[first] = np.inf
    return first, int(distance.argmin())


def crop_pair(
    first: Frame, second: Frame, config: PairConfig, rng: np.random.Generator
) -> list[Frame]:
    """The same random square of both frames, resized to S x S, flipped half of the time."""
    height, width = first.shape[:2]
    side = round(min(height, width) * rng.uniform(config.min_scale, 1.0))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    size, flip = (config.crop, config.crop), rng.random() < 0.5
    square = (slice(top, top + side), slice(left, left + side))
    cut = [cv2.resize(x[square], size, interpolation=cv2.INTER_AREA) for x in (first, second)]
    return [x[:, ::-1] if flip else x for x in cut]  # type: ignore[misc]


def _jitter(lab: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light and color changes of the pair as a whole, and now and then of one frame's light."""
    if rng.random() < 0.5:
        lab[:, 0] = lab[:, 0] * rng.uniform(0.75, 1.2) + rng.uniform(-0.15, 0.15)
        lab[:, 1:] *= rng.uniform(0.6, 1.5, (1, 2, 1, 1)).astype(np.float32)
    if rng.random() < 0.3:
        one = int(rng.integers(2))
        lab[one, 0] = lab[one, 0] * rng.uniform(0.9, 1.1) + rng.uniform(-0.08, 0.08)
    return lab


def _hide_channel(lab: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Zero a or b of a 2 x 3 x S x S pair in place; return which channels the loss counts."""
    if rng.random() >= share:
        return np.ones(2, np.float32)
    hidden = int(rng.integers(2))
    lab[:, 1 + hidden] = 0
    lab[:, 2 - hidden] *= 1.5
    counted: np.ndarray = np.eye(2, dtype=np.float32)[hidden]
    return counted
