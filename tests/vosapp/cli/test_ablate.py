"""`vosapp ablate`: variants x sequences x qualities, into a table that goes on."""

from __future__ import annotations

import csv
import json

import pytest
import torch

from core.eval.ablation.job import COLUMNS
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.self_supervised.config import PRESETS, TRACKING
from core.systems.self_supervised.model import KeyEncoder
from core.tracking.config import TrackingConfig
from core.types import Quality
from vosapp.cli.console import Console
from vosapp.cli.main import main

STOPPED = 130
VARIANTS = """
[plain]

[narrow]
config.radius = 1
config.feedback.power = 1

[others]
weights = "others.safetensors"
keyframes = 2
"""


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for quality, side in zip(Quality, (32, 40, 48), strict=True):
        monkeypatch.setitem(TRACKING, quality, TrackingConfig(short_side=side, radius=3))


@pytest.fixture
def words(tmp_path, write_davis):
    root = write_davis(tmp_path / "davis", width=64, height=48)
    for seed, name in enumerate(("w", "others")):
        torch.manual_seed(seed)
        info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
        save_weights(tmp_path / f"{name}.safetensors", KeyEncoder(PRESETS["tiny"]), info)
    (tmp_path / "v.toml").write_text(VARIANTS)
    given = {
        "--davis": root,
        "--variants": tmp_path / "v.toml",
        "--csv": tmp_path / "t.csv",
        "--weights": tmp_path / "w.safetensors",
        "--qualities": "fast,fine",
    }
    return ["ablate", *(str(word) for pair in given.items() for word in pair)]


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_for_each_variant_sequence_and_quality(words, tmp_path, capsys):
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    rows = rows_of(tmp_path / "t.csv")
    assert tuple(rows[0]) == COLUMNS
    told = [(row["quality"], row["sequence"], row["variant"]) for row in rows]
    assert told == [
        (quality, sequence, variant)
        for quality in ("fast", "fine")
        for sequence in ("bear", "boat")
        for variant in ("plain", "narrow", "others")
    ]
    assert json.loads(rows[1]["changes"])["config"] == {"feedback": {"power": 1}, "radius": 1}
    assert rows[0]["weights"].startswith("w.safetensors ")
    assert rows[2]["weights"].startswith("others.safetensors ")
    assert (rows[0]["scored_frames"], rows[2]["scored_frames"]) == ("3", "2")
    assert {row["data"] for row in rows} == {"davis"}
    assert len({row["j_and_f"] for row in rows[:3]}) == 3  # variants differ
    summary = result["variants"][0]
    assert (summary["variant"], summary["quality"], summary["rows"]) == ("plain", "fast", 2)
    mean = (float(rows[0]["j_and_f"]) + float(rows[3]["j_and_f"])) / 2
    assert summary["j_and_f"] == pytest.approx(mean)


def test_a_variant_is_what_its_options_are_elsewhere(words, tmp_path, capsys, monkeypatch):
    """The same numbers as those of `vosapp benchmark` with the config changed by hand."""
    assert main([*words, "--sequences", "bear"]) == 0
    rows = rows_of(tmp_path / "t.csv")
    capsys.readouterr()
    config = TRACKING[Quality.FAST]
    changed = TrackingConfig(config.short_side, 1, feedback=type(config.feedback)(power=1.0))
    monkeypatch.setitem(TRACKING, Quality.FAST, changed)
    weights = ["--weights", str(tmp_path / "w.safetensors"), "--sequences", "bear"]
    assert main(["benchmark", *words[1:3], *weights, "--quality", "fast", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert float(rows[1]["j_and_f"]) == result["mean"]["j_and_f"]


def test_what_is_there_is_not_measured_again(words, tmp_path, capsys, monkeypatch):
    follow, seen = Console.follow, []

    def stop_at(limit):
        def wrapped(self, job, *, unit="steps"):
            seen.clear()
            for progress in follow(self, job, unit=unit):
                seen.append(progress)
                if progress.done == limit:
                    self.token.cancel()
                yield progress

        return wrapped

    monkeypatch.setattr(Console, "follow", stop_at(17))
    assert main(words) == STOPPED
    assert "give the same command to go on" in capsys.readouterr().err
    before = (tmp_path / "t.csv").read_text()
    assert len(rows_of(tmp_path / "t.csv")) == 3
    monkeypatch.setattr(Console, "follow", stop_at(-1))
    assert main(words) == 0
    assert (tmp_path / "t.csv").read_text().startswith(before)
    assert len(rows_of(tmp_path / "t.csv")) == 12
    assert seen[0].done == 15 and seen[-1].done == seen[-1].total == 60
    table = capsys.readouterr().out
    assert main(words) == 0
    assert capsys.readouterr().out == table
    assert seen == []


def test_other_weights_under_the_same_name_are_measured(words, tmp_path):
    assert main([*words, "--sequences", "bear", "--qualities", "fast"]) == 0
    torch.manual_seed(9)
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
    save_weights(tmp_path / "others.safetensors", KeyEncoder(PRESETS["tiny"]), info)
    assert main([*words, "--sequences", "bear", "--qualities", "fast"]) == 0
    assert [row["variant"] for row in rows_of(tmp_path / "t.csv")][3:] == ["others"]


def test_a_variant_keeps_its_meaning(words, tmp_path, capsys):
    assert main([*words, "--sequences", "bear", "--qualities", "fast"]) == 0
    (tmp_path / "v.toml").write_text(VARIANTS.replace("radius = 1", "radius = 2"))
    capsys.readouterr()
    assert main(words) == 2
    assert "variant narrow means" in capsys.readouterr().err


def test_any_system_can_be_compared(words, tmp_path, capsys):
    (tmp_path / "v.toml").write_text("[one]\n[two]\nkeyframes = 2\n")
    command = [w for w in words if w not in ("--weights", str(tmp_path / "w.safetensors"))]
    assert main([*command, "--system", "flow"]) == 0
    assert "two" in capsys.readouterr().out
    assert {row["weights"] for row in rows_of(tmp_path / "t.csv")} == {""}


def test_fields_are_shown(capsys):
    assert main(["ablate", "--fields"]) == 0
    out = capsys.readouterr().out
    assert "config.short_side = 32 / 40 / 48" in out and "config.feedback.power = 2.0" in out
    assert "train.batch = 8" in out
    assert main(["ablate", "--fields", "--system", "box_supervised"]) == 0
    out = capsys.readouterr().out
    assert "config.every = 5" in out and "train.pairwise = 1.0" in out
    assert main(["ablate", "--fields", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fields"]["fine"]["short_side"] == 48
    assert main(["ablate", "--fields", "--system", "copy"]) == 2
    assert "no config" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("variants", "options", "message"),
    [
        ("[a]\nconfig.radios = 3", [], "Did you mean radius"),
        ("[a]\nconfig.radius = 'x'", [], "not a whole number"),
        ("[a]\nweights = 'none.safetensors'", [], "no weights at"),
        ("[a]", ["--qualities", "best"], "no quality 'best'"),
        ("[a]", ["--qualities", ","], "names none"),
        ("[a]", ["--sequences", "cow"], "cow"),
        ("[a]", ["--csv", "{root}/none/t.csv"], "does not exist"),
        ("[a]", ["--csv", "{root}/v.toml"], "another table"),
        ("[a]", ["--variants", "{root}/none.toml"], "none.toml"),
    ],
)
def test_bad_input(words, tmp_path, capsys, variants, options, message):
    (tmp_path / "v.toml").write_text(variants)
    assert main([*words, *(option.format(root=tmp_path) for option in options)]) == 2
    assert message in capsys.readouterr().err


def test_what_a_system_does_not_have(words, tmp_path, capsys):
    command = [w for w in words if w not in ("--weights", str(tmp_path / "w.safetensors"))]
    for variants, message in (
        ("[a]\nadapt = true", "cannot adapt"),
        ("[a]\nadapt = 'target'", "cannot adapt"),
        ("[a]\nweights = 'w.safetensors'", "uses none"),
        ("[a]\nconfig.radius = 3", "no config"),
    ):
        (tmp_path / "v.toml").write_text(variants)
        assert main([*command, "--system", "flow"]) == 2
        assert message in capsys.readouterr().err


def test_what_is_missing_is_named(capsys):
    assert main(["ablate"]) == 2
    assert "--davis is missing" in capsys.readouterr().err


TRAINED = """
[short]
train.preset = "tiny"
train.videos = "davis"
train.steps = 1
train.batch = 2
train.crop = 32
seeds = 2

[longer]
like = "short"
seeds = 1
train.steps = 2
"""


def test_variants_that_train_need_no_weights(words, tmp_path, capsys):
    """What they are trained on is not what they are scored on."""
    other = tmp_path / "train"
    (tmp_path / "davis").rename(other)
    test = tmp_path / "davis"
    for kind in ("JPEGImages", "Annotations"):
        (test / kind / "480p").mkdir(parents=True)
        (other / kind / "480p/boat").rename(test / kind / "480p/boat")
    (tmp_path / "v.toml").write_text(TRAINED.replace('"davis"', '"train"'))
    command = [w for w in words if w not in ("--weights", str(tmp_path / "w.safetensors"))]
    assert main([*command, "--threads", "1"]) == 0
    out = capsys.readouterr().out
    assert "short, fast, 2 seeds: J&F" in out
    rows = rows_of(tmp_path / "t.csv")
    assert [row["variant"] for row in rows[:3]] == ["short, seed 0", "short, seed 1", "longer"]
    assert len({row["weights"] for row in rows[:3]}) == 3
    assert len(list((tmp_path / "t-runs").glob("run-*"))) == 3
    assert main([*command, "--threads", "1"]) == 0
    assert capsys.readouterr().out == out


def test_variants_are_not_scored_on_what_they_learned(words, tmp_path, capsys):
    (tmp_path / "v.toml").write_text(TRAINED)
    assert main(words) == 2
    assert "trained on bear, boat" in capsys.readouterr().err
