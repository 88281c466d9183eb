"""What the network of one video is trained on: lessons at working size, and variants of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.tracking.contract import Lesson
from core.types import Frame

Probabilities = NDArray[np.float32]
Encode = Callable[[Frame], Tensor]
"""Keys C x h/4 x w/4 of an image h x w x 3 at the size that the network works at."""

FAR = 0.5
"""How often a frame far from all keyframes is drawn, relative to one beside a keyframe."""
REACH = 40.0
"""Frames after which the advantage of being near has fallen to a third."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A frame to learn from.

    Attributes:
        image: h x w x 3 uint8 RGB at working size.
        keys: C x h/4 x w/4 of that image, half precision.
        probabilities: (1 + K) x h x w float32, background first.
        weight: h/2 x w/2 float32, 0..1: how much a pixel counts.
        odds: how often it is drawn, relative to others of its kind.
        is_keyframe: `probabilities` is the user's own mask.
    """

    image: Frame
    keys: Tensor
    probabilities: Probabilities
    weight: Probabilities
    odds: float
    is_keyframe: bool

    def half_probabilities(self) -> Probabilities:
        """(1 + K) x h/2 x w/2 probabilities, as the network answers."""
        return halved(self.probabilities)


def sample_of(
    lesson: Lesson, object_ids: tuple[int, ...], image: Frame, keys: Tensor, *, certain: float
) -> Sample:
    """A lesson at working size.

    A frame is drawn by its confidence squared, and less the farther it is from a keyframe: drift
    grows with the way. Pixels where no label is certain do not count;
    nor do those of a keyframe that it says nothing of.

    Args:
        lesson: the frame.
        object_ids: all objects of the video, ascending.
        image: the frame at working size.
        keys: of that image.
        certain: see `AdaptConfig`.
    """
    step, size = lesson.step, (image.shape[1], image.shape[0])
    probabilities = np.zeros((1 + len(object_ids), *image.shape[:2]), np.float32)
    known = [0, *(1 + object_ids.index(i) for i in step.object_ids)]
    for row, plane in zip(known, step.probabilities, strict=True):
        shrinks = plane.shape[0] > image.shape[0]
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        probabilities[row] = cv2.resize(plane, size, interpolation=way)
    is_keyframe = lesson.keyframe is not None
    trust = [step.confidence.get(i, 1.0) for i in step.object_ids]
    near = FAR + (1 - FAR) * math.exp(-lesson.distance / REACH)
    odds = near * max(float(np.mean(trust)) ** 2, 1e-3) if trust else near
    weight = _weight(probabilities, is_keyframe=is_keyframe, certain=certain)
    return Sample(image, keys.half(), probabilities, weight, odds, is_keyframe)


def varied(sample: Sample, encode: Encode, rng: np.random.Generator, *, certain: float) -> Sample:
    """The same frame seen otherwise: moved, turned, sized, mirrored, in another light."""
    height, width = sample.image.shape[:2]
    matrix = _similarity(height, width, rng)
    image = _recolor(_warped(sample.image, matrix), rng)
    probabilities = np.stack([_warped(plane, matrix) for plane in sample.probabilities]).astype(
        np.float32
    )
    weight = _weight(probabilities, is_keyframe=sample.is_keyframe, certain=certain)
    keys = encode(image).half()
    return Sample(image, keys, probabilities, weight, sample.odds, sample.is_keyframe)


def image_tensor(image: Frame) -> Tensor:
    """3 x h x w float32, -1..1."""
    return torch.from_numpy(image.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)


def halved(planes: Probabilities) -> Probabilities:
    """Planes at half their size."""
    size = (planes.shape[2] // 2, planes.shape[1] // 2)
    return np.stack([cv2.resize(p, size, interpolation=cv2.INTER_AREA) for p in planes])


def _weight(probabilities: Probabilities, *, is_keyframe: bool, certain: float) -> Probabilities:
    half = halved(probabilities)
    best = half.max(0)
    counts = half.sum(0) > 0.5 if is_keyframe else best >= certain
    weight: Probabilities = np.where(counts, 1 if is_keyframe else best, 0).astype(np.float32)
    return weight


def _warped(
    plane: NDArray[np.uint8] | Probabilities, matrix: NDArray[np.float64]
) -> NDArray[np.uint8 | np.float32]:
    size = (plane.shape[1], plane.shape[0])
    return cv2.warpAffine(plane, matrix, size, borderMode=cv2.BORDER_REFLECT_101)  # type: ignore[return-value]


def _similarity(height: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    center = (width / 2, height / 2)
    scale = float(np.exp(rng.uniform(-0.2, 0.25)))
    rotation = cv2.getRotationMatrix2D(center, rng.uniform(-12, 12), scale)
    matrix = np.asarray(rotation, np.float64)
    matrix[:, 2] += rng.uniform(-0.1, 0.1, 2) * (width, height)
    if rng.random() < 0.5:
        matrix = matrix @ np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]], np.float64)
    return matrix


def _recolor(image: NDArray[np.uint8 | np.float32], rng: np.random.Generator) -> Frame:
    """Light, contrast and saturation changed."""
    colors = image.astype(np.float32)
    gray = colors.mean(2, keepdims=True)
    mixed = gray + (colors - gray) * rng.uniform(0.8, 1.2)
    mixed = mixed * rng.uniform(0.85, 1.15) + rng.uniform(-12, 12)
    recolored: Frame = np.clip(mixed, 0, 255).astype(np.uint8)
    return recolored
