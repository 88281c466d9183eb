"""Composite clips as a whole."""

from __future__ import annotations

import numpy as np
import pytest

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


def test_far_from_objects_there_is_the_footage(red):
    """Plain red film: what is neither actor nor shadow stays red, within noise and JPEG."""
    for seed in range(8):
        made = clip([red], seed)
        frame = made.frames[0].astype(float)
        if not made.label_maps[0].any():
            continue
        corner = frame[:4, :4][made.label_maps[0][:4, :4] == 0]
        if len(corner):
            assert corner.mean(0)[0] > corner.mean(0)[1] + 40
