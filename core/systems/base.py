"""What every tracking system offers to the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.types import Direction, Frame, Keyframe, LabelMap, Quality


@dataclass(frozen=True, slots=True)
class StepResult:
    """A tracker's answer for one frame.

    Attributes:
        label_map: H x W uint8 at the frame's own size.
        object_ids: the ids that were looked for, ascending.
        confidence: per object id, 0..1; empty where the system has no opinion.
    """

    label_map: LabelMap
    object_ids: tuple[int, ...]
    confidence: dict[int, float] = field(default_factory=dict)


class Tracker(Protocol):
    """Carries keyframes from frame to frame.

    Keyframes may come at any time and in any order. A walk is a row of steps in one direction;
    frames are given in order and each once. What a tracker knows is a function of its keyframes
    and of the walk so far, and equal walks give equal results.
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
            frame_index: 0-based; a keyframe of this index is taken into the walk as it is.
            frame: H x W x 3 uint8.
            object_ids: the objects to look for, ascending.
        """


@dataclass(frozen=True, slots=True)
class SystemSpec:
    """What is known of a system without loading it.

    Attributes:
        name: as in `--system`.
        title: one line for people.
        needs_weights: it cannot run without a checkpoint.
        implementation: "module:function" that builds the tracker, imported on first use.
    """

    name: str
    title: str
    needs_weights: bool
    implementation: str


@dataclass(frozen=True, slots=True)
class TrackerRequest:
    """What is needed to build a tracker.

    Attributes:
        system: name of the system.
        quality: working resolution and search.
        device: "auto", "cpu", "cuda" or "mps".
        weights: checkpoint; None for systems without.
    """

    system: str
    quality: Quality
    device: str = "auto"
    weights: Path | None = None
