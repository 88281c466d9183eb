"""A tracker whose network needs no training, and results at the size of the frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.systems.base import StepResult
from core.systems.self_supervised.config import TrackingConfig
from core.systems.self_supervised.tracker import SelfSupervisedTracker


class ColorEncoder(nn.Module):
    """Keys whose similarity falls with the distance of the local mean colors: needs no training.

    Random Fourier features (Rahimi & Recht 2007): <q, k> is about a Gaussian of the distance.
    """

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.waves = nn.Parameter(25 * torch.randn(64, 3, 1, 1, generator=generator))
        self.phases = nn.Parameter(2 * torch.pi * torch.rand(64, generator=generator))

    def forward(self, image):
        colors = F.avg_pool2d(image, 8, 4, 2, count_include_pad=False)
        return 10 * F.conv2d(colors, self.waves, self.phases).cos()


@dataclass(frozen=True)
class Labeled:
    """What a step answers, and the label map that its shares become."""

    step: StepResult
    label_map: np.ndarray


@pytest.fixture(scope="session")
def label():
    """Step and render at once."""

    def run(tracker, index, frame, object_ids):
        result = tracker.step(index, frame, object_ids)
        return Labeled(result, tracker.render(result.shares, frame, object_ids))

    return run


@pytest.fixture(scope="session")
def color_tracker():
    """Build the `self_supervised` tracker around an encoder that knows colors."""

    def make(short_side=64, radius=6):
        config = TrackingConfig(short_side=short_side, radius=radius)
        return SelfSupervisedTracker(ColorEncoder(), config, torch.device("cpu"))

    return make
