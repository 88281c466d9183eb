"""What a label map says of its objects, against counting pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from core.review import facts
from core.review.facts import measure


def slowly(label_map, object_id):
    """Area, middle, islands and contact by loops."""
    mask = label_map == object_id
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    sizes = [int((parts == i).sum()) for i in range(1, count + 1)]
    beside = around = 0
    height, width = label_map.shape
    for y, x in zip(*np.nonzero(mask), strict=True):
        for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if 0 <= v < height and 0 <= u < width and label_map[v, u] != object_id:
                around += 1
                beside += label_map[v, u] not in (0, 255)
    ys, xs = np.nonzero(mask)
    return (
        mask.sum(),
        xs.mean(),
        ys.mean(),
        1 - max(sizes) / sum(sizes),
        beside / around if around else 0,
    )


def test_facts_are_what_counting_gives():
    rng = np.random.default_rng(3)
    label_map = np.zeros((30, 40), np.uint8)
    label_map[4:20, 3:18] = 3
    label_map[9:26, 14:33] = 200
    label_map[rng.random(label_map.shape) < 0.06] = 3
    label_map[2:8, 30:36] = 255
    # The rest of the frame is cut off: nothing of it may count as background.
    label_map[0, :] = label_map[:, 0] = 0
    found = measure(label_map)
    assert sorted(found) == [3, 200]
    for object_id, got in found.items():
        values = got.area, got.x, got.y, got.islands, got.contact
        np.testing.assert_allclose(values, slowly(label_map, object_id), atol=0.02)


def test_an_empty_map_has_no_objects():
    assert measure(np.zeros((5, 6), np.uint8)) == {}
    assert measure(np.full((5, 6), 255, np.uint8)) == {}


def test_large_maps_are_thinned_and_say_the_same(monkeypatch):
    label_map = np.zeros((90, 120), np.uint8)
    label_map[10:60, 20:80], label_map[60:80, 20:80], label_map[70:78, 100:110] = 1, 2, 1
    exact = measure(label_map)
    monkeypatch.setattr(facts, "LARGEST_SIDE", 30)
    thin = measure(label_map)
    for object_id, fact in exact.items():
        assert thin[object_id].area == pytest.approx(fact.area, rel=0.1)
        assert (thin[object_id].x, thin[object_id].y) == pytest.approx((fact.x, fact.y), abs=3)
        assert thin[object_id].islands == pytest.approx(fact.islands, abs=0.02)
        assert thin[object_id].contact == pytest.approx(fact.contact, abs=0.08)
