"""Features of one frame for prompts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import CheckpointMismatch
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.prompts.request import BoxPrompt, SegmentRequest
from core.prompts.segment import segment
from core.systems.self_supervised.build import frame_features, load_encoder
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.prompts import LEARNED


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return KeyEncoder(PRESETS["tiny"]).eval()


@pytest.fixture
def frame():
    return np.random.default_rng(0).integers(0, 255, (60, 100, 3)).astype(np.uint8)


def test_cells_cover_the_frame(encoder, frame):
    features = frame_features(encoder, frame, 48)
    assert features.keys.shape == (8, 12, 20)
    assert features.keys.dtype == np.float16
    assert (features.stride, features.weights) == (4, LEARNED)


def test_same_frame_same_features(encoder, frame):
    assert (
        frame_features(encoder, frame, 48).keys == frame_features(encoder, frame, 48).keys
    ).all()


def test_a_prompt_can_use_them(encoder, frame):
    request = SegmentRequest(
        frame, box=BoxPrompt((20, 20, 60, 50)), features=frame_features(encoder, frame, 48)
    )
    mask = segment(request)
    assert mask.shape == (60, 100)
    assert mask.any()


def test_weights_are_read_and_others_refused(encoder, frame, tmp_path):
    config = PRESETS["tiny"].to_dict()
    right, wrong = tmp_path / "right.safetensors", tmp_path / "wrong.safetensors"
    save_weights(right, encoder, CheckpointInfo("self_supervised", "tiny", config))
    save_weights(wrong, encoder, CheckpointInfo("other", "tiny", config))
    loaded = load_encoder(right, torch.device("cpu"))
    expected = frame_features(encoder, frame, 48).keys.astype(np.float32)
    found = frame_features(loaded, frame, 48).keys.astype(np.float32)
    assert np.abs(found - expected).max() < 0.02 * np.abs(expected).max()
    with pytest.raises(CheckpointMismatch):
        load_encoder(wrong, torch.device("cpu"))
