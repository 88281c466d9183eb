"""`vosapp train global_instance`: both stages, and what they write tracks and is measured."""

from __future__ import annotations

import json

import pytest

from core.data.synthetic import moving_shapes
from core.media.label_map import write_label_map
from core.nn.checkpoints import read_info
from vosapp.cli import main as cli
from vosapp.cli.main import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_mpeg4):
    """A film, and label maps of three frames named by their indices."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "videos").mkdir()
    frames, label_maps = moving_shapes(frame_count=16)
    write_mpeg4(folder / "videos/a.mp4", frames)
    (folder / "masks/a").mkdir(parents=True)
    for index in (1, 8, 15):
        write_label_map(folder / f"masks/a/{index:05d}.png", label_maps[index])
    write_label_map(folder / "00000.png", label_maps[0])
    return folder


@pytest.fixture
def command(folder, tmp_path):
    """A run of the first stage without its length; OUT is missing."""
    words = ["train", "global_instance", "--preset", "tiny", "--videos", str(folder / "videos")]
    words += ["--batch", "2", "--crop", "32", "--frames", "3", "--workers", "0"]
    return [*words, "--device", "cpu", "--cache", str(tmp_path / "cache"), "--quiet"]


def test_both_stages_then_tracking(command, folder, tmp_path, capsys):
    assert main([*command, "--out", str(tmp_path / "first"), "--steps", "1"]) == cli.DONE
    words = ["--stage", "masks", "--init", str(tmp_path / "first/weights.safetensors")]
    words = [*command, *words, "--out", str(tmp_path / "run")]
    assert main([*words, "--steps", "1"]) == cli.BAD_INPUT
    assert "--masks" in capsys.readouterr().err
    masks = ["--masks", str(folder / "masks")]
    assert main([*words, *masks, "--steps", "2", "--json"]) == cli.DONE
    assert set(json.loads(capsys.readouterr().out)["losses"]) == {"union", "objects", "coarse"}
    assert main([*words, "--steps", "3", "--resume", "--json"]) == cli.DONE
    assert json.loads(capsys.readouterr().out)["steps"] == 3
    weights = tmp_path / "run/weights.safetensors"
    training = read_info(weights).training
    assert (training["labels"], training["sequences"]) == ("masks", ["a"])
    assert str(folder) not in json.dumps(training)
    track = ["propagate", str(folder / "videos/a.mp4"), "--masks", str(folder / "00000.png")]
    track += ["--system", "global_instance", "--weights", str(weights), "--range", "0:4"]
    for quality in ("fast", "balanced"):
        out = tmp_path / quality
        assert main([*track, "-o", str(out), "--quality", quality, "--quiet"]) == cli.DONE
        assert len(list(out.rglob("*.png"))) == 4


def test_help_names_stages_and_parts(capsys):
    main(["train", "global_instance", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    for word in ("composites", "--masks FOLDER", "--without", "temporal", "paper", "lambda"):
        assert word in out


def test_seen_sequences_are_not_scored(command, tmp_path, capsys, write_davis):
    root = write_davis(tmp_path / "set")
    words = [*command, "--out", str(tmp_path / "run"), "--steps", "1"]
    words[words.index("--videos") + 1] = str(root)
    assert main(words) == cli.DONE
    weights = ["--weights", str(tmp_path / "run/weights.safetensors")]
    asked = ["benchmark", "--davis", str(root), "--system", "global_instance", *weights]
    assert main(asked) == cli.BAD_INPUT
    assert "--allow-seen" in capsys.readouterr().err
