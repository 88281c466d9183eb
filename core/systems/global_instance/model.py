"""The network of Ge et al. 2021: all objects of a frame are read and drawn in one pass.

Tensors of several objects lie as B x K x C x H x W; B is clips. What the paper leaves open
is settled in ADR 0052.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.fixed_norm import FixedNorm, parts_but
from core.nn.fusion import PreResidual, UpBlock, beside, each, enlarged
from core.nn.lite0_encoder import (
    MATCHED_CHANNELS,
    begin_matching,
    matched_features,
)
from core.systems.global_instance.attention import TemporalAttention
from core.systems.global_instance.config import AT_ONCE, FINEST, NetworkConfig
from core.systems.global_instance.encoders import (
    LabelEncoder,
    SupportEncoder,
    quartered,
    query_encoder,
)

PARTS = ("key", "value", "quarter", "eighth", "sixteenth")
"""What features of a frame are kept as."""
Maps = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class FrameFeatures:
    """What is computed of frames alone, whatever is to be found on them.

    Attributes:
        key: B x C_k x h x w float32, h = H/16.
        value: B x C_v x h x w.
        maps: features at strides 4, 8 and 16, each B x C x h' x w'.
    """

    key: Tensor
    value: Tensor
    maps: Maps

    @property
    def nbytes(self) -> int:
        """Bytes of all of it."""
        return sum(x.nbytes for x in self.named().values())

    def named(self) -> dict[str, Tensor]:
        """All of it by the names of `PARTS`."""
        return dict(zip(PARTS, (self.key, self.value, *self.maps), strict=True))

    @classmethod
    def from_named(cls, tensors: Mapping[str, Tensor]) -> FrameFeatures:
        """What `named` was asked of."""
        key, value, quarter, eighth, sixteenth = (tensors[name] for name in PARTS)
        return cls(key, value, (quarter, eighth, sixteenth))

    def __getitem__(self, clips: slice) -> FrameFeatures:
        """The features of some of the B frames."""
        quarter, eighth, sixteenth = (x[clips] for x in self.maps)
        return FrameFeatures(self.key[clips], self.value[clips], (quarter, eighth, sixteenth))


@dataclass(frozen=True, slots=True)
class SupportFeatures:
    """What is remembered of frames with their masks.

    Attributes:
        key: B x C_k x h x w float32.
        value: B x C_v x h x w float32, of all objects together.
        objects: B x K x C_v x h x w float32, of each (eq. 8).
    """

    key: Tensor
    value: Tensor
    objects: Tensor


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is found on frames.

    Attributes:
        union: B x 1 x H/4 x W/4 float32 logits of all objects together; None without the branch.
        coarse: B x K x h x w float32 logits of each object.
        refined: B x K x H/4 x W/4 float32 logits of each; None in the fast form.
    """

    union: Tensor | None
    coarse: Tensor
    refined: Tensor | None

    def masks(self, size: tuple[int, int], *, refined: bool = True) -> Tensor:
        """Each object's mask by itself, B x K x H x W, 0..1 (eq. 11).

        Args:
            size: H and W.
            refined: by the decoder where it has drawn; else by the coarse maps.
        """
        logits = self.refined if refined and self.refined is not None else self.coarse
        found, union = torch.sigmoid(_at(logits, size)), self.large_union(size)
        return found if union is None else found * torch.sigmoid(union)

    def large_union(self, size: tuple[int, int]) -> Tensor | None:
        """B x 1 x H x W logits of all objects together; None without the branch."""
        return None if self.union is None else _at(self.union, size)


class Decoder(nn.Module):
    """From an embedding at stride 16 to logits at stride 4, as in STM (Oh et al. 2019)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        quarter, eighth, _ = config.widths
        d16, d8, d4 = config.decoder_widths
        self.start = nn.Conv2d(2 * config.value_channels, d16, 3, 1, 1)
        self.block = PreResidual(d16, d16)
        self.up_16_8 = UpBlock(eighth, d16, d8)
        self.up_8_4 = UpBlock(quarter, d8, d4)
        self.pred = nn.Conv2d(d4, 1, 3, 1, 1)

    def forward(self, maps: Maps, embedded: Tensor) -> Tensor:
        """Maps of frames and B x K x 2 C_v x h x w -> B x K x H/4 x W/4 float32."""
        x = each(lambda y: self.block(self.start(y)), embedded)
        finer = self.up_8_4(maps[0], self.up_16_8(maps[1], x))
        return each(self.pred, F.relu(finer))[:, :, 0].float()


class GlobalInstanceNetwork(FixedNorm):
    """All of the system but its support set."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        values = config.value_channels
        self.query_encoder = query_encoder(config)
        self.support_encoder = SupportEncoder(config)
        matched = MATCHED_CHANNELS if config.is_lite0 else config.widths[2]
        self.key = nn.Conv2d(matched, config.key_channels, 1)
        if config.is_lite0:
            begin_matching(self.key)
        self.value = nn.Conv2d(config.widths[2], values, 1)
        hidden = config.label_channels
        self.label_encoder = LabelEncoder(hidden, values) if config.instance else None
        inner = config.attention_channels
        self.temporal = TemporalAttention(config.key_channels, inner) if config.temporal else None
        self.global_decoder = Decoder(config) if config.overall else None
        self.coarse = nn.Sequential(
            nn.Conv2d(2 * values, config.coarse_channels, 1),
            nn.ReLU(),
            nn.Conv2d(config.coarse_channels, config.coarse_channels, 1),
            nn.ReLU(),
            nn.Conv2d(config.coarse_channels, 1, 1),
        )
        self.refine = Decoder(config) if config.refine else None

    def learned(self) -> nn.ModuleDict:
        """All parts but an installed backbone, by the same names: what a checkpoint holds."""
        return parts_but(self, "query_encoder" if self.config.needs_backbone else "")

    @property
    def dtype(self) -> torch.dtype:
        """What encoders and decoders compute in."""
        return self.value.weight.dtype

    def encode_frame(self, image: Tensor) -> FrameFeatures:
        """Features of frames: B x 3 x H x W normalized RGB, H and W multiples of 16."""
        maps = self.query_encoder(image.to(self.dtype))
        seen = matched_features(maps[1], maps[2]) if self.config.is_lite0 else maps[2]
        return FrameFeatures(self._key(seen), self.value(maps[2]), maps)

    def encode_support(
        self, image: Tensor, features: FrameFeatures, masks: Tensor
    ) -> SupportFeatures:
        """What is to be remembered of frames.

        Args:
            image: B x 3 x H x W, as for `encode_frame`.
            features: of these frames.
            masks: B x K x H x W or at stride 4, 0..1, their sum at most 1: of all objects; each
                is told where the others are.
        """
        height, width = image.shape[-2:]
        union = _at(masks.sum(1, keepdim=True).clamp(max=1), (height, width))
        m = self.support_encoder(image.to(self.dtype), features.maps[2], union)
        value = self.value(m).float()
        labels = self._labels(quartered(masks, (height, width)))
        # Features that match before anything is learned match best with themselves (ADR 0061).
        key = features.key if self.config.is_lite0 else self._key(m)
        return SupportFeatures(key, value, value[:, None] * labels)

    def weigh(self, first: Tensor, support: list[Tensor], query: Tensor) -> Tensor:
        """Weights of support frames, ... x T, that sum to 1; see `TemporalAttention.forward`."""
        if self.temporal is None:
            count = len(support)
            return query.new_full((*query.shape[:-2], count), 1 / count)
        return self.temporal(first, support, query)  # type: ignore[no-any-return]

    def draw(
        self, features: FrameFeatures, shared: Tensor, own: Tensor, *, refine: bool
    ) -> Drawing:
        """What is found on frames, from what was read for them.

        Args:
            features: of B frames.
            shared: B x C_v x h x w, read of all objects together.
            own: B x K x C_v x h x w, read of each.
            refine: draw each object with the decoder, if there is one: the full form.
        """
        union = None
        if self.global_decoder is not None:
            union = self.global_decoder(features.maps, self._embedded(features, shared[:, None]))
        coarse, refined = list[Tensor](), list[Tensor]()
        for group in torch.split(own, AT_ONCE, 1):
            embedded = self._embedded(features, group)
            coarse.append(each(self.coarse, embedded)[:, :, 0].float())
            if refine and self.refine is not None:
                refined.append(self.refine(features.maps, embedded))
        return Drawing(union, torch.cat(coarse, 1), torch.cat(refined, 1) if refined else None)

    def _key(self, x: Tensor) -> Tensor:
        # Similarities in 16 bits would be off by too much, in training too.
        with torch.autocast(x.device.type, enabled=False):
            key: Tensor = self.key(x.to(self.key.weight))
            return key

    def _labels(self, quarters: Tensor) -> Tensor:
        """B x K x C_v x h x w that values are multiplied with; one channel without encoder."""
        if self.label_encoder is None:
            return F.avg_pool2d(quarters, FINEST)[:, :, None]
        labels: Tensor = self.label_encoder(quarters)
        return labels.float()

    def _embedded(self, features: FrameFeatures, read: Tensor) -> Tensor:
        """The frame's own values beside those that were read (eq. 5 and 9)."""
        return beside(features.value, read.to(features.value))


def _at(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Planes at a size that is a whole multiple of theirs; bilinear."""
    return x if x.shape[-1] == size[1] else enlarged(x, size[1] // x.shape[-1])
