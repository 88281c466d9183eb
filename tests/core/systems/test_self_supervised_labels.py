"""The stage of labels: its step, what it learns, and what it keeps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.data.composites.batches import LabelBatch, MixedBatch
from core.data.pairs import PairBatch
from core.jobs import CancelToken
from core.losses.label_propagation import cell_weights, label_propagation, readable_probabilities
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.method import SelfSupervised, stage_pairs
from core.systems.self_supervised.model import KeyEncoder
from core.systems.self_supervised.spec import RECIPE
from core.systems.self_supervised.train import pairwise_step
from core.systems.self_supervised.train_labels import (
    EachApart,
    cell_probabilities,
    label_loss,
    labels_step,
)
from core.train.anchored import Anchored
from core.train.config import FitConfig
from core.train.loop import fit
from core.train.team import Team

SIDE, CELLS = 32, 8


def make_stage(encoder, **options):
    usual = {o.name: o.usual("labels", refines=True) for o in RECIPE.options}
    return SelfSupervised().stage("labels", encoder, usual | options, Team())


def tiny():
    torch.manual_seed(0)
    return KeyEncoder(PRESETS["tiny"]).train()


def clips(seed, count=2):
    """Noise over which a brighter square of noise moves by a cell a frame."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(0, 0.2, (count, 3, 3, SIDE, SIDE)).astype(np.float32)
    inputs[:, 1:] = inputs[:, :1]
    label_maps = np.zeros((count, 3, SIDE, SIDE), np.uint8)
    for sample in range(count):
        patch = rng.normal(0.3, 0.2, (3, 12, 12))
        top, left = 4 * rng.integers(0, 4, 2)
        for frame in range(3):
            part = (slice(top, top + 12), slice(left + 4 * frame, left + 4 * frame + 12))
            inputs[sample, frame][:, part[0], part[1]] = patch
            label_maps[sample, frame][part] = 1
    return LabelBatch(torch.from_numpy(inputs), torch.from_numpy(label_maps))


def mixed(seed):
    labels = clips(seed)
    inputs = labels.inputs[:, 1:].contiguous()
    return MixedBatch(PairBatch(inputs, inputs[:, :, 1:].clone(), torch.ones(2, 2)), labels)


def test_probabilities_of_cells():
    label_maps = torch.zeros(1, 2, 8, 8, dtype=torch.uint8)
    label_maps[0, 1, :4, :4] = 3
    label_maps[0, 1, 4:, 4:6] = 1
    probabilities = cell_probabilities(label_maps)
    assert probabilities.shape == (1, 2, 4, 2, 2)
    assert torch.equal(probabilities.sum(2), torch.ones(1, 2, 2, 2))
    assert probabilities[0, 1, :, 0, 0].tolist() == [0, 0, 0, 1]
    assert probabilities[0, 1, :, 1, 1].tolist() == [0.5, 0.5, 0, 0]


def test_loss_equals_the_loop():
    """Each cell of the query reads both references within its window."""
    batch, radius = clips(0), 2
    keys = torch.randn(6, 5, CELLS, CELLS, generator=torch.manual_seed(1))
    probabilities = cell_probabilities(batch.label_maps)
    frames, read = keys.view(2, 3, 5, CELLS, CELLS), torch.zeros(2, 4, CELLS, CELLS)
    for b in range(2):
        for y in range(CELLS):
            for x in range(CELLS):
                part = (slice(max(0, y - radius), y + radius + 1),
                        slice(max(0, x - radius), x + radius + 1))  # fmt: skip
                near = frames[b, :2, :, part[0], part[1]].transpose(0, 1).flatten(1)
                labels = probabilities[b, :2, :, part[0], part[1]].transpose(0, 1).flatten(1)
                affinity = ((frames[b, 2, :, y, x] @ near) / 5**0.5).softmax(0)
                read[b, :, y, x] = labels @ affinity
    known = readable_probabilities(probabilities[:, -1], probabilities[:, :-1])
    wanted = float(label_propagation(read, known, cell_weights(probabilities[:, -1])))
    assert float(label_loss(keys, batch, radius=radius, team=Team())) == pytest.approx(
        wanted, rel=1e-4
    )


def test_keys_that_tell_labels_apart_cost_nothing_and_others_much():
    batch = clips(0)
    labels = F.max_pool2d(batch.label_maps.float().flatten(0, 1)[:, None], 4)
    good = 30 * torch.cat([labels, 1 - labels], 1)
    losses = [float(label_loss(k, batch, radius=10, team=Team())) for k in (good, 0 * good)]
    assert losses[0] < 1e-3
    assert losses[1] > 0.3


def test_total_is_colors_and_labels():
    encoder, batch = tiny(), mixed(0)
    terms = labels_step(EachApart(encoder))(batch)
    assert set(terms.terms) == {"color", "labels"}
    color, labels = (float(loss.detach()) for loss, _ in terms.terms.values())
    assert float(terms.total.detach()) == pytest.approx(color + labels)
    alone = float(pairwise_step(encoder)(batch.pairs).total.detach())
    assert color == pytest.approx(alone, rel=1e-4), "statistics of their own"
    terms.total.backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in encoder.parameters())


def test_running_statistics_are_those_of_raw_frames():
    """With a momentum of 1 they are those of the batch that last changed them."""
    encoder, batch = tiny(), mixed(0)
    norm = next(m for m in encoder.modules() if isinstance(m, torch.nn.BatchNorm2d))
    norm.momentum = 1.0
    encoder(batch.pairs.inputs.flatten(0, 1))
    of_raw = norm.running_mean.clone()
    raw, composite = EachApart(encoder)(
        batch.pairs.inputs.flatten(0, 1), 3 * batch.labels.inputs.flatten(0, 1)
    )
    assert torch.equal(norm.running_mean, of_raw)
    assert norm.momentum == 1.0
    encoder(3 * batch.labels.inputs.flatten(0, 1))
    assert not torch.allclose(norm.running_mean, of_raw), "another batch has others"
    assert (raw.shape[0], composite.shape[0]) == (4, 6)


def test_loss_falls(tmp_path):
    stage = make_stage(tiny(), radius=4)
    run = fit(
        stage.step,
        lambda start: (mixed(step % 4) for step in range(start, 1000)),
        stage.module,
        torch.optim.AdamW([p for p in stage.module.parameters() if p.requires_grad]),
        FitConfig(steps=60, learning_rate=3e-3),
        state_file=tmp_path / "state.pt",
        token=CancelToken(),
    )
    losses = [item.losses["labels"] for item in run]
    assert np.mean(losses[-8:]) < 0.6 * np.mean(losses[:8])


def test_only_the_encoder_learns_and_the_start_stays():
    encoder = tiny()
    stage = make_stage(encoder)
    before = {name: x.clone() for name, x in encoder.state_dict().items()}
    learning = [p for p in stage.module.parameters() if p.requires_grad]
    assert len(learning) == len(list(encoder.parameters()))
    stage.step(mixed(0)).total.backward()
    torch.optim.SGD(learning, lr=0.1).step()
    start = stage.module.start.state_dict()
    assert all(torch.equal(start[name], x) for name, x in before.items())
    result, trained = stage.weights()
    assert (result.name, trained.name, trained.module) == ("weights", "trained", encoder)
    weight = [x.head.weight for x in (stage.module.start, result.module, encoder)]
    torch.testing.assert_close(weight[1], torch.lerp(weight[0], weight[2], 1 / 3))


def test_blend_is_a_new_encoder():
    anchored = Anchored(tiny())
    between = anchored.blend(0.5)
    with torch.no_grad():
        between.head.weight += 1
    assert not torch.equal(between.head.weight, anchored.start.head.weight)


def test_samples_and_radius_of_the_stage():
    given = {"crop": 32, "widen": 0}
    halves = [stage_pairs("labels", {"batch": n, **given}).batch for n in (1, 2, 5, 8)]
    assert halves == [1, 1, 2, 4]
    radius = next(option for option in RECIPE.options if option.name == "radius")
    usual = [radius.usual(stage.name, refines=False) for stage in RECIPE.stages]
    assert usual == [8, 8, 8, 10]
