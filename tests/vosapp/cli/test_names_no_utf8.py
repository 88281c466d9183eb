"""A video whose name is no UTF-8 simply works: in every command, and wherever the project goes."""

from __future__ import annotations

import os
import shutil
import sqlite3

import numpy as np
import pytest
import torch

from core.media.label_map import read_label_map
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.self_supervised.config import PRESETS
from core.systems.self_supervised.model import KeyEncoder
from vosapp.cli import main as cli
from vosapp.project.opening import open_project

ODD = os.fsdecode(b"caf\xe9")


@pytest.fixture
def film(tmp_path, frames):
    """A video file of that name."""
    import av
    from PIL import Image

    path = tmp_path / f"{ODD}.mp4"
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
        for file in sorted(frames.iterdir()):
            pixels = np.asarray(Image.open(file).convert("RGB"))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    (tmp_path / "film.mp4").rename(path)
    return path


@pytest.fixture
def folder(tmp_path, frames):
    """A folder of that name, with images of such names."""
    made = tmp_path / ODD
    made.mkdir()
    for number, file in enumerate(sorted(frames.iterdir())):
        shutil.copy(file, made / f"{ODD}{number:03d}.png")
    return made


@pytest.fixture
def masks(tmp_path, save_masks):
    return save_masks(tmp_path / "masks", (0, 3))


@pytest.mark.parametrize("kind", ["film", "folder"])
def test_a_project_finds_its_video(kind, request, call, masks, tmp_path):
    video = request.getfixturevalue(kind)
    path = tmp_path / f"{ODD}.vosapp"
    made = call("new", video, "--masks", masks, "-o", path)
    assert (made["project"], made["video"]) == (str(path), str(video))
    call("propagate", path, "--system", "copy")
    found = call("info", path)["video"]
    assert found["path"] == found["found"] == str(video)
    place = tmp_path / "elsewhere"
    place.mkdir()
    for file in (path, video):
        file.rename(place / file.name)
    assert call("info", place / path.name)["video"]["found"] == str(place / video.name)
    call("propagate", place / path.name, "--system", "copy", "--all")
    with open_project(place / path.name) as project:
        assert len(project.video.stems) in (0, 5)


FORMATS = (
    *("davis", "davis2016", "youtube-vos", "davis-zip", "youtube-vos-zip", "coco", "ytvis"),
    *("mots-png", "mots-txt", "yolo", "cvat", "masks", "object-masks", "cut-outs", "overlay"),
    *("matte-png", "matte-vp9"),
)


@pytest.mark.parametrize("kind", ["film", "folder"])
def test_every_format(kind, request, call, masks, tmp_path):
    video = request.getfixturevalue(kind)
    path = tmp_path / "p.vosapp"
    call("new", video, "--masks", masks, "-o", path)
    call("propagate", path, "--system", "copy")
    for name in FORMATS:
        call("export", path, "--format", name, "-o", tmp_path / ODD / name, "--force")
        for file in (tmp_path / ODD / name).rglob("*"):
            os.fsencode(file.name).decode()
    for name in ("davis", "davis-zip", "coco", "cvat", "mots-txt"):
        found = call("import", path, tmp_path / ODD / name, "--format", name, "--overwrite")
        assert found["labeled"] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("kind", ["film", "folder"])
def test_propagate_to_files(kind, request, call, masks, tmp_path):
    video = request.getfixturevalue(kind)
    words = ("propagate", video, "--masks", masks, "-o", tmp_path / "out", "--system", "copy")
    found = call(*words)
    assert found["output"] == str(tmp_path / "out" / ODD) and found["frames"] == 5
    stem = f"{ODD}004" if kind == "folder" else "00004"
    assert read_label_map(tmp_path / "out" / ODD / f"{stem}.png").label_map.any()
    call(*words, "--resume")


def test_weights_of_such_a_name(call, project, tmp_path, monkeypatch):
    torch.manual_seed(0)
    path = tmp_path / f"{ODD}.safetensors"
    info = CheckpointInfo("self_supervised", "tiny", PRESETS["tiny"].to_dict())
    save_weights(path, KeyEncoder(PRESETS["tiny"]), info)
    found = call("propagate", project, "--weights", path, "--all")
    assert found["weights"] == str(path)
    (run,) = [one for one in call("info", project)["runs"] if one["system"] != "copy"]
    assert run["weights"].startswith("caf\\xe9.safetensors sha256:")


def test_a_project_of_before_is_read(call, film, masks, tmp_path):
    """Older projects have ? in place of what is no UTF-8: they open, and are told where it is."""
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", masks, "-o", path)
    with sqlite3.connect(path) as file:
        file.execute("UPDATE video SET path = '/x/caf?.mp4', relative_path = 'caf?.mp4'")
    file.close()
    assert call("info", path)["video"]["path"] == "/x/caf?.mp4"
    call("propagate", path, "--system", "copy", code=2)
    call("propagate", path, "--system", "copy", "--video", film)
    assert call("info", path)["video"]["found"] == str(film)


def test_names_of_frames_of_before_are_the_same_names(call, folder, masks, tmp_path):
    path = tmp_path / "p.vosapp"
    call("new", folder, "--masks", masks, "-o", path)
    with sqlite3.connect(path) as file:
        (stems,) = file.execute("SELECT stems FROM video").fetchone()
        assert "\\udce9" in stems
        file.execute("UPDATE video SET stems = ?", (stems.replace("\\udce9", "?"),))
    file.close()
    call("propagate", path, "--system", "copy")
    assert "other names" not in call.stderr


def test_terminal_shows_the_bytes(film, tmp_path, capsys):
    assert cli.main(["new", str(film), "-o", str(tmp_path / f"{ODD}.vosapp")]) == 0
    assert "caf\\xe9.vosapp: 5 frames" in capsys.readouterr().out
