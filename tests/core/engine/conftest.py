"""Small films and trackers for the engine's tests."""

from __future__ import annotations

import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import VideoDecodeError
from core.ops.label_maps import largest_label
from core.tracking.contract import StepResult
from core.types import Keyframe, VideoInfo

SHAPE = (24, 32)


class Film:
    """Frames whose pixels are their number, or those given; one of them may be damaged."""

    def __init__(self, count=8, *, damaged=None, frames=None):
        self._frames = frames
        height, width = SHAPE if frames is None else frames.shape[1:3]
        self.info = VideoInfo(Path("film"), count, width, height, Fraction(25))
        self.damaged = damaged
        self.asked = []

    def frame(self, index):
        if index == self.damaged:
            raise VideoDecodeError(f"Frame {index} is damaged.")
        if not 0 <= index < self.info.frame_count:
            raise IndexError(index)
        self.asked.append(index)
        if self._frames is not None:
            return self._frames[index]
        return np.full((*SHAPE, 3), index, np.uint8)

    def frames(self, start, stop, step=1):
        for index in range(start, stop, step):
            yield self.frame(index)


class WalkTracker:
    """A tracker without vision: probabilities are noise, seeded with all they may depend on.

    That is the walk's way and first frame, the keyframes it has met, the frame, the object, and
    the last keyframe on the way that speaks of the object. An engine that starts a walk elsewhere,
    or that forgets to tell of an object, changes the noise.
    """

    def __init__(self):
        self.keyframes = {}
        self.added, self.starts, self.steps = [], [], []
        self._first = None

    def add_keyframe(self, keyframe, frame):
        self.added.append((keyframe.frame_index, int(frame[0, 0, 0])))
        self.keyframes[keyframe.frame_index] = keyframe

    def remove_keyframe(self, frame_index):
        self.keyframes.pop(frame_index, None)

    def start(self, direction):
        self.starts.append(direction)
        self._way, self._first, self._met = direction.value, None, 0

    def step(self, frame_index, frame, object_ids):
        self._first = frame_index if self._first is None else self._first
        self.steps.append((frame_index, object_ids))
        if frame_index in self.keyframes:
            self._met = zlib.crc32(self.keyframes[frame_index].label_map.tobytes(), self._met)
        noise = np.stack([self._noise(frame_index, i) for i in (0, *object_ids)])
        confidence = {i: float(p.mean()) for i, p in zip(object_ids, noise[1:], strict=True)}
        return StepResult(noise / noise.sum(0), object_ids, confidence)

    def render(self, probabilities, frame, object_ids):
        return np.kron(largest_label(probabilities, object_ids), np.ones((4, 4), np.uint8))

    def _noise(self, frame_index, object_id):
        passed = [
            k
            for k in self.keyframes.values()
            if (object_id in k.object_ids) and (frame_index - k.frame_index) * self._way >= 0
        ]
        nearest = min(passed, key=lambda k: abs(k.frame_index - frame_index), default=None)
        told = 0 if nearest is None else zlib.crc32(nearest.label_map.tobytes())
        seed = [self._way + 1, self._first, self._met, frame_index, object_id, told]
        return np.random.default_rng(seed).random((6, 8), np.float32) + np.float32(0.01)


def box(*ids, width=10):
    """Label map with a box for each id, side by side; 0 leaves its place empty."""
    label_map = np.zeros(SHAPE, np.uint8)
    for index, object_id in enumerate(ids):
        label_map[6:18, index * width + 1 : (index + 1) * width - 1] = object_id
    return label_map


def keyframe(index, ids, label_map=None):
    """A keyframe; without a label map its objects are boxes."""
    return Keyframe(index, ids, box(*ids) if label_map is None else label_map)


def build_memory():
    """The memory network with random values, and a memory that is soon full."""
    import torch

    from core.memory.limits import MemoryLimits
    from core.systems.box_supervised.build import for_tracking
    from core.systems.box_supervised.config import PRESETS, MemoryTrackingConfig
    from core.systems.box_supervised.model import MemoryNetwork
    from core.systems.box_supervised.tracker import BoxSupervisedTracker

    torch.manual_seed(0)
    network = for_tracking(MemoryNetwork(PRESETS["tiny"]), torch.device("cpu"))
    config = MemoryTrackingConfig(48, every=2, memory=MemoryLimits(4, 2, 8, 100))
    return BoxSupervisedTracker(network, config, torch.device("cpu"))


def build_granular():
    import torch

    from core.systems.multi_granularity.build import encode_with
    from core.systems.multi_granularity.config import CALIBRATION, PRESETS
    from core.systems.multi_granularity.model import new_network
    from core.tracking.config import TrackingConfig
    from core.tracking.matching import MatchingTracker

    torch.manual_seed(1)
    cpu = torch.device("cpu")
    encode = encode_with(new_network(PRESETS["tiny"]).encoder, cpu)
    config = TrackingConfig(48, 3)
    return MatchingTracker(encode, config, cpu, stride=4, calibration=CALIBRATION)


def build_global():
    """Global and instance embeddings with random values, in the fast form."""
    import torch

    from core.systems.global_instance.build import for_tracking
    from core.systems.global_instance.config import PRESETS, SupportConfig
    from core.systems.global_instance.model import GlobalInstanceNetwork
    from core.systems.global_instance.tracker import GlobalInstanceTracker

    torch.manual_seed(0)
    network = for_tracking(GlobalInstanceNetwork(PRESETS["tiny"]), torch.device("cpu"))
    config = SupportConfig(48, refine=False)
    return GlobalInstanceTracker(network, config, torch.device("cpu"))


def build_tiny(system):
    """A tracker of a real system, small and without a checkpoint file."""
    from core.engine.registry import build_tracker
    from core.tracking.contract import TrackerRequest
    from core.types import Quality

    if system == "box_supervised":
        return build_memory()
    if system == "multi_granularity":
        return build_granular()
    if system == "global_instance":
        return build_global()
    if system != "self_supervised":
        return build_tracker(TrackerRequest(system, Quality.FAST))
    import torch

    from core.systems.self_supervised.config import PRESETS
    from core.systems.self_supervised.model import KeyEncoder
    from core.systems.self_supervised.tracker import SelfSupervisedTracker
    from core.tracking.config import TrackingConfig

    torch.manual_seed(0)
    encoder = KeyEncoder(PRESETS["tiny"])
    return SelfSupervisedTracker(encoder, TrackingConfig(48, 3), torch.device("cpu"))


@pytest.fixture
def short_lead_in(monkeypatch):
    """Walks begin two frames before their border at most: the films of tests are short."""
    monkeypatch.setattr("core.engine.spans.LEAD_IN", 2)


@pytest.fixture(scope="session")
def film():
    return Film


@pytest.fixture(scope="session")
def walk_tracker():
    return WalkTracker


@pytest.fixture(scope="session", name="box")
def box_function():
    return box


@pytest.fixture(scope="session", name="keyframe")
def keyframe_function():
    return keyframe


@pytest.fixture(scope="session")
def tiny_tracker():
    return build_tiny
