"""`vosapp models import`, and its older name `import-weights`, from the command line."""

from __future__ import annotations

import json
import os

import pytest
import torch

from core.nn.backbone import BACKBONES, Backbone
from vosapp.cli import main as cli
from vosapp.cli.main import main


@pytest.fixture
def theirs(tmp_path):
    """A ResNet-18 without its third stage."""
    tensors = Backbone(BACKBONES["resnet18-rgb"]).state_dict()
    kept = {name: x for name, x in tensors.items() if not name.startswith("layer3")}
    torch.save({**kept, "fc.weight": torch.zeros(10, 512)}, tmp_path / "theirs.pth")
    return tmp_path / "theirs.pth"


def test_report(theirs, tmp_path, capsys):
    assert main(["import-weights", str(theirs), "-o", str(tmp_path / "o.safetensors")]) == cli.DONE
    out, err = capsys.readouterr()
    assert "backbone, preset resnet18-rgb, from resnet" in out
    assert "Left out: fc.weight: no such part" in out
    assert "Taken: 60 of 61" in out
    assert "warning: Nothing in the file fits layer3.0.conv1.weight" in err


def test_json(theirs, tmp_path, capsys):
    out = tmp_path / "o.safetensors"
    assert main(["import-weights", str(theirs), "-o", str(out), "--json"]) == cli.DONE
    found = json.loads(capsys.readouterr().out)
    assert found["weights"] == str(out) and out.is_file()
    assert (found["kind"], found["preset"], len(found["taken"])) == ("resnet", "resnet18-rgb", 60)
    assert found["left"] == {"fc.weight": "no such part in this network"}
    assert any("train before use" in note for note in found["notes"])


class Attack:
    """Makes a folder when unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("hostile.pth", [], "asks for"),
        ("none.pth", [], "none.pth"),
        ("theirs.pth", ["--kind", "xmem"], "xmem"),
        ("theirs.pth", ["--preset", "huge"], "huge"),
        ("theirs.pth", ["-o", "{root}/nowhere/o.safetensors"], "nowhere"),
    ],
)
def test_bad_input(theirs, tmp_path, capsys, name, options, message):
    torch.save({"model": Attack(tmp_path / "trap")}, tmp_path / "hostile.pth")
    command = ["import-weights", str(tmp_path / name), "-o", str(tmp_path / "o.safetensors")]
    given = [option.format(root=tmp_path) for option in options]
    assert main([*command, *given]) == cli.BAD_INPUT
    out, err = capsys.readouterr()
    assert message in err and len(err.splitlines()) == 1 and out == ""
    assert not (tmp_path / "o.safetensors").exists()
    assert not (tmp_path / "trap").exists()
