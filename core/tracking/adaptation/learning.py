"""Online adaptation: a small U-Net learns one video's objects from scratch (paper 001, 3.3).

It is trained on the user's keyframes and on propagated frames. Keyframes are true and are drawn
often; propagated frames are drawn by their confidence and their doubtful pixels do not count, so
that the network learns the objects and not the drift. Other than the paper's it also sees the
keys that the tracker has computed: random weights learn in a tenth of the steps what to make of
them.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.jobs import CancelToken, Job, Progress
from core.losses.segmentation import soft_dice, weighted_cross_entropy
from core.nn.layout import channels_last
from core.nn.precision import inference_dtype
from core.nn.unet import UNet
from core.tracking.adaptation.samples import Probabilities, Sample, image_tensor
from core.types import Frame


@dataclass(frozen=True, slots=True)
class AdaptConfig:
    """How a video is learned."""

    widths: tuple[int, ...] = (16, 32, 48)
    """Channels of the U-Net at stride 2, 4 and 8."""
    short_side: int = 240
    """Frames are learned and labeled at this short side at most."""
    iterations: int = 80
    """Steps, of a whole run those for each keyframe that counts; with more it learns the drift."""
    rounds: int = 3
    """Keyframes of an object up to which each gives as many steps again: what is true in several
    places can be learned longer."""
    seconds: float = 90.0
    """Time of computing after which it stops; near it the rate falls by time, not by steps."""
    batch: int = 3
    """Frames in a step."""
    learning_rate: float = 5e-3
    """Peak of a cosine that falls to zero."""
    keyframe_share: float = 0.4
    """Share of a batch that is drawn from the keyframes."""
    certain: float = 0.6
    """Pixels of propagated frames whose best label has less than this do not count."""
    variants: int = 16
    """Lessons that are also shown moved and in another light; half of them are keyframes."""
    say: float = 0.85
    """Weight of the network against propagation where the two are fused."""
    seed: int = 0
    """Of the weights, the draw and the variants."""


def train(
    samples: list[Sample], config: AdaptConfig, device: torch.device, token: CancelToken
) -> Job[UNet]:
    """Train a U-Net on one video's samples.

    Yields:
        `Progress` after each step.

    Returns:
        The network, in eval mode.

    Raises:
        Cancelled: by the token, between two steps.
    """
    rng = np.random.default_rng(config.seed)
    net = _network(samples[0], config, device)
    optimizer = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=1e-3)
    start = _computed()
    for step in range(config.iterations):
        token.check()
        share = max(step / config.iterations, (_computed() - start) / config.seconds)
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
    return net.eval()


@torch.inference_mode()
def predict(net: UNet, image: Frame, keys: Tensor) -> Probabilities:
    """(1 + K) x h/2 x w/2 probabilities of a frame at working size, from it and its keys."""
    device = next(net.parameters()).device
    batch = image_tensor(image)[None].to(device, memory_format=torch.channels_last)
    with _precision(device):
        logits = net(batch, keys[None].float().to(device))
    return logits.float().softmax(1)[0].cpu().numpy()  # type: ignore[no-any-return]


def _precision(device: torch.device) -> AbstractContextManager[object]:
    """Mixed precision where it is faster: a step takes half as long."""
    if inference_dtype(device) != torch.bfloat16:
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def _computed() -> float:
    """Seconds of computing so far, on each of torch's threads.

    Not those on the clock: what other programs do must not change what is learned.
    """
    return time.process_time() / torch.get_num_threads()


def _network(sample: Sample, config: AdaptConfig, device: torch.device) -> UNet:
    # The caller's random numbers must not depend on whether a video was learned.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        net = UNet(config.widths, len(sample.probabilities), key_channels=len(sample.keys))
    return channels_last(net, device)


def _loss(net: UNet, batch: tuple[Tensor, ...], device: torch.device) -> Tensor:
    images, keys, target, weight = (x.to(device) for x in batch)
    with _precision(device):
        logits = net(images.to(memory_format=torch.channels_last), keys)
    logits = logits.float()
    return weighted_cross_entropy(logits, target, weight) + soft_dice(logits, target, weight)


def _batch(
    samples: list[Sample], config: AdaptConfig, rng: np.random.Generator
) -> tuple[Tensor, ...]:
    """Images B x 3 x h x w, keys B x C x h/4 x w/4, targets B x (1 + K) x h/2 x w/2, weights."""
    drawn = [_draw(samples, config, rng) for _ in range(config.batch)]
    images = torch.stack([image_tensor(s.image) for s in drawn])
    keys = torch.stack([s.keys for s in drawn]).float()
    targets = torch.stack([torch.from_numpy(s.half_probabilities()) for s in drawn])
    weights = torch.stack([torch.from_numpy(s.weight) for s in drawn])
    return images, keys, targets, weights


def _draw(samples: list[Sample], config: AdaptConfig, rng: np.random.Generator) -> Sample:
    wanted = rng.random() < config.keyframe_share
    pool = [s for s in samples if s.is_keyframe == wanted] or samples
    odds = np.array([s.odds for s in pool])
    return pool[rng.choice(len(pool), p=odds / odds.sum())]
