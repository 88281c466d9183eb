"""Scores of maps, against loops and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError
from core.eval.saliency import evaluate_saliency, f_beta, report_of, score_map
from core.jobs import Cancelled, CancelToken, result_of
from core.media.soft_map import read_soft_map, write_soft_map


def pair(seed=0):
    rng = np.random.default_rng(seed)
    plane = (np.rint(255 * rng.random((7, 9)) ** 3) / 255).astype(np.float32)
    return plane, rng.random((7, 9)) < 0.4


def test_f_beta_weighs_precision():
    assert f_beta(1, 1) == 1
    assert f_beta(0, 0) == 0
    assert math.isclose(f_beta(0.5, 0.25), 1.3 * 0.125 / (0.15 + 0.25))
    assert f_beta(0.8, 0.4) > f_beta(0.4, 0.8)


def test_every_threshold_is_counted():
    plane, truth = pair()
    found = score_map(plane, truth)
    for level in range(256):
        mask = np.rint(plane * 255) >= level
        hit = (mask & truth).sum()
        precision = hit / mask.sum() if mask.sum() else 1.0
        assert math.isclose(found.precision[level], precision)
        assert math.isclose(found.recall[level], hit / truth.sum())
    assert math.isclose(found.mae, np.abs(plane - truth).mean(), rel_tol=1e-6)
    mask = plane >= min(1, 2 * plane.mean())
    hit = (mask & truth).sum()
    assert math.isclose(found.f_adaptive, f_beta(hit / mask.sum(), hit / truth.sum()))


def test_the_truth_itself_is_perfect_and_nothing_is_worst():
    _, truth = pair()
    best = report_of([score_map(truth.astype(np.float32), truth)])
    assert (best.mae, best.f_half, best.f_adaptive, best.f_largest) == (0, 1, 1, 1)
    worst = report_of([score_map(np.zeros(truth.shape, np.float32), truth)])
    assert worst.f_half == worst.f_adaptive == 0
    assert math.isclose(worst.mae, truth.mean(), rel_tol=1e-6)


def test_the_largest_f_is_of_mean_precision_and_recall():
    scores = [score_map(*pair(seed)) for seed in (0, 1)]
    wanted = max(
        f_beta(sum(s.precision[k] for s in scores) / 2, sum(s.recall[k] for s in scores) / 2)
        for k in range(256)
    )
    assert math.isclose(report_of(scores).f_largest, wanted)


@pytest.fixture
def folders(tmp_path):
    for name in ("gt", "maps"):
        (tmp_path / name).mkdir()
    for seed in (0, 1):
        plane, truth = pair(seed)
        write_soft_map(tmp_path / f"maps/{seed}.png", plane)
        Image.fromarray(255 * truth.astype(np.uint8)).save(tmp_path / f"gt/{seed}.png")
    return tmp_path


def test_a_folder_is_the_mean_of_its_images(folders):
    found = result_of(evaluate_saliency(folders / "gt", folders / "maps", CancelToken()))
    wanted = report_of([score_map(*pair(seed)) for seed in (0, 1)])
    assert found == wanted


def test_missing_maps_are_named_and_a_run_can_be_stopped(folders):
    token = CancelToken()
    job = evaluate_saliency(folders / "gt", folders / "maps", token)
    next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    (folders / "maps/1.png").unlink()
    with pytest.raises(DatasetError, match="no map of 1 images: 1"):
        result_of(evaluate_saliency(folders / "gt", folders / "maps", CancelToken()))
    with pytest.raises(DatasetError, match="no folder"):
        result_of(evaluate_saliency(folders / "no", folders / "maps", CancelToken()))


def test_maps_are_exact_in_bytes_and_colored_masks_count_as_one(tmp_path):
    plane, truth = pair()
    write_soft_map(tmp_path / "a.png", plane)
    np.testing.assert_allclose(read_soft_map(tmp_path / "a.png"), plane, atol=1e-6)
    color = np.zeros((*truth.shape, 3), np.uint8)
    color[truth] = (128, 0, 0)
    Image.fromarray(color).save(tmp_path / "b.png")
    assert (read_soft_map(tmp_path / "b.png") == truth).all()
