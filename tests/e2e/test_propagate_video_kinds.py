"""Whole runs on videos that are not plain: odd names, pages of images, hidden damage."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.media.label_map import read_label_map
from vosapp.cli.main import main

COUNT = 9


def results(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["rec:1.mkv", "-film.mkv", "file:film.mkv", "film%d.mkv"])
def test_a_video_of_any_name(name, film, save_masks, tmp_path, monkeypatch, capfd):
    masks = save_masks(0)
    film.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    given = ["propagate", "--system", "copy", "--masks", str(masks), "-o", "out", "--", name]
    assert main(given) == 0
    assert results(tmp_path / "out" / Path(name).stem) == [f"{i:05d}.png" for i in range(COUNT)]
    assert "warning" not in capfd.readouterr().err


def test_pages_as_video_and_as_masks(shapes, tmp_path):
    frames, maps = shapes
    pictures = [Image.fromarray(frame) for frame in frames]
    labels = [Image.fromarray(label_map) for label_map in maps]
    for name, pages in (("stack.tif", pictures), ("labels.tif", labels)):
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    video, masks, out = (str(tmp_path / name) for name in ("stack.tif", "labels.tif", "out"))
    assert main(["propagate", video, "--masks", masks, "-o", out, "--system", "copy"]) == 0
    found = [read_label_map(path).label_map for path in sorted((tmp_path / "out/stack").iterdir())]
    assert np.array_equal(found, maps)


def test_a_mask_beyond_the_end_is_refused(film, save_masks, tmp_path, capfd):
    mask = (save_masks(0) / "00000.png").rename(tmp_path / "00025.png")
    given = ["propagate", str(film), "--masks", str(mask), "-o", str(tmp_path / "out")]
    assert main([*given, "--system", "copy"]) == 2
    assert "00025.png is out of range" in capfd.readouterr().err


def test_hidden_damage_is_told_once_and_all_frames_are_made(shapes, save_masks, tmp_path, capfd):
    path = tmp_path / "film.avi"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 98, 66, "yuv420p"
        for image in shapes[0]:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode(None))
    with av.open(str(path)) as container:
        places = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    place, size = places[4]
    data = bytearray(path.read_bytes())
    data[place + size // 2 : place + size] = bytes(size - size // 2)
    path.write_bytes(data)
    given = ["propagate", str(path), "--masks", str(save_masks(0, 8)), "-o", str(tmp_path / "out")]
    assert main([*given, "--system", "copy"]) == 0
    lines = capfd.readouterr().err.splitlines()
    assert [line for line in lines if "damaged" in line] == [
        f"vosapp: warning: Frame 4 of {path} is damaged; it is shown as well as it can be."
    ]
    assert len(results(tmp_path / "out" / "film")) == COUNT
