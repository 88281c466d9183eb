"""Guided upsampling of probabilities."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.ops.guided import GuidedConfig, guided_labels, guided_plane

CONFIG = GuidedConfig()


def upsample(soft, frame, scale=2, config=CONFIG):
    """Label map of probabilities whose working image is the frame shrunk by `scale`."""
    size = (frame.shape[1] // scale, frame.shape[0] // scale)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return guided_labels(np.asarray(soft, np.float32), small, frame, config)


def textured(height, width, seed=0):
    return np.random.default_rng(seed).integers(90, 130, (height, width, 3)).astype(np.uint8)


def split_frame(height, width, edge):
    """Dark texture left of column `edge`, bright texture from there on."""
    frame = textured(height, width)
    frame[:, edge:] += 100
    return frame


@pytest.mark.parametrize("size", [(128, 192), (97, 131), (33, 250)])
@pytest.mark.parametrize(("level", "label"), [(0.9, 1), (0.51, 1), (0.49, 0), (0.2, 0)])
def test_constant_probability_gives_a_constant_label(size, level, label):
    soft = np.full((1, 8, 12), level)
    assert (upsample(soft, textured(*size)) == label).all()


@pytest.mark.parametrize("edge", [93, 96, 101])
def test_soft_step_follows_the_edge_of_the_frame(edge):
    """Cells are 8 px wide, the ramp 4 cells; the boundary must be the frame's, to 1 px."""
    frame = split_frame(128, 192, edge)
    columns = (np.arange(24) + 0.5) * 8
    ramp = np.clip((columns - edge) / 32 + 0.5, 0, 1)
    labels = upsample(np.broadcast_to(ramp, (1, 16, 24)), frame)
    left, right = edge - 1, edge + 1
    assert (labels[:, :left] == 0).all()
    assert (labels[:, right:] == 1).all()


def test_step_that_is_off_by_pixels_is_drawn_to_the_edge():
    """The soft step lies 4 px beside the edge: less than half a cell."""
    frame = split_frame(128, 192, 100)
    columns = (np.arange(24) + 0.5) * 8
    ramp = np.clip((columns - 96) / 32 + 0.5, 0, 1)
    labels = upsample(np.broadcast_to(ramp, (1, 16, 24)), frame)
    boundary = (labels == 0).sum(1)
    assert np.abs(boundary - 100).max() <= 1


def test_without_an_edge_the_boundary_stays_where_the_step_is():
    """Within a pixel of the half-way point of the ramp: nothing is shifted by resampling."""
    frame = np.full((128, 192, 3), 120, np.uint8)
    columns = (np.arange(24) + 0.5) * 8
    ramp = np.clip((columns - 100) / 32 + 0.5, 0, 1)
    labels = upsample(np.broadcast_to(ramp, (1, 16, 24)), frame)
    assert np.abs((labels == 0).sum(1) - 100).max() <= 1


def test_largest_probability_wins_and_labels_are_the_order_of_planes():
    soft = np.zeros((3, 8, 12))
    soft[0, :, :4], soft[1, :, 4:8], soft[2, :, 8:] = 0.8, 0.7, 0.9
    labels = upsample(soft, np.full((128, 192, 3), 120, np.uint8))
    assert [labels[64, x] for x in (20, 96, 170)] == [1, 2, 3]
    swapped = upsample(soft[[1, 0, 2]], np.full((128, 192, 3), 120, np.uint8))
    assert [swapped[64, x] for x in (20, 96, 170)] == [2, 1, 3]


@pytest.mark.parametrize(
    ("levels", "label"), [((0.5,), 0), ((0.4, 0.4), 1), ((0.25, 0.25, 0.25), 0), ((0.2, 0.5), 2)]
)
def test_ties_go_to_the_background_then_to_the_lower_index(levels, label):
    soft = np.stack([np.full((6, 8), value, np.float32) for value in levels])
    labels = upsample(soft, np.full((48, 64, 3), 120, np.uint8))
    assert (labels == label).all()


def test_empty_objects_are_left_out_and_keep_their_number():
    frame = textured(64, 96)
    soft = np.zeros((3, 8, 12))
    soft[2, 1:7, 2:9] = 1
    labels = upsample(soft, frame)
    assert set(np.unique(labels)) == {0, 3}
    assert (upsample(soft[:2], frame) == 0).all()
    assert (upsample(np.zeros((0, 8, 12)), frame) == 0).all()


def test_object_is_only_looked_for_near_its_soft_mask():
    """A far part of the frame that looks like the object stays background."""
    frame = np.full((128, 384, 3), 60, np.uint8)
    frame[32:96, 32:96] = frame[32:96, 288:352] = 220
    soft = np.zeros((1, 16, 48))
    soft[0, 4:12, 4:12] = 1
    labels = upsample(soft, frame)
    assert (labels[34:94, 34:94] == 1).all()
    assert (labels[:, 200:] == 0).all()


@pytest.mark.parametrize("size", [(480, 854), (97, 131), (131, 97), (17, 33), (16, 16)])
def test_any_size_comes_out_at_full_size(size):
    """The working image is larger than a tiny frame, and an object touches the corner."""
    soft = np.zeros((1, 30, 54))
    soft[0, 15:, 27:] = 1
    small = cv2.resize(textured(*size), (216, 120))
    labels = guided_labels(soft.astype(np.float32), small, textured(*size), CONFIG)
    assert labels.shape == size and labels.dtype == np.uint8
    height, width = size
    assert labels[-1, -1] == 1 and labels[0, 0] == 0
    assert labels.mean() == pytest.approx(0.25, abs=0.5 / min(height, width) + 0.05)


def test_objects_do_not_change_one_another_where_they_are_apart():
    frame = textured(96, 192)
    soft = np.zeros((2, 12, 24))
    soft[0, 3:9, 2:8], soft[1, 3:9, 15:22] = 1, 1
    both = upsample(soft, frame)
    alone = upsample(soft[1:], frame)
    assert np.array_equal(both == 2, alone == 1)
    assert (both == 1).any()


def naive_guided(plane, guide, config):
    """He et al. 2013, equations 19 to 21, one window at a time; borders mirrored."""
    radius, (height, width) = config.radius, plane.shape
    pad = [(radius, radius), (radius, radius)]
    guides = np.pad(guide, [*pad, (0, 0)], mode="symmetric")
    planes = np.pad(plane, pad, mode="symmetric")
    lines = np.zeros((height, width, 4))
    for y in range(height):
        for x in range(width):
            window = slice(y, y + 2 * radius + 1), slice(x, x + 2 * radius + 1)
            colors, probs = guides[window].reshape(-1, 3), planes[window].ravel()
            covariance = np.cov(colors.T, bias=True) + config.epsilon * np.eye(3)
            joint = (colors * probs[:, None]).mean(0) - colors.mean(0) * probs.mean()
            lines[y, x, :3] = np.linalg.solve(covariance, joint)
            lines[y, x, 3] = probs.mean() - lines[y, x, :3] @ colors.mean(0)
    lines = np.pad(lines, [*pad, (0, 0)], mode="symmetric")
    side = 2 * radius + 1
    means = np.stack([[lines[y : y + side, x : x + side].mean((0, 1)) for x in range(width)]
                      for y in range(height)])  # fmt: skip
    return (means[..., :3] * guide).sum(-1) + means[..., 3]


def test_filter_is_that_of_the_paper():
    """Working size and full size are equal, so that nothing but the filter is at work."""
    rng = np.random.default_rng(3)
    frame = cv2.GaussianBlur(rng.integers(0, 255, (24, 30, 3), np.uint8), (0, 0), 2)
    frame = cv2.normalize(frame, None, 20, 230, cv2.NORM_MINMAX)
    plane = cv2.GaussianBlur(rng.random((24, 30), np.float32), (0, 0), 3)
    plane = 0.5 + 3 * (plane - np.median(plane))
    config = GuidedConfig(radius=3)
    fine = naive_guided(plane, frame / 255, config)
    labels = guided_labels(np.float32(plane[None]), frame, frame, config)
    certain = np.abs(fine - 0.5) > 1e-3
    assert certain.mean() > 0.9 and 0.2 < labels.mean() < 0.8
    np.testing.assert_array_equal(labels[certain], (fine > 0.5)[certain])
    assert ((plane > 0.5) != (fine > 0.5)).mean() > 0.02, "the filter does something"


def test_inputs_are_left_alone():
    frame = textured(64, 96)
    soft = np.random.default_rng(1).random((2, 8, 12)).astype(np.float32) / 2
    kept = frame.copy(), soft.copy()
    upsample(soft, frame)
    np.testing.assert_array_equal(frame, kept[0])
    np.testing.assert_array_equal(soft, kept[1])


def test_one_plane_follows_the_edge_of_the_full_frame():
    frame = split_frame(80, 120, 61)
    small = cv2.resize(frame, (30, 20), interpolation=cv2.INTER_AREA)
    fine = np.zeros((20, 30), np.float32)
    fine[:, 15:] = 1
    full = guided_plane(fine, small, frame, radius=3, epsilon=1e-4)
    assert full.shape == (80, 120)
    assert full.dtype == np.float32
    assert (full[:, 61:] > 0.5).mean() > 0.97
    assert (full[:, :61] < 0.5).mean() > 0.97
