"""Training of global and instance embeddings: composites, then label maps, to the same bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.splits import HELD_OUT
from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker, recipe_of
from core.errors import CheckpointMismatch, DatasetError, TrainingError, UsageError
from core.jobs import Cancelled, CancelToken
from core.media.label_map import write_label_map
from core.nn.checkpoints import read_info
from core.systems.global_instance.build import read_network
from core.systems.global_instance.config import PARTS, PRESETS
from core.systems.global_instance.method import GlobalInstance
from core.systems.global_instance.spec import RECIPE
from core.systems.global_instance.train import LossWeights, clip_step
from core.tracking.contract import TrackerRequest
from core.train.clip_batches import ClipBatch
from core.train.clip_groups import ClipResult
from core.train.config import FitConfig
from core.train.loop import TrainProgress
from core.train.mask_loss import Supervision
from core.train.request import TrainRequest
from core.train.run import train
from core.train.team import Team
from core.types import Quality

HELD = min(HELD_OUT)


@pytest.fixture(scope="module")
def clips(tmp_path_factory, write_mpeg4):
    """Two films and a held-out one, and label maps of some frames, named by their indices."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "videos").mkdir()
    for name, seed in (("a", 0), ("b", 1), (HELD, 2)):
        frames, label_maps = moving_shapes(seed=seed, frame_count=16)
        write_mpeg4(folder / "videos" / f"{name}.mp4", frames, fine=True)
        masks = folder / "dense/Annotations/480p" / name
        masks.mkdir(parents=True)
        for index in (1, 5, 6, 7, 12):
            write_label_map(masks / f"{index:05d}.png", label_maps[index])
    (folder / "dense/densify.json").write_text("{}")
    return folder


@pytest.fixture
def first(clips, tmp_path):
    """A run of the first stage."""
    return TrainRequest(
        RECIPE,
        tmp_path / "first",
        FitConfig(steps=2),
        "tiny",
        options={"batch": 2, "crop": 32, "frames": 3},
        videos=clips / "videos",
        device="cpu",
        workers=0,
        cache=tmp_path / "cache",
    )


def second(first, masks, **options):
    """A run of the second stage, from weights of the first one."""
    every = {**first.options, "masks": str(masks), **options}
    init = first.out / "weights.safetensors"
    out = first.out.with_name("second")
    return replace(first, stage="masks", out=out, init=init, options=every)


def run(request, token=None):
    return [x for x in train(request, token or CancelToken()) if isinstance(x, TrainProgress)]


def header(request):
    return read_info(request.out / "weights.safetensors").training


def state(request):
    return torch.load(request.out / "state.pt", weights_only=True)["module"]


def davis(root):
    """Two sequences whose files are numbered from 5, each second number."""
    for name, seed in (("bear", 0), ("boat", 1)):
        frames, masks = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
        frames.mkdir(parents=True)
        masks.mkdir(parents=True)
        for index, (frame, labels) in enumerate(
            zip(*moving_shapes(seed=seed, frame_count=8), strict=True)
        ):
            Image.fromarray(frame).save(frames / f"{5 + 2 * index:05d}.png")
            write_label_map(masks / f"{5 + 2 * index:05d}.png", labels)
    return root


def test_both_stages(first, clips):
    """From composites to what `vosapp densify` made, which is no more than boxes."""
    steps = run(first)
    assert set(steps[-1].losses) == {"union", "objects", "coarse"}
    assert header(first)["stage"] == "masks of composite clips, all objects at once"
    assert header(first)["labels"] == "none" and "sequences" not in header(first)
    assert header(first)["videos"] == 2, "the held-out one is not looked at"
    assert header(first)["clips"]["mixture"] == 1.0
    masks = second(first, clips / "dense", mixture=0.0)
    steps = run(masks)
    assert all(loss > 0 for loss in steps[-1].losses.values())
    told = header(masks)
    assert (told["labels"], told["init"]) == ("boxes", "weights.safetensors")
    assert told["sequences"] == ["a", "b"], "where they are scored, that says nothing"
    assert told["losses"] == {"balance": 1.0, "coarse": 0.5}
    weights = masks.out / "weights.safetensors"
    build_tracker(TrackerRequest("global_instance", Quality.FAST, "cpu", weights))


def test_masks_of_a_data_set(first, tmp_path):
    """Headers name the kind of labels and the sequences, also those of later trainings."""
    run(first)
    root = davis(tmp_path / "DAVIS")
    masks = replace(second(first, root), videos=root)
    run(masks)
    assert header(masks)["labels"] == "masks"
    assert header(masks)["sequences"] == ["bear", "boat"]
    assert header(masks)["frames"] == 16, "each frame has a mask"
    later = replace(first, out=tmp_path / "later", init=masks.out / "weights.safetensors")
    run(later)
    assert (header(later)["labels"], header(later)["sequences"]) == ("masks", ["bear", "boat"])


@pytest.mark.parametrize("stage", ["composites", "masks"])
def test_resumed_runs_come_to_the_same_bits(first, clips, stage):
    run(first)
    base = second(first, clips / "dense") if stage == "masks" else first
    whole = replace(base, out=first.out.with_name("whole"), length=FitConfig(steps=4))
    run(whole)
    broken = replace(whole, out=first.out.with_name("broken"))
    token = CancelToken()
    with pytest.raises(Cancelled):
        for item in train(broken, token):
            if isinstance(item, TrainProgress) and item.step == 2:
                token.cancel()
    run(replace(broken, resume=True))
    one, other = state(whole), state(broken)
    assert one.keys() == other.keys() and all(torch.equal(x, other[k]) for k, x in one.items())


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_left_out_is_in_no_checkpoint(first, part):
    """And such weights track, and start later runs that leave it out as well."""
    short = replace(first, length=FitConfig(steps=1), options={**first.options, "without": part})
    (step,) = run(short)
    lost = {"overall": {"union"}, "refine": {"coarse"}}.get(part, set())
    assert set(step.losses) == {"union", "objects", "coarse"} - lost
    weights = short.out / "weights.safetensors"
    assert read_network(weights).config == PRESETS["tiny"].without(part)
    build_tracker(TrackerRequest("global_instance", Quality.FAST, "cpu", weights))
    with pytest.raises(CheckpointMismatch):
        run(replace(first, out=first.out.with_name("whole"), init=weights))


def test_the_rate_falls_in_a_straight_line(first):
    rates = [step.learning_rate for step in run(replace(first, length=FitConfig(steps=5)))]
    wanted = [0.05 / 1.05, *((1 - n / 5) / 0.98 for n in range(1, 5))]
    assert rates == pytest.approx([1e-3 * share for share in wanted])


def test_bfloat16(first):
    steps = run(replace(first, length=FitConfig(steps=2, bf16=True)))
    assert all(np.isfinite(step.total_loss) for step in steps)


def test_what_is_not_possible(first, clips, tmp_path):
    run(first)
    with pytest.raises(UsageError, match="learns from label maps"):
        run(second(first, ""))
    with pytest.raises(DatasetError, match="nowhere"):
        run(second(first, tmp_path / "nowhere"))
    with pytest.raises(TrainingError, match="None of the 2 clips"):
        run(replace(second(first, davis(tmp_path / "D")), cache=tmp_path / "x"))
    other = replace(first, out=tmp_path / "other")
    with pytest.raises(UsageError, match="without cannot be 'else'"):
        run(replace(other, options={**first.options, "without": "else"}))
    with pytest.raises(UsageError, match="composites has no --masks"):
        run(replace(other, options={**first.options, "masks": "m"}))
    with pytest.raises(TrainingError, match="40 px"):
        run(replace(other, options={**first.options, "crop": 40}))
    assert not other.out.exists()


def test_recipe_is_the_registry_s():
    assert recipe_of("global_instance") is RECIPE
    assert set(RECIPE.presets) == set(PRESETS)


def test_an_installed_backbone_is_neither_trained_nor_stored():
    method = GlobalInstance()
    network = method.network("small").train()
    options = {o.name: o.usual("composites", refines=False) for o in RECIPE.all_options}
    stage = method.stage("composites", network, options, Team())
    assert stage.training["labels"] == "ImageNet classes"
    (weights,) = stage.weights()
    assert not any(name.startswith("query_encoder") for name in weights.module.state_dict())
    assert all(p.requires_grad for p in stage.module.parameters())


def test_frames_without_a_label_map_and_void_count_nowhere():
    """Whatever is answered there, losses are the same."""
    maps = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    maps[:, :, 8:20, 8:20] = 1
    maps[:, 1, :, 24:] = 255
    known = Supervision(
        torch.full((1, 3, 1, 4), torch.nan), maps, torch.tensor([[True, True, False]]),
        torch.zeros(1, dtype=torch.bool),
    )  # fmt: skip
    batch = ClipBatch(torch.rand(1, 3, 3, 32, 32), known, torch.tensor([False]), 0)
    generator = torch.Generator().manual_seed(0)
    soft = torch.rand(1, 2, 2, 32, 32, generator=generator).softmax(2)
    union = torch.randn(1, 2, 32, 32, generator=generator)

    def losses(soft, union):
        step = clip_step(lambda *_: ClipResult(soft, union, soft), LossWeights(2.0, 0.25))
        return step(batch)

    wanted = losses(soft, union)
    assert {n: w for n, (_, w) in wanted.terms.items()} == {
        "objects": 2.0, "union": 1.0, "coarse": 0.25,
    }  # fmt: skip
    step = clip_step(lambda *_: ClipResult(soft, union, soft), LossWeights(coarse=0))
    assert "coarse" in step(batch).terms, "several processes wait for gradients of all values"
    other, more = soft.clone(), union.clone()
    other[:, 1], more[:, 1] = 0.5, 9
    other[:, 0, :, :, 24:], more[:, 0, :, 24:] = 0.5, 9
    assert losses(other, more).total == wanted.total
    more[:, 0, 0, 0] += 1
    assert losses(other, more).total != wanted.total
