"""The multi-granularity network: shapes, sizes, what is gathered, matched and read."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch

from core.data.video_abstracts import AbstractBatch
from core.errors import CheckpointMismatch
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.nn.lite0 import Lite0Features
from core.systems.multi_granularity.build import SHARPNESS, encode_with
from core.systems.multi_granularity.config import PRESETS, NetworkConfig
from core.systems.multi_granularity.encoder import Lite0Body, ResNetBody, pooled
from core.systems.multi_granularity.granularities import (
    Granularities,
    Terms,
    chosen,
    global_features,
    matched,
    patch_side,
    tracked,
)
from core.systems.multi_granularity.method import granularities_step
from core.systems.multi_granularity.model import (
    LEAST_THRESHOLD,
    MultiGranularity,
    cautious_threshold,
    new_network,
    read_network,
)
from core.systems.multi_granularity.rounds import Rounds, predicted


@pytest.fixture
def network():
    torch.manual_seed(0)
    return new_network(PRESETS["tiny"])


def batch(*, videos=2, frames=4, side=32):
    """Frames, roles, corners and targets of a batch of random pictures."""
    generator = torch.Generator().manual_seed(1)
    shown = torch.rand(videos, frames + 3, 3, side, side, generator=generator)
    roles = torch.stack([torch.randperm(frames, generator=generator) for _ in range(videos)])
    corners = torch.randint(0, side - 16 + 1, (videos, 2), generator=generator)
    target = (torch.rand(videos, frames, side // 4, side // 4, generator=generator) > 0.5) * 1.0
    return shown, roles, corners, target


@pytest.mark.parametrize("preset", ["plain", "tiny"])
def test_features_have_a_quarter_of_the_size(preset):
    torch.manual_seed(0)
    network, config = new_network(PRESETS[preset]).eval(), PRESETS[preset]
    with torch.no_grad():
        x = network.features(torch.rand(2, 3, 48, 64))
        assert x.shape == (2, config.channels, 12, 16)
        references = network.pooled_references(x)[:, None]
        size = (12 // config.pool, 16 // config.pool)
        assert references.shape == (2, 1, config.channels, *size)
        r = network.gathered(x, references)
        assert r.shape == (2, 2 * config.channels, 12, 16)
        assert network.single_logits(x).shape == network.whole_logits(r).shape == (2, 12, 16)


def test_the_paper_s_encoder_is_four_groups_of_resnet50_at_stride_4():
    with torch.device("meta"):
        network = MultiGranularity(PRESETS["paper"])
        assert network.features(torch.rand(2, 3, 64, 64)).shape == (2, 128, 16, 16)
    body = network.encoder.body
    assert isinstance(body, ResNetBody)
    # Those of ResNet-50 up to its fourth group: 8,543,296 values.
    own = sum(p.numel() for name, p in body.named_parameters() if not name.startswith("head"))
    assert own == 8_543_296
    dilations = {m.dilation for m in body.layer3.modules() if hasattr(m, "dilation")}
    assert dilations == {(1, 1), (4, 4)}
    assert network.whole.weight.shape == (1, 256, 1, 1)


def test_the_backbone_of_small_is_neither_trained_nor_stored():
    network = MultiGranularity(PRESETS["small"])
    assert isinstance(network.encoder.body, Lite0Body)
    network.encoder.body.attach(Lite0Features())
    with torch.no_grad():
        assert network.eval().features(torch.rand(1, 3, 64, 48)).shape == (1, 64, 16, 12)
    assert not any("backbone" in name for name in network.state_dict())
    assert sum(p.numel() for p in network.parameters()) < 700_000


def test_pooling_is_a_mean_of_cells_and_what_is_left_over_counts():
    x = torch.arange(2 * 3 * 5.0).view(1, 2, 1, 3, 5)
    found = pooled(x, 2)
    assert found.shape == (1, 2, 1, 2, 3)
    assert found[0, 1, 0, 0, 1] == x[0, 1, 0, :2, 2:4].mean()
    assert found[0, 0, 0, 1, 2] == x[0, 0, 0, 2, 4]
    assert torch.equal(pooled(x, 1), x)


def test_global_features_are_read_from_all_other_frames(network):
    torch.manual_seed(1)
    abstract = torch.randn(2, 3, 8, 4, 4)
    places = torch.tensor([1, 2])
    found = global_features(network, abstract, places)
    torch.testing.assert_close(found[:, 8:], chosen(abstract, places))
    for video, place in enumerate(places.tolist()):
        others = [pooled(abstract[video, k], 2) for k in range(3) if k != place]
        keys = torch.cat([other.flatten(1) for other in others], dim=1)
        query = abstract[video, place].flatten(1)
        for cell in (0, 5, 15):
            weights = (query[:, cell] @ keys / math.sqrt(8)).softmax(0)
            torch.testing.assert_close(found[video, :8].flatten(1)[:, cell], keys @ weights)


def test_what_is_gathered_does_not_depend_on_the_order_of_references(network):
    x, references = torch.randn(1, 8, 4, 4), torch.randn(1, 3, 8, 2, 2)
    torch.testing.assert_close(
        network.gathered(x, references), network.gathered(x, references.flip(1))
    )


def test_the_transformation_begins_at_the_identity_whatever_the_frames(network):
    affinity = torch.rand(2, 64, 64).softmax(1)
    torch.testing.assert_close(network.matcher(affinity), torch.eye(2, 3).expand(2, -1, -1))


def test_equal_distant_frames_match_but_for_blur(network):
    sharp = 12 * torch.nn.functional.one_hot(torch.arange(64)).float()
    x = torch.cat([sharp.T.view(1, 64, 8, 8)])
    same = matched(network.eval(), x, x)
    other = matched(network, x, x.flip(-1))
    assert same < -1.9 and other > same + 0.5


@pytest.mark.parametrize(("side", "patch"), [(32, 16), (64, 16), (128, 32), (192, 48), (256, 64)])
def test_a_patch_is_a_quarter_of_the_frame(side, patch):
    assert patch_side(side) == patch


def test_patches_are_normalized_as_frames_are_in_inference(network):
    network.train()
    norm = network.encoder.norm
    before = norm.running_mean.clone()
    shown, _, corners, _ = batch()
    x = torch.randn(2, 3, 8, 8, 8)
    tracked(network, shown[:, -3:], x, corners).backward()
    assert torch.equal(norm.running_mean, before) and norm.training
    assert network.encoder.body.head.weight.grad.abs().sum() > 0


def test_each_loss_teaches_its_parts_of_the_network(network):
    parts = {
        "readout": {"whole"},
        "frame": {"single"},
        "short": {"gain", "offset"},
        "long": {"matcher"},
        "video": set(),
    }
    losses = Granularities(network.train(), Terms())(*batch())
    assert losses.keys() == parts.keys()
    for name, loss in losses.items():
        network.zero_grad()
        loss.backward(retain_graph=True)
        told = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
        assert told == parts[name] | {"encoder"}
        assert torch.isfinite(loss)


def test_a_pass_in_16_bits_comes_close(network):
    parts = Granularities(network.train(), Terms())
    with torch.no_grad():
        whole = parts(*batch())
        with torch.autocast("cpu", torch.bfloat16):
            half = parts(*batch())
    for name, loss in whole.items():
        assert half[name].dtype == torch.float32
        assert math.isclose(half[name], loss, rel_tol=0.1, abs_tol=0.05)


@pytest.mark.parametrize("out", ["frame", "short", "long", "video"])
def test_a_weight_of_0_leaves_a_loss_out(network, out):
    terms = Terms(**{out: 0.0})
    assert out not in terms.weights()
    found = Granularities(network.train(), terms)(*batch())
    assert found.keys() == terms.weights().keys()


def test_without_the_loss_of_frames_no_prior_reaches_the_features(network):
    losses = Granularities(network.train(), Terms(frame=0.0))(*batch())
    losses["readout"].backward()
    told = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None}
    assert told == {"whole"}


def test_a_round_begins_once_and_teaches_what_was_found(network):
    rounds = Rounds(network.train(), 3, alpha=0.05)
    shown, _, _, prior = batch()
    assert torch.equal(rounds.targets(shown, prior), prior)
    for share, number in ((0.0, 0), (0.33, 0), (0.34, 1), (0.5, 1), (0.7, 2), (1.0, 2)):
        rounds.begin_due(share)
        assert rounds.number == number
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    found = predicted(rounds.teacher.eval(), shown[:, :4])
    torch.testing.assert_close(
        rounds.targets(shown, prior), 0.05 * prior + 0.95 * (found > 0.5).float()
    )
    assert not torch.equal(rounds.teacher.whole.weight, network.whole.weight)


@pytest.mark.parametrize("alpha", [1.0, 0.0])
def test_frames_learn_the_prior_at_alpha_1_and_from_themselves_at_alpha_0(network, alpha):
    shown, roles, corners, prior = batch()
    with torch.no_grad():
        # As if trained: features vary around 0, and what is read off them differs by place.
        network.eval().encoder.norm.train().momentum = 1.0
        network.features(shown.flatten(0, 1))
        for part in (network.single, network.whole):
            torch.nn.init.normal_(part.weight)
    rounds, parts = Rounds(network, 2, alpha=alpha), Granularities(network.eval(), Terms())
    rounds.begin_due(0.5)
    with torch.no_grad():
        network.single.weight.neg_()
        found = parts(shown, roles, corners, rounds.targets(shown, prior))["frame"]
        learned = (predicted(rounds.teacher, shown[:, :4]) > 0.5) * 1.0
        p = network.single_logits(network.features(shown[:, :4].flatten(0, 1))).sigmoid()
    q = (prior if alpha else learned).flatten(0, 1)
    assert 0.1 < learned.mean() < 0.9
    wanted = -(q * p.log() + (1 - q) * (1 - p).log()).mean()
    torch.testing.assert_close(found, wanted)


def test_the_total_is_the_sum_of_losses_times_weights(network):
    """Equation 16, and the read-out of the whole video, which always counts as 1."""
    terms = Terms(frame=0.7, short=0.3, long=1.9, video=0.2)
    parts, (shown, roles, corners, prior) = Granularities(network.eval(), terms), batch()
    rounds = Rounds(network, 1, alpha=0.05)
    with torch.no_grad():
        step = granularities_step(parts, rounds, terms)
        found = step(AbstractBatch(shown, prior, roles, corners)).total
        one = parts(shown, roles, corners, prior)
    wanted = one["readout"] + 0.7 * one["frame"] + 0.3 * one["short"]
    wanted += 1.9 * one["long"] + 0.2 * one["video"]
    torch.testing.assert_close(found, wanted)


def test_one_round_has_no_teacher(network):
    rounds = Rounds(network, 1, alpha=0.05)
    rounds.begin_due(0.9)
    assert rounds.teacher is None and rounds.number == 0


def test_the_state_of_rounds_holds_the_teacher(network):
    rounds = Rounds(network, 2, alpha=0.5)
    rounds.begin_due(0.6)
    with torch.no_grad():
        network.whole.weight.add_(1)
    other = Rounds(copy.deepcopy(network), 2, alpha=0.5)
    other.load_state_dict(rounds.state_dict())
    assert other.number == 1
    assert torch.equal(other.teacher.whole.weight, rounds.teacher.whole.weight)


def test_predictions_read_each_frame_with_the_others_of_its_video(network):
    shown, *_ = batch(videos=2)
    network.eval()
    # A new read-out of single frames says 1/2, whatever it is given.
    torch.nn.init.normal_(network.single.weight)
    with torch.no_grad():
        found = predicted(network, shown[:, :4])
        x = network.features(shown[1, :4])
        references = network.pooled_references(x[[3, 0, 1]])[None]
        logits = network.whole_logits(network.gathered(x[2:3], references))
        wanted = (logits[0].sigmoid() + network.single_logits(x[2:3])[0].sigmoid()) / 2
    assert found.shape == (2, 4, 8, 8)
    torch.testing.assert_close(found[1, 2], wanted, atol=1e-4, rtol=1e-4)


def test_foreground_begins_at_otsus_threshold_but_never_above_one_half():
    unsure = np.repeat(np.float32([0.02, 0.3]), [90, 10])
    assert 0.02 <= cautious_threshold(unsure) < 0.3
    assert cautious_threshold(np.repeat(np.float32([0.6, 0.98]), 50)) == 0.5


def test_what_is_nowhere_likely_is_no_foreground():
    rng = np.random.default_rng(0)
    assert cautious_threshold(np.zeros((4, 4), np.float32)) == LEAST_THRESHOLD
    faint = rng.normal(0.02, 0.002, (16, 16)).astype(np.float32)
    assert cautious_threshold(faint) == LEAST_THRESHOLD > faint.max()


def test_keys_are_those_of_the_features_at_any_size(network):
    torch.manual_seed(1)
    frame = torch.randint(0, 255, (40, 56, 3), dtype=torch.uint8)
    wanted = copy.deepcopy(network.encoder).eval()
    keys = encode_with(network.encoder, torch.device("cpu"))(frame.numpy())
    assert keys.shape == (8, 10, 14)
    padded = torch.nn.functional.pad(
        frame.permute(2, 0, 1)[None] / 255, (0, 8, 0, 8), mode="replicate"
    )
    with torch.no_grad():
        found = wanted(padded)[0, :, :10, :14]
    lengths = found.norm(dim=0)
    assert lengths.max() > 1.5 * lengths.min()
    torch.testing.assert_close(keys / keys.norm(dim=0), found / lengths, atol=1e-3, rtol=1e-3)
    itself = (keys * keys).sum(0) / 8**0.5
    torch.testing.assert_close(itself, torch.full((10, 14), SHARPNESS))


def test_weights_are_read_again_and_odd_headers_refused(network, tmp_path):
    path, config = tmp_path / "w.safetensors", network.config.to_dict()
    save_weights(path, network, CheckpointInfo("multi_granularity", "tiny", config))
    assert read_network(path).config == PRESETS["tiny"]
    for change in ({"encoder": "vgg"}, {"lattice": 6}, {"lattice": 1024}, {"matcher": [8]}, {}):
        wrong = config | change if change else {"encoder": "plain"}
        with pytest.raises(CheckpointMismatch):
            NetworkConfig.from_dict(wrong)
    with pytest.raises(CheckpointMismatch):
        NetworkConfig.from_dict(config | {"widths": [8, 8, 10**9]})
