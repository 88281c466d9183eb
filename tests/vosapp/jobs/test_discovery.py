"""The engine's job with the real finder: what it loads, tells, and finds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.synthetic import two_layers
from core.errors import CheckpointMismatch
from core.jobs import CancelToken, Progress
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.multi_granularity.config import PRESETS
from core.systems.multi_granularity.model import new_network
from vosapp.jobs.discovery import discovery_job
from vosapp.jobs.propagation import Engine
from vosapp.services.candidates import FindOrder

NAME = "multi_granularity"
COUNT = 4


@pytest.fixture
def order(tmp_path):
    """Frames of a film, and a tiny network of random weights."""
    torch.manual_seed(0)
    network, weights = new_network(PRESETS["tiny"]), tmp_path / "tiny.safetensors"
    save_weights(weights, network, CheckpointInfo(NAME, "tiny", network.config.to_dict()))
    (tmp_path / "film").mkdir()
    for index, frame in enumerate(two_layers(side=64, frames=COUNT)[0]):
        Image.fromarray(frame).save(tmp_path / f"film/{index:05d}.png")
    return FindOrder(tmp_path / "film", 0, COUNT, NAME, weights, device="cpu", most=3)


def carried_out(order):
    told, job = [], discovery_job(Engine(threads=1), order)(CancelToken())
    while True:
        try:
            told.append(next(job))
        except StopIteration as end:
            return end.value, told


def test_the_whole_video_is_looked_at_and_candidates_are_drawn(order):
    found, told = carried_out(order)
    assert all(isinstance(item, Progress) for item in told)
    phases = list(dict.fromkeys(item.phase for item in told if item.phase))
    assert phases[0] == "the whole video" and phases[-1] == "drawing outlines"
    assert found.size == (64, 64) and sorted(found.maps) == list(range(COUNT))
    assert 1 <= len(found.candidates) <= order.most
    best = found.candidates[0]
    assert 0 < best.score <= 1 and best.picture.any()
    for index in best.frames:
        assert np.any(found.label_map(index) == best.number)


def test_weights_of_another_system_are_refused(order):
    network = new_network(PRESETS["tiny"])
    info = CheckpointInfo("appearance_motion", "tiny", network.config.to_dict())
    save_weights(order.weights, network, info)
    with pytest.raises(CheckpointMismatch, match="appearance_motion"):
        carried_out(order)
