"""Composite clips as a whole."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.data.composites import clip as composite
from core.data.composites.actors import draw_actors
from core.data.composites.clip import draw_clip

SIZE = (48, 48)


def clip(packs, seed=0, shown=(0, 3, 4)):
    odds = np.full(len(packs), 1 / len(packs))
    rng = np.random.default_rng(seed)
    return draw_clip(packs, odds, count=5, shown=shown, size=SIZE, rng=rng)


def same(first, second):
    pairs = zip(
        (*first.frames, *first.label_maps), (*second.frames, *second.label_maps), strict=True
    )
    return all(np.array_equal(a, b) for a, b in pairs)


def test_shapes_and_labels(film, red):
    ids = set()
    for seed in range(12):
        made = clip([film, red], seed)
        assert [x.shape for x in made.frames] == [(*SIZE, 3)] * 3
        assert all(x.dtype == np.uint8 and x.shape == SIZE for x in made.label_maps)
        ids |= set(np.unique(made.label_maps).tolist())
    assert {0, 1, 2} <= ids <= {0, 1, 2, 3}


def test_same_seed_same_clip(film, red):
    assert same(clip([film, red], 5), clip([film, red], 5))
    assert not same(clip([film, red], 5), clip([film, red], 6))


@pytest.mark.parametrize("kind", ["film", "red", "images"])
def test_one_pack_is_enough(kind, request):
    made = clip([request.getfixturevalue(kind)], 3)
    assert len(made.frames) == 3


REACH = 12
"""Pixels that soft edges and streaks go beyond a silhouette, at most."""


def without_actors(monkeypatch, packs, seed):
    """A clip's first frame and label map, those of the same clip without actors, and the actors."""
    cast = []

    def unshaded(*args, **options):
        cast.extend(replace(x, shadow=0.0) for x in draw_actors(*args, **options))
        return cast

    monkeypatch.setattr(composite, "finished", lambda image, **_: image)
    monkeypatch.setattr(composite, "draw_actors", unshaded)
    made = clip(packs, seed, shown=(0,))
    monkeypatch.setattr(composite, "draw_actors", lambda *_, **__: [])
    return made, clip(packs, seed, shown=(0,)), cast


def test_far_from_objects_there_is_the_footage(monkeypatch, film, red):
    """Drawn again without actors, a clip has the same pixels away from all silhouettes."""
    far_ones = changed = 0
    for seed in range(6):
        with monkeypatch.context() as patch:
            made, bare, cast = without_actors(patch, [film, red], seed)
        covered = np.max([x.silhouette.coverage(SIZE, x.path[0], 0.0) for x in cast], axis=0)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH + 1,) * 2)
        far = cv2.dilate((covered > 0).astype(np.uint8), disc) == 0
        far_ones += far.any()
        assert np.array_equal(made.frames[0][far], bare.frames[0][far])
        assert not made.label_maps[0][far].any()
        changed += not np.array_equal(made.frames[0], bare.frames[0])
        assert not bare.label_maps[0].any()
    assert min(far_ones, changed) >= 3
