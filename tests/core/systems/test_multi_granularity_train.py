"""Training at four granularities: losses fall, runs resume exactly, options are heeded."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.data.synthetic import two_layers
from core.discovery.contract import DiscoveryRequest
from core.discovery.masks import THRESHOLD
from core.engine.registry import build_discoverer, build_tracker, recipe_of
from core.errors import CheckpointMismatch, CheckpointMissing, UsageError, VosError
from core.eval.card_facts import training_rows
from core.jobs import Cancelled, CancelToken, result_of
from core.media.video import open_video
from core.nn.checkpoints import read_info
from core.nn.class_maps import ClassMaps
from core.nn.lite0_file import find_backbone, use_backbone
from core.nn.resnet_classifier import ResNetClassifier
from core.systems.multi_granularity.config import PRESETS
from core.systems.multi_granularity.discover import REFERENCES, reference_frames
from core.systems.multi_granularity.method import MultiGranularityMethod, _place, classes_of
from core.systems.multi_granularity.model import (
    LEAST_THRESHOLD,
    MultiGranularity,
    read_network,
)
from core.systems.multi_granularity.priors import prior_of
from core.systems.multi_granularity.spec import RECIPE
from core.tracking.contract import TrackerRequest
from core.train.config import FitConfig
from core.train.labels import IMAGENET_CLASSES, kinds_of
from core.train.loop import TrainProgress
from core.train.request import TrainRequest
from core.train.run import train
from core.types import Direction, Keyframe, Quality

NAME = "multi_granularity"


@pytest.fixture(scope="module")
def videos(tmp_path_factory, write_mpeg4):
    folder = tmp_path_factory.mktemp("videos")
    for seed in (0, 1):
        frames = two_layers(side=64, frames=12, seed=seed)[0]
        write_mpeg4(folder / f"{seed}.mp4", frames, rate=12, fine=True)
    return folder


def request(videos, out, *, steps=3, preset="tiny", options=None, **changes):
    options = {"batch": 2, "crop": 32, "frames": 3} | (options or {})
    return TrainRequest(
        RECIPE,
        out,
        FitConfig(steps=steps, learning_rate=3e-3),
        preset,
        options=options,
        videos=videos,
        device="cpu",
        workers=0,
        threads=1,
        cache=videos / "cache",
        **changes,
    )


def run(job):
    told = []
    while True:
        try:
            item = next(job)
        except StopIteration as end:
            return end.value, told
        if isinstance(item, TrainProgress):
            told.append(item)


@pytest.fixture(scope="module")
def trained(videos, tmp_path_factory):
    """Weights of a short run, and its steps."""
    out = tmp_path_factory.mktemp("trained")
    return run(train(request(videos, out / "run", steps=24), CancelToken()))


def test_losses_fall(trained):
    _, told = trained
    assert set(told[0].losses) == {"readout", "frame", "short", "long", "video"}
    for name in ("readout", "frame"):
        first, last = (
            np.mean([one.losses[name] for one in part]) for part in (told[:4], told[8:12])
        )
        assert last < first


def test_weights_say_what_they_are(trained):
    assert recipe_of(NAME) is RECIPE
    info = read_info(trained[0])
    assert (info.system, info.preset) == (NAME, "tiny")
    told = info.training
    assert (told["prior"], told["rounds"], told["alpha"], told["share"]) == (
        "heuristic",
        2,
        0.05,
        1,
    )
    assert told["losses"] == {"frame": 1.0, "short": 0.1, "long": 0.02, "video": 0.5}
    assert told["labels"] == "none"
    assert read_network(trained[0]).config.encoder == "plain"


def test_a_resumed_run_ends_at_the_same_weights_in_the_second_round(videos, tmp_path):
    whole, _ = run(train(request(videos, tmp_path / "whole", steps=4), CancelToken()))
    stop = CancelToken()
    job = train(request(videos, tmp_path / "parts", steps=4), stop)
    with pytest.raises(Cancelled):
        for item in job:
            if isinstance(item, TrainProgress) and item.step == 3:
                stop.cancel()
    parts, _ = run(train(request(videos, tmp_path / "parts", steps=4, resume=True), CancelToken()))
    first, second = (read_network(path).state_dict() for path in (whole, parts))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_options_say_which_losses_there_are(videos, tmp_path):
    options = {"short": 0.0, "long": 0.0, "rounds": 1, "frame": 0.0}
    _, told = run(train(request(videos, tmp_path / "run", steps=1, options=options), CancelToken()))
    assert set(told[0].losses) == {"readout", "video"}


def test_a_share_of_the_videos_is_the_same_ones_each_time():
    method, names = MultiGranularityMethod(), [f"{n}.mp4" for n in range(200)]
    left = {
        share: {n for n in names if not method.wanted("", {"share": share}).leaves_out(n)}
        for share in (0.25, 0.5, 1.0)
    }
    assert left[0.25] < left[0.5] < left[1.0] == set(names)
    assert 70 < len(left[0.5]) < 130
    assert 0 <= _place("caf\udce9.mp4") < 1000


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"crop": 40}, UsageError, "do not fit"),
        ({"prior": "saliency"}, UsageError, "prior cannot be"),
        ({"batch": 1}, UsageError, "alone"),
        ({"rounds": 0}, UsageError, "rounds"),
        ({"batch": 0}, UsageError, "batch"),
    ],
)
def test_what_cannot_be_trained_is_refused(videos, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        run(train(request(videos, tmp_path / "run", options=options), CancelToken()))
    assert not (tmp_path / "run").exists()


def test_a_user_may_bring_a_classifier(videos, tmp_path):
    torch.manual_seed(0)
    own = tmp_path / "own; of 3.safetensors"
    save_file(ResNetClassifier((1, 1, 1, 1), bottleneck=False, classes=3).state_dict(), own)
    options = {"prior": "cam", "classifier": str(own)}
    weights, _ = run(
        train(request(videos, tmp_path / "run", steps=1, options=options), CancelToken())
    )
    digest = hashlib.sha256(own.read_bytes()).hexdigest()[:12]
    told = f"classes of the classifier own, of 3.safetensors sha256:{digest}"
    assert read_info(weights).training["labels"] == told
    assert training_rows(read_info(weights).training)["labels seen"] == told
    for wrong, error in (({"prior": "heuristic"}, UsageError), ({"classifier": "x"}, VosError)):
        asked = request(videos, tmp_path / "no", options=options | wrong)
        with pytest.raises(error):
            run(train(asked, CancelToken()))


@pytest.mark.parametrize("name", ["net;", "a; b", "caf\udce9.pth", "; "])
def test_a_classifier_of_any_name_is_one_kind_of_labels(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    told = classes_of(tmp_path / name)
    assert kinds_of(told) == (told,) and told.isprintable() and "sha256:e3b0c442" in told


@pytest.mark.skipif(find_backbone() is None, reason="the ImageNet backbone is not installed")
@pytest.mark.parametrize(("preset", "crop"), [("tiny", 32), ("small", 64)])
def test_class_activation_maps_of_the_backbone_teach(videos, tmp_path, monkeypatch, preset, crop):
    shown, found = [], ClassMaps.__call__
    monkeypatch.setattr(
        ClassMaps, "__call__", lambda maps, frame: shown.append(frame) or found(maps, frame)
    )
    options = {"prior": "cam", "crop": crop}
    asked = request(videos, tmp_path / "run", steps=2, preset=preset, options=options)
    # With priors of its own: none is known yet.
    weights, told = run(train(replace(asked, cache=tmp_path / "cache"), CancelToken()))
    assert shown and len(told) == 2
    assert all(np.isfinite([*one.losses.values()]).all() for one in told)
    said = read_info(weights).training
    assert (said["prior"], said["labels"]) == ("cam", IMAGENET_CLASSES)
    assert read_network(weights).config == PRESETS[preset]


def test_class_activation_maps_need_the_classifier(videos, tmp_path):
    use_backbone(tmp_path / "none.pth")
    try:
        with pytest.raises(CheckpointMissing, match=r"none\.pth"):
            run(train(request(videos, tmp_path, options={"prior": "cam"}), CancelToken()))
    finally:
        use_backbone(None)


def test_weights_of_another_network_are_no_start(videos, tmp_path, trained):
    values = request(videos, tmp_path / "run", init=trained[0])
    run(train(values, CancelToken()))
    with pytest.raises(CheckpointMismatch):
        MultiGranularityMethod().start_from(
            MultiGranularityMethod().network("plain"), "plain", trained[0]
        )


def test_a_prior_is_a_mask_of_the_frame():
    frame = two_layers(side=64, frames=1)[0][0]
    found = prior_of("heuristic", None)(frame)
    assert found.shape == (48, 48) and 0 <= found.min() <= found.max() <= 1


class TestFinding:
    """The object level: one track of maps, by the whole video."""

    def test_finds_maps_scores_and_progress(self, videos, trained):
        finder = build_discoverer(NAME, DiscoveryRequest("cpu", trained[0], short_side=64))
        with open_video(videos / "0.mp4") as video:
            told, job = [], finder.discover(video, range(2, 10), CancelToken())
            while True:
                try:
                    told.append(next(job))
                except StopIteration as end:
                    tracks = end.value
                    break
            again = result_of(finder.discover(video, range(2, 10), CancelToken()))
        assert {one.phase for one in told} == {"the whole video", "looking for objects"}
        assert (told[-1].done, told[-1].total) == (8, 8)
        assert len(tracks) <= 1
        for track, other in zip(tracks, again, strict=True):
            assert set(track.maps) <= set(range(2, 10)) == set(range(2, 10))
            assert 0 < track.score <= 1
            for index in track.maps:
                assert track.maps[index].shape == (16, 16)
                np.testing.assert_array_equal(track.maps[index], other.maps[index])

    @pytest.mark.parametrize("height", [0.3, 0.05])
    def test_foreground_begins_where_it_stands_out_but_not_anywhere(
        self, videos, trained, monkeypatch, height
    ):
        """A network that is nowhere sure finds what it takes for likelier, if it is likely."""
        seen = torch.full((1, 16, 16), height / 3)
        seen[:, 4:8, 6:12] = height
        monkeypatch.setattr(MultiGranularity, "foreground", lambda _self, _gathered: seen)
        finder = build_discoverer(NAME, DiscoveryRequest("cpu", trained[0], short_side=64))
        with open_video(videos / "0.mp4") as video:
            tracks = result_of(finder.discover(video, range(4), CancelToken()))
        if height < LEAST_THRESHOLD:
            assert tracks == ()
            return
        (track,) = tracks
        for index in range(4):
            assert ((track.maps[index] > THRESHOLD) == (seen[0].numpy() == height)).all()
        assert track.score == pytest.approx(height, abs=1e-3)

    def test_of_no_frames_nothing_is_found(self, videos, trained):
        finder = build_discoverer(NAME, DiscoveryRequest("cpu", trained[0], short_side=64))
        with open_video(videos / "0.mp4") as video:
            assert result_of(finder.discover(video, range(0), CancelToken())) == ()

    def test_one_frame_is_looked_at_by_itself(self, videos, trained):
        finder = build_discoverer(NAME, DiscoveryRequest("cpu", trained[0], short_side=64))
        with open_video(videos / "0.mp4") as video:
            result_of(finder.discover(video, range(3, 4), CancelToken()))

    def test_stops(self, videos, trained):
        finder = build_discoverer(NAME, DiscoveryRequest("cpu", trained[0], short_side=64))
        token = CancelToken()
        with open_video(videos / "0.mp4") as video:
            job = finder.discover(video, range(12), token)
            next(job)
            token.cancel()
            with pytest.raises(Cancelled):
                result_of(job)

    def test_references_are_spread_over_the_range(self):
        assert reference_frames(range(5)) == (0, 1, 2, 3, 4)
        assert reference_frames(range(10, 26)) == (11, 13, 15, 17, 19, 21, 23, 25)
        assert len(reference_frames(range(1000))) == REFERENCES

    def test_what_it_cannot_do_is_refused(self, trained):
        with pytest.raises(UsageError, match="does not learn a video"):
            build_discoverer(NAME, DiscoveryRequest("cpu", trained[0], adapt_steps=5))
        with pytest.raises(CheckpointMissing, match="weights"):
            build_discoverer(NAME, DiscoveryRequest("cpu"))


def test_the_same_weights_carry_masks(trained):
    frames, masks = two_layers(side=64, frames=4)
    tracker = build_tracker(TrackerRequest(NAME, Quality.FAST, "cpu", trained[0]))
    tracker.add_keyframe(Keyframe(0, (1,), masks[0].astype(np.uint8)), frames[0])
    tracker.start(Direction.FORWARD)
    first, second = (tracker.step(index, frames[index], (1,)) for index in range(2))
    found = tracker.render(first.probabilities, frames[0], (1,)).astype(bool)
    assert (found & masks[0]).sum() > 0.8 * (found | masks[0]).sum()
    assert first.confidence[1] == 1 and 0 <= second.confidence[1] <= 1
    assert first.probabilities.shape == (2, 60, 60)
