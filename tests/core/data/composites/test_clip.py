"""Composite clips as a whole."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.composites import clip as composite
from core.data.composites.clip import draw_clip
from core.data.composites.painting import paint

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


def test_far_from_objects_there_is_the_footage(monkeypatch, film):
    """Drawn again without actors, a clip has the same pixels where no actor was painted."""
    monkeypatch.setattr(composite, "MOST_BLUR", 0.0)
    monkeypatch.setattr(composite, "MOST_NOISE", 0.0)
    monkeypatch.setattr(composite, "finished", lambda image, **_: image)
    coverages = []

    def watched(image, label_map, actor, *, index, shown):
        after = paint(image, label_map, actor, index=index, shown=shown)
        coverages.append(np.abs(after[0] - image).max(2) > 0)
        return after

    monkeypatch.setattr(composite, "paint", watched)
    made = clip([film], 4, shown=(0,))
    monkeypatch.setattr(composite, "draw_actors", lambda *_, **__: [])
    bare = clip([film], 4, shown=(0,))
    touched = np.any(coverages, axis=0)
    assert made.label_maps[0].any()
    assert not touched.all()
    assert np.array_equal(made.frames[0][~touched], bare.frames[0][~touched])
    assert not np.array_equal(made.frames[0], bare.frames[0])
    assert not bare.label_maps[0].any()
    assert not (made.label_maps[0][~touched]).any()
