"""The prompting robot, its figures, and learning what cues say."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.errors import DatasetError
from core.eval import prompt_learning as learning
from core.eval.prompt_report import mean, run_line, to_csv, to_dict, to_table
from core.eval.prompt_robot import (
    click_until,
    clicks_needed,
    jittered,
    next_click,
    plain_box,
    plain_clicks,
    tight_prompt,
)
from core.eval.prompts import PLAIN, PromptFigures, PromptRequest, PromptRun, measure_prompts
from core.jobs import Cancelled, CancelToken, Progress
from core.media.annotations.rectangles import mask_overlap
from core.media.label_map import write_label_map
from core.prompts.answers import by_evidence
from core.prompts.learned import LEARNED
from core.prompts.request import FrameFeatures, PointPrompt, PromptMethod, SegmentRequest


def block(shape, rows, columns):
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


@pytest.fixture
def truth():
    return block((60, 80), slice(20, 41), slice(30, 61))


def test_overlap(truth):
    assert mask_overlap(truth, truth) == 1
    assert mask_overlap(np.zeros_like(truth), truth) == 0
    assert mask_overlap(np.zeros_like(truth), np.zeros_like(truth)) == 1
    half = block(truth.shape, slice(20, 41), slice(30, 45))
    assert mask_overlap(half, truth) == pytest.approx(15 / 31)


def test_tight_box_has_the_mask_and_nothing_else(truth):
    assert tight_prompt(truth).box == (30, 20, 61, 41)
    corner = block((5, 5), slice(0, 1), slice(0, 1))
    assert tight_prompt(corner).box == (0, 0, 1, 1)


def test_shifted_edges_stay_within_their_share(truth):
    box = tight_prompt(truth)
    shifts = np.array(
        [
            np.subtract(jittered(box, 0.05, np.random.default_rng(seed)).box, box.box)
            for seed in range(200)
        ]
    )
    limits = 0.05 * np.array([31, 21, 31, 21])
    assert (np.abs(shifts) <= limits).all()
    assert (np.abs(shifts).max(0) > 0.9 * limits).all()


def test_first_click_is_in_the_middle(truth):
    click = next_click(np.zeros_like(truth), truth)
    assert click is not None and click.positive
    assert click.y == 30.5
    assert 40 <= click.x <= 51


def test_next_click_goes_to_the_larger_error(truth):
    extra = block(truth.shape, slice(0, 10), slice(0, 10))
    missing = block(truth.shape, slice(20, 25), slice(30, 35))
    click = next_click((truth | extra) & ~missing, truth)
    assert click is not None and not click.positive
    assert (click.x < 10) and (click.y < 10)
    more = block(truth.shape, slice(20, 41), slice(30, 40))
    click = next_click((truth | extra) & ~more, truth)
    assert click is not None and click.positive
    assert next_click(truth, truth) is None


def test_robot_clicks_until_it_is_content(truth):
    seen = []

    def clicker(points, previous):
        seen.append((len(points), None if previous is None else int(previous.sum())))
        grown = truth.copy()
        grown[:, 30 + 12 * len(points) :] = False
        return grown

    overlaps = click_until(clicker, truth, target=0.85, most=20)
    assert len(overlaps) == 3
    assert list(overlaps) == sorted(overlaps)
    assert seen == [(1, None), (2, 12 * 21), (3, 24 * 21)]
    assert clicks_needed(overlaps, target=0.85, most=20) == 3


def test_robot_gives_up(truth):
    overlaps = click_until(lambda points, _: np.zeros_like(truth), truth, target=0.85, most=4)
    assert overlaps == (0, 0, 0, 0)
    assert clicks_needed(overlaps, target=0.85, most=4) == 4


def test_plain_grabcut(truth):
    frame = np.where(truth[..., None], (200, 40, 40), (40, 160, 40)).astype(np.uint8)
    frame += np.random.default_rng(0).integers(0, 30, frame.shape).astype(np.uint8)
    assert mask_overlap(plain_box(frame, tight_prompt(truth)), truth) > 0.9
    found = plain_clicks(frame, (PointPrompt(45, 30), PointPrompt(5, 5, positive=False)))
    assert mask_overlap(found, truth) > 0.9


@pytest.fixture
def davis(tmp_path):
    """Two sequences of one annotated frame each."""
    import cv2

    for name in ("bear", "boat"):
        frames, label_maps = moving_shapes(frame_count=1, seed=len(name))
        for folder in ("JPEGImages", "Annotations"):
            (tmp_path / folder / "480p" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / f"JPEGImages/480p/{name}/00000.png"), frames[0])
        write_label_map(tmp_path / f"Annotations/480p/{name}/00000.png", label_maps[0])
    return tmp_path


def runs_of(request):
    steps = list(measure_prompts(request, CancelToken()))
    return [step for step in steps if isinstance(step, PromptRun)], steps


def test_every_object_is_measured(davis):
    runs, steps = runs_of(PromptRequest(davis, (PromptMethod.FEATURES,), clicks=False))
    assert {run.name for run in runs} == {"bear", "boat"}
    assert len(runs) == 4
    for run in runs:
        assert list(run.figures) == [PLAIN, "features"]
        assert 0 <= run.figures["features"].shifted <= 1
        assert run.figures["features"].overlaps == ()
    assert isinstance(steps[-1], Progress)
    assert steps[-1].done == steps[-1].total == 2
    again, _ = runs_of(PromptRequest(davis, (PromptMethod.FEATURES,), clicks=False))
    assert [run.figures["features"].tight for run in again] == [
        run.figures["features"].tight for run in runs
    ]


def test_features_are_asked_for_once_a_frame(davis):
    asked = []

    def describe(frame):
        asked.append(frame.shape)
        return FrameFeatures(np.zeros((4, 8, 8), np.float16), 4)

    request = PromptRequest(
        davis, (PromptMethod.FEATURES,), describe, sequences=("bear",), clicks=False
    )
    runs, _ = runs_of(request)
    assert len(asked) == 1
    assert len(runs) == 2


def test_measuring_can_be_stopped(davis):
    token = CancelToken()
    steps = measure_prompts(PromptRequest(davis, (), clicks=False), token)
    next(steps)
    token.cancel()
    with pytest.raises(Cancelled):
        list(steps)


def test_a_mask_without_its_frame_is_told(davis):
    (davis / "JPEGImages/480p/bear/00000.png").rename(davis / "JPEGImages/480p/bear/7.png")
    with pytest.raises(DatasetError, match="00000"):
        list(measure_prompts(PromptRequest(davis, ()), CancelToken()))


RUNS = [
    PromptRun("bear", 1, {PLAIN: PromptFigures(0.5, 0.4, (0.2, 0.9), 0.010, 0.004)}),
    PromptRun("boat", 1, {PLAIN: PromptFigures(0.7, 0.6, (0.2,) * 20, 0.010, 0.004, 4, 19, 0.3)}),
    PromptRun("boat", 2, {PLAIN: PromptFigures(0.9, 0.8, (0.9,), 0.010, 0.004)}),
]


def test_means_over_objects_and_sequences():
    assert mean(RUNS, PLAIN, lambda figures: figures.tight) == pytest.approx((0.7, 0.65))
    figures = to_dict(RUNS)["methods"][PLAIN]
    assert figures["clicks"] == pytest.approx(23 / 3)
    assert figures["not_reached"] == 1
    assert figures["violated"] == pytest.approx(4 / 19)
    assert figures["spoiled"] == pytest.approx(0.1)
    assert figures["box_ms"] == pytest.approx(10)
    json.dumps(to_dict(RUNS), allow_nan=False)


def test_table_and_csv():
    table = "\n".join(to_table(RUNS))
    assert "0.700 (0.650)" in table
    assert "7.67 (6.25)" in table
    rows = list(csv.DictReader(io.StringIO(to_csv(RUNS))))
    assert [row["clicks"] for row in rows] == ["2", "20", "1"]
    assert run_line(RUNS[0]) == "bear 1: box plain grabcut 0.500"


def test_learning_finds_what_sets_objects_apart(davis):
    samples = learning.read_samples(davis, None)
    assert len(samples) == 4
    table = {}
    for part in learning.learn_all(samples):
        table |= part
    assert set(table) == {"box", "first clicks", "clicks"}
    for sample in samples:
        request = SegmentRequest(sample.frame, box=tight_prompt(sample.truth))
        assert mask_overlap(by_evidence(request, table), sample.truth) > 0.7


def test_learned_text_is_the_table():
    space = {}
    text = learning.table_text(LEARNED)
    exec("from core.prompts.weights import PromptWeights, Weights\n" + text, space)
    assert space["LEARNED"] == LEARNED


def test_learned_from_the_command_line(davis, tmp_path):
    learning.main([str(davis), str(tmp_path / "out.py")])
    space = {}
    text = (tmp_path / "out.py").read_text()
    exec("from core.prompts.weights import PromptWeights, Weights\n" + text, space)
    assert space["LEARNED"].keys() == LEARNED.keys()
    with pytest.raises(SystemExit):
        learning.main([str(davis), str(tmp_path / "out.py"), "--weights", "w"])
