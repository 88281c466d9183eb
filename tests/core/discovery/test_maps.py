"""Maps in little memory."""

from __future__ import annotations

import numpy as np
import pytest

from core.discovery.maps import PackedMaps


def test_maps_come_back_almost_as_they_were():
    maps, rng = PackedMaps(), np.random.default_rng(0)
    planes = {index: rng.random((5, 7)).astype(np.float32) for index in (4, 1)}
    for index, plane in planes.items():
        maps.add(index, plane)
    assert list(maps) == [1, 4]
    assert len(maps) == 2
    for index, plane in planes.items():
        assert maps[index].dtype == np.float32
        np.testing.assert_allclose(maps[index], plane, atol=1 / 509)


def test_masks_come_back_exactly_and_maps_can_be_dropped():
    maps = PackedMaps()
    mask = np.eye(4, dtype=bool)
    maps.add(0, mask)
    assert (maps[0] == mask).all()
    maps.drop(0)
    maps.drop(9)
    with pytest.raises(KeyError):
        maps[0]


def test_halves_add_up_to_one():
    maps, half = PackedMaps(), np.full((2, 3), 0.5, np.float32)
    maps.add(0, half)
    maps.add(0, maps[0] + half)
    assert (maps[0] == 1).all()
