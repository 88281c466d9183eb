"""Variants that are given nothing: objects are found, by what was trained or by a baseline."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.synthetic import two_layers
from core.discovery.contract import DiscoveryRequest
from core.discovery.masks import Refinement, label_map_of
from core.engine.registry import build_discoverer, recipe_of
from core.errors import UsageError
from core.eval.ablation.job import AblationRequest, ablate
from core.eval.ablation.training import train_variants
from core.eval.ablation.variants import read_variants
from core.eval.jf import region_similarity
from core.eval.unprompted.contenders import Contender
from core.eval.unprompted.job import UnpromptedRequest, compare_unprompted
from core.jobs import CancelToken, result_of
from core.media.label_map import write_label_map
from core.media.video import open_video
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.multi_granularity.config import PRESETS
from core.systems.multi_granularity.model import new_network
from core.tracking.contract import TrackerRequest
from core.train.from_table import request_of
from core.types import Quality

TABLE = """
[prior]
given = "nothing"
finder = "saliency"

[full]
given = "nothing"
refine = "none"
train.preset = "tiny"
train.videos = "TRAIN"
train.steps = 2
train.batch = 2
train.crop = 32
train.frames = 3

["without long"]
like = "full"
train.long = 0
"""
EDGES = """
[none]
given = "nothing"
refine = "none"

[field]
like = "none"
refine = "field"
"""
COUNT = 3


@pytest.fixture
def root(tmp_path):
    frames, masks = two_layers(side=64, frames=COUNT)
    for kind in ("JPEGImages", "Annotations"):
        (tmp_path / kind / "disk").mkdir(parents=True)
    for index in range(COUNT):
        Image.fromarray(frames[index]).save(tmp_path / f"JPEGImages/disk/{index:05d}.png")
        write_label_map(
            tmp_path / f"Annotations/disk/{index:05d}.png", masks[index].astype(np.uint8)
        )
    (tmp_path / "TRAIN/film.images").mkdir(parents=True)
    for index, frame in enumerate(two_layers(side=64, frames=COUNT, seed=1)[0]):
        Image.fromarray(frame).save(tmp_path / f"TRAIN/film.images/{index:05d}.png")
    return tmp_path


def request(root, table=TABLE, *, system="multi_granularity"):
    (root / "v.toml").write_text(table)
    tracker = TrackerRequest(system, Quality.FAST, "cpu")
    variants = read_variants(root / "v.toml")
    return AblationRequest(root, tracker, variants, (Quality.FAST,), root / "t.csv")


def test_what_is_trained_finds_and_is_measured_beside_the_prior(root, tmp_path):
    asked = request(root)
    seen = TrackerRequest("multi_granularity", Quality.FAST, "cpu")
    made = result_of(train_variants(asked, root / "runs", root, token=CancelToken()))
    assert [variant.weights is None for variant in made.variants] == [True, False, False]
    found = result_of(ablate(made, CancelToken()))
    assert [one.variant for one in found] == ["prior", "full", "without long"]
    with (root / "t.csv").open() as file:
        rows = {row["variant"]: row for row in csv.DictReader(file)}
    assert rows["prior"]["scored_frames"] == str(COUNT) and rows["prior"]["objects"] == "1"
    again = result_of(ablate(made, CancelToken()))
    assert again == found
    # The same as the table of what finds objects says.
    alone = UnpromptedRequest(root, (Contender("saliency", "saliency"),), tmp_path / "u.csv", seen)
    (means,) = result_of(compare_unprompted(alone, CancelToken()))
    assert float(rows["prior"]["j"]) == pytest.approx(means.j)


def test_masks_that_are_found_follow_edges_as_a_variant_says(root):
    weights, (frames, masks) = root / "w.safetensors", two_layers(side=64, frames=COUNT)
    network = random_network(frames)
    info = CheckpointInfo("multi_granularity", "tiny", network.config.to_dict())
    save_weights(weights, network, info)
    asked = request(root, EDGES)
    asked = replace(asked, tracker=replace(asked.tracker, weights=weights))
    measured = {one.variant: one.means.j for one in result_of(ablate(asked, CancelToken()))}
    finder = build_discoverer("multi_granularity", DiscoveryRequest("cpu", weights))
    with open_video(root / "JPEGImages/disk") as video:
        (track,) = result_of(finder.discover(video, range(COUNT), CancelToken()))
    for name, mean in measured.items():
        found = [
            label_map_of([track.maps[index]], frames[index], Refinement(name)) > 0
            for index in range(COUNT)
        ]
        pairs = zip(found, masks, strict=True)
        assert mean == pytest.approx(np.mean([region_similarity(*pair) for pair in pairs]))
    assert measured["field"] > measured["none"] + 0.1


def random_network(frames):
    """A network that has learned nothing, on features that vary around 0; its colors happen to
    be more the disk's than the ground's."""
    torch.manual_seed(2)
    network = new_network(PRESETS["tiny"]).eval()
    with torch.no_grad():
        network.encoder.norm.train().momentum = 1.0
        network.features(torch.from_numpy(frames).permute(0, 3, 1, 2) / 255)
        torch.nn.init.normal_(network.single.weight)
    return network


def test_nothing_is_scored_on_what_it_was_trained_on(root):
    full = TABLE[TABLE.index("[full]") : TABLE.index('["without')]
    asked = request(root, full.replace('"TRAIN"', '"JPEGImages"'))
    made = result_of(train_variants(asked, root / "runs", root, token=CancelToken()))
    with pytest.raises(UsageError, match="disk"):
        result_of(ablate(made, CancelToken()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('given = "nothing"\nkeyframes = 2', "keyframes"),
        ('given = "nothing"\nconfig.radius = 2', "config"),
        ('refine = "field"', "refine"),
        ('finder = "saliency"', "finder"),
        ('given = "nothing"\nrefine = "crf"', "refine = 'crf'"),
        ('given = "nothing"\nfinder = "best"', "finder = 'best'"),
    ],
)
def test_what_makes_no_sense_is_refused(root, text, message):
    with pytest.raises(UsageError, match=message):
        result_of(ablate(request(root, f"[odd]\n{text}\n"), CancelToken()))


def test_a_system_that_finds_nothing_is_refused(root):
    with pytest.raises(UsageError, match="finds no objects"):
        result_of(ablate(request(root, '[a]\ngiven = "nothing"\n', system="flow"), CancelToken()))


def test_the_plan_of_the_granularities_makes_sense(repo_root, tmp_path):
    """Every row of the paper's first table, with options that the recipe has."""
    variants = read_variants(repo_root / "docs/ablations/multi-granularity.toml")
    groups = {variant.group for variant in variants}
    parts = ("without frame", "without short", "without long", "without video", "one round")
    for lead in ("", "class activation, "):
        assert {f"{lead}{part}" for part in (*parts, "half the data")} <= groups
    assert {one.finder for one in variants if not one.train} == {"saliency", "class-activation"}
    for name in ("full", "full, class activation"):
        assert sum(one.group == name for one in variants) == 3
    runs = {}
    for variant in variants:
        if variant.train:
            recipe = recipe_of("multi_granularity")
            run = request_of(recipe, variant.train, out=tmp_path, folder=tmp_path, device="cpu")
            runs[tuple(sorted(run.settings.items()))] = run.length.steps
    # Written out the seed 0 of the last row makes its training that of the full model.
    assert len(runs) == 18 and set(runs.values()) == {240}
