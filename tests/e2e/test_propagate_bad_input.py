"""Whatever is wrong with the input: one line, exit code 2, and no half-made file."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.media.label_map import read_label_map, write_label_map
from vosapp.cli.main import main

COUNT = 9


@pytest.fixture
def refused(tmp_path, capfd):
    """Runs `vosapp propagate`, expects one line of complaint, and returns that line."""

    def run(video: Path, masks: Path, *options: str, left: int = 0, ended: bool = False) -> str:
        out = tmp_path / "out"
        given = ["propagate", str(video), "--masks", str(masks), "-o", str(out)]
        assert main([*given, "--system", "copy", *options]) == 2
        stderr = capfd.readouterr().err
        assert len(stderr.splitlines()) == 1, stderr
        assert stderr.startswith("vosapp: error: ")
        files = [path for path in out.rglob("*") if path.is_file()] if out.is_dir() else []
        records = [path.name for path in files if path.parent == out]
        assert records == ([] if ended or not left else [f"{video.stem}.vosapp-run.json"])
        files = [path for path in files if path.parent != out]
        assert len(files) == left
        assert all(read_label_map(path).label_map.shape == (66, 98) for path in files)
        assert out.is_dir() == bool(left) or out.is_file()
        return stderr

    return run


def save(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_no_video(mask, refused, tmp_path):
    assert "gone.mp4" in refused(tmp_path / "gone.mp4", mask)
    assert "text.mp4" in refused(save(tmp_path / "text.mp4", b"no video\n" * 400), mask)
    assert "empty.mp4" in refused(save(tmp_path / "empty.mp4", b""), mask)
    (tmp_path / "nothing").mkdir()
    assert "holds no images" in refused(tmp_path / "nothing", mask)


def test_reference_without_a_mask(film, save_masks, refused):
    line = refused(film, save_masks(0, 4), "--reference", "4", "--reference", "5")
    assert "Frame 5 cannot be a reference" in line and "0, 4." in line


def test_video_that_breaks_off(cut_film, mask, refused):
    line = refused(cut_film, mask, left=4, ended=True)
    assert "breaks off after frame 3" in line
    assert "4 finished frames are in" in line


def test_video_that_breaks_off_is_fine_up_to_there(cut_film, mask, propagate):
    assert propagate(cut_film, mask, "--system", "copy", "--range", ":4")["frames"] == 4


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_frame_that_is_damaged(suffix, shapes, mask, refused, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for index, frame in enumerate(shapes[0]):
        cv2.imwrite(str(frames / f"{index:05d}{suffix}"), frame)
    broken = frames / f"00004{suffix}"
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    line = refused(frames, mask, left=4)
    assert "Frame 4" in line
    assert "4 finished frames are in" in line


def test_mask_that_does_not_fit(film, mask, refused, tmp_path):
    write_label_map(mask, np.ones((48, 64), np.uint8))
    line = refused(film, mask)
    assert "64 x 48" in line and "98 x 66" in line
    write_label_map(mask, np.zeros((66, 98), np.uint8))
    assert "no object" in refused(film, mask)
    write_label_map(mask.with_name("00100.png"), np.ones((66, 98), np.uint8))
    assert "00100.png" in refused(film, mask.parent)


def test_mask_that_is_none(film, mask, refused, tmp_path):
    assert "gone.png" in refused(film, tmp_path / "gone.png")
    assert "empty" in refused(film, save(mask, b""))
    assert "no image" in refused(film, save(mask, b"this is text"))
    Image.fromarray(np.full((66, 98), 0.5, np.float32)).save(tmp_path / "half.tif")
    assert "half.tif" in refused(film, tmp_path / "half.tif")


def test_mask_with_300_ids(film, refused, tmp_path):
    ids = np.arange(300).repeat(20).astype(np.uint16)
    label_map = np.resize(np.append(ids, [0] * (66 * 98 - len(ids))), (66, 98)).astype(np.uint16)
    Image.fromarray(label_map).save(tmp_path / "many.png")
    assert "many.png" in refused(film, tmp_path / "many.png")


@pytest.mark.parametrize("mode", ["1", "LA", "RGBA", "CMYK", "YCbCr", "LAB", "I", "I;16", "F"])
def test_mask_of_an_odd_mode_is_read_or_refused(mode, film, tmp_path, capfd):
    label_map = np.zeros((66, 98), np.uint8)
    label_map[10:40, 10:40] = 255
    image = Image.fromarray(label_map)
    if mode in ("CMYK", "YCbCr"):
        image = image.convert("RGB")
    if mode == "LAB":
        image = Image.merge("LAB", [image] * 3)
    path = tmp_path / "odd.tif"
    image.convert(mode).save(path)
    given = ["propagate", str(film), "--masks", str(path), "-o", str(tmp_path / "out")]
    code = main([*given, "--system", "copy"])
    err = capfd.readouterr().err
    assert (code, len(err.splitlines())) in ((0, 0), (2, 1)), err


def test_output_folder_that_cannot_be_written(film, mask, refused, tmp_path, monkeypatch):
    save(tmp_path / "out", b"a file")
    assert "output folder" in refused(film, mask)
    assert (tmp_path / "out").read_bytes() == b"a file"
    (tmp_path / "out").unlink()

    def no_space(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", no_space)
    assert "No space left" in refused(film, mask)


def test_disk_that_fills_up(film, mask, refused, tmp_path, monkeypatch):
    replace, calls = os.replace, []

    def fail_later(source, target):
        calls.extend([target] if target.suffix == ".png" else [])
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail_later)
    line = refused(film, mask, left=3)
    assert "00003.png" in line and "No space left" in line
    assert "3 finished frames are in" in line


def test_results_do_not_overwrite_their_sources(film, mask, shapes, refused, tmp_path):
    frames = tmp_path / "frames"
    frames.mkdir()
    for index, frame in enumerate(shapes[0]):
        cv2.imwrite(str(frames / f"{index:05d}.png"), frame)
    before = {path: path.read_bytes() for path in frames.iterdir()}
    assert "overwrite" in refused(frames, mask, "-o", str(tmp_path))
    mask.parent.rename(tmp_path / "film")
    masks = tmp_path / "film"
    mask_bytes = (masks / "00000.png").read_bytes()
    assert "overwrite" in refused(film, masks, "-o", str(tmp_path))
    assert "overwrite" in refused(film, masks / "00000.png", "-o", str(tmp_path))
    assert {path: path.read_bytes() for path in frames.iterdir()} == before
    assert (masks / "00000.png").read_bytes() == mask_bytes


@pytest.mark.parametrize("text", ["", ":", "3", "a:b", "1:2:3", "1.5:3", "5:5", "5:2", "9:", ":10"])
def test_range_that_makes_no_sense(text, film, mask, refused):
    refused(film, mask, f"--range={text}")


@pytest.mark.parametrize("text", ["-1:3", ":-2", "-3:", f":{10**17}"])
def test_range_out_of_the_video(text, film, mask, refused):
    assert f"has {COUNT} frames" in refused(film, mask, f"--range={text}")


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_weights_that_are_a_hostile_pickle(film, mask, refused, tmp_path):
    trace = tmp_path / "was-executed"
    data = pickle.dumps(Hostile(trace))
    pickle.loads(data)
    assert trace.exists()
    trace.unlink()
    for name in ("bad.pth", "bad.safetensors"):
        path = save(tmp_path / name, data)
        line = refused(film, mask, "--system", "self_supervised", "--weights", str(path))
        assert name in line
    assert not trace.exists()


def test_weights_that_are_damaged_or_foreign(film, mask, weights, refused, tmp_path):
    def with_weights(path: Path) -> str:
        return refused(film, mask, "--system", "self_supervised", "--weights", str(path))

    data = weights.read_bytes()
    assert "gone" in with_weights(tmp_path / "gone.safetensors")
    assert "damaged" in with_weights(save(tmp_path / "empty.safetensors", b""))
    for size in (5, 300, len(data) - 10):
        assert "cut.safetensors" in with_weights(save(tmp_path / "cut.safetensors", data[:size]))
    other = data.replace(b"self_supervised", b"global_instance")
    assert "global_instance" in with_weights(save(tmp_path / "other.safetensors", other))
    nameless = data.replace(b'"vosapp"', b'"v0sapp"')
    assert "nameless" in with_weights(save(tmp_path / "nameless.safetensors", nameless))
    shape = data.replace(b"conv1.weight", b"conv9.weight")
    assert "conv1.weight is missing" in with_weights(save(tmp_path / "shape.safetensors", shape))


def test_weights_for_a_system_without(film, mask, weights, refused):
    assert "has no weights" in refused(film, mask, "--weights", str(weights))


def test_device_that_is_not_there(film, mask, weights, refused):
    import torch

    if torch.backends.mps.is_available():
        pytest.skip("this machine has an mps device")
    options = ["--system", "self_supervised", "--weights", str(weights), "--device", "mps"]
    assert "mps" in refused(film, mask, *options)


def test_json_carries_the_error(mask, tmp_path, capfd):
    given = ["propagate", str(tmp_path / "gone.mp4"), "--masks", str(mask), "-o", str(tmp_path)]
    assert main([*given, "--json"]) == 2
    out, err = capfd.readouterr()
    assert json.loads(out)["error"]["code"] in ("video-open", "checkpoint-missing")
    assert len(err.splitlines()) == 1
