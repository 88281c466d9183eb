"""Every system as a small tracker, and results at the size of the frame.

The networks of systems that learn are tiny and have random weights: the contract does not depend
on what they have learned. Where an object has to be followed, `color` stands in: the
`self_supervised` tracker around an encoder that knows colors and needs no training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.engine.registry import build_tracker
from core.nn.lite0 import Lite0Features
from core.systems.box_supervised.build import for_tracking
from core.systems.box_supervised.config import PRESETS as NETWORKS
from core.systems.box_supervised.config import MemoryTrackingConfig
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.tracker import BoxSupervisedTracker
from core.systems.global_instance.build import for_tracking as global_for_tracking
from core.systems.global_instance.config import PRESETS as GLOBAL_NETWORKS
from core.systems.global_instance.config import SupportConfig
from core.systems.global_instance.model import GlobalInstanceNetwork
from core.systems.global_instance.tracker import GlobalInstanceTracker
from core.systems.multi_granularity.build import encode_with as granular_encode_with
from core.systems.multi_granularity.config import CALIBRATION as GRANULAR_CALIBRATION
from core.systems.multi_granularity.config import PRESETS as GRANULARITIES
from core.systems.multi_granularity.model import new_network as new_granular
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.fused import FusedEncoder
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.tracker import SelfSupervisedTracker
from core.tracking.config import TargetConfig, TrackingConfig
from core.tracking.contract import StepResult, TrackerRequest
from core.tracking.matching import MatchingTracker
from core.types import Quality


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
    """What a step answers, and the label map that its probabilities become."""

    step: StepResult
    label_map: np.ndarray


@pytest.fixture(scope="session")
def label():
    """Step and render at once."""

    def run(tracker, index, frame, object_ids):
        result = tracker.step(index, frame, object_ids)
        return Labeled(result, tracker.render(result.probabilities, frame, object_ids))

    return run


@pytest.fixture(scope="session")
def color_tracker():
    """Build the `self_supervised` tracker around an encoder that knows colors."""

    return build_color


def build_color(short_side=64, radius=6, **config):
    config = TrackingConfig(short_side, radius, **config)
    return SelfSupervisedTracker(ColorEncoder(), config, torch.device("cpu"))


def build_baseline(name):
    return lambda: build_tracker(TrackerRequest(name, Quality.FAST))


def build_tiny():
    torch.manual_seed(0)
    config = TrackingConfig(short_side=48, radius=3)
    return SelfSupervisedTracker(KeyEncoder(PRESETS["tiny"]), config, torch.device("cpu"))


def build_target():
    """The same with target models, on the features of a backbone that has learned nothing."""
    torch.manual_seed(0)
    encoder = FusedEncoder(PRESETS["tiny-imagenet"], Lite0Features())
    sure = TargetConfig(frail=-1.0, sturdy=0.0)
    config = TrackingConfig(short_side=48, radius=3, target=sure)
    return SelfSupervisedTracker(encoder, config, torch.device("cpu"), target=True)


def build_memory(**config):
    """The `box_supervised` tracker with random values."""
    torch.manual_seed(0)
    network = for_tracking(MemoryNetwork(NETWORKS["tiny"]), torch.device("cpu"))
    return BoxSupervisedTracker(network, MemoryTrackingConfig(48, **config), torch.device("cpu"))


def build_granular():
    """The `multi_granularity` tracker with random values."""
    torch.manual_seed(1)
    encoder, cpu = new_granular(GRANULARITIES["tiny"]).encoder, torch.device("cpu")
    config = TrackingConfig(short_side=48, radius=3)
    encode = granular_encode_with(encoder, cpu)
    return MatchingTracker(encode, config, cpu, stride=4, calibration=GRANULAR_CALIBRATION)


def build_global():
    """The `global_instance` tracker with random values, in the fast form."""
    torch.manual_seed(0)
    network = GlobalInstanceNetwork(GLOBAL_NETWORKS["tiny"])
    network = global_for_tracking(network, torch.device("cpu"))
    config = SupportConfig(48, refine=False)
    return GlobalInstanceTracker(network, config, torch.device("cpu"))


BUILDERS = {
    "copy": build_baseline("copy"),
    "flow": build_baseline("flow"),
    "self_supervised": build_tiny,
    "target": build_target,
    "box_supervised": build_memory,
    "multi_granularity": build_granular,
    "global_instance": build_global,
    "color": build_color,
}


def lively_global(config=GLOBAL_NETWORKS["tiny"]):
    """A `global_instance` network whose answers depend on all that goes in: nothing fades away."""
    torch.manual_seed(3)
    made = GlobalInstanceNetwork(config)
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.1, 0.4)
    for layer in (made.key, made.value, made.coarse[0], made.coarse[2], made.coarse[4]):
        layer.weight.data.mul_(3)
    if made.temporal is not None:
        nn.init.normal_(made.temporal.weigh.weight, std=2)
    for decoder in (made.refine, made.global_decoder):
        if decoder is not None:
            decoder.pred.weight.data.mul_(8)
    return made.eval()


@pytest.fixture(scope="session", name="lively_global")
def lively_global_function():
    """Builds it, by default the tiny one."""
    return lively_global


@pytest.fixture(scope="session")
def build_system():
    """Functions that build a tracker, by name: every system, `target` and `color`."""
    return BUILDERS


@pytest.fixture(params=BUILDERS)
def build(request):
    """Build a tracker, of each system in turn."""
    return BUILDERS[request.param]


@pytest.fixture(params=["copy", "flow", "color"])
def follower(request):
    """Build a tracker that follows objects at least from one frame to the next."""
    return BUILDERS[request.param]
