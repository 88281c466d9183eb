"""The network of XMem (Cheng & Schwing 2022), with encoders and widths that can be exchanged.

Module names of the preset `resnet50` are those of the public weights, so that these fit unchanged.
Tensors of several objects lie as B x K x C x H x W; B is clips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.fixed_norm import FixedNorm, parts_but
from core.nn.fusion import FusionBlock, UpBlock, each, enlarged
from core.nn.lite0_encoder import Lite0Encoder, matched_features
from core.nn.sensory import SensoryUpdate
from core.systems.box_supervised.config import NetworkConfig
from core.systems.box_supervised.encoders import (
    KeyEncoder,
    KeyProjection,
    ValueEncoder,
    matched_projection,
)

PARTS = ("key", "shrinkage", "selection", "quarter", "eighth", "sixteenth")
"""What features of a frame are kept as."""


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """What is computed of frames alone, whatever is to be found on them.

    Attributes:
        key: B x C_k x h x w float32, h = H/16.
        shrinkage: B x 1 x h x w float32, at least 1.
        selection: B x C_k x h x w float32, 0..1.
        maps: features at strides 4, 8 and 16, each B x C x h' x w'.
    """

    key: Tensor
    shrinkage: Tensor
    selection: Tensor
    maps: tuple[Tensor, Tensor, Tensor]

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""
        return sum(x.nbytes for x in self.named().values())

    def named(self) -> dict[str, Tensor]:
        """All of it by the names of `PARTS`."""
        parts = self.key, self.shrinkage, self.selection, *self.maps
        return dict(zip(PARTS, parts, strict=True))

    @classmethod
    def from_named(cls, tensors: Mapping[str, Tensor]) -> FrameFeatures:
        """What `named` was asked of."""
        key, shrinkage, selection, quarter, eighth, sixteenth = (tensors[name] for name in PARTS)
        return cls(key, shrinkage, selection, (quarter, eighth, sixteenth))

    def __getitem__(self, clips: slice) -> FrameFeatures:
        """The features of some of the B frames."""
        quarter, eighth, sixteenth = (x[clips] for x in self.maps)
        keys = self.key[clips], self.shrinkage[clips], self.selection[clips]
        return FrameFeatures(*keys, (quarter, eighth, sixteenth))


class Decoder(nn.Module):
    """From what was read of an object, and its sensory memory, to its mask."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        quarter, eighth, sixteenth = config.widths
        d16, d8, d4 = config.decoder_widths
        known = config.value_channels + config.sensory_channels
        self.fuser = FusionBlock(sixteenth, known, d16)
        self.hidden_update = (
            SensoryUpdate((d16, d8, d4 + 1), config.sensory_inner, config.sensory_channels)
            if config.sensory_channels
            else None
        )
        self.up_16_8 = UpBlock(eighth, d16, d8)
        self.up_8_4 = UpBlock(quarter, d8, d4)
        self.pred = nn.Conv2d(d4, 1, 3, 1, 1)

    def forward(
        self, maps: tuple[Tensor, Tensor, Tensor], read: Tensor, sensory: Tensor, *, update: bool
    ) -> tuple[Tensor, Tensor]:
        """Logits of masks, and the sensory memory, renewed where `update` says so.

        Args:
            maps: the frame's features at strides 4, 8 and 16.
            read: B x K x C_v x h x w.
            sensory: B x K x C_h x h x w.
            update: whether the decoder renews the sensory memory.

        Returns:
            B x K x H/4 x W/4 float32, and the sensory memory.
        """
        quarter, eighth, sixteenth = maps
        g16 = self.fuser(sixteenth, torch.cat([read, sensory], 2).to(sixteenth))
        g8 = self.up_16_8(eighth, g16)
        g4 = self.up_8_4(quarter, g8)
        logits = each(self.pred, F.relu(g4))
        if update and self.hidden_update is not None:
            sensory = self.hidden_update((g16, g8, torch.cat([g4, logits], 2)), sensory)
        return logits[:, :, 0].float(), sensory


class MemoryNetwork(FixedNorm):
    """All of XMem but its memory: what encodes frames and masks, and what decodes.

    Batch norm is as in the paper's training.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.key_encoder = Lite0Encoder() if config.is_lite0 else KeyEncoder(config)
        self.value_encoder = ValueEncoder(config)
        self.key_proj = (
            matched_projection(config.key_channels)
            if config.is_lite0
            else KeyProjection(config.widths[2], config.key_channels)
        )
        self.decoder = Decoder(config)

    def learned(self) -> nn.ModuleDict:
        """All parts but an installed backbone, by the same names: what a checkpoint holds."""
        return parts_but(self, "key_encoder" if self.config.needs_backbone else "")

    @property
    def dtype(self) -> torch.dtype:
        """What encoders and decoder compute in."""
        return self.decoder.pred.weight.dtype

    def encode_frame(self, image: Tensor) -> FrameFeatures:
        """Features of frames: B x 3 x H x W normalized RGB, H and W multiples of 16."""
        maps = self.key_encoder(image.to(self.dtype))
        seen = matched_features(maps[1], maps[2]) if self.config.is_lite0 else maps[2]
        key, shrinkage, selection = self.key_proj(seen)
        return FrameFeatures(key, shrinkage, selection, maps)

    def encode_masks(
        self, image: Tensor, features: FrameFeatures, sensory: Tensor, masks: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What is to be remembered of objects, and their sensory memory renewed by it.

        Args:
            image: B x 3 x H x W, as for `encode_frame`.
            features: of these frames.
            sensory: B x K x C_h x h x w float32.
            masks: B x K x H x W, 0..1, of all objects; each is told where the others are.

        Returns:
            Values B x K x C_v x h x w float32, and the sensory memory.
        """
        value = self.value_encoder(image.to(self.dtype), features.maps[2], masks)
        reinforce = self.value_encoder.hidden_reinforce
        return value.float(), sensory if reinforce is None else reinforce(value, sensory)

    def decode(
        self, features: FrameFeatures, read: Tensor, sensory: Tensor, *, update: bool
    ) -> tuple[Tensor, Tensor]:
        """Logits B x K x H x W float32 of masks, and the sensory memory; see `Decoder.forward`."""
        logits, sensory = self.decoder(features.maps, read, sensory, update=update)
        return enlarged(logits, 4), sensory

    def new_sensory(self, features: FrameFeatures, count: int) -> Tensor:
        """The sensory memory of objects that nothing is known of yet: B x K x C_h x h x w zeros."""
        clips, _, height, width = features.key.shape
        return features.key.new_zeros(clips, count, self.config.sensory_channels, height, width)
