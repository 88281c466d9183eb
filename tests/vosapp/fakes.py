"""Stand-ins for tests of the window: a film that moves in a known way, and a tracker that knows.

Neither needs torch.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
from PIL import Image

from core.discovery.contract import ObjectTrack
from core.discovery.maps import PackedMaps
from core.eval.trials import Trial, TrialScore
from core.jobs import Progress
from core.ops.label_maps import merge_keyframe, one_hot
from core.systems.baselines.copy import CopyTracker
from core.tracking.contract import StepResult
from vosapp.project.keyframes import keyframes
from vosapp.project.tuned import KeyframeScore, TunedInfo, digest_of
from vosapp.services.finetune import Finetuned, FinetuneStep
from vosapp.session.work import WorkControl

HEIGHT, WIDTH, FRAMES = 48, 64, 24
STEP = 1
"""Pixels that everything moves to the right from frame to frame."""
BOXES = {1: (10, 6, 24, 18), 2: (30, 20, 42, 34)}
"""Top, left, bottom, right of each object on frame 0."""
COLORS = {0: (40, 60, 90), 1: (220, 60, 40), 2: (240, 210, 70)}


def label_map_of(frame_index, ids=(1, 2)):
    """The exact label map of a frame of the film."""
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    for object_id in ids:
        top, left, bottom, right = BOXES[object_id]
        shift = frame_index * STEP
        label_map[top:bottom, left + shift : right + shift] = object_id
    return label_map


def mask_of(frame_index, object_id):
    """The exact mask of an object on a frame of the film."""
    return label_map_of(frame_index) == object_id


def write_film(folder, count=FRAMES):
    """Write the film as numbered PNG images and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    palette = np.zeros((256, 3), np.uint8)
    for label, color in COLORS.items():
        palette[label] = color
    for index in range(count):
        Image.fromarray(palette[label_map_of(index)]).save(folder / f"{index:05d}.png")
    return folder


def works(dialog):
    """True while a dialog looks, reads or writes."""
    return any(work.running for work in dialog.findChildren(WorkControl))


class FakeFinder:
    """Finds the film's boxes, on the frames where it is asked to; knows them exactly.

    Args:
        order: what was asked for.
        gate: where given, each frame waits until it is released once more.
        error: raised at the first frame.
    """

    def __init__(self, order, *, gate=None, error=None):
        self.order, self.gate, self.error = order, gate, error

    def discover(self, video, frames, token):
        found = {object_id: (PackedMaps(), {}) for object_id in BOXES}
        for done, index in enumerate(frames):
            token.check()
            if self.error is not None:
                raise self.error
            if self.gate is not None:
                self.gate.acquire()
            for object_id, (maps, scores) in found.items():
                maps.add(index, mask_of(index, object_id))
                scores[index] = 0.9 - 0.1 * object_id + 0.001 * (index == 5)
            yield Progress(done + 1, len(frames), "looking for objects", phase="look")
        return tuple(
            ObjectTrack(maps, scores, 0.9 - 0.1 * object_id)
            for object_id, (maps, scores) in found.items()
        )


class FakeTracker(CopyTracker):
    """Moves what the walk has passed by the film's own motion.

    Args:
        seconds: what a step takes.
        gate: where given, each step waits until it is released once more.
        error: raised at the frame `fails_at`.
        confidence: reported for every object.
    """

    def __init__(self, *, seconds=0.0, gate=None, error=None, fails_at=None, confidence=0.9):
        super().__init__()
        self.seconds, self.gate = seconds, gate
        self.error, self.fails_at = error, fails_at
        self.confidence = confidence
        self.threads = set()

    def step(self, frame_index, frame, object_ids):
        self.threads.add(threading.current_thread().name)
        if self.gate is not None:
            assert self.gate.acquire(timeout=120)
        if self.seconds:
            time.sleep(self.seconds)
        if self.error is not None and frame_index == self.fails_at:
            raise self.error
        way = self._direction.value
        labels = np.zeros(frame.shape[:2], np.uint8)
        passed = [i for i in self._keyframes if (frame_index - i) * way >= 0]
        for index in sorted(passed, reverse=way < 0):
            keyframe = self._keyframes[index]
            moved = np.roll(keyframe.label_map, (frame_index - index) * STEP, axis=1)
            labels = merge_keyframe(labels, type(keyframe)(index, keyframe.object_ids, moved))
        confidence = dict.fromkeys(object_ids, self.confidence)
        return StepResult(one_hot(labels, object_ids), object_ids, confidence)


class HalvingRefiner:
    """Takes the upper half of the frame away from every object."""

    def refine(self, frame_index, frame, step):
        probabilities = step.probabilities.copy()
        half = probabilities.shape[1] // 2
        probabilities[0, :half], probabilities[1:, :half] = 1, 0
        return replace(step, probabilities=probabilities)


class LearningTracker(FakeTracker):
    """A `FakeTracker` that learns a video, slowly enough to be seen."""

    def adapt(self, lessons, object_ids, adaptation, token):
        assert list(lessons)
        for step in range(3):
            token.check()
            time.sleep(0.06)
            yield Progress(step + 1, 3)
        return HalvingRefiner()


class FakeTuner:
    """Learns nothing, in four steps; its weights predict keyframes a little better.

    Args:
        gate: where given, each step waits until it is released once more.
        error: raised after the first step.
        data: the file of the weights that it makes.
        base: name and hash of those that it began from.
    """

    def __init__(self, *, gate=None, error=None, data=b"tuned", base="base.safetensors sha256:ab"):
        self.gate, self.error, self.data, self.base = gate, error, data, base
        self.orders = []

    def __call__(self, order, make_tracker, token):
        self.orders.append(order)
        if order.after is not None:
            order.after.result()
        drawn = keyframes(order.project)
        yield Progress(1, 2, "reading frames")
        for step in range(1, 5):
            token.check()
            if self.gate is not None:
                assert self.gate.acquire(timeout=120)
            token.check()
            yield FinetuneStep(step, step / 4, 0.1 / step, 4.0 - step)
            if self.error is not None:
                raise self.error
        before = tuple(self._trial(one, shift=2, j=0.5) for one in drawn)
        after = tuple(self._trial(one, shift=0, j=0.75) for one in drawn)
        scores = tuple(KeyframeScore(one.frame_index, 12, 0.5, 0.75) for one in drawn)
        info = TunedInfo(
            self.base, digest_of(self.data), "thin", 4, 4.0, 0.025,
            seed=0, frames=10, start=order.start, stop=order.stop, scores=scores,
        )  # fmt: skip
        return Finetuned(info, self.data, before, after, tuple(one.label_map for one in drawn))

    def _trial(self, keyframe, *, shift, j):
        trial = Trial(keyframe.frame_index, 12, returns=True, object_ids=keyframe.object_ids)
        label_map = np.roll(keyframe.label_map, shift, axis=1)
        return TrialScore(trial, label_map, dict.fromkeys(keyframe.object_ids, j))
