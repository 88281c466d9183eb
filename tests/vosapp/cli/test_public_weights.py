"""`--weights` with a file of another program, and what is said where a system has none."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import CheckpointMissing
from core.media.label_map import write_label_map
from core.systems.box_supervised.config import PRESETS
from core.systems.box_supervised.model import MemoryNetwork
from vosapp import assets
from vosapp.assets import sample_film
from vosapp.cli import main as cli
from vosapp.cli.main import main
from vosapp.services.weights import default_weights

SYSTEM = ["--system", "box_supervised", "--quality", "fast", "--device", "cpu"]


@pytest.fixture
def mask(tmp_path):
    from core.media.video import open_video

    info = open_video(sample_film()).info
    label_map = np.zeros((info.height, info.width), np.uint8)
    label_map[100:200, 100:250] = 1
    write_label_map(tmp_path / "00000.png", label_map)
    return tmp_path / "00000.png"


@pytest.mark.slow
def test_a_public_file_is_propagated_with(mask, tmp_path):
    torch.manual_seed(0)
    state = MemoryNetwork(PRESETS["resnet50"]).state_dict()
    torch.save({name: x.half() if x.is_floating_point() else x for name, x in state.items()},
               tmp_path / "XMem.pth")  # fmt: skip
    words = ["propagate", str(sample_film()), "--masks", str(mask), "-o", str(tmp_path / "out")]
    weights = ["--weights", str(tmp_path / "XMem.pth"), "--range", "0:3"]
    assert main([*words, *SYSTEM, *weights]) == cli.DONE
    assert len(list((tmp_path / "out").rglob("*.png"))) == 3


def test_a_file_that_is_none_of_theirs_is_refused_in_one_line(mask, tmp_path, capsys):
    torch.save({"some.weight": torch.ones(2)}, tmp_path / "other.pth")
    words = ["propagate", str(sample_film()), "--masks", str(mask), "-o", str(tmp_path / "out")]
    assert main([*words, *SYSTEM, "--weights", str(tmp_path / "other.pth")]) == cli.BAD_INPUT
    _, err = capsys.readouterr()
    assert "no known program" in err and "xmem" in err


def test_other_systems_open_no_public_file(mask, tmp_path, capsys):
    torch.save({"some.weight": torch.ones(2)}, tmp_path / "other.pth")
    words = ["propagate", str(sample_film()), "--masks", str(mask), "-o", str(tmp_path / "out")]
    weights = ["--system", "self_supervised", "--weights", str(tmp_path / "other.pth")]
    assert main([*words, *weights]) == cli.BAD_INPUT
    assert "not opened here" in capsys.readouterr().err


def test_without_weights_it_says_how_to_bring_some(mask, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(assets, "weights_dir", lambda: tmp_path)
    with pytest.raises(CheckpointMissing) as caught:
        default_weights("box_supervised")
    assert "models import" in caught.value.hint and "vosapp train" in caught.value.hint
    words = ["propagate", str(sample_film()), "--masks", str(mask), "-o", str(tmp_path / "out")]
    assert main([*words, *SYSTEM]) == cli.BAD_INPUT
    err = capsys.readouterr().err
    assert "No weights for box_supervised" in err and "--weights" in err
