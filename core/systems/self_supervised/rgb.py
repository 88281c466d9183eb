"""Keys from an RGB backbone: the same lesson for what supervised systems start from."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.backbone import RGB_MEAN, RGB_STD, Backbone, BackboneConfig
from core.ops.color import lab_to_rgb

KEY_CHANNELS = 64


class RgbKeys(nn.Module):
    """A backbone whose maps at strides 4, 8 and 16 are added up to keys at stride 4.

    It is given Lab images of which a channel may be hidden, as every encoder of this system, and
    paints them in RGB: a picture without a or b tells nothing of the hidden channel. Each map has
    a 1x1 convolution of its own to the keys, so that the loss reaches all stages; only the
    backbone is kept after training.
    """

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.lateral = nn.ModuleList(nn.Conv2d(w, KEY_CHANNELS, 1) for w in config.widths)
        for name, values in (("mean", RGB_MEAN), ("std", RGB_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.mean: Tensor
        self.std: Tensor

    def forward(self, image: Tensor) -> Tensor:
        """Keys of an image.

        Args:
            image: B x 3 x H x W, normalized Lab (`core.ops.color`), H and W multiples of 4.

        Returns:
            B x 64 x H/4 x W/4, not normalized.
        """
        maps = self.backbone((lab_to_rgb(image) - self.mean) / self.std)
        size = maps[0].shape[-2:]
        keys: Tensor = self.lateral[0](maps[0])
        for lateral, coarse in zip(self.lateral[1:], maps[1:], strict=True):
            keys = keys + F.interpolate(
                lateral(coarse), size=size, mode="bilinear", align_corners=False
            )
        return keys
