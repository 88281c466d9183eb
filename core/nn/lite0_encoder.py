"""EfficientNet-Lite0 as an encoder of frames that are normalized as ImageNet weights want it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.nn.backbone import RGB_MEAN, RGB_STD
from core.nn.lite0 import Lite0Features, centered_maps, normalized
from core.nn.lite0_file import find_backbone
from core.nn.lite0_weights import load_features


class Lite0Encoder(nn.Module):
    """EfficientNet-Lite0's maps with cells where a ResNet has them.

    Its padding is lopsided on even sides (`core.nn.lite0.first_cell`): one more line behind puts
    cell i of stride s on pixel s i, as for a ResNet and for encoders of masks.
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
        return centered_maps(self.features, colors.to(image))


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
