"""Confidence and absence of the memory network's tracker, as calibrations are fitted to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.eval.calibration.watching import Watched, cue_source
from core.memory.limits import MemoryLimits
from core.systems.box_supervised.build import for_tracking
from core.systems.box_supervised.config import CALIBRATION, PRESETS, MemoryTrackingConfig
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.tracker import BoxSupervisedTracker
from core.tracking.judging.confidence import expected_j
from core.types import Direction, Keyframe

SIZE = (48, 64)


def tracker(calibration=CALIBRATION, **config):
    torch.manual_seed(0)
    network = for_tracking(MemoryNetwork(PRESETS["tiny"]), torch.device("cpu"))
    config = MemoryTrackingConfig(48, **{"every": 2, "memory": MemoryLimits(4, 2, 4, 50)} | config)
    return BoxSupervisedTracker(network, config, torch.device("cpu"), calibration=calibration)


def run(made, count=8):
    frames = np.random.default_rng(0).integers(0, 255, (count, *SIZE, 3)).astype(np.uint8)
    drawn = np.zeros(SIZE, np.uint8)
    drawn[10:30, 10:30] = 1
    drawn[20:40, 40:60] = 4
    made.add_keyframe(Keyframe(0, (1, 4), drawn), frames[0])
    made.start(Direction.FORWARD)
    return [made.step(index, frame, (1, 4)) for index, frame in enumerate(frames)]


def test_confidence_follows_from_the_cues():
    watched = Watched(tracker(), "box_supervised")
    steps = run(watched)
    assert cue_source(tracker(), "box_supervised").calibration == CALIBRATION
    assert len(watched.seen) == 2 * len(steps)
    for (index, object_id), sighting in watched.seen.items():
        cues = sighting.cues
        assert min(cues.margin, cues.agreement, cues.cycle) >= 0
        assert max(cues.margin, cues.agreement, cues.cycle) <= 1.0001
        if index:
            assert steps[index].confidence[object_id] == expected_j(cues, CALIBRATION.confidence)
        else:
            assert steps[index].confidence[object_id] == 1


def test_on_its_own_frame_a_keyframe_is_found_again():
    watched = Watched(tracker(top_k=1), "box_supervised")
    run(watched)
    for object_id in (1, 4):
        assert watched.seen[0, object_id].cues.cycle == pytest.approx(1, abs=0.05)
        assert watched.seen[0, object_id].cues.agreement == pytest.approx(1, abs=0.05)


def test_being_watched_changes_nothing():
    plain, watched = run(tracker()), run(Watched(tracker(), "box_supervised"))
    for one, other in zip(plain, watched, strict=True):
        assert one.probabilities.tobytes() == other.probabilities.tobytes()
        assert (one.confidence, one.absent) == (other.confidence, other.absent)


def test_without_a_fitted_calibration_nothing_is_called_absent():
    assert all(step.absent == frozenset() for step in run(tracker()))


def test_an_absent_object_has_no_probability_and_is_remembered_as_such():
    """With thresholds that no evidence reaches: patience 2, so from the third step on."""
    strict = replace(CALIBRATION, faint=3.0, back=3.0, back_cycle=1.0, nothing=-1.0)
    made = tracker(strict)
    steps = run(made)
    assert steps[1].absent == frozenset() and steps[1].probabilities[1].max() > 0
    for step in steps[2:]:
        assert step.absent == {1, 4}
        assert step.probabilities[1:].max() < 1e-6
        np.testing.assert_allclose(step.probabilities.sum(0), 1, atol=1e-5)


def test_doubtful_objects_are_not_memorized():
    """Faint for the first time on a frame that is due: nothing is remembered of it."""
    strict = replace(CALIBRATION, faint=3.0, back=3.0, nothing=-1.0, patience=100)
    made = tracker(strict)
    run(made)
    assert made._walk.memory.working == [] and made._walk.memory.long_term == []
    certain = tracker()
    run(certain)
    assert certain._walk.memory.working
