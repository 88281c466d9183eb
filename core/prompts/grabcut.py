"""GrabCut (Rother, Kolmogorov & Blake 2004) by OpenCV, from a box, clicks and a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.prompts.task import Task
    from core.types import Frame

ROUNDS = 3
"""How often color models and cut are made in turn."""
FEWEST = 9
"""Pixels that either side needs, so that there is something to make color models of."""


def grabcut(task: Task) -> NDArray[np.float32]:
    """Probability of the object in each pixel of a task, 0 or 1."""
    return cut(task.image, _marks(task))


def cut(image: Frame, marks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """GrabCut from marks.

    Args:
        image: h x w x 3 uint8, RGB.
        marks: h x w, OpenCV's GC_BGD, GC_FGD, GC_PR_BGD, GC_PR_FGD; not changed.

    Returns:
        h x w, 0 or 1; as marked where either side has too few pixels. The same for the same.
    """
    objects = int((marks & 1).sum())
    if min(objects, marks.size - objects) < FEWEST:
        return (marks & 1).astype(np.float32)
    # The seed belongs to this thread; without it the color models start at random.
    cv2.setRNGSeed(0)
    found = marks.copy()
    turned = np.ascontiguousarray(image[..., ::-1])
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(turned, found, (0, 0, 1, 1), *models, ROUNDS, cv2.GC_INIT_WITH_MASK)
    return (found & 1).astype(np.float32)


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
