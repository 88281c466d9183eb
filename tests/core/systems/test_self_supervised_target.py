"""Target models in the `self_supervised` tracker: who has them, and what they leave as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.data.synthetic import moving_shapes
from core.errors import UsageError
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.lite0 import Lite0Features, frame_tensor
from core.systems.self_supervised import build
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.fused import (
    FusedEncoder,
    directions,
    enlarged,
    keys_and_features_of,
    keys_of,
)
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.tracker import SelfSupervisedTracker
from core.tracking.config import TargetConfig, TrackingConfig
from core.tracking.contract import TrackerRequest
from core.tracking.walk_state import unpack
from core.types import Direction, Keyframe, Quality

IDS = (1, 2)


@pytest.fixture(scope="module")
def film():
    return moving_shapes(frame_count=6)


def encoder():
    torch.manual_seed(0)
    return FusedEncoder(PRESETS["tiny-imagenet"], Lite0Features())


def tracker(*, target, gain=1.0):
    sure = TargetConfig(gain=gain, frail=-1.0, sturdy=0.0)
    config = TrackingConfig(short_side=48, radius=3, target=sure)
    return SelfSupervisedTracker(encoder(), config, torch.device("cpu"), target=target)


def walk(found, film, indices=range(6)):
    found.add_keyframe(Keyframe(0, IDS, film[1][0]), film[0][0])
    found.start(Direction.FORWARD)
    return [found.step(index, film[0][index], IDS) for index in indices]


def test_a_score_that_counts_nothing_changes_nothing(film):
    """All that target models change is one factor of the odds; with it 1, runs are as without."""
    plain, still = walk(tracker(target=False), film), walk(tracker(target=True, gain=0.0), film)
    moved = walk(tracker(target=True), film)
    for one, other in zip(plain, still, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)
        assert one.absent == other.absent
    pairs = zip(plain, moved, strict=True)
    assert any(np.abs(a.probabilities - b.probabilities).max() > 0.01 for a, b in pairs)


def test_only_walks_with_target_models_save_them(film):
    plain, target = tracker(target=False), tracker(target=True)
    for one in (plain, target):
        walk(one, film)
    names = {name for name in unpack(target.save_state()) if name.startswith("target.")}
    assert names == {"target.ids", "target.products", "target.answers"}
    assert not any(name.startswith("target.") for name in unpack(plain.save_state()))
    with pytest.raises(ValueError, match="no target models"):
        target.load_state(plain.save_state())


def test_features_are_directions_of_both_maps(film):
    network, frame = encoder().eval(), film[0][0]
    keys, features = keys_and_features_of(network, frame)
    with torch.inference_mode():
        _, eighth, sixteenth = network.backbone(frame_tensor(frame))
    wanted = torch.cat([directions(eighth), enlarged(directions(sixteenth), eighth)], dim=1)[0]
    torch.testing.assert_close(features, wanted)
    assert features.shape == (40 + 112, frame.shape[0] // 8, frame.shape[1] // 8)
    assert torch.equal(keys, keys_of(network, frame))


def test_weights_without_backbone_learn_none(tmp_path):
    path = tmp_path / "w.safetensors"
    network = KeyEncoder(PRESETS["tiny"])
    save_weights(path, network, CheckpointInfo("self_supervised", "tiny", network.config.to_dict()))
    request = TrackerRequest("self_supervised", Quality.FAST, "cpu", path, target=True)
    with pytest.raises(UsageError, match="no ImageNet backbone") as caught:
        build.build(request)
    assert "thin-imagenet" in caught.value.hint
    with pytest.raises(TypeError, match="no features"):
        SelfSupervisedTracker(network, TrackingConfig(48, 3), torch.device("cpu"), target=True)
