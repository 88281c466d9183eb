"""From a weights file to a tracker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.engine.registry import build_tracker
from core.errors import CheckpointMismatch, CheckpointMissing, UsageError
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.self_supervised import build as stored
from core.systems.self_supervised.config import PRESETS, EncoderConfig
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.contract import TrackerRequest
from core.types import Direction, Keyframe, Quality

INFO = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "w.safetensors"
    torch.manual_seed(0)
    save_weights(path, KeyEncoder(PRESETS["tiny"]), INFO)
    return path


def request(path, **changes):
    return replace(TrackerRequest("self_supervised", Quality.FAST, "cpu", path), **changes)


def str_up_to_40(value):
    return str(value)[:40]


def step(tracker):
    frame = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    label_map = np.zeros((48, 64), np.uint8)
    label_map[10:30, 10:40] = 1
    tracker.add_keyframe(Keyframe(0, (1,), label_map), frame)
    tracker.start(Direction.FORWARD)
    result = tracker.step(1, frame, (1,))
    return result, tracker.render(result.probabilities, frame, (1,))


@pytest.mark.parametrize("quality", Quality)
def test_tracker_is_built_and_runs(weights, quality):
    result, label_map = step(build_tracker(request(weights, quality=quality)))
    assert result.probabilities.shape[0] == 2 and result.probabilities.dtype == np.float32
    assert label_map.shape == (48, 64)


def test_weights_decide(weights):
    other = weights.with_name("other.safetensors")
    torch.manual_seed(5)
    save_weights(other, KeyEncoder(PRESETS["tiny"]), INFO)
    first, second = (step(build_tracker(request(path)))[0] for path in (weights, other))
    assert first.confidence != second.confidence
    assert not np.array_equal(first.probabilities, second.probabilities)


@pytest.mark.parametrize("path", [None, "none.safetensors"])
def test_weights_that_are_not_there(tmp_path, path):
    with pytest.raises(CheckpointMissing):
        build_tracker(request(path and tmp_path / path))


def test_weights_of_another_system(weights):
    save_weights(weights, KeyEncoder(PRESETS["tiny"]), replace(INFO, system="box_supervised"))
    with pytest.raises(CheckpointMismatch, match="box_supervised"):
        build_tracker(request(weights))


def test_header_that_describes_another_network(weights):
    config = PRESETS["tiny"].to_dict() | {"key_channels": 9}
    save_weights(weights, KeyEncoder(PRESETS["tiny"]), replace(INFO, config=config))
    with pytest.raises(CheckpointMismatch, match=r"head\.weight is \[8, 8, 3, 3\], not \[9, 8"):
        build_tracker(request(weights))


def test_unknown_device(weights):
    with pytest.raises(UsageError, match="gpu9"):
        build_tracker(request(weights, device="gpu9"))


@pytest.mark.parametrize("preset", PRESETS)
def test_config_survives_a_header(preset):
    config = PRESETS[preset]
    assert EncoderConfig.from_dict(config.to_dict()) == config
    assert EncoderConfig.from_dict({k: list(v) if isinstance(v, tuple) else v
                                    for k, v in config.to_dict().items()}) == config  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"key_channels": None},
        {"key_channels": 0},
        {"key_channels": "8"},
        {"widths": [8, 8, 8]},
        {"widths": [8, 8, 8, -8]},
        {"widths": [8, 8, 8, 1.5]},
        {"widths": 8},
        {"blocks": "1111"},
        {"surprise": 1},
        {"key_channels": True},
        {"key_channels": 1025},
        {"widths": [10**6] * 4},
        {"widths": [8, 8, 8, 4097]},
        {"blocks": [1, 65, 1, 1]},
        {"blocks": "1" * 10**6},
    ],
    ids=str_up_to_40,
)
def test_foreign_configs(change):
    with pytest.raises(CheckpointMismatch, match="encoder") as caught:
        EncoderConfig.from_dict(PRESETS["tiny"].to_dict() | change)
    assert len(str(caught.value)) < 500


def test_largest_config():
    values = {"widths": [4096] * 4, "blocks": [64] * 4, "key_channels": 1024}
    assert EncoderConfig.from_dict(values).key_channels == 1024


def test_hostile_header_does_not_fill_the_memory(weights):
    """A net of this size would take terabytes; the file is a few kilobytes."""
    config = PRESETS["tiny"].to_dict() | {"widths": [10**6] * 4}
    save_weights(weights, KeyEncoder(PRESETS["tiny"]), replace(INFO, config=config))
    with pytest.raises(CheckpointMismatch, match="1000000"):
        build_tracker(request(weights))


@pytest.mark.parametrize("change", [{"widths": [4096] * 4}, {"blocks": [64] * 4}])
def test_a_large_network_is_compared_before_it_is_built(change, weights, monkeypatch):
    """Its header may describe what is known; the file is too small for it."""
    config = PRESETS["tiny"].to_dict() | change
    save_weights(weights, KeyEncoder(PRESETS["tiny"]), replace(INFO, config=config))
    devices = []

    class Watched(KeyEncoder):
        def __init__(self, config):
            super().__init__(config)
            devices.append(self.conv1.weight.device.type)

    monkeypatch.setattr(stored, "KeyEncoder", Watched)
    with pytest.raises(CheckpointMismatch, match="does not fit"):
        build_tracker(request(weights))
    assert devices == ["meta"]


@pytest.mark.parametrize("name", ["widths", "blocks", "key_channels"])
def test_config_with_a_field_missing(name):
    values = PRESETS["tiny"].to_dict()
    del values[name]
    with pytest.raises(CheckpointMismatch):
        EncoderConfig.from_dict(values)
