"""What weights are measured by: J&F on a data set, or agreement with boxes of held-out clips."""

from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest
import torch

from core.data.splits import HELD_OUT
from core.errors import AnnotationReadError, DatasetError, UsageError, VideoOpenError
from core.eval import benchmark as benchmarks
from core.eval.box_agreement import measure
from core.eval.validators import validator_of
from core.jobs import CancelToken, result_of
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.baselines.copy import CopyTracker
from core.tracking.contract import TrackerRequest
from core.types import Quality

TRACKER = TrackerRequest("copy", Quality.FAST, "cpu")
HELD = min(HELD_OUT)


@pytest.fixture
def davis(tmp_path, write_davis):
    """Two sequences."""
    return write_davis(tmp_path / "DAVIS")


@pytest.fixture
def weights_seen(monkeypatch, tmp_path):
    """Trackers are copies whatever the weights; which were asked for is written down."""
    seen = []
    info = CheckpointInfo("copy", "none", {})
    save_weights(tmp_path / "w.safetensors", torch.nn.Linear(1, 1), info)

    def build(request):
        seen.append(request.weights)
        return CopyTracker()

    monkeypatch.setattr(measure, "build_tracker", build)
    monkeypatch.setitem(benchmarks.benchmark.__kwdefaults__, "make_tracker", build)
    return seen


def table(path, *clips):
    rows = [f"{clip},{frame},1,1,1,9,9" for clip in clips for frame in (0, 4)]
    path.write_text("\n".join(["clip,frame,object,x,y,w,h", *rows]))
    return path


def test_a_data_set_is_scored(davis, weights_seen, tmp_path):
    validator = validator_of(davis, TRACKER, videos=None)
    assert validator.name == "J&F DAVIS (2)"
    value = result_of(validator.measure(tmp_path / "w.safetensors", CancelToken()))
    assert 0 < value < 1
    assert weights_seen == [tmp_path / "w.safetensors"] * 2


def test_held_out_clips_of_a_table_are_tracked(davis, weights_seen, tmp_path):
    videos = davis / "JPEGImages"
    (videos / "480p/bear").rename(videos / "480p" / HELD)
    boxes = table(tmp_path / "boxes.csv", HELD, "boat")
    validator = validator_of(boxes, TRACKER, videos=videos, boxes=boxes)
    assert validator.name == "box agreement (1)"
    value = result_of(validator.measure(tmp_path / "w.safetensors", CancelToken()))
    assert np.isfinite(value)
    assert weights_seen == [tmp_path / "w.safetensors"]


def test_a_table_of_ones_own_validates_what_is_not_trained_on(davis, tmp_path):
    boxes = table(tmp_path / "boxes.csv", "bear", "boat")
    trained = table(tmp_path / "trained.csv", "bear.mp4")
    validator = validator_of(boxes, TRACKER, videos=davis, boxes=trained)
    assert validator.name == "box agreement (1)"
    assert validator_of(boxes, TRACKER, videos=davis).name == "box agreement (2)"
    with pytest.raises(AnnotationReadError, match="are trained on"):
        validator_of(boxes, TRACKER, videos=davis, boxes=boxes)


def test_what_is_missing_is_said_before_anything_is_trained(davis, tmp_path, monkeypatch):
    boxes = table(tmp_path / "boxes.csv", "bear", "gone")
    with pytest.raises(UsageError, match="--videos"):
        validator_of(boxes, TRACKER, videos=None)
    with pytest.raises(DatasetError, match="gone"):
        validator_of(boxes, TRACKER, videos=davis)
    with pytest.raises(DatasetError):
        validator_of(tmp_path, TRACKER, videos=davis)
    (tmp_path / "gone.mp4").write_bytes(b"no video")
    with pytest.raises(VideoOpenError):
        validator_of(table(boxes, "gone"), TRACKER, videos=tmp_path)


def test_without_pyav_videos_validate_nothing(tmp_path, monkeypatch):
    (tmp_path / "gone.mp4").write_bytes(b"no video")
    monkeypatch.delitem(sys.modules, "core.media.video_file", raising=False)
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "av" or name.startswith("av."):
            raise ModuleNotFoundError("No module named 'av'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    boxes = table(tmp_path / "boxes.csv", "gone")
    with pytest.raises(UsageError, match="frame by frame here: No module named 'av'"):
        validator_of(boxes, TRACKER, videos=tmp_path)


def test_sequences_that_are_trained_on_do_not_validate(davis, tmp_path):
    with pytest.raises(UsageError, match="bear, boat would be trained on"):
        validator_of(davis, TRACKER, videos=davis)
    assert validator_of(davis, TRACKER, videos=tmp_path / "davis.mp4").name == "J&F DAVIS (2)"
