"""A ResNet classifier that somebody brings: its weights by the names of torchvision.

He et al. 2016 with its last layer, so that it tells which parts of a picture speak for a class.
Which ResNet it is follows from the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import CheckpointMismatch
from core.nn.blocks import bottlenecks, stage
from core.nn.checkpoints import fill_module
from core.nn.foreign import read_foreign

WIDTHS = (64, 128, 256, 512)
"""Of the inner convolutions of the four stages."""
MAX_BLOCKS, MAX_CLASSES = 64, 100_000
"""What a file may ask for, so that a hostile one does not fill the memory."""
_BLOCK = re.compile(r"layer([1-4])\.([0-9]{1,3})\.conv1\.weight")


class ResNetClassifier(nn.Module):
    """ResNet-18 to 152, named as torchvision names it; in bottlenecks the 3x3 has the stride."""

    def __init__(self, blocks: tuple[int, ...], *, bottleneck: bool, classes: int) -> None:
        """Build with random weights.

        Args:
            blocks: residual blocks of the four stages.
            bottleneck: blocks of three convolutions (ResNet-50) instead of two.
            classes: that it tells apart.
        """
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        make, times = (bottlenecks, 4) if bottleneck else (stage, 1)
        before = 64
        for number, (width, count) in enumerate(zip(WIDTHS, blocks, strict=True), start=1):
            layer = make(before, times * width, blocks=count, stride=1 if number == 1 else 2)
            self.add_module(f"layer{number}", layer)
            before = times * width
        self.fc = nn.Linear(before, classes)

    def class_maps(self, image: Tensor) -> Tensor:
        """Class-activation maps (Zhou et al. 2016, eq. 2).

        Args:
            image: B x 3 x H x W, RGB normalized by `core.nn.backbone.normalized_rgb`.

        Returns:
            B x classes x ceil(H/32) x ceil(W/32), cell i on pixel 32 i; the mean over a map is
            the logit of its class.
        """
        x = F.relu(self.bn1(self.conv1(image)))
        x = F.max_pool2d(x, 3, 2, 1)
        for number in range(1, len(WIDTHS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        scores: Tensor = self.fc(x.permute(0, 2, 3, 1))
        return scores.permute(0, 3, 1, 2)


def read_classifier(path: Path) -> ResNetClassifier:
    """The classifier of a file, in eval mode.

    Raises:
        CheckpointMissing: there is no such file.
        CheckpointMismatch: damaged, or no ResNet with the names of torchvision.
    """
    tensors = read_foreign(path).tensors
    network = _outline(tensors, path)
    # Older files do not count batches; nothing here does.
    counts = {n: x for n, x in network.state_dict().items() if n.endswith("num_batches_tracked")}
    fill_module(path, network, counts | tensors)
    return network.eval().requires_grad_(requires_grad=False)


def _outline(tensors: Mapping[str, Tensor], path: Path) -> ResNetClassifier:
    """A network of the shape that names and sizes of a file say."""
    found = [match for name in tensors if (match := _BLOCK.fullmatch(name))]
    blocks = tuple(sum(match[1] == str(number) for match in found) for number in range(1, 5))
    last = tensors.get("fc.weight")
    if last is None or last.dim() != 2 or not all(0 < count <= MAX_BLOCKS for count in blocks):
        msg = f"{path} holds no ResNet classifier with the names of torchvision."
        raise CheckpointMismatch(msg, "It has layer1 to layer4 and a last layer, fc.")
    if len(last) > MAX_CLASSES:
        raise CheckpointMismatch(f"{path} has {len(last)} classes.", "Take another classifier.")
    bottleneck = "layer1.0.conv3.weight" in tensors
    with torch.device("meta"):
        network = ResNetClassifier(blocks, bottleneck=bottleneck, classes=len(last))
    return network.to_empty(device="cpu")
