"""What is looked at to answer a prompt: a part of the frame, its colors, the keys that cover it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.prompts.crop import Crop, Edges, crop_around

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.request import FrameFeatures
    from core.types import Frame

SIDE = 128
"""Longest side of a view in pixels: the cues are about what, not about where exactly."""
MARGIN = 0.4
"""What is looked at around a prompt, as a share of its sides."""


@dataclass(frozen=True, slots=True)
class KeyPatch:
    """The feature cells that cover a view.

    Attributes:
        keys: C x n float32, row by row.
        rows, columns: how many cells; n is their product.
        down, across: place of each row and each column of the view, counted in cells.
    """

    keys: NDArray[np.float32]
    rows: int
    columns: int
    down: NDArray[np.float32]
    across: NDArray[np.float32]

    def total(self, plane: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum of a plane of the view over the pixels of each cell: n values."""
        index = self._nearest(self.down, self.rows)[:, None] * self.columns
        index = index + self._nearest(self.across, self.columns)
        sums = np.bincount(index.ravel(), plane.ravel(), self.rows * self.columns)
        return sums.astype(np.float32)

    def cell(self, row: int, column: int) -> int:
        """Which cell a pixel of the view lies in."""
        down, across = self._nearest(self.down, self.rows), self._nearest(self.across, self.columns)
        return int(down[row] * self.columns + across[column])

    def plane(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """n values as a plane of the view, bilinear."""
        grid = values.reshape(self.rows, self.columns).astype(np.float32)
        across, down = np.meshgrid(self.across, self.down)
        way, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
        return np.asarray(cv2.remap(grid, across, down, way, borderMode=border), np.float32)

    @staticmethod
    def _nearest(places: NDArray[np.float32], count: int) -> NDArray[np.intp]:
        return np.clip(np.rint(places), 0, count - 1).astype(np.intp)


@dataclass(frozen=True, slots=True)
class View:
    """A part of a frame at working size h x w.

    Attributes:
        crop: where it lies in the frame.
        image: h x w x 3 uint8, RGB.
        lab: h x w x 3 float32, CIE Lab, L 0..100.
        patch: the keys there, or None.
    """

    crop: Crop
    image: Frame
    lab: NDArray[np.float32]
    patch: KeyPatch | None

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.crop.height, self.crop.width


def make_view(frame: Frame, edges: Edges, features: FrameFeatures | None) -> View:
    """The view around a rectangle of the frame."""
    crop = crop_around(edges, frame.shape[:2], margin=MARGIN, side=SIDE)
    image = crop.image(frame)
    lab = cv2.cvtColor(image.astype(np.float32) / np.float32(255), cv2.COLOR_RGB2LAB)
    patch = None if features is None else _patch(features, crop, frame.shape[:2])
    return View(crop, image, np.asarray(lab, np.float32), patch)


def _patch(features: FrameFeatures, crop: Crop, size: tuple[int, int]) -> KeyPatch:
    _, rows, columns = features.keys.shape
    down = _places(crop.top, crop.bottom, crop.height) * rows / size[0] - 0.5
    across = _places(crop.left, crop.right, crop.width) * columns / size[1] - 0.5
    top, bottom = _reach(down, rows)
    left, right = _reach(across, columns)
    keys = features.keys[:, top:bottom, left:right].astype(np.float32)
    return KeyPatch(
        keys=keys.reshape(len(keys), -1),
        rows=bottom - top,
        columns=right - left,
        down=(down - top).astype(np.float32),
        across=(across - left).astype(np.float32),
    )


def _places(start: int, stop: int, count: int) -> NDArray[np.float64]:
    """Centers of the view's pixels along one side, in pixels of the frame."""
    return start + (np.arange(count) + 0.5) * (stop - start) / count


def _reach(places: NDArray[np.float64], count: int) -> tuple[int, int]:
    """First cell, and the one after the last, that interpolation at these places asks for."""
    first = min(max(int(np.floor(places[0])), 0), count - 1)
    return first, max(first + 1, min(int(np.ceil(places[-1])) + 1, count))
