"""Batches of frames from packed raw videos and images, for learning by reconstruction.

A sample is a query frame and its references: one in the pairwise stage, several in the memory
stage. Which samples a batch holds, and how they are cropped and jittered, is a pure function of
the seed, the step and the place in the batch: a run that is resumed sees what an unbroken one
would have seen, and several processes that share a batch see what one would have seen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from core.data.draws import Draws
from core.data.frame_pack import FramePack
from core.data.homography import moved_views
from core.errors import TrainingError
from core.ops.color import rgb_to_lab
from core.types import Frame

MAX_CROP = 1024
"""Far above the short side of packed frames; more would only cost memory."""


@dataclass(frozen=True, slots=True)
class PairConfig:
    """How samples are drawn."""

    batch: int = 8
    """Pairs in a batch."""
    crop: int = 192
    """Side of the square training image in pixels, a multiple of 8."""
    gaps: tuple[float, ...] = (0.07, 0.14, 0.21, 0.34, 0.5)
    """Time between neighbors of a sample in seconds, each as likely as the others."""
    widen: int = 0
    """Steps after which one more of the gaps is drawn from, the shortest first: far frames are
    harder. 0 draws from all of them from the first step on."""
    min_scale: float = 0.6
    """Smallest crop, as a share of the frame's short side."""
    drop: float = 0.8
    """Share of samples in which one of the color channels a and b is hidden."""
    references: int = 1
    """Frames that the query is rebuilt from; from 2 on the first is an older one."""
    first_reach: float = 1.0
    """How much older than the second reference the first may be, in seconds."""

    def __post_init__(self) -> None:
        if self.batch < 1:
            msg = f"A batch of {self.batch} pairs is not possible."
            raise TrainingError(msg, "Give --batch a number of 1 or more.")
        if self.crop < 8 or self.crop % 8:
            msg = f"Training images of {self.crop} px are not possible."
            raise TrainingError(msg, "Give --crop a multiple of 8.")
        if self.crop > MAX_CROP:
            msg = f"Training images of {self.crop} px are too large."
            raise TrainingError(msg, f"Give --crop at most {MAX_CROP}: frames are kept smaller.")
        if self.widen < 0:
            msg = f"Gaps cannot widen every {self.widen} steps."
            raise TrainingError(msg, "Give --widen 1 or more, or 0 for all gaps at once.")
        if self.references < 1:
            msg = f"A memory of {self.references} references is not possible."
            raise TrainingError(msg, "Give 1 or more.")

    def at(self, step: int) -> PairConfig:
        """How the samples of a 0-based step are drawn."""
        if not self.widen:
            return self
        return replace(self, gaps=tuple(sorted(self.gaps))[: 1 + step // self.widen])


@dataclass(frozen=True, slots=True)
class PairBatch:
    """A batch of samples of T frames: the references, the oldest first, then the query.

    Attributes:
        inputs: B x T x 3 x S x S float32 normalized Lab as the encoder sees it: one of a and b
            zeroed in all frames, the other times 3/2 (MAST's channel dropout).
        colors: B x T x 2 x S x S float32: a and b to be reconstructed.
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
    """Item k is the batch of step k, or one process's part of it."""

    def __init__(
        self,
        packs: list[FramePack],
        config: PairConfig,
        *,
        seed: int,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """Make a dataset.

        Args:
            packs: films and images.
            config: how samples are drawn; its batch is that of all processes together.
            seed: of everything that is drawn.
            part: which process this is, and how many share a batch.

        Raises:
            TrainingError: the batch cannot be divided evenly.
        """
        self._config = config
        self._draws = Draws(packs, batch=config.batch, seed=seed, part=part)

    def __getitem__(self, step: int) -> PairBatch:
        config = self._config.at(step)
        drawn = [self._sample(config, rng) for rng in self._draws.generators(step)]
        inputs, colors, hidden = (torch.from_numpy(np.stack(x)) for x in zip(*drawn, strict=True))
        return PairBatch(inputs, colors, hidden)

    def _sample(
        self, config: PairConfig, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        pack = self._draws.pack(rng)
        away = reference_distances(config, rng)
        frames = crop_frames(draw_frames(pack, away, rng), config, rng)
        lab = jitter(np.stack([rgb_to_lab(x) for x in frames]).transpose(0, 3, 1, 2), rng)
        colors = np.ascontiguousarray(lab[:, 1:])
        hidden = _hide_channel(lab, config.drop, rng)
        return np.ascontiguousarray(lab), colors, hidden


def draw_frames(pack: FramePack, away: np.ndarray, rng: np.random.Generator) -> list[Frame]:
    """References, the oldest first, and the query; of an image under a moving camera.

    Args:
        pack: a film, or images, of which one is drawn.
        away: seconds from each reference to the query, the largest first.
        rng: draws the query, and the way in time or of the camera.
    """
    if pack.still:
        image = pack.frame(int(rng.integers(len(pack.times))))
        return moved_views(image, [*(-away), 0.0], rng)
    return [pack.frame(index) for index in pick_frames(pack, away, rng)]


def reference_distances(config: PairConfig, rng: np.random.Generator) -> np.ndarray:
    """Seconds from each reference to the query, the largest first.

    The youngest is one gap away, the next two, and so on; the first of several is older than
    that by a random time, as the first frame of a film is to most queries.
    """
    gap = float(rng.choice(config.gaps))
    away = gap * np.arange(config.references, 0, -1, dtype=np.float64)
    if config.references > 1:
        away[0] += rng.uniform(0, config.first_reach)
    return away


def pick_frames(pack: FramePack, away: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Frames nearest to the wanted distances, and the query; the way in time is drawn.

    Where the film ends before, and has more room the other way, it is the other way.

    Args:
        pack: a film.
        away: seconds from each reference to the query, the largest first.
        rng: draws the query and the way.

    Returns:
        Places in the pack, those of the references first.
    """
    times = np.asarray(pack.times)
    query = int(rng.integers(len(times)))
    way = 1 if rng.random() < 0.5 else -1
    room = {1: times[-1] - times[query], -1: times[query] - times[0]}
    if room[way] < away[0] and room[-way] > room[way]:
        way = -way
    distance = np.abs(times[None] - (times[query] + way * away[:, None]))
    distance[:, query] = np.inf
    return [*(int(index) for index in distance.argmin(axis=1)), query]


def crop_frames(frames: list[Frame], config: PairConfig, rng: np.random.Generator) -> list[Frame]:
    """The same random square of all frames, resized to S x S, flipped half of the time."""
    height, width = frames[0].shape[:2]
    side = round(min(height, width) * rng.uniform(config.min_scale, 1.0))
    top, left = rng.integers(height - side + 1), rng.integers(width - side + 1)
    size, flip = (config.crop, config.crop), rng.random() < 0.5
    square = (slice(top, top + side), slice(left, left + side))
    cut = [cv2.resize(x[square], size, interpolation=cv2.INTER_AREA) for x in frames]
    return [x[:, ::-1] if flip else x for x in cut]  # type: ignore[misc]


def jitter(lab: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light and color changes of all frames alike, and now and then of one frame's light."""
    if rng.random() < 0.5:
        lab[:, 0] = lab[:, 0] * rng.uniform(0.75, 1.2) + rng.uniform(-0.15, 0.15)
        lab[:, 1:] *= rng.uniform(0.6, 1.5, (1, 2, 1, 1)).astype(np.float32)
    if rng.random() < 0.3:
        one = int(rng.integers(len(lab)))
        lab[one, 0] = lab[one, 0] * rng.uniform(0.9, 1.1) + rng.uniform(-0.08, 0.08)
    return lab


def _hide_channel(lab: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Zero a or b of T x 3 x S x S frames in place; return which channels the loss counts."""
    if rng.random() >= share:
        return np.ones(2, np.float32)
    hidden = int(rng.integers(2))
    lab[:, 1 + hidden] = 0
    lab[:, 2 - hidden] *= 1.5
    counted: np.ndarray = np.eye(2, dtype=np.float32)[hidden]
    return counted
