"""The backbone has the names, shapes and strides of the public ResNets."""

from __future__ import annotations

import pytest
import torch

from core.nn.backbone import BACKBONES, Backbone

PUBLIC_COUNTS = {"resnet18-rgb": 2_782_784, "resnet50-rgb": 8_543_296}
"""Parameters of the public networks: 11 689 512 and 25 557 032, less those of layer4 and fc."""


@pytest.mark.parametrize(("preset", "channels"), [
    ("resnet18-rgb", (64, 128, 256)), ("resnet50-rgb", (256, 512, 1024)), ("tiny-rgb", (8, 8, 8)),
])  # fmt: skip
def test_maps_at_strides_4_8_16(preset, channels):
    backbone = Backbone(BACKBONES[preset]).eval()
    with torch.inference_mode():
        maps = backbone(torch.zeros(1, 3, 32, 48))
    assert [tuple(x.shape[1:]) for x in maps] == [
        (channels[0], 8, 12), (channels[1], 4, 6), (channels[2], 2, 3),
    ]  # fmt: skip


@pytest.mark.parametrize("preset", PUBLIC_COUNTS)
def test_size_of_the_public_networks(preset):
    count = sum(p.numel() for p in Backbone(BACKBONES[preset]).parameters())
    assert count == PUBLIC_COUNTS[preset]


def test_the_3x3_convolution_of_a_bottleneck_has_the_stride():
    backbone = Backbone(BACKBONES["resnet50-rgb"])
    first = backbone.layer2[0]
    strides = [c.stride[0] for c in (first.conv1, first.conv2, first.conv3, first.downsample[0])]
    assert strides == [1, 2, 1, 2]


@pytest.mark.parametrize("preset", PUBLIC_COUNTS)
def test_names(preset):
    names = Backbone(BACKBONES[preset]).state_dict().keys()
    stem = {"conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"}
    assert names > stem | {"layer3.0.downsample.0.weight", "layer2.1.bn2.running_var"}
    assert ("layer1.0.conv3.weight" in names) == (preset == "resnet50-rgb")
    assert ("layer1.0.downsample.1.bias" in names) == (preset == "resnet50-rgb")
    assert not any(name.startswith(("layer4", "fc")) for name in names)
