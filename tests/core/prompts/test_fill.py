"""The magic wand, on flat colors."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import PromptError
from core.prompts.fill import flood_fill


@pytest.fixture
def frame():
    """Two squares of one red that touch at a corner, and a square of a slightly other red."""
    frame = np.full((60, 80, 3), 20, np.uint8)
    frame[10:20, 10:20] = (200, 30, 30)
    frame[20:30, 20:30] = (200, 30, 30)
    frame[10:20, 20:30] = (190, 30, 30)
    return frame


def test_contiguous_region(frame):
    mask = flood_fill(frame, (12.5, 15.0), tolerance=1)
    assert mask.sum() == 100
    assert mask[10:20, 10:20].all()


def test_tolerance_takes_similar_colors(frame):
    assert flood_fill(frame, (12, 15), tolerance=8).sum() == 300


def test_everywhere(frame):
    assert flood_fill(frame, (12, 15), tolerance=1, contiguous=False).sum() == 200


def test_protected_pixels_stop_the_region(frame):
    protected = np.zeros((60, 80), bool)
    protected[10:20, 15] = True
    mask = flood_fill(frame, (12, 15), tolerance=1, protected=protected)
    assert mask.sum() == 50
    assert not flood_fill(frame, (15, 15), protected=protected).any()


@pytest.mark.parametrize("place", [(-1, 5), (80, 5), (5, 60), (float("nan"), 5)])
def test_outside(frame, place):
    with pytest.raises(PromptError):
        flood_fill(frame, place)


def test_negative_tolerance(frame):
    with pytest.raises(PromptError):
        flood_fill(frame, (5, 5), tolerance=-1)
