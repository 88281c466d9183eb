"""Batches of a few neighboring frames in color, for learning by view synthesis."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from core.data.draws import Draws
from core.data.frame_pack import FramePack
from core.data.pairs import MAX_CROP, PairConfig, crop_frames, draw_frames
from core.errors import TrainingError
from core.ops.dense_flow import FAST, DenseFlow, gray_of
from core.types import Frame


@dataclass(frozen=True, slots=True)
class FrameClipConfig:
    """How clips are drawn."""

    batch: int = 8
    """Clips in a batch."""
    size: tuple[int, int] = (192, 192)
    """Height and width of training images in pixels."""
    whole: bool = False
    """Whole frames at `size`, for adaptation to a video; else random squares, flipped at times."""
    frames: int = 2
    """Frames of a clip, neighbors in time."""
    gap: float = 0.07
    """Seconds between neighbors; packed frames that lie nearest are taken."""
    min_scale: float = 0.6
    """Smallest square, as a share of the frame's short side."""
    flow: bool = False
    """Compute the optical flow between neighbors, too (DIS)."""

    def __post_init__(self) -> None:
        if self.batch < 1:
            msg = f"A batch of {self.batch} clips is not possible."
            raise TrainingError(msg, "Give --batch a number of 1 or more.")
        if min(self.size) < 8 or max(self.size) > 2 * MAX_CROP:
            msg = f"Training images of {self.size[1]} x {self.size[0]} px are not possible."
            raise TrainingError(msg, f"Give --crop a number from 8 to {MAX_CROP}.")
        if self.frames < 2:
            msg = f"Clips of {self.frames} frames are not possible."
            raise TrainingError(msg, "Give --frames a number of 2 or more.")


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """A batch of clips.

    Attributes:
        frames: B x T x 3 x H x W float32 RGB, 0..1.
        flows: B x P x 2 x H x W pixels, of frames 0 to 1, 1 to 0, 1 to 2 and so on; None where
            they were not asked for.
    """

    frames: Tensor
    flows: Tensor | None = None

    def to(self, device: torch.device) -> ClipFrames:
        """The same batch on a device."""
        flows = None if self.flows is None else self.flows.to(device, non_blocking=True)
        return ClipFrames(self.frames.to(device, non_blocking=True), flows)


class FrameClipDataset(Dataset[ClipFrames]):
    """Item k is the batch of step k, or one process's part of it; a pure function of the seed."""

    def __init__(
        self,
        packs: list[FramePack],
        config: FrameClipConfig,
        *,
        seed: int,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        """Make a dataset.

        Args:
            packs: films and images.
            config: how clips are drawn; its batch is that of all processes together.
            seed: of everything that is drawn.
            part: which process this is, and how many share a batch.

        Raises:
            TrainingError: the batch cannot be divided evenly.
        """
        self._config = config
        self._draws = Draws(packs, batch=config.batch, seed=seed, part=part)

    def __getitem__(self, step: int) -> ClipFrames:
        clips = [self._clip(rng) for rng in self._draws.generators(step)]
        frames = torch.from_numpy(np.stack(clips)).permute(0, 1, 4, 2, 3).float().div_(255)
        if not self._config.flow:
            return ClipFrames(frames)
        flows = torch.from_numpy(np.stack([clip_flows(clip) for clip in clips]))
        return ClipFrames(frames, flows.permute(0, 1, 4, 2, 3).contiguous())

    def _clip(self, rng: np.random.Generator) -> np.ndarray:
        """T x H x W x 3 uint8."""
        config = self._config
        pack = self._draws.pack(rng)
        away = config.gap * np.arange(config.frames - 1, 0, -1, dtype=np.float64)
        frames = draw_frames(pack, away, rng)
        return np.stack(_whole(frames, config) if config.whole else _square(frames, config, rng))


def _whole(frames: list[Frame], config: FrameClipConfig) -> list[Frame]:
    height, width = config.size
    return [cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA) for x in frames]  # type: ignore[misc]


def _square(frames: list[Frame], config: FrameClipConfig, rng: np.random.Generator) -> list[Frame]:
    cut = PairConfig(crop=config.size[0], min_scale=config.min_scale)
    return crop_frames(frames, cut, rng)


def clip_flows(clip: np.ndarray) -> np.ndarray:
    """P x H x W x 2: DIS flow between neighbors of a clip, there and back.

    Args:
        clip: T x H x W x 3 uint8.
    """
    flow, grays = DenseFlow(FAST), [gray_of(np.ascontiguousarray(frame)) for frame in clip]
    ways = [way for a, b in pairwise(grays) for way in ((a, b), (b, a))]
    return np.stack([flow.between(*way) for way in ways])
