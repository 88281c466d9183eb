"""EfficientNet-Lite0: shapes, padding, where cells lie, golden outputs, and readiness to infer."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.nn.inference import for_inference
from core.nn.lite0 import (
    BLOCK_SHAPES,
    BLOCKS,
    CHANNELS,
    HEAD_BLOCK,
    STRIDES,
    Lite0Features,
    Lite0Head,
    first_cell,
    frame_tensor,
    normalized,
)
from core.nn.lite0_blocks import BlockShape, InvertedResidual, SameConv2d

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def network(lite0):
    return lite0.network


@pytest.fixture(scope="module")
def image(lite0):
    """1 x 3 x 75 x 110, as the network takes it."""
    return frame_tensor(lite0.picture(75, 110))


@pytest.fixture(scope="module")
def outputs(network, image):
    """Three maps and the logits of one picture."""
    with torch.inference_mode():
        maps = network["features"](image)
        return *maps, network["head"](maps[-1])


def test_size_of_both_parts(network):
    """As the published network: 4.65 million in all."""
    counts = [sum(p.numel() for p in part.parameters()) for part in network.values()]
    assert counts == [700_768, 3_951_240]
    assert len(BLOCK_SHAPES) == 16 and HEAD_BLOCK == 11


@pytest.mark.parametrize(("height", "width"), [(64, 96), (75, 110), (33, 17), (1, 1), (240, 427)])
def test_maps_are_as_large_as_said(height, width):
    with torch.device("meta"):
        features, head = Lite0Features().eval(), Lite0Head().eval()
        maps = features(torch.empty(2, 3, height, width))
        logits, classes = head(maps[-1]), head.class_maps(maps[-1])
    assert [tuple(x.shape) for x in maps] == [
        (2, c, math.ceil(height / s), math.ceil(width / s))
        for c, s in zip(CHANNELS, STRIDES, strict=True)
    ]
    assert tuple(logits.shape) == (2, 1000)
    assert tuple(classes.shape) == (2, 1000, math.ceil(height / 32), math.ceil(width / 32))


def test_constants_fit_the_blocks():
    strides = 2 * np.cumprod([shape.stride for shape in BLOCK_SHAPES])
    assert tuple(strides[list(BLOCKS)]) == STRIDES
    assert tuple(BLOCK_SHAPES[index].out_channels for index in BLOCKS) == CHANNELS
    assert strides[-1] == 32


def padded_naively(plane, kernel, stride):
    """TensorFlow's "SAME", as its documentation of convolutions has it, pixel by pixel."""
    counts = [math.ceil(n / stride) for n in plane.shape]
    totals = [
        max((c - 1) * stride + len(kernel) - n, 0) for c, n in zip(counts, plane.shape, strict=True)
    ]
    out = np.zeros(counts)
    for row, column in np.ndindex(*counts):
        for i, j in np.ndindex(*kernel.shape):
            y = row * stride + i - totals[0] // 2
            x = column * stride + j - totals[1] // 2
            if 0 <= y < plane.shape[0] and 0 <= x < plane.shape[1]:
                out[row, column] += plane[y, x] * kernel[i, j]
    return out


@pytest.mark.parametrize("side", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 8), (7, 7), (8, 7), (7, 8), (1, 2), (2, 1), (1, 1)])
def test_padding_is_that_of_tensorflow(side, stride, size):
    rng = np.random.default_rng(0)
    plane, kernel = rng.random(size), rng.random((side, side))
    conv = SameConv2d(1, 1, kernel=side, stride=stride).double()
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(kernel)[None, None])
        found = conv(torch.from_numpy(plane)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(found, padded_naively(plane, kernel, stride), atol=1e-12)


@pytest.mark.parametrize(("kernel", "stride"), [(4, 1), (3, 3)])
def test_other_kernels_and_strides_are_refused(kernel, stride):
    with pytest.raises(ValueError, match="not supported"):
        SameConv2d(1, 1, kernel=kernel, stride=stride)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(8, 8), (8, 7), (7, 8), (7, 7)])
def test_zeros_put_in_early_change_nothing(training, kernel, size):
    """A block pads before it widens; its outputs and statistics are those of one that does not."""
    torch.manual_seed(0)
    block = InvertedResidual(BlockShape(4, 6, kernel, 2, 3)).train(training)
    block.bn1.bias.data.fill_(0.5)
    plain, image = copy.deepcopy(block), torch.randn(2, 4, *size)
    wide = plain.relu(plain.bn1(plain.conv1(image)))
    wanted = plain.bn3(plain.conv3(plain.relu(plain.bn2(plain.conv2(wide)))))
    torch.testing.assert_close(block(image), wanted)
    torch.testing.assert_close(block.bn1.running_mean, plain.bn1.running_mean)


@pytest.mark.parametrize("side", [96, 97, 98, 99, 100, 104, 112, 113, 128])
def test_cells_lie_where_they_look(side):
    """The center of what a cell is made of, by the gradient through convolutions of ones."""
    kernels = [3, 3, 5, 3]
    layers = [SameConv2d(1, 1, kernel=kernel, stride=2).double() for kernel in kernels]
    for layer in layers:
        nn.init.ones_(layer.weight)
    for level, stride in enumerate((2, 4, 8, 16), start=1):
        line = torch.zeros(1, 1, 1, side, dtype=torch.float64, requires_grad=True)
        cells = nn.Sequential(*layers[:level])(line)
        cells[0, 0, 0, 3].backward()
        weight = line.grad[0, 0, 0]
        center = (weight * torch.arange(side)).sum() / weight.sum()
        assert center.item() == pytest.approx(first_cell(side, stride) + 3 * stride)


def test_cells_of_sides_that_fit():
    assert [first_cell(16 * 9 + 1, stride) for stride in STRIDES] == [0, 0, 0]
    assert [first_cell(16 * 9, stride) for stride in STRIDES] == [3, 7, 15]


GOLDEN = {
    "quarter": [-0.08554, 1.8371, 1.2998, 0.40472, -0.67358],
    "eighth": [-0.42925, 3.6674, -3.3043, -1.0883, -1.8853],
    "sixteenth": [-0.18827, 3.8502, -6.6904, 1.8782, -1.2366],
    "logits": [-0.085273, 2.2796, 0.97316, 5.3579, 4.6821],
}
"""Of each output: mean, mean of absolute values, and three numbers."""


def told(x):
    flat = x.double().flatten()
    places = [0, len(flat) // 2, len(flat) - 1]
    return [flat.mean().item(), flat.abs().mean().item(), *flat[places].tolist()]


def test_golden_outputs(outputs):
    names = ("quarter", "eighth", "sixteenth", "logits")
    for name, x in zip(names, outputs, strict=True):
        assert told(x) == pytest.approx(GOLDEN[name], rel=1e-3, abs=1e-4), name


def test_class_maps_have_the_logits_for_their_means(network, outputs):
    with torch.inference_mode():
        maps = network["head"].class_maps(outputs[2])
    torch.testing.assert_close(maps.mean((2, 3)), outputs[3], rtol=1e-4, atol=1e-5)


def test_images_of_a_batch_do_not_touch(network, outputs, image):
    frames = torch.cat([image, torch.zeros(1, 3, 75, 110)])
    with torch.inference_mode():
        maps = network["features"](frames)
    for both, alone in zip(maps, outputs, strict=False):
        torch.testing.assert_close(both[:1], alone, rtol=1e-4, atol=1e-5)


def test_input_is_centered_on_127(image):
    frame = np.array([[[0, 127, 255]]], np.uint8)
    found = frame_tensor(frame)
    assert found.shape == (1, 3, 1, 1) and found.dtype == torch.float32
    assert found.flatten().tolist() == [-127 / 128, 0.0, 1.0]
    assert image.is_contiguous(memory_format=torch.channels_last)


def test_normalizing_leaves_the_images_alone():
    images = torch.full((1, 3, 2, 2), 255.0)
    assert normalized(images).unique().tolist() == [1.0]
    assert images.unique().tolist() == [255.0]


def test_ready_for_inference(network, outputs, image):
    features = for_inference(copy.deepcopy(network["features"]), CPU)
    assert not any(isinstance(child, nn.BatchNorm2d) for child in features.modules())
    assert not any(p.requires_grad for p in features.parameters())
    deep = features.blocks[3].conv3.weight
    assert deep.is_contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        maps = features(image)
    for fused, plain in zip(maps, outputs, strict=False):
        torch.testing.assert_close(fused, plain, rtol=1e-4, atol=1e-4)


def test_the_head_can_be_made_ready_too(network, outputs):
    head = for_inference(copy.deepcopy(network["head"]), CPU)
    with torch.inference_mode():
        torch.testing.assert_close(head(outputs[2]), outputs[3], rtol=1e-4, atol=1e-4)


def test_bfloat16_is_near(network, outputs, image):
    features = for_inference(copy.deepcopy(network["features"]), CPU, dtype=torch.bfloat16)
    with torch.inference_mode():
        maps = features(image.bfloat16())
    for half, full in zip(maps, outputs, strict=False):
        assert half.dtype == torch.bfloat16
        assert F.cosine_similarity(half.float().flatten(), full.flatten(), dim=0) > 0.99


def test_gradients_reach_the_first_layer(network, image):
    features = copy.deepcopy(network["features"])
    features(image)[-1].square().mean().backward()
    assert features.conv1.weight.grad.abs().max() > 0
