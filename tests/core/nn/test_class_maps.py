"""What the classifier knows of a picture: maps of its likeliest classes, where they lie."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from core.errors import CheckpointMissing
from core.nn.class_maps import CLASSES, ClassMaps, class_map
from core.nn.lite0 import frame_tensor


@pytest.fixture(scope="module")
def parts(lite0):
    return lite0.network["features"], lite0.network["head"]


@pytest.fixture(scope="module")
def see(parts):
    return lambda small: parts[1].class_maps(parts[0](frame_tensor(small))[2])[0]


def test_a_map_is_the_sum_of_the_likeliest_classes_as_much_as_they_are_believed(parts, see, lite0):
    picture = lite0.picture(225, 257)
    found = class_map(see, picture)
    assert found.shape == (4 * 7, 4 * 8) and found.dtype == np.float32
    assert found.min() >= 0 and found.max() == 1
    with torch.inference_mode():
        sixteenth = parts[0](frame_tensor(picture))[2]
        maps = parts[1].class_maps(sixteenth)[0].double().numpy()
        logits = parts[1](sixteenth)[0].double().numpy()
    believed = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    total = np.zeros(maps.shape[1:])
    for number in np.argsort(-believed)[:CLASSES]:
        total += believed[number] * np.maximum(maps[number], 0)
    # Corners of the map lie on corners of the cells.
    corners = total[[0, 0, -1, -1], [0, -1, 0, -1]] / total.max()
    ours = found[[0, 0, -1, -1], [0, -1, 0, -1]]
    np.testing.assert_allclose(ours / ours.max(), corners / corners.max(), atol=1e-3)


@pytest.mark.parametrize(("size", "cells"), [((40, 40), (7, 7)), ((30, 300), (7, 28))])
def test_maps_have_the_shape_of_the_picture(see, size, cells):
    found = class_map(see, np.full((*size, 3), 120, np.uint8))
    assert found.shape == (4 * cells[0], 4 * cells[1])
    assert np.isfinite(found).all()


def test_nothing_is_loaded_before_it_is_asked(tmp_path):
    maps = pickle.loads(pickle.dumps(ClassMaps(tmp_path / "none.pth")))
    with pytest.raises(CheckpointMissing, match=r"none\.pth"):
        maps(np.zeros((8, 8, 3), np.uint8))
