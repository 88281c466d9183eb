"""Tables of variants: what they say, and what is refused."""

from __future__ import annotations

import json

import pytest

from core.errors import UsageError
from core.eval.ablation.variants import read_variants

TOML = """
[plain]

[wide]
config.radius = 16
config.feedback.power = 3.0

["all at once"]
weights = "run/w.safetensors"
adapt = true
paper_mode = true
keyframes = 3
late_entries = true
"""


def test_a_table_is_read_in_its_order(tmp_path):
    path = tmp_path / "v.toml"
    path.write_text(TOML)
    plain, wide, last = read_variants(path)
    assert (plain.name, plain.said, plain.config, plain.weights) == ("plain", "{}", {}, None)
    assert wide.config == {"radius": 16, "feedback": {"power": 3.0}}
    assert json.loads(wide.said) == {"config": wide.config}
    assert last.weights == tmp_path / "run/w.safetensors"
    assert (last.adapt, last.paper_mode, last.keyframes, last.late_entries) == (True, True, 3, True)
    other = tmp_path / "v.json"
    other.write_text(json.dumps({"plain": {}, "wide": {"config": wide.config}}))
    assert read_variants(other) == (plain, wide)


@pytest.mark.parametrize(
    ("said", "adapt", "target"),
    [
        ("", False, False),
        ("adapt = false", False, False),
        ("adapt = true", True, False),
        ("adapt = 'unet'", True, False),
        ("adapt = 'target'", False, True),
    ],
)
def test_which_adaptation_is_meant(tmp_path, said, adapt, target):
    path = tmp_path / "v.toml"
    path.write_text(f"[one]\n{said}")
    (one,) = read_variants(path)
    assert (one.adapt, one.target) == (adapt, target)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no variant"),
        ("[wide", "cannot be read"),
        ("wide = 3", r"\[wide\] in"),
        ("[wide]\nradius = 16", "has an unknown key, radius"),
        ("[wide]\nconfig = 3", "config = 3"),
        ("[wide]\nadapt = 1", "adapt = 1"),
        ("[wide]\nadapt = 'best'", "adapt = 'best'"),
        ("[wide]\nadapt = 'target'\npaper_mode = true", "belongs to adapt = true"),
        ("[wide]\nkeyframes = 0", "gives no keyframe"),
        ("[wide]\ngiven = 'circle'", "given 'circle'"),
        ("[wide]\nseeds = 2", "trains nothing"),
        ("[wide]\nseeds = 0\ntrain.steps = 1", "0 seeds"),
        ("[wide]\nseeds = 2\ntrain.seed = 'x'", "seed = 'x'"),
        ("[wide]\nlike = 'none'", "names 'none'"),
        ("[wide]\nlike = 'late'\n[late]", "names 'late'"),
        ("[wide]\ntrain.after = 'none'", "names 'none'"),
        ("[wide]\ntrain.after = 3", "names 3"),
        ("[plain]\n[wide]\ntrain.after = 'plain'", "which trains nothing"),
        ("[wide]\nweights = 'w'\ntrain.steps = 1", "has weights, and trains some"),
        ("[wide]\npaper_mode = true", "paper_mode without adapt"),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path, text, message):
    path = tmp_path / "v.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_variants(path)


def test_fields_stand_below_config(tmp_path):
    path = tmp_path / "v.toml"
    path.write_text("['wide, deep']\nradius = 16")
    with pytest.raises(UsageError, match=r"\[wide, deep\] in") as caught:
        read_variants(path)
    assert "config.NAME" in caught.value.hint and "seeds" in caught.value.hint


@pytest.mark.parametrize("name", ["v.yaml", "none.toml"])
def test_files_that_are_none(tmp_path, name):
    with pytest.raises(UsageError, match=name):
        read_variants(tmp_path / name)


def test_json_that_is_deep_or_no_table(tmp_path):
    for text in ("[" * 100_000, "[1]", "3"):
        path = tmp_path / "v.json"
        path.write_text(text)
        with pytest.raises(UsageError):
            read_variants(path)


TRAINED = """
[first]
train.stage = "composites"
train.steps = 5
late_entries = true

[boxes]
seeds = 2
train.after = "first"
train.stage = "boxes"
train.pairwise = 1.0

["no pairs"]
like = "boxes"
seeds = 1
train.pairwise = 0.0
given = "box"
"""


def test_trainings_are_taken_over_and_changed(tmp_path):
    path = tmp_path / "v.toml"
    path.write_text(TRAINED)
    first, one, other, changed = read_variants(path)
    assert first.train == {"stage": "composites", "steps": 5} and first.late_entries
    assert (one.name, one.group, other.name) == ("boxes, seed 0", "boxes", "boxes, seed 1")
    assert [v.train["seed"] for v in (one, other)] == [0, 1]
    assert one.train["after"] == first.train, "what it starts from is part of what it says"
    assert json.loads(one.said)["train"]["after"] == first.train
    assert (changed.name, changed.group, changed.given) == ("no pairs", "no pairs", "box")
    assert changed.train == {"after": first.train, "stage": "boxes", "pairwise": 0.0}
    assert first.group == "first"


def test_runs_are_told_apart_by_what_they_start_from(tmp_path):
    path = tmp_path / "v.toml"
    path.write_text(TRAINED)
    before = read_variants(path)[3].said
    path.write_text(TRAINED.replace("steps = 5", "steps = 6"))
    assert read_variants(path)[3].said != before
