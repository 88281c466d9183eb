"""A clip for training: its frames, and masks or boxes of the objects that its first frame shows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import TrainingError
from core.media.annotations.rectangles import tight_box
from core.types import VOID, Frame, LabelMap

MAX_SIDE = 1024
CELL = 16
"""Sides of training images are multiples of it, the stride of the coarsest features."""
LIGHT, TINT, SHIFT = (0.75, 1.25), (0.92, 1.08), 0.08
"""Factors of a clip's light and of its colors, and the largest shift of its light."""
JITTERED = 0.7
"""Share of clips whose colors are changed."""


@dataclass(frozen=True, slots=True)
class ClipConfig:
    """How clips are drawn.

    Attributes:
        batch: clips in a batch, of all processes together.
        crop: side of the square images in pixels, a multiple of 16.
        frames: T of a clip.
        objects: most objects of a clip.
        starts: share of clips with masks that begin with filled boxes all the same.
        mixture: share of clips that are composites, where there are clips with boxes as well.
    """

    batch: int = 4
    crop: int = 192
    frames: int = 4
    objects: int = 3
    starts: float = 0.5
    mixture: float = 0.5

    def __post_init__(self) -> None:
        if self.crop % CELL or not 2 * CELL <= self.crop <= MAX_SIDE:
            msg = f"Training images of {self.crop} px are not possible."
            raise TrainingError(msg, f"Give --crop a multiple of {CELL} from 32 to {MAX_SIDE}.")


@dataclass(frozen=True, slots=True)
class ClipSample:
    """A clip of T frames and K objects, all of which its first frame shows.

    Attributes:
        frames: T x S x S x 3 uint8 RGB.
        label_maps: T x S x S uint8, 0 background, 1 to K objects, 255 void; 0 where not `masked`.
        boxes: T x K x 4 float32, x, y, width, height in pixels; 0 wide: absent; NaN: unknown. Of
            the first frame they are known.
        masked: T bool, frames whose label map counts.
        crowd: look-alikes of the objects have no box.
    """

    frames: NDArray[np.uint8]
    label_maps: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    masked: NDArray[np.bool_]
    crowd: bool = False

    @property
    def count(self) -> int:
        """K."""
        return int(self.boxes.shape[1])


def chosen(sample: ClipSample, most: int, rng: np.random.Generator) -> ClipSample:
    """The clip with those objects alone that its first frame shows, and no more than `most`.

    The others are background on frames with label maps, as for a tracker that is not told of them.
    """
    shown = np.flatnonzero(_shown_at_first(sample))
    kept = np.sort(rng.permutation(shown)[:most])
    numbers = np.zeros(256, np.uint8)
    numbers[kept + 1] = np.arange(1, len(kept) + 1)
    numbers[VOID] = VOID
    picked = replace(sample, label_maps=numbers[sample.label_maps], boxes=sample.boxes[:, kept])
    return _boxed_at_first(picked)


def tight_boxes(label_map: LabelMap, count: int) -> NDArray[np.float32]:
    """K x 4 float32: x, y, width, height of objects 1 to K; 0 wide where one has no pixel."""
    found = [tight_box(label_map == number) for number in range(1, count + 1)]
    sides = [(0.0,) * 4 if b is None else (b[0], b[1], b[2] - b[0], b[3] - b[1]) for b in found]
    return np.array(sides, np.float32).reshape(count, 4)


def jittered(frames: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """T x S x S x 3 in 0..1, light and tint of all frames changed alike now and then."""
    colors: NDArray[np.float32] = frames.astype(np.float32) / np.float32(255)
    if rng.random() < JITTERED:
        factors = rng.uniform(*LIGHT) * rng.uniform(*TINT, 3)
        shift = rng.uniform(-SHIFT, SHIFT)
        colors = np.clip(colors * factors.astype(np.float32) + np.float32(shift), 0, 1)
    return colors


def stacked(frames: list[Frame]) -> NDArray[np.uint8]:
    """T x S x S x 3 of T frames."""
    return np.stack(frames).astype(np.uint8, copy=False)


def _shown_at_first(sample: ClipSample) -> NDArray[np.bool_]:
    """K, the objects of which the first frame has pixels, or a box where it has no label map."""
    if not sample.masked[0]:
        shown: NDArray[np.bool_] = sample.boxes[0, :, 2] > 0
        return shown
    ids = np.arange(1, sample.count + 1)
    return np.isin(ids, np.unique(sample.label_maps[0]))


def _boxed_at_first(sample: ClipSample) -> ClipSample:
    """Boxes that are unknown on the first frame are those of its masks."""
    if not sample.masked[0]:
        return sample
    boxes, tight = sample.boxes.copy(), tight_boxes(sample.label_maps[0], sample.count)
    absent = np.isnan(boxes[0, :, 0]) | (boxes[0, :, 2] <= 0)
    boxes[0] = np.where(absent[:, None], tight, boxes[0])
    return replace(sample, boxes=boxes)
