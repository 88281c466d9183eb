from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.media.flat_values import NoFlatValues, find_flat_values

IMAGES = arrays(
    np.int64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=st.integers(0, 2)
)


def naive_flat(image: np.ndarray) -> list[int]:
    """Values that fill the 3 x 3 square about some pixel, the image's rim repeated outward."""
    padded = np.pad(image, 1, mode="edge")
    height, width = image.shape
    squares = (padded[y : y + 3, x : x + 3] for y in range(height) for x in range(width))
    return sorted({int(s[1, 1]) for s in squares if (s == s[1, 1]).all()})


@given(IMAGES)
def test_flat_values_as_by_the_definition(image):
    expected = naive_flat(image)
    rare = float((~np.isin(image, expected)).mean())
    if not expected or rare > 0.2:
        with pytest.raises(NoFlatValues):
            find_flat_values(image)
        return
    found = find_flat_values(image)
    assert found.values.tolist() == expected
    assert found.snapped == pytest.approx(rare)
    is_flat = np.isin(image, expected)
    assert np.array_equal(found.values[found.where][is_flat], image[is_flat])


def test_rare_values_go_to_the_nearest():
    image = np.kron(np.array([[0, 200]]), np.ones((8, 8), np.int64))
    image[2, 2], image[5, 13] = 90, 110
    found = find_flat_values(image)
    assert found.values[found.where][2, 2] == 0
    assert found.values[found.where][5, 13] == 200


def test_nearest_color_is_by_channel():
    image = np.kron(np.array([[0x000000, 0x0000FF, 0xFF0000]]), np.ones((8, 8), np.int64))
    image[4, 4] = 0x0100F0
    found = find_flat_values(image, is_color=True)
    assert found.values[found.where][4, 4] == 0x0000FF


def test_noise_of_lossy_files_is_one_value():
    image = np.kron(np.array([[0, 4, 250, 255]]), np.ones((8, 8), np.int64))
    image[:, :8] = 0
    assert find_flat_values(image).values.tolist() == [0, 4, 250, 255]
    assert len(find_flat_values(image, lossy=True).values) == 2
