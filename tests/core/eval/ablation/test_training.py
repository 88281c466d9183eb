"""Variants that train: each run once, gone on with, and shared by variants that train alike."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from core.data.synthetic import moving_shapes
from core.engine.registry import recipe_of
from core.errors import DatasetError, UsageError
from core.eval.ablation import training
from core.eval.ablation.job import AblationRequest, ablate
from core.eval.ablation.report import to_dict, to_table
from core.eval.ablation.training import train_variants
from core.eval.ablation.variants import read_variants
from core.eval.ablation.varying import tracker_maker
from core.jobs import Cancelled, CancelToken, Progress, result_of
from core.media.label_map import write_label_map
from core.nn.checkpoints import read_info
from core.systems.box_supervised import build, config
from core.tracking.contract import TrackerRequest
from core.types import Quality

TABLE = """
[composites]
late_entries = true
train.preset = "tiny"
train.stage = "composites"
train.videos = "TRAIN"
train.steps = 2
train.batch = 2
train.crop = 32
train.frames = 3

[boxes]
like = "composites"
seeds = 2
train.after = "composites"
train.stage = "boxes"
train.boxes = "TRAIN"

[masks]
like = "boxes"
seeds = 1
train.dense = "TRAIN"

["boxes, from boxes"]
like = "boxes"
seeds = 1
given = "box"
train.seed = 0
"""


def write(root, name, seed):
    frames, masks = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
    frames.mkdir(parents=True)
    masks.mkdir(parents=True)
    for index, (frame, labels) in enumerate(
        zip(*moving_shapes(seed=seed, frame_count=6), strict=True)
    ):
        Image.fromarray(frame).save(frames / f"{index:05d}.png")
        write_label_map(masks / f"{index:05d}.png", labels)


@pytest.fixture
def request_(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "TRACKING", {Quality.FAST: config.MemoryTrackingConfig(48)})
    write(tmp_path / "TRAIN", "bear", 0)
    write(tmp_path / "TEST", "boat", 1)
    (tmp_path / "v.toml").write_text(TABLE)
    return AblationRequest(
        tmp_path / "TEST",
        TrackerRequest("box_supervised", Quality.FAST, "cpu"),
        read_variants(tmp_path / "v.toml"),
        (Quality.FAST,),
        tmp_path / "t.csv",
    )


def trained(request, tmp_path, token=None):
    return train_variants(request, tmp_path / "runs", tmp_path, token=token or CancelToken())


def runs_in(tmp_path):
    return sorted(path.name for path in (tmp_path / "runs").glob("run-*"))


def test_each_run_once_then_all_are_measured(request_, tmp_path, monkeypatch):
    made = result_of(trained(request_, tmp_path))
    names = [variant.name for variant in made.variants]
    assert names == [
        "composites", "boxes, seed 0", "boxes, seed 1", "masks", "boxes, from boxes",
    ]  # fmt: skip
    assert len(runs_in(tmp_path)) == 4, "boxes from boxes are trained as boxes with seed 0"
    by_name = {variant.name: variant.weights for variant in made.variants}
    assert by_name["boxes, seed 0"] == by_name["boxes, from boxes"]
    info = read_info(by_name["masks"])
    assert info.training["sequences"] == ["bear"]
    assert info.training["init"] == "weights.safetensors"
    found = result_of(ablate(made, CancelToken()))
    assert all(np.isfinite(one.means.j_and_f) for one in found)
    assert "boxes, fast, 2 seeds: J&F" in to_table(found)
    (seeds,) = to_dict(found)["seeds"]
    assert (seeds["variant"], seeds["seeds"]) == ("boxes", 2)
    assert seeds["least"] <= seeds["j_and_f"] <= seeds["most"]
    monkeypatch.setattr(training, "train", None)
    assert result_of(trained(request_, tmp_path)) == made, "nothing is trained again"


def test_a_stopped_training_goes_on(request_, tmp_path):
    token = CancelToken()
    with pytest.raises(Cancelled):
        for item in trained(request_, tmp_path, token):
            assert isinstance(item, Progress)
            if item.text.startswith("training boxes, seed 1, step 1"):
                token.cancel()
    assert len(runs_in(tmp_path)) == 3
    told = [item.text for item in trained(request_, tmp_path)]
    assert not any("seed 0" in text for text in told)
    assert any("seed 1, step 2" in text for text in told)
    assert not any("seed 1, step 1," in text for text in told)


def test_what_makes_no_sense_is_told_before_anything_is_trained(request_, tmp_path):
    from dataclasses import replace

    (tmp_path / "v.toml").write_text(TABLE + "[odd]\nlike = 'masks'\ntrain.radius = 3\n")
    odd = replace(request_, variants=read_variants(tmp_path / "v.toml"))
    with pytest.raises(UsageError, match="no option radius"):
        result_of(trained(odd, tmp_path))
    with pytest.raises(DatasetError):
        result_of(trained(replace(request_, root=tmp_path / "none"), tmp_path))
    (tmp_path / "v.toml").write_text(TABLE + "[odd]\nlike = 'masks'\nconfig.radius = 3\n")
    odd = replace(request_, variants=read_variants(tmp_path / "v.toml"))
    with pytest.raises(UsageError, match="radius"):
        result_of(trained(odd, tmp_path))
    assert not (tmp_path / "runs").exists()


def test_the_plan_of_the_losses_makes_sense(repo_root, tmp_path):
    """Every row of the table that the paper has, with options that the recipe has."""
    variants = read_variants(repo_root / "docs/ablations/box-losses.toml")
    groups = {variant.group for variant in variants}
    assert groups >= {
        "masks", "boxes", "boxes, without pairwise", "boxes, without temporal",
        "boxes, without projection", "boxes, without composites",
    }  # fmt: skip
    assert len({json.dumps(v.train, sort_keys=True) for v in variants if v.given == "mask"}) == sum(
        v.given == "mask" for v in variants
    )
    require_trainings("box_supervised", variants, tmp_path)


def require_trainings(system, variants, folder):
    """Every variant's options are those of the recipe, and its config has the fields."""
    from core.train.from_table import request_of

    for variant in variants:
        own = {name: value for name, value in variant.train.items() if name != "after"}
        request = request_of(recipe_of(system), own, out=folder, folder=folder, device="cpu")
        assert request.length.minutes or request.length.steps
        tracker_maker(system, variant.config, Quality.FAST)


def test_the_plan_of_the_parts_makes_sense(repo_root, tmp_path):
    """Every row of the paper's table, three seeds of two of them; support sets cost no training."""
    from core.systems.global_instance.config import PARTS

    variants = read_variants(repo_root / "docs/ablations/global-instance.toml")
    seeds = Counter(variant.group for variant in variants)
    assert seeds["full"] == seeds["without instance"] == 3
    assert {name for name in seeds if name.startswith("without")} == {f"without {p}" for p in PARTS}
    assert {f"support {n}" for n in (1, 2, 3)} <= seeds.keys()
    by_name = {variant.name: variant.train for variant in variants}
    for name in ("support 1", "support 6", "full, fast form"):
        assert by_name[name] == by_name["full, seed 0"]
    for part in PARTS:
        trained = next(v.train for v in variants if v.group == f"without {part}")
        assert trained["without"] == trained["after"]["without"] == part
    require_trainings("global_instance", variants, tmp_path)
