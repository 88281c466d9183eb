"""What every tracking system offers to the engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.jobs import CancelToken, Job
from core.types import Arrays, Direction, Frame, Keyframe, LabelMap, Quality


@dataclass(frozen=True, slots=True)
class StepResult:
    """A tracker's answer for one frame.

    Attributes:
        probabilities: (1 + K) x h x w float32, 0..1, background first, then the objects in the
            order of `object_ids`; at whatever size the system works.
        object_ids: the ids that were looked for, ascending.
        confidence: per object id, 0..1; empty where the system has no opinion.
        absent: those of `object_ids` that are found not to be there; their probability is 0.
    """

    probabilities: NDArray[np.float32]
    object_ids: tuple[int, ...]
    confidence: dict[int, float] = field(default_factory=dict)
    absent: frozenset[int] = frozenset()


class Tracker(Protocol):
    """Carries keyframes from frame to frame (the contract is ADR 0009).

    Keyframes may come at any time and in any order; the engine gives and takes them as spans come
    and go, and a tracker may compare a frame with any of those it has at the time. A walk is a row
    of steps in one direction; frames are given in order and each once. What a tracker knows is a
    function of its keyframes and of the walk so far, and equal walks give equal results. Nothing
    a caller does between two steps but adding or removing keyframes changes the next one.
    """

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:
        """Take what the user asserts on a frame (H x W x 3 uint8); replaces an earlier one."""

    def remove_keyframe(self, frame_index: int) -> None:
        """Forget a keyframe; nothing happens where there is none."""

    def start(self, direction: Direction) -> None:
        """Begin a walk: forget every frame of an earlier one, keep the keyframes."""

    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """Label the next frame of the walk.

        Args:
            frame_index: 0-based; what a keyframe of this index asserts is taken into the walk.
            frame: H x W x 3 uint8.
            object_ids: the objects to look for, ascending.
        """

    def render(
        self, probabilities: NDArray[np.float32], frame: Frame, object_ids: tuple[int, ...]
    ) -> LabelMap:
        """Label map H x W uint8 at the frame's size from probabilities of the system's own size."""


class FeatureStore(Protocol):
    """Where features of a video's frames outlive a tracker. May lose them at any time."""

    def get(self, frame_index: int) -> Arrays | None:
        """What was put, byte by byte; None where it is not there any more."""

    def put(self, frame_index: int, arrays: Arrays) -> None:
        """Keep features of a frame, if there is room."""


@runtime_checkable
class KeepsFeatures(Protocol):
    """A tracker whose features of frames may be kept for other trackers of the same kind.

    Optional. Features depend on the frame alone; they go through the store without any loss, so
    that it changes speed and never a result.
    """

    def keep_features(self, store: FeatureStore | None) -> None:
        """Look for features in a store before computing them, and put them there; None for none.

        Args:
            store: of one video, and of trackers that compute the same features bit by bit.
        """


@runtime_checkable
class Resumable(Protocol):
    """A tracker whose walk can be left and taken up again, in another process as well.

    Optional: without it a walk that was broken off begins again at its keyframe.
    """

    def save_state(self) -> bytes:
        """The walk so far, without the keyframes; nothing in it is ever executed."""

    def load_state(self, state: bytes) -> None:
        """Go on with a saved walk, in place of `start`; the keyframes must be the same.

        The next steps give the same bytes as if the walk had not been left.

        Raises:
            ValueError: the state cannot be understood.
        """


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How a system is to learn one video.

    Attributes:
        paper_mode: what it learned is the result alone, as in the paper of the system; else it is
            fused with the propagation.
        iterations: steps of learning; None leaves them to the system and the device.
        seconds: of computing after which learning ends, whatever it has reached; waiting for
            other programs does not count. Below the limit equal input gives equal results.
        seed: of all that is drawn.
    """

    paper_mode: bool = False
    iterations: int | None = None
    seconds: float = 90.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """A frame that a video may be learned from.

    Attributes:
        frame_index: 0-based.
        frame: H x W x 3 uint8.
        step: what propagation says of it; at a keyframe probabilities of 0 and 1 at any size.
        keyframe: what the user asserts on it, if anything.
        distance: frames to the nearest keyframe that it was propagated from.
    """

    frame_index: int
    frame: Frame
    step: StepResult
    keyframe: Keyframe | None = None
    distance: int = 0


class Refiner(Protocol):
    """What was learned of one video."""

    def refine(self, frame_index: int, frame: Frame, step: StepResult) -> StepResult:
        """A better answer for a frame than propagation gave alone.

        Args:
            frame_index: 0-based.
            frame: H x W x 3 uint8.
            step: what propagation says of it.

        Returns:
            The same object ids, with probabilities at any size and new confidence.
        """


@runtime_checkable
class Adaptable(Tracker, Protocol):
    """A tracker that can learn one video from its keyframes and its own propagation.

    Optional; the spec of such a system says `adapts`.
    """

    def adapt(
        self,
        lessons: Iterable[Lesson],
        object_ids: tuple[int, ...],
        adaptation: Adaptation,
        token: CancelToken,
    ) -> Job[Refiner]:
        """Learn the objects of a video anew; nothing the tracker does afterwards changes.

        Args:
            lessons: read once.
            object_ids: all objects of the run, ascending.
            adaptation: how.
            token: is looked at between two steps.

        Yields:
            `Progress` after each step.

        Returns:
            What was learned.

        Raises:
            Cancelled: by the token.
        """


@dataclass(frozen=True, slots=True)
class TrackerRequest:
    """What is needed to build a tracker.

    Attributes:
        system: name of the system.
        quality: working resolution.
        device: "auto", "cpu", "cuda" or "mps".
        weights: checkpoint; None for systems without.
        target: learn a small target model of each object along the walk (ADR 0038); the spec of
            a system that can says `targets`.
    """

    system: str
    quality: Quality
    device: str = "auto"
    weights: Path | None = None
    target: bool = False
