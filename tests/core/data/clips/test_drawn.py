"""Clips around labeled frames: which frames, and boxes that still hold what they held."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.box_lists import ClipBoxes
from core.data.clips.drawn import _Cut, cut_boxes, draw_places, drawn_sample
from core.data.clips.films import boxed_films
from core.data.clips.sample import ClipConfig, tight_boxes
from core.media.label_map import write_label_map

CONFIG = ClipConfig(crop=48, frames=4, objects=2)


@pytest.fixture
def film(pack, boxes):
    (film,) = boxed_films([pack], {"film": boxes}, None)
    return film


@pytest.fixture
def dense(pack, boxes, shapes, tmp_path):
    """Label maps from the first to the last labeled frame."""
    folder = tmp_path / "dense/Annotations/480p/film"
    folder.mkdir(parents=True)
    for index in range(3, 25):
        label_map = np.array(shapes[1][index])
        write_label_map(folder / f"{index:05d}.png", label_map)
    (film,) = boxed_films([pack], {"film": boxes}, tmp_path / "dense")
    return film


@pytest.mark.parametrize("count", [2, 3, 6, 20])
def test_a_known_frame_begins_and_another_follows(film, count):
    ways = set()
    for seed in range(60):
        places = draw_places(film, count, np.random.default_rng(seed))
        assert len(places) == count
        assert places[0] in film.starts
        assert set(places[1:]) & set(film.told), "something is known of a later frame"
        steps = np.diff(places)
        assert (steps >= 0).all() or (steps <= 0).all(), "one way through time"
        assert steps[0] != 0
        assert all(0 <= place < len(film.pack.times) for place in places)
        ways.add(int(np.sign(steps[0])))
        near = [min(abs(place - told) for told in film.told) for place in places]
        assert max(near) <= 2
    assert ways == {1, -1}


def test_boxes_follow_their_pixels():
    """Cut, scaled and mirrored as the picture is, a box holds what it held."""
    image = np.zeros((40, 60), np.uint8)
    image[10:20, 30:44] = 1
    boxes = np.stack([tight_boxes(image, 1)])
    for flip in (False, True):
        cut = _Cut(left=25, top=5, side=30, flip=flip)
        part = np.kron(image[5:35, 25:55], np.ones((2, 2), np.uint8))
        part = part[:, ::-1] if flip else part
        np.testing.assert_allclose(cut_boxes(boxes, cut, 60)[0], tight_boxes(part, 1))
    gone = cut_boxes(boxes, _Cut(45, 5, 15, flip=True), 30)
    np.testing.assert_array_equal(gone, np.zeros((1, 1, 4)))
    unknown = cut_boxes(np.full((1, 1, 4), np.nan, np.float32), _Cut(0, 0, 9, flip=True), 9)
    assert np.isnan(unknown).all()


def test_samples_of_boxes(film):
    for seed in range(30):
        found = drawn_sample(film, CONFIG, np.random.default_rng(seed))
        assert found.frames.shape == (4, 48, 48, 3)
        assert 1 <= found.count <= 2
        assert not found.masked.any() and not found.label_maps.any()
        assert (found.boxes[0, :, 2] > 0).all(), "all objects are on the first frame"
        assert not np.isnan(found.boxes[1:]).all(), "and something is known of a later one"
        known = found.boxes[~np.isnan(found.boxes)]
        assert known.min() >= 0 and known.max() <= 48


def test_samples_of_label_maps(dense):
    masked = 0
    for seed in range(30):
        found = drawn_sample(dense, CONFIG, np.random.default_rng(seed))
        assert found.count and not np.isnan(found.boxes[0]).any()
        masked += int(found.masked.sum())
        if found.masked[0]:
            assert set(np.unique(found.label_maps[0])) - {0} == set(range(1, found.count + 1))
            drawn, tight = found.boxes[0], tight_boxes(found.label_maps[0], found.count)
            assert (tight[:, :2] >= drawn[:, :2] - 2).all(), "masks lie in their boxes"
            ends = tight[:, :2] + tight[:, 2:], drawn[:, :2] + drawn[:, 2:]
            assert (ends[0] <= ends[1] + 2).all()
    assert masked > 60


def test_where_label_maps_refuse_all_boxes_begin(dense):
    for path in dense.masks.values():
        write_label_map(path, np.full((64, 96), 255, np.uint8))
    found = drawn_sample(dense, CONFIG, np.random.default_rng(0))
    assert found.count and not found.masked.any()


def test_same_generator_same_clip(film):
    first, second = (drawn_sample(film, CONFIG, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.frames, second.frames)
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_clips_reach_as_far_with_boxes_on_all_frames_as_with_masks(pack, dense):
    """Else neighbors alone would be learned from, which hardly differ."""
    every = ClipBoxes({(index, 1): (1.0, 1, 5, 5) for index in pack.origin.indices})
    (film,) = boxed_films([pack], {"film": every}, None)
    reached = [
        max(
            abs(np.diff(draw_places(one, 3, np.random.default_rng(seed)))).sum()
            for seed in range(40)
        )
        for one in (film, dense)
    ]
    assert min(reached) > 8
