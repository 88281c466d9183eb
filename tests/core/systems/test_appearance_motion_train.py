"""Learning to synthesize: the loss, what is seen of channels, two layers, runs and adaptation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.data.frame_clips import ClipFrames, FrameClipConfig, clip_flows
from core.data.synthetic import two_layers
from core.engine.registry import recipe_of
from core.errors import CheckpointMismatch, TrainingError, UsageError
from core.jobs import Cancelled, CancelToken, result_of
from core.losses.photometric import ssim_distance
from core.losses.photometric_kind import Photometric
from core.media.video import open_video
from core.nn.checkpoints import read_info
from core.systems.appearance_motion.adapt import AdaptConfig, adapt
from core.systems.appearance_motion.channel import CUES, choose_channel, segment_cues
from core.systems.appearance_motion.config import PRESETS, Pairing
from core.systems.appearance_motion.model import Explained, new_network, read_network
from core.systems.appearance_motion.spec import RECIPE
from core.systems.appearance_motion.train import (
    LossConfig,
    cues_of,
    loss_said,
    scales_of,
    synthesis,
    synthesis_step,
)
from core.train.config import FitConfig
from core.train.loop import TrainProgress, fit
from core.train.request import TrainRequest
from core.train.run import train


def as_batch(frames):
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


def truth(masks, *, flow=(2.0, 0.0), levels=2, segments=5):
    """What a network would say that knows the two layers: channel 1 is the disk."""
    shown = torch.zeros(1, 2, segments, *masks.shape[1:])
    shown[0, :, 1] = torch.from_numpy(masks).float()
    shown[0, :, 0] = 1 - shown[0, :, 1]
    flows = torch.zeros(2, segments, 1, 2)
    flows[0, 1, 0] = torch.tensor(flow)
    flows[1, 1, 0] = -torch.tensor(flow)
    return Explained(shown, [flows] * levels)


@pytest.mark.parametrize("kind", list(Photometric))
def test_the_true_layers_explain_best(kind):
    frames, masks = two_layers(side=64)
    batch, config = as_batch(frames[10:12])[None], LossConfig(kind)
    right = synthesis(batch, truth(masks[10:12]), config, 0)
    for wrong in ((0.0, 0.0), (-2.0, 0.0), (2.0, 2.0)):
        assert right.loss < synthesis(batch, truth(masks[10:12], flow=wrong), config, 0).loss
    # Pixels of the disk and of the ground that both frames show come out as they were.
    assert right.error.median() < 1e-3


def test_masks_of_the_target_keep_the_edges_where_they_are_seen():
    frames, masks = two_layers(side=64, speed=4.0)
    batch, told = as_batch(frames[10:12])[None], truth(masks[10:12], flow=(4.0, 0.0))
    by = {p: synthesis(batch, told, LossConfig(pairing=p), 0).loss for p in Pairing}
    assert by[Pairing.TARGET] < 0.7 * by[Pairing.SOURCE]


def test_the_paper_s_loss_is_the_sum_of_both_directions():
    frames, masks = two_layers(side=32)
    batch, told = as_batch(frames[:2])[None], truth(masks[:2], flow=(0.0, 0.0))
    found = synthesis(batch, told, LossConfig(Photometric.PAPER), 0).loss
    first, second = batch[0]
    wanted = 2 * ssim_distance(first[None], second[None]).mean()
    assert math.isclose(found.item(), wanted.item(), rel_tol=1e-5)


def test_the_coarsest_flow_is_never_compared():
    assert [scales_of(Photometric.CODE, n) for n in (1, 2, 3, 5, 7)] == [1, 1, 2, 4, 4]
    assert scales_of(Photometric.PAPER, 5) == 1


def test_cues_of_channels_follow_their_definitions():
    masks = torch.zeros(1, 2, 9, 9)
    masks[0, 0, 3:6, 3:6] = 1
    masks[0, 1] = 1 - masks[0, 0]
    error = torch.zeros(1, 1, 9, 9)
    error[0, 0, 4, 4] = 0.9
    flows = torch.tensor([[[3.0, 4.0], [0.0, 0.0]]])
    cues = dict(zip(CUES, segment_cues(masks, error, flows).T, strict=True))
    share = 9 / 81
    assert torch.allclose(cues["mass"], torch.tensor([share, 1 - share]))
    assert cues["entropy"].abs().max() < 1e-4
    assert torch.allclose(cues["error"], torch.tensor([0.1, 0.0]))
    around = [math.hypot(x, y) / 4.5 for x in range(-4, 5) for y in range(-4, 5)]
    near = sum(math.hypot(x, y) / 4.5 for x in (-1, 0, 1) for y in (-1, 0, 1))
    assert math.isclose(cues["aside"][0].item(), near / 9, rel_tol=1e-5)
    assert math.isclose(cues["aside"][1].item(), (sum(around) - near) / 72, rel_tol=1e-5)
    inside = math.sqrt(sum(x * x + y * y for x in (-1, 0, 1) for y in (-1, 0, 1)) / 9) / 4.5
    assert math.isclose(cues["spread"][0].item(), inside, rel_tol=1e-5)
    assert torch.allclose(cues["apart"], torch.tensor([5 * (1 - share), 5 * share]))


def test_the_object_s_channel_is_sure_hard_central_compact_and_moves_apart():
    plain = [0.2, 1.0, 0.1, 0.3, 0.8, 0.2]
    cues = torch.tensor([plain, [0.2, 0.5, 0.2, 0.1, 0.4, 1.5], plain, plain, plain])
    assert choose_channel(cues) == 1
    empty = cues.clone()
    empty[1, 0] = 0.001
    assert choose_channel(empty) != 1
    assert choose_channel(torch.zeros(5, 6)) == 0


def test_a_training_step_teaches_all_of_both_networks():
    torch.manual_seed(0)
    options = {"segments": 5, "order": 2, "dis": True}
    network = new_network(PRESETS["tiny"].shaped(options)).train()
    frames = two_layers(side=32)[0]
    flows = torch.from_numpy(clip_flows(frames[:3])).permute(0, 3, 1, 2)[None]
    batch = ClipFrames(as_batch(frames[:3])[None], flows)
    terms = synthesis_step(network, network, LossConfig())(batch)
    terms.total.backward()
    silent = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    # The last features of the pyramid's first level are seen by those above it alone.
    assert silent == []
    assert network.cues.any()


@pytest.mark.slow
def test_two_layers_are_told_apart_from_scratch(tmp_path):
    """Small and short; the clip at its full size is in tests/benchmarks."""
    frames, masks = two_layers(side=64, frames=12)
    pictures = as_batch(frames)
    torch.manual_seed(0)
    network = new_network(PRESETS["small"]).train()
    rng = np.random.default_rng(0)

    def batches(_start):
        while True:
            firsts = rng.integers(0, len(frames) - 1, 2)
            yield ClipFrames(torch.stack([pictures[k : k + 2] for k in firsts]))

    steps = fit(
        synthesis_step(network, network, LossConfig()),
        batches,
        network,
        torch.optim.AdamW(network.parameters()),
        FitConfig(steps=110, learning_rate=2e-3, save_every=1000),
        state_file=tmp_path / "state.pt",
        token=CancelToken(),
    )
    for _ in steps:
        pass
    network.eval()
    with torch.no_grad():
        found = network.segments(pictures)[:, network.channel].numpy() > 0.5
        told = network(pictures[None, 4:6], None)
    overlap = (found & masks).sum() / (found | masks).sum()
    assert overlap > 0.75
    flow = told.flows[0][0, network.channel, 0]
    assert torch.allclose(flow, torch.tensor([2.0, 0.0]), atol=0.5)


@pytest.fixture(scope="module")
def videos(tmp_path_factory, write_mpeg4):
    folder = tmp_path_factory.mktemp("videos")
    for seed in (0, 1):
        write_mpeg4(folder / f"{seed}.mp4", two_layers(side=64, frames=12, seed=seed)[0], fine=True)
    return folder


def request(videos, out, **changes):
    options = {"batch": 2, "crop": 32} | changes.pop("options", {})
    values = {"steps": 3} | changes.pop("length", {})
    return TrainRequest(
        RECIPE,
        out,
        FitConfig(**values),
        "tiny",
        options=options,
        videos=videos,
        device="cpu",
        workers=0,
        threads=1,
        **changes,
    )


def run(job):
    last = None
    while True:
        try:
            item = next(job)
        except StopIteration as end:
            return end.value, last
        last = item if isinstance(item, TrainProgress) else last


def test_a_run_writes_weights_that_say_what_they_are(videos, tmp_path):
    assert recipe_of("appearance_motion") is RECIPE
    options = {"segments": 6, "order": 1, "frames": 3, "loss": "census", "dis": True}
    weights, last = run(train(request(videos, tmp_path / "run", options=options), CancelToken()))
    assert last.step == 3
    info = read_info(weights)
    assert info.config["segments"] == 6
    assert info.config["dense_flow"] is True
    assert info.training["labels"] == "none"
    assert info.training["photometric"] == "census"
    assert info.training["channel"] == read_network(weights).channel


def test_explaining_flow_teaches_the_appearance_network_alone(videos, tmp_path):
    options = {"loss": "flow", "order": 2}
    weights, last = run(train(request(videos, tmp_path / "run", options=options), CancelToken()))
    info, network = read_info(weights), read_network(weights)
    assert list(last.losses) == ["fate", "tiling"]
    assert info.training["photometric"] == "flow"
    assert loss_said(info.training).fate
    assert network.cues.any()
    with open_video(videos / "0.mp4") as video:
        config = AdaptConfig(steps=2, short_side=32, loss=loss_said(info.training))
        kept = {name: x.clone() for name, x in network.state_dict().items()}
        result_of(adapt(network, video, range(12), config, CancelToken()))
    changed = {name for name, x in network.state_dict().items() if not torch.equal(kept[name], x)}
    assert any(name.startswith("appearance.") for name in changed)
    assert not any(name.startswith("motion.") for name in changed)


def test_a_video_is_learned_by_the_loss_of_the_weights():
    assert loss_said({}) == LossConfig()
    assert loss_said({"photometric": "census", "pairing": "source"}) == LossConfig(
        Photometric.CENSUS, Pairing.SOURCE
    )
    assert loss_said({"photometric": "flow"}).name == "flow"
    assert loss_said({"photometric": "of another version"}) == LossConfig()


def test_a_resumed_run_ends_at_the_same_weights(videos, tmp_path):
    whole, _ = run(train(request(videos, tmp_path / "whole"), CancelToken()))
    stop = CancelToken()
    job = train(request(videos, tmp_path / "parts"), stop)
    with pytest.raises(Cancelled):
        for item in job:
            if isinstance(item, TrainProgress) and item.step == 2:
                stop.cancel()
    parts, _ = run(train(request(videos, tmp_path / "parts", resume=True), CancelToken()))
    assert whole.read_bytes()[-4000:] == parts.read_bytes()[-4000:]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"crop": 36}, UsageError, "do not fit"),
        ({"loss": "l2"}, UsageError, "loss cannot be 'l2'"),
        ({"pairing": "both"}, UsageError, "pairing cannot be 'both'"),
        ({"segments": 1}, UsageError, "segments of 1"),
        ({"batch": 0}, UsageError, "batch"),
    ],
)
def test_what_cannot_be_trained_is_refused(videos, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        run(train(request(videos, tmp_path / "run", options=options), CancelToken()))
    assert not (tmp_path / "run" / "state.pt").exists()


def test_weights_of_another_shape_are_no_start(videos, tmp_path):
    weights, _ = run(train(request(videos, tmp_path / "one", length={"steps": 1}), CancelToken()))
    with pytest.raises(CheckpointMismatch, match="another shape: segments"):
        run(
            train(
                request(videos, tmp_path / "two", options={"segments": 8}, init=weights),
                CancelToken(),
            )
        )


def test_adaptation_changes_weights_reports_steps_and_stops(videos):
    torch.manual_seed(0)
    network = new_network(PRESETS["tiny"])
    before = {name: x.clone() for name, x in network.state_dict().items()}
    config = AdaptConfig(steps=4, short_side=32)
    with open_video(videos / "0.mp4") as video:
        told = list(adapt(network, video, range(12), config, CancelToken()))
        steps = [one for one in told if one.phase == "learning the video"]
        assert [one.done for one in steps] == [1, 2, 3, 4]
        after = network.state_dict()
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        assert {"cues", "motion.head.0.weight"} <= changed
        assert not any("running" in name or "num_batches" in name for name in changed)
        token = CancelToken()
        job = adapt(network, video, range(12), config, token)
        for one in job:
            if one.phase == "learning the video":
                token.cancel()
                break
        with pytest.raises(Cancelled):
            result_of(job)
        with pytest.raises(UsageError, match="One frame"):
            result_of(adapt(network, video, range(1), config, CancelToken()))


def test_adaptation_is_the_same_for_the_same_seed(videos):
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(0)
        network = new_network(PRESETS["tiny"])
        with open_video(videos / "0.mp4") as video:
            config = AdaptConfig(steps=2, short_side=32, seed=seed)
            result_of(adapt(network, video, range(12), config, CancelToken()))
        found.append(network.motion.head[0].weight.detach().clone())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_what_training_saw_of_the_channels_counts_as_much_as_the_video(videos):
    torch.manual_seed(0)
    plain = [0.2, 1.0, 0.1, 0.3, 0.8, 0.2]
    network = new_network(PRESETS["tiny"])
    network.cues.copy_(torch.tensor([plain, plain, plain, [0.2, -90, 90, -90, -90, 90], plain]))
    before = network.cues.clone()
    with open_video(videos / "0.mp4") as video:
        config = AdaptConfig(steps=40, short_side=32)
        result_of(adapt(network, video, range(12), config, CancelToken()))
    assert network.channel == 3
    assert (network.cues[3, 1:] / before[3, 1:] > 0.5).all()
    assert not torch.equal(network.cues, before)


def test_impossible_clips_are_refused():
    for values in ({"batch": 0}, {"size": (4, 4)}, {"frames": 1}):
        with pytest.raises(TrainingError):
            FrameClipConfig(**values)


def test_cues_of_a_step_see_the_inner_pixels():
    frames, masks = two_layers(side=32)
    told = truth(masks[:2])
    found = synthesis(as_batch(frames[:2])[None], told, LossConfig(), 0)
    cues = cues_of(told, found, Pairing.TARGET)
    assert cues.shape == (5, 6)
    assert math.isclose(cues[1, 0].item(), masks[:2, 1:-1, 1:-1].mean(), rel_tol=1e-5)
