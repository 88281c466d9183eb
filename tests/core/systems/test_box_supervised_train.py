"""Training of the memory network: films with exact boxes, both stages, to the same bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from core.data.clips.sample import tight_boxes
from core.data.splits import HELD_OUT
from core.data.synthetic import moving_shapes
from core.engine.registry import build_tracker, recipe_of
from core.errors import CheckpointMismatch, TrainingError, UsageError
from core.jobs import Cancelled, CancelToken
from core.media.label_map import write_label_map
from core.nn.checkpoints import read_info
from core.systems.box_supervised.clips import ClipNetwork
from core.systems.box_supervised.config import PRESETS
from core.systems.box_supervised.method import BoxSupervised, loss_config
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.spec import RECIPE
from core.systems.box_supervised.train import Course, clip_step
from core.tracking.contract import TrackerRequest
from core.train.clip_batches import ClipBatch
from core.train.config import FitConfig
from core.train.loop import TrainProgress, fit
from core.train.mask_loss import MaskLossConfig, Supervision
from core.train.request import TrainRequest
from core.train.run import train
from core.train.team import Team
from core.types import Quality

HELD = min(HELD_OUT)
LABELED = (2, 9, 16)


@pytest.fixture(scope="module")
def clips(tmp_path_factory, write_mpeg4):
    """Two films and a held-out one, and a table of exact boxes."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "videos").mkdir()
    rows = ["clip,frame,object,name,x,y,w,h"]
    for name, seed in (("a.mp4", 0), ("b.mp4", 1), (f"{HELD}.mp4", 2)):
        frames, label_maps = moving_shapes(seed=seed, frame_count=20)
        write_mpeg4(folder / "videos" / name, frames, fine=True)
        for frame in LABELED:
            for number, box in enumerate(tight_boxes(label_maps[frame], 2), 1):
                rows.append(f"{name},{frame},{number},thing,{','.join(f'{x:g}' for x in box)}")
    (folder / "boxes.csv").write_text("\n".join(rows))
    return folder


@pytest.fixture
def first(clips, tmp_path):
    """A run of the first stage."""
    return TrainRequest(
        RECIPE,
        tmp_path / "first",
        FitConfig(steps=3),
        "tiny",
        options={"batch": 2, "crop": 32, "frames": 3},
        videos=clips / "videos",
        device="cpu",
        workers=0,
        cache=tmp_path / "cache",
    )


def second(first, clips, **options):
    """A run of the second stage, from weights of the first one."""
    every = {**first.options, "boxes": str(clips / "boxes.csv"), **options}
    init = first.out / "weights.safetensors"
    return replace(
        first, stage="boxes", out=first.out.with_name("second"), init=init, options=every
    )


def run(request, token=None):
    return [x for x in train(request, token or CancelToken()) if isinstance(x, TrainProgress)]


def state(request):
    return torch.load(request.out / "state.pt", weights_only=True)["module"]


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(x, other[k]) for k, x in one.items())


def test_both_stages(first, clips):
    steps = run(first)
    assert set(steps[-1].losses) == {"cross_entropy", "dice"}
    info = read_info(first.out / "weights.safetensors")
    assert (info.system, info.preset) == ("box_supervised", "tiny")
    assert info.training["stage"] == "masks of composite clips"
    assert info.training["labels"] == "none"
    assert info.training["videos"] == 2, "the held-out one is not looked at"
    assert info.training["clips"]["mixture"] == 1.0
    boxes = second(first, clips)
    steps = run(boxes)
    assert set(steps[-1].losses) == {
        "projection", "pairwise", "temporal", "cross_entropy", "dice",
    }  # fmt: skip
    info = read_info(boxes.out / "weights.safetensors")
    assert info.training["labels"] == "boxes"
    assert info.training["init"] == "weights.safetensors"
    assert info.training["losses"] == {
        "warm_up": 0.25, "projection": 1.0, "pairwise": 1.0, "temporal": 0.1,
    }  # fmt: skip
    assert info.training["sequences"] == ["a", "b"], "where they are scored, that says nothing"
    build_tracker(
        TrackerRequest("box_supervised", Quality.FAST, "cpu", boxes.out / "weights.safetensors")
    )


def test_labels_of_the_start_are_remembered(first, clips):
    """Also where composites follow boxes, and where such a run is resumed."""
    run(first)
    run(second(first, clips))
    start = first.out.with_name("second") / "weights.safetensors"
    third = replace(first, out=first.out.with_name("third"), init=start)
    run(third)
    assert read_info(third.out / "weights.safetensors").training["labels"] == "boxes"
    run(replace(third, init=None, resume=True, length=FitConfig(steps=4)))
    assert read_info(third.out / "weights.safetensors").training["labels"] == "boxes"


@pytest.mark.parametrize("stage", ["composites", "boxes"])
def test_resumed_runs_come_to_the_same_bits(first, clips, stage):
    run(first)
    base = second(first, clips) if stage == "boxes" else first
    whole = replace(base, out=first.out.with_name("whole"), length=FitConfig(steps=5))
    run(whole)
    broken = replace(whole, out=first.out.with_name("broken"))
    token = CancelToken()
    with pytest.raises(Cancelled):
        for item in train(broken, token):
            if isinstance(item, TrainProgress) and item.step == 2:
                token.cancel()
    run(replace(broken, resume=True))
    assert same(state(whole), state(broken))


def test_masks_made_of_boxes(first, clips, tmp_path):
    """Label maps of `vosapp densify` are learned from with cross-entropy and Dice."""
    run(first)
    for name, seed in (("a", 0), ("b", 1)):
        folder = tmp_path / "dense/Annotations/480p" / name
        folder.mkdir(parents=True)
        for index, label_map in enumerate(moving_shapes(seed=seed, frame_count=20)[1]):
            write_label_map(folder / f"{index:05d}.png", np.where(label_map == 2, 255, label_map))
    (tmp_path / "dense/densify.json").write_text("{}")
    request = second(first, clips, dense=str(tmp_path / "dense"), mixture=0.0)
    losses = run(request)[-1].losses
    assert read_info(request.out / "weights.safetensors").training["labels"] == "boxes"
    assert losses["dice"] > 0
    assert losses["cross_entropy"] > 0


def davis(root):
    """Two sequences whose files are numbered from 5, each second number."""
    for name, seed in (("bear", 0), ("boat", 1)):
        frames, masks = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
        frames.mkdir(parents=True)
        masks.mkdir(parents=True)
        for index, (frame, labels) in enumerate(
            zip(*moving_shapes(seed=seed, frame_count=12), strict=True)
        ):
            Image.fromarray(frame).save(frames / f"{5 + 2 * index:05d}.png")
            write_label_map(masks / f"{5 + 2 * index:05d}.png", labels)
    return root


def test_boxes_around_the_masks_of_a_data_set(first, clips, tmp_path):
    """And its masks themselves; headers name the sequences, also those of later trainings."""
    run(first)
    root = davis(tmp_path / "DAVIS")
    boxes = replace(second(first, clips, boxes=str(root), mixture=0.0), videos=root)
    losses = run(boxes)[-1].losses
    assert losses["projection"] > 0 and losses["dice"] == losses["cross_entropy"] == 0
    training = read_info(boxes.out / "weights.safetensors").training
    assert training["sequences"] == ["bear", "boat"]
    assert training["frames"] == 24, "each frame has a box"
    masks = replace(boxes, out=tmp_path / "masks", options={**boxes.options, "dense": str(root)})
    losses = run(masks)[-1].losses
    assert training["labels"] == "boxes"
    assert read_info(masks.out / "weights.safetensors").training["labels"] == "boxes; masks"
    assert losses["dice"] > 0 and losses["projection"] == losses["temporal"] == 0
    later = replace(first, out=tmp_path / "later", init=boxes.out / "weights.safetensors")
    run(later)
    run(replace(later, init=None, resume=True, length=FitConfig(steps=4)))
    training = read_info(later.out / "weights.safetensors").training
    assert training["sequences"] == ["bear", "boat"]
    footage = replace(first, out=tmp_path / "footage", videos=root)
    run(footage)
    assert read_info(footage.out / "weights.safetensors").training["sequences"] == ["bear", "boat"]


def test_bfloat16(first, clips):
    run(first)
    request = replace(second(first, clips), length=FitConfig(steps=2, bf16=True))
    assert all(np.isfinite(step.total_loss) for step in run(request))


def test_what_is_not_possible(first, clips, tmp_path):
    run(first)
    with pytest.raises(UsageError, match="learns from boxes"):
        run(second(first, clips, boxes=""))
    with pytest.raises(TrainingError, match="40 px"):
        run(replace(first, out=tmp_path / "x", options={**first.options, "crop": 40}))
    with pytest.raises(UsageError, match="composites has no --boxes"):
        run(replace(first, out=tmp_path / "x", options={**first.options, "boxes": "b.csv"}))
    small = replace(second(first, clips), preset="resnet50")
    with pytest.raises(CheckpointMismatch, match="holds the preset tiny"):
        run(small)
    assert not (tmp_path / "x").exists()


def test_recipe_is_the_registry_s():
    assert recipe_of("box_supervised") is RECIPE
    assert set(RECIPE.presets) == set(PRESETS)
    assert loss_config("composites", {}).projection == 0


def test_an_installed_backbone_is_neither_trained_nor_stored():
    torch.manual_seed(0)
    method = BoxSupervised()
    network = method.network("small").train()
    options = {o.name: o.usual("composites", refines=False) for o in RECIPE.all_options}
    stage = method.stage("composites", network, options, Team())
    assert stage.training["labels"] == "ImageNet classes"
    (weights,) = stage.weights()
    names = weights.module.state_dict().keys()
    assert not any(name.startswith("key_encoder") for name in names)
    assert all(p.requires_grad for p in stage.module.parameters())


def toy():
    """A bright disk that moves over four frames; boxes on all of them."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[:48, :48]
    frames = np.full((4, 3, 48, 48), 0.25, np.float32)
    maps = np.zeros((4, 48, 48), np.uint8)
    for index in range(4):
        disk = (x - 15 - 5 * index) ** 2 + (y - 22 - index) ** 2 < 81
        frames[index][:, disk] = np.array([0.9, 0.7, 0.2], np.float32)[:, None]
        maps[index][disk] = 1
    frames += generator.normal(0, 0.01, frames.shape).astype(np.float32)
    boxes = np.stack([tight_boxes(m, 1) for m in maps])
    parts = (torch.from_numpy(np.stack([p, p])) for p in (frames.clip(0, 1), boxes, maps))
    colors, drawn, label_maps = parts
    masked = torch.tensor([True, False])[:, None].expand(2, 4)
    known = Supervision(drawn, label_maps, masked, torch.zeros(2, dtype=torch.bool))
    return ClipBatch(colors, known, torch.tensor([False, True]), 0)


def test_loss_falls(tmp_path):
    torch.manual_seed(0)
    network, course = ClipNetwork(MemoryNetwork(PRESETS["tiny"])).train(), Course()
    step = clip_step(network, MaskLossConfig(temporal=0, warm_up=0.7), course)
    job = fit(
        step,
        lambda start: (replace(toy(), seed=k) for k in range(start, 1000)),
        network,
        torch.optim.AdamW(network.parameters()),
        FitConfig(steps=80, learning_rate=3e-3),
        state_file=tmp_path / "state.pt",
        token=CancelToken(),
        before_step=course.set,
    )
    losses = [item.losses for item in job]
    assert course.done == 79 / 80, "the step is told how far the run is"
    for name in ("dice", "projection"):
        assert np.mean([x[name] for x in losses[-8:]]) < 0.6 * np.mean(
            [x[name] for x in losses[:8]]
        )


@pytest.mark.slow
def test_two_processes_share_a_batch(forked, first, clips, tmp_path):
    """What two processes learn is nearly what one does."""

    def in_two(words):
        answers = forked.in_two(words)
        assert [code for code, *_ in answers] == [0, 0], answers

    run(replace(first, out=tmp_path / "one"))
    words = ["train", "box_supervised", "--preset", "tiny", "--batch", "2", "--crop", "32"]
    words += ["--frames", "3", "--steps", "3", "--workers", "0", "--device", "cpu"]
    words += ["--videos", str(clips / "videos"), "--out", str(tmp_path / "two")]
    # The first process measures and ends the run; the other one waits for it, and ends, too.
    words += ["--validate", str(clips / "boxes.csv"), "--interval", "1e-6", "--patience", "0"]
    in_two(words)
    one = load_file(tmp_path / "one/weights.safetensors")
    two = load_file(tmp_path / "two/weights-last.safetensors")
    for name, tensor in one.items():
        torch.testing.assert_close(tensor.float(), two[name].float(), atol=2e-3, rtol=0)
    lines = (tmp_path / "two/log.jsonl").read_text().splitlines()
    assert sum('"validated": "box agreement (1)"' in line for line in lines) == 3
    settled = [*words, "--patience", "1e-9", "--gain", "1", "--steps", "50"]
    settled[settled.index(str(tmp_path / "two"))] = str(tmp_path / "settled")
    in_two(settled)
    steps = read_info(tmp_path / "settled/weights-last.safetensors").training["steps"]
    assert steps == 2, "the second measurement finds that nothing was gained"
