"""The table of the color assumption over a dataset."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.data.color_check.__main__ import main


@pytest.fixture
def tree(tmp_path):
    frames, masks = tmp_path / "JPEGImages" / "ball", tmp_path / "Annotations" / "ball"
    for folder in (frames, masks):
        folder.mkdir(parents=True)
    for index in range(3):
        label_map = np.zeros((60, 80), np.uint8)
        label_map[20:40, 20 + index : 40 + index] = 1
        Image.fromarray(label_map * 200).convert("RGB").save(frames / f"{index:05}.png")
        Image.fromarray(label_map).save(masks / f"{index:05}.png")
    return tmp_path


def test_a_table_for_each_loss(tree, capsys):
    assert main([str(tree)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [x for x in lines if "clips" in x] == ["temporal, 1 clips", "pairwise, 1 clips"]
    shares = [float(x.split()[1]) for x in lines if x[:1] == "0"]
    assert len(shares) == 14 and shares[0] == shares[7] == 1
    assert float(lines[8].split()[3]) > 0.9


def test_frames_without_masks_are_told(tree, capsys):
    (tree / "Annotations" / "ball" / "00002.png").unlink()
    assert main([str(tree)]) == 2
    assert "ball has 3 frames and 2 masks" in capsys.readouterr().err
