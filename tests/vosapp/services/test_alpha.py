"""Soft alpha of a project: what a clean-up does to edges, and what is read how often."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.cleaning import Cleaning
from core.types import FrameResult
from vosapp.project.edit_cleanings import CleanUp
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.model import VideoRef
from vosapp.project.opening import create_project
from vosapp.services.alpha import SoftAlpha

HEIGHT, WIDTH, FRAMES = 48, 64, 12


def label_map(*, second=False):
    found = np.zeros((HEIGHT, WIDTH), np.uint8)
    found[12:36, 12:36] = 1
    if second:
        found[12:36, 36:52] = 2
    return found


def picture(index):
    noise = np.random.default_rng(index).normal(0, 3, (HEIGHT, WIDTH, 3))
    return np.clip(60 + 120 * (label_map(second=True) > 0)[..., None] + noise, 0, 255).astype(
        np.uint8
    )


@pytest.fixture
def project(tmp_path):
    """Object 1 everywhere, object 2 beside it from frame 6 on; frame 0 is a keyframe."""
    video = VideoRef("film", "film", 1, "0", FRAMES, WIDTH, HEIGHT, Fraction(25))
    with create_project(tmp_path / "p.vosapp", video) as made:
        made.do(AddObject())
        made.do(AddObject())
        run = made.begin_propagation("fake")
        frames = [FrameResult(f, label_map(second=f >= 6), (1, 2)) for f in range(FRAMES)]
        made.put_results(run, frames)
        made.do(SetMask(0, 1, label_map() == 1))
        yield made


@pytest.fixture
def soft(project):
    read = Counter()

    def frame(index):
        read[index] += 1
        return picture(index)

    made = SoftAlpha(project, frame, project.cleanings_on)
    made.read = read
    return made


def extent(alpha, row=24):
    """First and last column, roughly, of what is the object's."""
    inside = np.flatnonzero(alpha[row] > 0.5)
    return int(inside[0]), int(inside[-1])


def test_without_a_clean_up_the_edge_is_the_masks(soft):
    alpha = soft.alpha(3, 1)
    assert alpha.shape == (HEIGHT, WIDTH) and alpha.dtype == np.float32
    assert extent(alpha) == (12, 35)
    assert alpha[24, 24] == 1 and alpha[2, 2] == 0
    assert not soft.alpha(3, 2).any()


def test_growing_moves_the_soft_edge_but_on_keyframes_and_never_into_others(project, soft):
    project.do(CleanUp(1, 0, FRAMES, Cleaning(grow=3)))
    assert extent(soft.alpha(3, 1)) == (9, 38)
    assert extent(soft.alpha(8, 1)) == (9, 35)
    assert extent(soft.alpha(0, 1)) == (12, 35)
    project.do(CleanUp(1, 0, FRAMES, Cleaning(grow=-3)))
    assert extent(soft.alpha(3, 1)) == (15, 32)


def test_feathering_softens_keyframes_too(project, soft):
    before = soft.alpha(0, 1), soft.alpha(3, 1)
    project.do(CleanUp(1, 0, FRAMES, Cleaning(feather=8)))
    for old, index in zip(before, (0, 3), strict=True):
        new = soft.alpha(index, 1)
        assert ((new > 0.05) & (new < 0.95)).sum() > 1.3 * ((old > 0.05) & (old < 0.95)).sum()


def test_where_objects_touch_their_alphas_add_up(soft):
    together = soft.alpha(8, 1) + soft.alpha(8, 2)
    assert np.abs(together[24, 30:42] - 1).max() < 0.2


def test_in_order_each_frame_is_decoded_once_and_few_are_kept(soft):
    for index in range(FRAMES):
        soft.frame(index)
        soft.alpha(index, 1)
    assert set(soft.read.values()) == {1} and len(soft.read) == FRAMES
    assert len(soft._frames) <= 14 and len(soft._parts) <= 14


def test_the_engines_labels_count_but_not_on_keyframes(project):
    run = project.begin_propagation("fake")
    sure = np.where(label_map() == 1, 255, 0).astype(np.uint8)
    sure[24:, :] = np.where(sure[24:] > 0, 140, 110)
    results = [FrameResult(f, label_map(), (1,)) for f in range(FRAMES)]
    project.put_results(run, [replace(one, soft={1: sure}) for one in results])
    soft = SoftAlpha(project, picture, project.cleanings_on)
    alpha = soft.alpha(4, 1)
    upper, lower = alpha[16:20, 8:16], alpha[28:32, 8:16]
    assert np.isin(upper, (0, 1)).all() and not np.isin(lower, (0, 1)).all()
    assert project.soft_labels(0, 1) is None
