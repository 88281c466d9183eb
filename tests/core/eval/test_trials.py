"""Keyframes as their own test: which are tried, how, and what J comes of it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker
from core.errors import VideoOpenError, VosError
from core.eval.finetuned import Compared, finetune_and_compare
from core.eval.trials import Trial, TrialConfig, plan_trials, run_trials
from core.jobs import Cancelled, CancelToken, Progress
from core.media.video import open_video
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.baselines.copy import CopyTracker
from core.systems.self_supervised.config import PRESETS, TRACKING
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import RECIPE
from core.tracking.contract import TrackerRequest
from core.train.finetune.config import FinetuneConfig
from core.train.finetune.request import FinetuneRequest
from core.train.loop import TrainProgress
from core.types import VOID, Keyframe, Quality

COUNT, HEIGHT, WIDTH = 30, 48, 64


def boxes(shift, ids=(1, 2)):
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    for number, object_id in enumerate(ids):
        label_map[4 + 20 * number : 16 + 20 * number, 4 + shift : 14 + shift] = object_id
    return label_map


def keyframe(index, ids=(1, 2), shift=0):
    return Keyframe(index, ids, boxes(shift, ids))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    images = moving_shapes(seed=0, width=WIDTH, height=HEIGHT, frame_count=COUNT)[0]
    for index, image in enumerate(images):
        cv2.imwrite(str(folder / f"{index:05d}.png"), image[..., ::-1])
    return folder


@pytest.fixture
def video(film):
    with open_video(film) as opened:
        yield opened


def collected(job):
    """All that a job yields, and what it returns."""
    items = []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            return items, end.value


def tried(video, keyframes, tracker=None, token=None):
    plan = plan_trials(keyframes, COUNT)
    work = run_trials(video, tracker or CopyTracker(), keyframes, plan, token or CancelToken())
    items, scores = collected(work)
    return scores, items


def test_neighbors_are_used_where_they_are_near():
    frames = [keyframe(0), keyframe(10), keyframe(60, ids=(2,))]
    plan = plan_trials(frames, 100)
    assert plan == (
        Trial(0, 10, returns=False, object_ids=(1, 2)),
        Trial(10, 0, returns=False, object_ids=(1, 2)),
        Trial(60, 72, returns=True, object_ids=(2,)),
    )
    assert [trial.steps for trial in plan] == [10, 10, 24]


def test_one_keyframe_goes_where_there_is_room():
    (ahead,) = plan_trials([keyframe(3)], 100)
    (behind,) = plan_trials([keyframe(99)], 100)
    (short,) = plan_trials([keyframe(1)], 5)
    assert (ahead.origin, behind.origin, short.origin) == (15, 87, 4)
    assert plan_trials([keyframe(0)], 1) == ()


def test_what_has_no_mask_is_not_tried():
    absent = Keyframe(5, (1, 2), np.zeros((HEIGHT, WIDTH), np.uint8))
    assert plan_trials([absent], 100) == ()
    plan = plan_trials([keyframe(0), replace(keyframe(5, ids=(1,)), object_ids=(1, 2))], 100)
    assert [trial.object_ids for trial in plan] == [(1,), (1,)]
    assert plan_trials([], 100) == ()


def test_of_many_keyframes_some_are_tried():
    plan = plan_trials([keyframe(i) for i in range(0, 50, 5)], 100, TrialConfig(most=3))
    assert [trial.frame_index for trial in plan] == [0, 20, 45]


def test_j_from_a_neighbor_is_that_of_the_carried_masks(video):
    frames = [keyframe(2), keyframe(6, shift=5)]
    scores, items = tried(video, frames)
    # Boxes 10 wide, 5 apart: 5 columns in common of 15.
    assert [one.scores for one in scores] == [pytest.approx({1: 1 / 3, 2: 1 / 3})] * 2
    assert np.array_equal(scores[0].label_map, boxes(5))
    assert [one.mean for one in scores] == pytest.approx([1 / 3] * 2)
    progress = [item for item in items if isinstance(item, Progress)]
    assert progress[-1].done == progress[-1].total == 8


def test_there_and_back_is_whole_for_a_copy(video):
    scores, _ = tried(video, [keyframe(4)])
    assert scores[0].scores == {1: 1.0, 2: 1.0} and scores[0].trial.returns
    assert np.array_equal(scores[0].label_map, boxes(0))


class Eroding(CopyTracker):
    """Loses a column of pixels with each frame."""

    def render(self, probabilities, frame, object_ids):
        label_map = super().render(probabilities, frame, object_ids)
        return np.where(np.roll(label_map, 1, 1) == label_map, label_map, 0).astype(np.uint8)


def test_there_and_back_tells_what_is_lost(video):
    scores, _ = tried(video, [keyframe(4)], Eroding())
    assert scores[0].scores == pytest.approx({1: 0.8, 2: 0.8})


def test_an_object_that_is_lost_on_the_way_has_no_overlap(video):
    class Losing(CopyTracker):
        def render(self, probabilities, frame, object_ids):
            return np.zeros(frame.shape[:2], np.uint8)

    scores, _ = tried(video, [keyframe(4)], Losing())
    assert scores[0].scores == {1: 0.0, 2: 0.0}


def test_void_does_not_count(video):
    second = boxes(5)
    second[:, 14:19] = VOID
    frames = [keyframe(2), Keyframe(6, (1, 2), second)]
    scores, _ = tried(video, frames)
    assert scores[1].scores == pytest.approx({1: 0.5, 2: 0.5})


def test_a_cancel_stops_between_frames(video):
    token = CancelToken()
    plan = plan_trials([keyframe(4)], COUNT)
    work = run_trials(video, CopyTracker(), [keyframe(4)], plan, token)
    next(work)
    token.cancel()
    with pytest.raises(Cancelled):
        next(work)


# Tuning with trials before and after


@pytest.fixture
def request_(film, tmp_path):
    torch.manual_seed(3)
    base = tmp_path / "base.safetensors"
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
    save_weights(base, KeyEncoder(PRESETS["tiny"]), info)
    config = FinetuneConfig(steps=3, batch=2, crop=32, rate=1e-2)
    return FinetuneRequest(RECIPE, film, base, tmp_path / "tuned.safetensors", config, device="cpu")


@pytest.fixture
def make_tracker(monkeypatch):
    monkeypatch.setitem(TRACKING, Quality.FAST, replace(TRACKING[Quality.FAST], short_side=48))
    return lambda path: build_tracker(TrackerRequest("self_supervised", Quality.FAST, "cpu", path))


def test_both_weights_are_tried_on_the_same_frames(request_):
    used = []

    def make(path):
        used.append(path)
        return CopyTracker() if path == request_.weights else Eroding()

    drawn = (keyframe(2), keyframe(28))
    items, compared = collected(finetune_and_compare(request_, drawn, make, CancelToken()))
    assert isinstance(compared, Compared)
    assert used == [request_.weights, request_.out]
    assert [one.trial for one in compared.before] == [one.trial for one in compared.after]
    assert len(compared.after) == 2 and compared.result.steps == 3
    assert [one.mean for one in compared.before] == [1.0] * 2
    assert np.mean([one.mean for one in compared.after]) == pytest.approx(0.8)
    assert sum(isinstance(item, TrainProgress) for item in items) == 3


def test_without_keyframes_there_is_no_comparison(request_, make_tracker):
    _, compared = collected(finetune_and_compare(request_, (), make_tracker, CancelToken()))
    assert compared.before == compared.after == () and request_.out.is_file()


def test_a_cancel_after_learning_leaves_no_file(request_, make_tracker):
    token = CancelToken()
    with pytest.raises(Cancelled):
        for _ in finetune_and_compare(request_, (keyframe(2),), make_tracker, token):
            if request_.out.exists():
                token.cancel()
    assert not request_.out.exists()


def test_a_video_that_is_gone(request_, make_tracker, tmp_path):
    with pytest.raises(VideoOpenError):
        list(finetune_and_compare(replace(request_, video=tmp_path / "x"), (), make_tracker,
                              CancelToken()))  # fmt: skip


@pytest.mark.parametrize("change", [{"config": FinetuneConfig(steps=0)}, {"seed": -1}])
def test_what_is_impossible_is_told_before_anything_is_tried(request_, change):
    with pytest.raises(VosError, match=r"0 long|seed of -1"):
        list(finetune_and_compare(replace(request_, **change), (keyframe(2),), pytest.fail,
                              CancelToken()))  # fmt: skip


def test_a_run_of_other_settings_is_told_before_anything_is_tried(request_, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tune.json").write_text("other")
    kept = replace(request_, run=tmp_path / "run", resume=True)
    with pytest.raises(VosError, match="other settings"):
        list(finetune_and_compare(kept, (keyframe(2),), pytest.fail, CancelToken()))


def test_a_cancel_after_learning_leaves_a_run_to_go_on_with(request_, make_tracker, tmp_path):
    token, kept = CancelToken(), replace(request_, run=tmp_path / "run")
    with pytest.raises(Cancelled):
        for _ in finetune_and_compare(kept, (keyframe(2),), make_tracker, token):
            if request_.out.exists():
                token.cancel()
    kept = replace(kept, resume=True)
    job = finetune_and_compare(kept, (keyframe(2),), make_tracker, CancelToken())
    items, compared = collected(job)
    assert not any(isinstance(item, TrainProgress) for item in items)
    assert compared.result.steps == 3 and kept.run.exists()
