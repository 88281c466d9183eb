"""`vosapp models` from the command line, and names of models as weights."""

from __future__ import annotations

import json

import pytest
import torch

from core.nn.backbone import BACKBONES, Backbone
from vosapp.assets import bundled_weights
from vosapp.cli import main as cli
from vosapp.cli.main import main
from vosapp.services.models.store import add_model, find_model
from vosapp.services.models.values import Origin

BUNDLED = "self_supervised-thin"


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("VOSAPP_DATA", str(tmp_path / "user"))


@pytest.fixture
def cats():
    weights = bundled_weights("self_supervised", "thin")
    return add_model(weights, "cats", Origin.TRAINED, scores={"held-out": 0.5})


def result(capsys):
    return json.loads(capsys.readouterr().out)


def test_list(cats, capsys):
    assert main(["models", "list"]) == cli.DONE
    out = capsys.readouterr().out
    assert f"{BUNDLED} " in out and "cats" in out and "XMem" in out and "unknown" in out
    assert main(["models", "list", "--json"]) == cli.DONE
    found = result(capsys)
    assert [row["sha256"] for row in found["known"]] == [None, None]
    assert {"cats", BUNDLED} <= {row["name"] for row in found["models"]}


def test_info(cats, capsys):
    assert main(["models", "info", "cats"]) == cli.DONE
    out = capsys.readouterr().out
    assert "trained" in out and cats.sha256 in out and "held-out: 0.500" in out
    assert "Added: " in out
    assert main(["models", "info", "cat"]) == cli.BAD_INPUT
    assert "Did you mean cats" in capsys.readouterr().err


def test_without_an_action_all_are_named(capsys):
    assert main(["models"]) == cli.BAD_INPUT
    assert "Choose from list, info, import, download, remove, export." in capsys.readouterr().err


def test_remove_asks_and_spares_what_is_bundled(cats, capsys):
    assert main(["models", "remove", "cats"]) == cli.BAD_INPUT
    assert "--yes" in capsys.readouterr().err and cats.path.exists()
    assert main(["models", "remove", BUNDLED, "--yes"]) == cli.BAD_INPUT
    assert "bundled" in capsys.readouterr().err
    assert main(["models", "remove", "cats", "--yes"]) == cli.DONE
    assert not cats.path.exists()


def test_export(cats, tmp_path):
    assert main(["models", "export", "cats", str(tmp_path / "c.safetensors")]) == cli.DONE
    assert (tmp_path / "c.safetensors").read_bytes() == cats.path.read_bytes()


@pytest.mark.parametrize("words", [["models", "import"], ["import-weights"]])
def test_import_under_a_name(tmp_path, capsys, words):
    torch.save(Backbone(BACKBONES["resnet18-rgb"]).state_dict(), tmp_path / "r18.pth")
    assert main([*words, str(tmp_path / "r18.pth"), "--json"]) == cli.DONE
    found = result(capsys)
    assert found["name"] == "r18" and found["kind"] == "resnet"
    assert find_model("r18").origin is Origin.IMPORTED


def test_import_of_our_own_weights_keeps_them_as_they_are(capsys):
    ours = str(bundled_weights("self_supervised", "thin"))
    assert main(["models", "import", ours, "--name", "copy", "--json"]) == cli.DONE
    assert result(capsys)["name"] == "copy"
    assert main(["models", "import", ours, "--name", "again", "--kind", "mast"]) == cli.BAD_INPUT


def test_download_of_nothing(capsys):
    assert main(["models", "download", "http://127.0.0.1:1/w.pth"]) == cli.BAD_INPUT
    out, err = capsys.readouterr()
    assert "cannot be reached" in err and "SHA-256: unknown" in out


def test_a_name_stands_for_weights(cats, write_davis, tmp_path, capsys):
    root = write_davis(tmp_path / "set")
    command = ["benchmark", "--davis", str(root), "--sequences", "bear", "--quality", "fast"]
    assert main([*command, "--weights", "cats", "--device", "cpu", "--json"]) == cli.DONE
    assert main([*command, "--weights", "dogs", "--json"]) == cli.BAD_INPUT
    assert "dogs" in capsys.readouterr().err
