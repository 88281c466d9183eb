"""EfficientNet-Lite0 as an encoder of frames that are normalized as ImageNet weights want it."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.backbone import RGB_MEAN, RGB_STD
from core.nn.encoder_shape import LITE0_WIDTHS
from core.nn.lite0 import Lite0Features, centered_maps, normalized
from core.nn.lite0_file import find_backbone
from core.nn.lite0_weights import load_features
from core.ops.attention import key_length

SPREAD = 8.0
"""Standard deviation of its maps on raw footage, about the same at strides 4, 8 and 16."""
MATCHED_CHANNELS = sum(LITE0_WIDTHS[1:])
"""Of `matched_features`."""
SHARPNESS = 20.0
"""What a difference of cosines counts in a similarity before anything is learned: of 10, 20 and 40
the best with 64 channels on real footage (ADR 0061)."""


class Lite0Encoder(nn.Module):
    """EfficientNet-Lite0's maps, with cells and a spread like those of a ResNet.

    Its padding is lopsided on even sides (`core.nn.lite0.first_cell`): one more line behind puts
    cell i of stride s on pixel s i, as for a ResNet and for encoders of masks. Its maps have no
    activation and a large spread; divided by it, they suit the layers that follow.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = Lite0Features()
        for name, values in (("mean", RGB_MEAN), ("std", RGB_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)
        self.mean: Tensor
        self.std: Tensor

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """B x 3 x H x W, normalized RGB -> maps at strides 4, 8 and 16."""
        colors = normalized(255 * (image.float() * self.std + self.mean))
        quarter, eighth, sixteenth = centered_maps(self.features, colors.to(image))
        return quarter / SPREAD, eighth / SPREAD, sixteenth / SPREAD


def matched_features(eighth: Tensor, sixteenth: Tensor) -> Tensor:
    """What cells are compared by: features of two strides, each of length 1 in every cell.

    The inner product of two cells is the sum of two cosines, which correspond on real footage
    before anything is learned (ADR 0061).

    Args:
        eighth: B x C1 x 2h x 2w.
        sixteenth: B x C2 x h x w.

    Returns:
        B x (C1 + C2) x h x w float32.
    """
    # Three cells, so that the middle stays on the cell of stride 16.
    coarse = F.avg_pool2d(eighth.float(), 3, 2, 1, count_include_pad=False)
    return torch.cat([F.normalize(coarse, dim=1), F.normalize(sixteenth.float(), dim=1)], 1)


@torch.no_grad()
def keep_products(layer: nn.Conv2d, length: float) -> None:
    """Begin a convolution with a random projection of each cell that keeps inner products.

    Args:
        layer: its kernel has a middle.
        length: factor by which vectors become longer, on average.
    """
    found, wanted, height, width = layer.weight.shape
    basis = nn.init.orthogonal_(layer.weight.new_empty(max(found, wanted), wanted))[:found]
    layer.weight.zero_()
    scale = length * math.sqrt(max(1.0, wanted / found))
    layer.weight[:, :, height // 2, width // 2] = scale * basis
    if layer.bias is not None:
        layer.bias.zero_()


def begin_matching(layer: nn.Conv2d) -> None:
    """Let keys that a convolution makes of `matched_features` match cells before they learn.

    The inner product of two keys, over the root of their channels, begins as `SHARPNESS` times the
    sum of the two cosines.
    """
    keep_products(layer, key_length(SHARPNESS, layer.out_channels))


def install(encoder: nn.Module, *, frozen: bool) -> None:
    """Give an encoder the values of ImageNet, if it is EfficientNet-Lite0.

    Args:
        encoder: of frames.
        frozen: its values are not to be trained.

    Raises:
        CheckpointMissing, CheckpointMismatch: see `core.nn.lite0_weights.load_features`.
    """
    if isinstance(encoder, Lite0Encoder):
        encoder.features = load_features(find_backbone())
        encoder.requires_grad_(not frozen)
