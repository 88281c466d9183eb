from __future__ import annotations

from dataclasses import replace

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from core.data.synthetic import MULTI_OBJECT_SET, SAMPLE, render, scaled
from core.data.synthetic.__main__ import main
from core.data.synthetic.export import write_davis, write_sample
from core.errors import OutputError


def _short(scene, frame_count=2):
    return replace(scaled(scene, 64 / scene.height), frame_count=frame_count)


def test_write_davis_lays_out_the_tree(tmp_path):
    scenes = [_short(scene) for scene in MULTI_OBJECT_SET[:2]]
    steps = list(write_davis(scenes, tmp_path))
    assert [(step.done, step.total) for step in steps] == [(i, 4) for i in range(1, 5)]
    names = "herd\nhedge\n"
    assert (tmp_path / "ImageSets" / "480p" / "sequences.txt").read_text() == names
    assert (tmp_path / "ImageSets" / "2017" / "val.txt").read_text() == names
    for frame_index, (frame, label_map) in enumerate(render(scenes[1])):
        mask = Image.open(tmp_path / f"Annotations/480p/hedge/{frame_index:05d}.png")
        assert mask.mode == "P"
        assert np.array_equal(np.asarray(mask), label_map)
        jpeg = cv2.imread(str(tmp_path / f"JPEGImages/480p/hedge/{frame_index:05d}.jpg"))
        assert jpeg.shape == frame.shape
        assert np.abs(jpeg[..., ::-1].astype(int) - frame).mean() < 6


def test_write_sample_makes_a_film_and_its_masks(tmp_path):
    scene = _short(SAMPLE, frame_count=4)
    list(write_sample(tmp_path, scene))
    with av.open(str(tmp_path / "meadow.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 4
    for index, (frame, label_map) in enumerate(render(scene)):
        assert np.abs(frames[index].astype(int) - frame).mean() < 12
        mask = np.asarray(Image.open(tmp_path / "masks" / f"{index:05d}.png"))
        assert np.array_equal(mask, label_map)


def test_write_sample_writes_the_same_bytes_every_time(tmp_path):
    scene = replace(_short(SAMPLE, frame_count=5), width=118)
    for name in ("first", "second"):
        list(write_sample(tmp_path / name, scene))
    first, second = (tmp_path / name / "meadow.mp4" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputError, match="Cannot create the folder"):
        list(write_davis([_short(SAMPLE)], blocked / "tree"))


def test_main_reports_a_bad_folder_with_exit_code_2(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert main(["sample", str(blocked)]) == 2
    assert "Cannot create the folder" in capsys.readouterr().err


def test_some_scenes_of_the_set(tmp_path, monkeypatch, capsys):
    from core.data.synthetic import __main__ as command

    asked = []
    monkeypatch.setattr(command, "write_davis", lambda scenes, root: asked.extend(scenes) or ())
    assert command.main(["multi-object", str(tmp_path), "--scenes", "wall, herd"]) == 0
    assert [scene.name for scene in asked] == ["wall", "herd"]
    asked.clear()
    assert command.main(["multi-object", str(tmp_path)]) == 0
    assert len(asked) == 12
    with pytest.raises(SystemExit):
        command.main(["multi-object", str(tmp_path), "--scenes", "moon"])
    assert "no scene 'moon'" in capsys.readouterr().err
