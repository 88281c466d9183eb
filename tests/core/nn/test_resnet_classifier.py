"""ResNet classifiers that users bring: their names, sizes, maps, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.errors import CheckpointMismatch, CheckpointMissing
from core.nn.class_maps import ClassMaps
from core.nn.resnet_classifier import ResNetClassifier, read_classifier


def tensors_of(network):
    return {name: x.contiguous() for name, x in network.state_dict().items()}


@pytest.fixture(scope="module")
def network():
    """ResNet-18 with one block a stage, so that it is small; three classes."""
    torch.manual_seed(0)
    return ResNetClassifier((1, 1, 1, 1), bottleneck=False, classes=3).eval()


@pytest.mark.parametrize(
    ("blocks", "bottleneck", "values"),
    [((2, 2, 2, 2), False, 11_689_512), ((3, 4, 6, 3), True, 25_557_032)],
)
def test_sizes_are_those_of_torchvision(blocks, bottleneck, values):
    with torch.device("meta"):
        found = ResNetClassifier(blocks, bottleneck=bottleneck, classes=1000)
    assert sum(p.numel() for p in found.parameters()) == values
    names = set(found.state_dict())
    assert {"conv1.weight", "bn1.running_var", "layer2.0.downsample.1.bias", "fc.bias"} <= names
    assert f"layer4.{blocks[3] - 1}.conv2.weight" in names


def test_the_mean_of_a_map_is_the_logit_of_its_class(network):
    image = torch.randn(1, 3, 65, 97)
    with torch.no_grad():
        maps = network.class_maps(image)
        x = torch.relu(network.bn1(network.conv1(image)))
        x = torch.nn.functional.max_pool2d(x, 3, 2, 1)
        for number in range(1, 5):
            x = network.get_submodule(f"layer{number}")(x)
        logits = network.fc(x.mean((2, 3)))
    assert maps.shape == (1, 3, 3, 4)
    torch.testing.assert_close(maps.mean((2, 3)), logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_file_says_which_resnet_it_is(network, tmp_path, suffix):
    tensors = {n: x for n, x in tensors_of(network).items() if "num_batches" not in n}
    path = tmp_path / f"own{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": tensors}, path)
    else:
        save_file(tensors, path)
    found = read_classifier(path)
    assert not found.training and not any(p.requires_grad for p in found.parameters())
    torch.testing.assert_close(found.layer3[0].conv2.weight, network.layer3[0].conv2.weight)
    picture = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
    shown = ClassMaps(None, path)(picture)
    assert shown.shape == (28, 40) and np.isfinite(shown).all()


def test_other_files_are_refused(network, tmp_path):
    whole, path = tensors_of(network), tmp_path / "other.safetensors"
    cases = {
        "no ResNet": {"weight": torch.zeros(2)},
        "names of torchvision": {n: x for n, x in whole.items() if not n.startswith("layer4")},
        "does not fit": whole | {"layer1.0.conv1.weight": torch.zeros(3, 3)},
        "is unknown": whole | {"extra": torch.zeros(3)},
    }
    for message, tensors in cases.items():
        save_file(tensors, path)
        with pytest.raises(CheckpointMismatch, match=message):
            read_classifier(path)
    with pytest.raises(CheckpointMissing):
        read_classifier(tmp_path / "none.safetensors")
