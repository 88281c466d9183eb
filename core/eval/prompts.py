"""How good masks from boxes and clicks are: on one true frame of each sequence, each object.

Boxes: the tight one around the true mask, and one whose edges are moved at random. Clicks: a robot
clicks in the middle of the largest error until the mask is good enough (NoC, Xu et al. 2016).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.layouts import SequencePaths, read_tree
from core.errors import DatasetError
from core.eval.prompt_robot import (
    click_until,
    clicks_needed,
    jittered,
    plain_box,
    plain_clicks,
    tight_prompt,
    violated_clicks,
)
from core.jobs import CancelToken, Progress
from core.media.annotations.rectangles import mask_overlap
from core.media.image_file import read_rgb
from core.media.label_map import read_label_map
from core.prompts.request import PromptMethod, SegmentRequest
from core.prompts.segment import segment
from core.types import VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import BoxPrompt, FrameFeatures, PointPrompt
    from core.types import Frame

    Mask = NDArray[np.bool_]
    Describe = Callable[[Frame], FrameFeatures]
    """From a frame to its features."""

TARGET = 0.85
"""Overlap at which the robot is content."""
MOST = 20
"""Clicks after which it gives up."""
SHIFT = 0.05
"""Largest shift of a box's edges, as a share of its side."""
PLAIN = "plain grabcut"
"""Name of OpenCV's GrabCut without anything of ours."""


@dataclass(frozen=True, slots=True)
class PromptRequest:
    """What is to be measured.

    Attributes:
        root: dataset folder in a layout of `core.data.layouts`, with frames.
        methods: those of ours that are measured.
        describe: gives a frame's features; None measures without.
        sequences: names of those wanted; None takes all.
        clicks: measure clicks, too; they take most of the time.
        plain: measure OpenCV's GrabCut, too.
        seed: of the shifts of boxes.
    """

    root: Path
    methods: tuple[PromptMethod, ...]
    describe: Describe | None = None
    sequences: tuple[str, ...] | None = None
    clicks: bool = True
    plain: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PromptFigures:
    """What one method made of one object.

    Attributes:
        tight: overlap of the mask from the tight box, 0..1.
        shifted: the same from the box with shifted edges.
        overlaps: after each click, until `TARGET`; empty where clicks were not measured.
        box_seconds, click_seconds: processor time of one box and of one click, in the mean.
        violated, earlier: at how many earlier clicks a mask was worse after a later click, of how
            many, both summed over the clicks; see `violated_clicks`.
        spoiled: pixels that were right and that a click made wrong, as a share of the object, in
            the mean over the clicks after the first.
    """

    tight: float
    shifted: float
    overlaps: tuple[float, ...]
    box_seconds: float
    click_seconds: float
    violated: int = 0
    earlier: int = 0
    spoiled: float = 0.0

    @property
    def clicks(self) -> int:
        """Clicks to `TARGET`; `MOST` where it was not reached."""
        return clicks_needed(self.overlaps, target=TARGET, most=MOST)


@dataclass(frozen=True, slots=True)
class PromptRun:
    """One object.

    Attributes:
        name: the sequence's name.
        object_id: 1..254.
        figures: by the method's name; `PLAIN` first.
    """

    name: str
    object_id: int
    figures: dict[str, PromptFigures]


def measure_prompts(request: PromptRequest, token: CancelToken) -> Iterator[Progress | PromptRun]:
    """Prompt for each object of the first true mask of each sequence.

    Yields:
        A `Progress` before each method of an object, and a `PromptRun` after each object.

    Raises:
        VosError: of the kinds that `read_tree`, `read_rgb` and `read_label_map` name.
        Cancelled: by the token, between two methods.
    """
    rng = np.random.default_rng(request.seed)
    sequences = read_tree(request.root, sequences=request.sequences)
    for number, sequence in enumerate(sequences):
        frame, label_map = _first(sequence)
        features = None if request.describe is None else request.describe(frame)
        for object_id in sorted({int(i) for i in np.unique(label_map)} - {0, VOID}):
            truth = label_map == object_id
            shifted = jittered(tight_prompt(truth), SHIFT, rng)
            figures = {}
            for name, answer in _answers(request, frame, features).items():
                token.check()
                yield Progress(number, len(sequences), f"{sequence.name} {object_id}: {name}")
                figures[name] = _measure(answer, truth, shifted, clicks=request.clicks)
            yield PromptRun(sequence.name, object_id, figures)
    yield Progress(len(sequences), len(sequences))


@dataclass(frozen=True, slots=True)
class _Answer:
    """A method, ready for one frame."""

    box: Callable[[BoxPrompt], Mask]
    clicks: Callable[[tuple[PointPrompt, ...], Mask | None], Mask]


def _answers(
    request: PromptRequest, frame: Frame, features: FrameFeatures | None
) -> dict[str, _Answer]:
    plain = _Answer(
        lambda box: plain_box(frame, box), lambda points, _: plain_clicks(frame, points)
    )
    ours = {method.value: _ours(method, frame, features) for method in request.methods}
    return {PLAIN: plain} | ours if request.plain else ours


def _ours(method: PromptMethod, frame: Frame, features: FrameFeatures | None) -> _Answer:
    def box(prompt: BoxPrompt) -> Mask:
        return segment(SegmentRequest(frame, box=prompt, features=features, method=method))

    def clicks(points: tuple[PointPrompt, ...], previous: Mask | None) -> Mask:
        request = SegmentRequest(
            frame, points=points, previous=previous, features=features, method=method
        )
        return segment(request)

    return _Answer(box, clicks)


def _measure(answer: _Answer, truth: Mask, shifted: BoxPrompt, *, clicks: bool) -> PromptFigures:
    start = time.process_time()
    tight = mask_overlap(answer.box(tight_prompt(truth)), truth)
    moved = mask_overlap(answer.box(shifted), truth)
    middle = time.process_time()
    watch = _Watch(answer, truth)
    found = click_until(watch.clicks, truth, target=TARGET, most=MOST) if clicks else ()
    spent = watch.seconds / len(found) if found else 0.0
    shares = (watch.violated, watch.earlier, watch.spoiled / max(1, len(found) - 1))
    return PromptFigures(tight, moved, found, (middle - start) / 2, spent, *shares)


class _Watch:
    """Looks at what each click changes.

    Args:
        answer: is watched.
        truth: H x W, has a pixel.

    Attributes:
        seconds: processor time of all clicks.
        violated, earlier, spoiled: summed over the clicks; as in `PromptFigures`.
    """

    def __init__(self, answer: _Answer, truth: Mask) -> None:
        self._answer, self._truth = answer, truth
        self.seconds = self.spoiled = 0.0
        self.violated = self.earlier = 0

    def clicks(self, points: tuple[PointPrompt, ...], previous: Mask | None) -> Mask:
        """Answer clicks."""
        start = time.process_time()
        mask = self._answer.clicks(points, previous)
        self.seconds += time.process_time() - start
        if previous is not None:
            truth = self._truth
            self.violated += violated_clicks(previous, mask, points)
            self.earlier += len(points) - 1
            self.spoiled += float(((previous == truth) & (mask != truth)).sum() / truth.sum())
        return mask


def _first(sequence: SequencePaths) -> tuple[Frame, NDArray[np.uint8]]:
    """The first true mask and its frame."""
    mask = sequence.masks[0]
    for path in sequence.frames:
        if path.stem == mask.stem:
            return read_rgb(path), read_label_map(mask).label_map
    msg = f"The sequence {sequence.name} has no frame {mask.stem} for its first mask."
    raise DatasetError(msg, "Give the dataset with its frames.")
