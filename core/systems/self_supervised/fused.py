"""Keys that know where and what: our network at stride 4 beside a frozen ImageNet backbone.

The similarity of two cells is a weighted sum of that of the network and of the cosines of the
backbone's features at strides 8 and 16. All of it is linear in the features, so that a few
projections bring it into keys that are no wider than before: a search costs what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.data.pairs import PairBatch
from core.nn.lite0 import CHANNELS, Lite0Features, frame_tensor, normalized
from core.nn.lite0_file import find_backbone
from core.nn.lite0_weights import load_features
from core.ops.color import lab_tensor, lab_to_rgb
from core.systems.self_supervised.config import EncoderConfig
from core.systems.self_supervised.model import KeyEncoder
from core.train.team import Team
from core.train.terms import LossTerms
from core.types import Frame

EIGHTH, SIXTEENTH = CHANNELS[1:]
"""Channels of the backbone's maps at strides 8 and 16."""
WEIGHTS = (5 / 16, 5.0, 10.0)
"""What a similarity <q, k> / sqrt(C) of the network, and cosines of features at strides 8 and 16,
add to a similarity of fused keys; see docs/levers.md."""


class FusedKeys(nn.Module):
    """All of a `FusedEncoder` that is learned here: what a checkpoint holds."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.near = KeyEncoder(config)
        self.quarter = nn.Conv2d(config.key_channels, config.fused_channels, 1, bias=False)
        self.eighth = nn.Conv2d(EIGHTH, config.fused_channels, 1, bias=False)
        self.sixteenth = nn.Conv2d(SIXTEENTH, config.fused_channels, 1, bias=False)
        columns = config.key_channels + EIGHTH + SIXTEENTH
        together = nn.init.orthogonal_(torch.empty(config.fused_channels, columns))
        parts = torch.split(together, [config.key_channels, EIGHTH, SIXTEENTH], dim=1)
        for layer, part, scale in zip(self.layers, parts, scales(config), strict=True):
            layer.weight.data.copy_(part[..., None, None] * scale)

    @property
    def layers(self) -> tuple[nn.Conv2d, nn.Conv2d, nn.Conv2d]:
        """The projections of keys and features, the finest first."""
        return self.quarter, self.eighth, self.sixteenth

    def forward(self, image: Tensor, eighth: Tensor, sixteenth: Tensor) -> Tensor:
        """See `FusedEncoder.forward`; the maps are those of the backbone."""
        keys: Tensor = self.quarter(self.near(image))
        for layer, features in ((self.eighth, eighth), (self.sixteenth, sixteenth)):
            projected = layer(directions(features).to(keys.dtype))
            keys = keys + enlarged(projected, keys)
        return keys


class FusedEncoder(nn.Module):
    """A `KeyEncoder` and projections of a frozen EfficientNet-Lite0, added up to keys."""

    def __init__(self, config: EncoderConfig, backbone: Lite0Features) -> None:
        super().__init__()
        self.config = config
        self.keys = FusedKeys(config)
        self.backbone = backbone.requires_grad_(requires_grad=False).eval()

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002 - as `nn.Module` has it
        """Switch what learns; the backbone stays in eval mode."""
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(self, image: Tensor, rgb: Tensor | None = None) -> Tensor:
        """Keys of an image.

        Args:
            image: B x 3 x H x W, normalized Lab (`core.ops.color`), H and W multiples of 4.
            rgb: the same as the backbone takes it (`core.nn.lite0.normalized`); None paints it
                from `image`, of which a channel may be hidden.

        Returns:
            B x `fused_channels` x H/4 x W/4, not normalized.
        """
        keys: Tensor = self.keys(image, *self.maps(image, rgb))
        return keys

    def maps(self, image: Tensor, rgb: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The backbone's maps at strides 8 and 16 of what `forward` takes."""
        if rgb is None:
            rgb = normalized(lab_to_rgb(image) * 255)
        _, eighth, sixteenth = self.backbone(rgb)
        return eighth, sixteenth


def new_encoder(config: EncoderConfig) -> KeyEncoder | FusedEncoder:
    """An encoder with random weights, but those of the backbone.

    Raises:
        CheckpointMissing, CheckpointMismatch: it has a backbone that is not there, or is damaged.
    """
    if config.fused_channels:
        return FusedEncoder(config, load_features(find_backbone()))
    return KeyEncoder(config)


@torch.inference_mode()
def keys_of(encoder: KeyEncoder | FusedEncoder, small: Frame) -> Tensor:
    """Keys C x h x w of a frame at working size.

    Args:
        encoder: ready for inference (`core.nn.inference`).
        small: H x W x 3 uint8 RGB, sides multiples of 4.
    """
    like = next(encoder.parameters())

    def ready(image: Tensor) -> Tensor:
        return image.to(like.device, like.dtype, memory_format=torch.channels_last)

    images = [ready(lab_tensor(small))]
    if isinstance(encoder, FusedEncoder):
        images.append(ready(frame_tensor(small)))
    keys: Tensor = encoder(*images)[0]
    return keys


def directions(features: Tensor) -> Tensor:
    """Features less their mean over the frame, each cell's scaled to length 1.

    Args:
        features: B x C x h x w.

    Returns:
        The same shape; the product of two cells is their cosine.
    """
    apart = features.float() - features.float().mean((2, 3), keepdim=True)
    return F.normalize(apart, dim=1, eps=1e-6)


def enlarged(coarse: Tensor, fine: Tensor) -> Tensor:
    """A coarse map at the size of a fine one, by bilinear interpolation."""
    return F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear", align_corners=False)


class Autoencoder(nn.Module):
    """What the projections of a `FusedEncoder` lose of the features that they are given.

    The projections are the weights of a linear autoencoder, which finds the principal components
    (Baldi and Hornik 1989): the few channels that keep most of all similarities. Nothing else
    learns.
    """

    def __init__(self, encoder: FusedEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        encoder.keys.near.requires_grad_(requires_grad=False).eval()

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Energy that is lost, and energy of the features, of images as `FusedEncoder` takes."""
        keys = self.encoder.keys
        with torch.no_grad():
            features = self._features(image)
        weights = zip(keys.layers, scales(keys.config), strict=True)
        matrix = torch.cat([layer.weight[..., 0, 0] / scale for layer, scale in weights], dim=1)
        kept = torch.einsum("kc,bchw->bkhw", matrix, features)
        lost = features - torch.einsum("kc,bkhw->bchw", matrix, kept)
        return lost.square().sum(), features.square().sum()

    def _features(self, image: Tensor) -> Tensor:
        """Keys and features, B x C x h x w, whose product is the similarity that is wanted."""
        keys = self.encoder.keys.near(image)
        maps = self.encoder.maps(image)
        planes = [keys / keys.shape[1] ** 0.25, *(enlarged(directions(x), keys) for x in maps)]
        return torch.cat([w**0.5 * x for w, x in zip(WEIGHTS, planes, strict=True)], dim=1)


def fusion_step(encoder: FusedEncoder, *, team: Team) -> Callable[[PairBatch], LossTerms]:
    """The training step of the stage of fusion: projections that keep similarities.

    Args:
        encoder: whose `keys.near` has learned already.
        team: the processes that share a batch.
    """
    autoencoder = team.parallel(Autoencoder(encoder))

    def step(batch: PairBatch) -> LossTerms:
        lost, energy = autoencoder(batch.inputs.flatten(0, 1))
        return LossTerms({"lost": (lost / team.mean(energy), 1.0)})

    return step


def scales(config: EncoderConfig) -> tuple[float, float, float]:
    """What rows of an orthogonal matrix are multiplied with to be projections of `FusedKeys`.

    Similarities of keys are divided by the root of their width, and cosines have weights.
    """
    wide = config.fused_channels**0.25
    quarter, eighth, sixteenth = (wide * weight**0.5 for weight in WEIGHTS)
    return quarter / config.key_channels**0.25, eighth, sixteenth
