"""Scores of salient-object maps: F-beta and mean absolute error (paper 003, section 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.object_sets import find_masks
from core.errors import DatasetError
from core.jobs import CancelToken, Job, Progress
from core.media.soft_map import Plane, read_soft_map

BETA_SQUARE = 0.3
LEVELS = 256
"""Thresholds of the largest F: 0, 1/255 and so on."""
HALF_LEVEL = 0.5 / 255
"""Below this a map says nothing, however little there is in it."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class ImageSaliency:
    """One image.

    Attributes:
        mae: mean absolute error of the map.
        f_half: F-beta of the map above 1/2.
        f_adaptive: F-beta of the map from twice its mean on, at most 1.
        precision: above each threshold, LEVELS numbers.
        recall: likewise.
    """

    mae: float
    f_half: float
    f_adaptive: float
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SaliencyReport:
    """All images, means of each of the scores.

    Attributes:
        images: how many.
        mae: mean absolute error.
        f_half, f_adaptive: see `ImageSaliency`.
        f_largest: the largest F-beta of mean precision and mean recall over all thresholds.
    """

    images: int
    mae: float
    f_half: float
    f_adaptive: float
    f_largest: float

    def to_dict(self) -> dict[str, object]:
        """Plain values."""
        return {
            "protocol": "saliency",
            "images": self.images,
            "mae": self.mae,
            "f_beta": self.f_half,
            "f_beta_adaptive": self.f_adaptive,
            "f_beta_largest": self.f_largest,
        }

    def to_table(self) -> list[str]:
        """Lines for people."""
        return [
            f"images              {self.images}",
            f"F-beta (above 1/2)  {self.f_half:.3f}",
            f"F-beta (adaptive)   {self.f_adaptive:.3f}",
            f"F-beta (largest)    {self.f_largest:.3f}",
            f"MAE                 {self.mae:.3f}",
        ]


def evaluate_saliency(gt: Path, results: Path, token: CancelToken) -> Job[SaliencyReport]:
    """Score maps of single images against masks of the same names.

    Args:
        gt: folder of masks, or a folder in the layout of DUTS (`core.data.object_sets`).
        results: folder of gray maps, as `vosapp discover --images --maps` writes them.
        token: is looked at before each image.

    Yields:
        A `Progress` after each image.

    Raises:
        DatasetError: no masks, or maps are missing.
        MaskReadError: an image cannot be read.
        Cancelled: by the token.
    """
    truths, maps = find_masks(gt), find_masks(results)
    _require_all(truths, maps, results)
    scores = list[ImageSaliency]()
    for done, (stem, path) in enumerate(truths.items()):
        token.check()
        truth = read_soft_map(path) > 0.5
        scores.append(score_map(_fitted(read_soft_map(maps[stem]), truth), truth))
        yield Progress(done + 1, len(truths), stem)
    return report_of(scores)


def report_of(scores: list[ImageSaliency]) -> SaliencyReport:
    """Means over images; there is at least one."""
    precision = np.mean([s.precision for s in scores], 0)
    recall = np.mean([s.recall for s in scores], 0)
    largest = max(f_beta(float(p), float(r)) for p, r in zip(precision, recall, strict=True))
    return SaliencyReport(
        len(scores),
        float(np.mean([s.mae for s in scores])),
        float(np.mean([s.f_half for s in scores])),
        float(np.mean([s.f_adaptive for s in scores])),
        largest,
    )


def score_map(plane: Plane, truth: NDArray[np.bool_]) -> ImageSaliency:
    """Scores of one map, h x w, 0..1, and the true mask of its size."""
    levels = np.rint(plane * 255).astype(np.int64)
    inside = np.bincount(levels[truth], minlength=LEVELS)[::-1].cumsum()[::-1]
    every = np.bincount(levels.ravel(), minlength=LEVELS)[::-1].cumsum()[::-1]
    # Where nothing is above a threshold, nothing is wrong.
    precision = np.where(every > 0, inside / np.maximum(every, 1), 1.0)
    recall = inside / max(1, int(truth.sum()))

    def above(threshold: float) -> float:
        mask = plane >= threshold
        hit = int((mask & truth).sum())
        return f_beta(hit / max(1, int(mask.sum())), hit / max(1, int(truth.sum())))

    return ImageSaliency(
        float(np.abs(plane - truth).mean()),
        above(0.5),
        above(max(HALF_LEVEL, min(1.0, 2 * float(plane.mean())))),
        precision,
        recall,
    )


def f_beta(precision: float, recall: float) -> float:
    """Weighted harmonic mean of both, beta^2 = 0.3; 0 where both are."""
    bottom = BETA_SQUARE * precision + recall
    return (1 + BETA_SQUARE) * precision * recall / bottom if bottom else 0.0


def _fitted(plane: Plane, truth: NDArray[np.bool_]) -> Plane:
    if plane.shape == truth.shape:
        return plane
    size = (truth.shape[1], truth.shape[0])
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR), np.float32)


def _require_all(truths: Mapping[str, Path], maps: Mapping[str, Path], results: Path) -> None:
    missing = [stem for stem in truths if stem not in maps]
    if missing:
        msg = f"{results} has no map of {len(missing)} images: {', '.join(missing[:SHOWN])}."
        raise DatasetError(msg, "Every mask needs a map of the same name.")
