"""GrabCut (Rother, Kolmogorov & Blake 2004) by OpenCV, from a box, clicks and a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.task import Task

ROUNDS = 4
"""How often color models and cut are made in turn."""


def grabcut(task: Task) -> NDArray[np.float32]:
    """Share of the object in each pixel of the task, 0 or 1."""
    marks = _marks(task)
    if not _has_both(marks):
        return np.asarray(marks & 1, np.float32)
    # The seed belongs to this thread; without it the color models start at random.
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    image = np.ascontiguousarray(task.image[..., ::-1])
    cv2.grabCut(image, marks, None, *models, ROUNDS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    return np.asarray(marks & 1, np.float32)


def _marks(task: Task) -> NDArray[np.uint8]:
    """What is certain and what is likely, in OpenCV's code."""
    likely = task.inside & (task.prior >= 0.5)
    if not (task.prior != 0.5).any() and task.inside.all():
        likely = task.positive
    marks = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    marks[~task.inside] = cv2.GC_BGD
    marks[task.blocked | task.negative] = cv2.GC_BGD
    marks[task.positive] = cv2.GC_FGD
    return marks


def _has_both(marks: NDArray[np.uint8]) -> bool:
    """Color models need a few pixels on either side."""
    objects = int((marks & 1).sum())
    return objects >= 8 and marks.size - objects >= 8
