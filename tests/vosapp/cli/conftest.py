"""A video of a few frames, masks for it, and commands that answer in JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from core.media.label_map import write_label_map
from vosapp.cli import main as cli
from vosapp.project.opening import open_project

COUNT, HEIGHT, WIDTH = 5, 24, 32


@pytest.fixture
def frames(tmp_path):
    folder = tmp_path / "bears"
    folder.mkdir()
    for i in range(COUNT):
        pixels = np.full((HEIGHT, WIDTH, 3), 10 * i, np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:05d}.png")
    return folder


@pytest.fixture
def save_masks():
    """Writes masks of boxes that move, and returns their folder."""

    def save(folder, indices, ids=(1, 4), shift=0):
        folder.mkdir()
        for i in indices:
            label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
            for number, object_id in enumerate(ids):
                label_map[2 + 10 * number : 9 + 10 * number, 3 + shift : 9 + i + shift] = object_id
            write_label_map(folder / f"{i:05d}.png", label_map)
        return folder

    return save


@pytest.fixture
def call(capsys):
    """Runs a command and returns what it answers; what it says is in `call.stderr`."""

    def run(*words, code=0):
        capsys.readouterr()
        status = cli.main([*map(str, words), "--json"])
        captured = capsys.readouterr()
        assert status == code, captured.err
        run.stderr = captured.err
        return json.loads(captured.out)

    return run


@pytest.fixture
def project(call, frames, tmp_path, save_masks):
    """Keyframes of the objects 1 and 4 on the frames 0 and 3."""
    path = tmp_path / "p.vosapp"
    call("new", frames, "--masks", save_masks(tmp_path / "masks", (0, 3)), "-o", path)
    return path


@pytest.fixture
def shown():
    """Reads what a frame of a project shows."""

    def read(path, index):
        with open_project(path) as opened:
            return opened.label_map(index).copy()

    return read
