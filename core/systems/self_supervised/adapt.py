"""Online adaptation: a small U-Net learns one video's objects from scratch (paper 001, 3.3).

It is trained on the user's keyframes and on propagated frames. Keyframes are true and are drawn
often; propagated frames are drawn by their confidence, early ones more, and their doubtful pixels
do not count, so that the network learns the objects and not the drift.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from core.jobs import CancelToken, Progress
from core.losses.segmentation import soft_dice, weighted_cross_entropy
from core.nn.layout import channels_last
from core.nn.unet import UNet
from core.types import Frame

Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AdaptConfig:
    """How a video is learned."""

    widths: tuple[int, ...] = (24, 48, 96, 128)
    """Channels of the U-Net's levels at stride 2, 4, 8, 16."""
    short_side: int = 240
    """Frames are learned and labeled at this short side."""
    iterations: int = 160
    """Steps at most; the paper's best are 150 to 250."""
    seconds: float = 100.0
    """The time after which it stops whatever it has reached."""
    batch: int = 4
    """Frames in a step."""
    learning_rate: float = 2e-3
    """Peak of a cosine that falls to zero."""
    keyframe_share: float = 0.4
    """Share of a batch that is drawn from the keyframes."""
    certain: float = 0.6
    """Pixels of propagated frames whose best label has less than this do not count."""
    seed: int = 0
    """Of the weights, the draw and the augmentation."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame to learn from.

    Attributes:
        image: h x w x 3 uint8 RGB at working size.
        shares: (1 + K) x h' x w' float32, background first, any size with the same aspect.
        odds: how often it is drawn, relative to others of its kind.
        is_keyframe: `shares` is the user's own mask.
    """

    image: Frame
    shares: Shares
    odds: float
    is_keyframe: bool


def adapt(
    samples: list[Sample], config: AdaptConfig, device: torch.device, token: CancelToken
) -> Iterator[Progress | UNet]:
    """Train a U-Net on one video's samples.

    Yields:
        `Progress` after each step and last the network, in eval mode.

    Raises:
        Cancelled: by the token, between two steps.
    """
    rng = np.random.default_rng(config.seed)
    torch.manual_seed(config.seed)
    net = channels_last(UNet(config.widths, len(samples[0].shares)), device)
    optimizer = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=1e-3)
    start, share = time.monotonic(), 0.0
    for step in range(config.iterations):
        token.check()
        share = max(step / config.iterations, (time.monotonic() - start) / config.seconds)
        if share >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * 0.5 * (1 + np.cos(np.pi * share))
        loss = _loss(net.train(), _batch(samples, config, rng), device)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        yield Progress(step + 1, config.iterations, f"loss {float(loss.detach()):.3f}")
    yield net.eval()


@torch.inference_mode()
def predict(net: UNet, image: Frame) -> Shares:
    """(1 + K) x h/2 x w/2 shares of a frame at working size."""
    device = next(net.parameters()).device
    logits = net(_tensor(image)[None].to(device, memory_format=torch.channels_last))
    return logits.softmax(1)[0].cpu().numpy()  # type: ignore[no-any-return]


def _tensor(image: Frame) -> torch.Tensor:
    return torch.from_numpy(image.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)


def _loss(net: UNet, batch: tuple[torch.Tensor, ...], device: torch.device) -> torch.Tensor:
    images, shares, weight = (x.to(device) for x in batch)
    logits = net(images.to(memory_format=torch.channels_last))
    return weighted_cross_entropy(logits, shares, weight) + soft_dice(logits, shares, weight)


def _batch(
    samples: list[Sample], config: AdaptConfig, rng: np.random.Generator
) -> tuple[torch.Tensor, ...]:
    """Images B x 3 x h x w, shares B x C x h/2 x w/2 and pixel weights B x h/2 x w/2."""
    rows = [_augment(_draw(samples, config, rng), config, rng) for _ in range(config.batch)]
    images, shares, weights = (torch.stack(column) for column in zip(*rows, strict=True))
    return images, shares, weights


def _draw(samples: list[Sample], config: AdaptConfig, rng: np.random.Generator) -> Sample:
    wanted = rng.random() < config.keyframe_share
    pool = [s for s in samples if s.is_keyframe == wanted] or samples
    odds = np.array([s.odds for s in pool])
    return pool[rng.choice(len(pool), p=odds / odds.sum())]


def _augment(
    sample: Sample, config: AdaptConfig, rng: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random flip, similarity transform and color change of a sample."""
    height, width = sample.image.shape[:2]
    matrix = _similarity(height, width, rng)
    image = cv2.warpAffine(sample.image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    planes = [cv2.resize(plane, (width, height)) for plane in sample.shares]
    warped = [
        cv2.warpAffine(p, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
        for p in planes
    ]
    shares = F.interpolate(torch.from_numpy(np.stack(warped))[None], scale_factor=0.5, mode="area")
    best = shares[0].max(0).values
    weight = torch.ones_like(best)
    if not sample.is_keyframe:
        weight = best * (best >= config.certain)
    return _recolor(_tensor(image), rng), shares[0], weight  # type: ignore[arg-type]


def _similarity(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    center = (width / 2, height / 2)
    scale = float(np.exp(rng.uniform(-0.2, 0.25)))
    rotation = cv2.getRotationMatrix2D(center, rng.uniform(-12, 12), scale)
    matrix = np.asarray(rotation, np.float64)
    matrix[:, 2] += rng.uniform(-0.1, 0.1, 2) * (width, height)
    if rng.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]], np.float64)
    return matrix


def _recolor(image: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Light, contrast and saturation changes; now and then gray."""
    gray = image.mean(0, keepdim=True)
    keep = 0.0 if rng.random() < 0.1 else rng.uniform(0.7, 1.3)
    mixed = gray + (image - gray) * keep
    return mixed * rng.uniform(0.8, 1.2) + rng.uniform(-0.15, 0.15)
