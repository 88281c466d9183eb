"""What a picture's name says and what is in it: only the formats that are meant are opened."""

from __future__ import annotations

import base64
import io
import json
import struct
import subprocess
import warnings
import zipfile
from fractions import Fraction

import cv2
import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from core.data.frame_pack import FramePack, PackConfig
from core.data.importing.formats import importer_named
from core.data.still_pack import pack_images
from core.errors import TrainingError, VosError
from core.jobs import CancelToken, result_of
from core.media.image_file import (
    FORMATS,
    IMAGE_ERRORS,
    ImageTooLarge,
    image_size,
    open_image,
    read_rgb,
)
from core.media.image_header import deep_sizes
from core.media.keyframes import load_keyframes
from core.media.label_map import read_label_map
from core.media.video import open_video
from core.types import VideoInfo

SIZE = (32, 24)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 24\n%%EndComments\n{} loop\n%%EOF\n"


@pytest.fixture
def trap(tmp_path, monkeypatch):
    """A Ghostscript that leaves a trace instead of running; gives where it would lie."""
    if not hasattr(EpsImagePlugin, "gs_binary"):
        pytest.skip("this Pillow starts no Ghostscript")
    programs, trace = tmp_path / "bin", tmp_path / "trace"
    programs.mkdir()
    program = programs / "gs"
    program.write_text(f"#!/bin/sh\necho started > {trace}\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    return trace


def test_the_trap_works(trap, tmp_path):
    (tmp_path / "a.png").write_bytes(EPS)
    with (
        pytest.raises((OSError, subprocess.CalledProcessError)),
        Image.open(tmp_path / "a.png") as image,
    ):
        image.load()
    assert trap.exists()


def film(folder):
    return VideoInfo(folder / "film", 3, *SIZE, Fraction(25))


def imported(importer, place):
    found = result_of(importer_named(importer).read(place, film(place.parent)))
    return list(found.keyframes())


def zipped(place):
    path = place.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(next(place.iterdir()), "film/00000.png")
    return imported("masks", path)


def labelme(place):
    data = base64.b64encode(next(place.iterdir()).read_bytes()).decode()
    shape = {"label": "a", "points": [[0, 0], [31, 23]], "shape_type": "mask", "mask": data}
    path = place.parent / "json"
    path.mkdir()
    (path / "00000.json").write_text(json.dumps({"shapes": [shape]}))
    return imported("labelme", path)


def object_folder(place):
    place.rename(place.parent / "001")
    (place.parent / "objects").mkdir()
    (place.parent / "001").rename(place.parent / "objects" / "001")
    return imported("object-masks", place.parent / "objects")


DOORS = {
    "size": lambda place: image_size(next(place.iterdir())),
    "pixels": lambda place: read_rgb(next(place.iterdir())),
    "video": lambda place: open_video(place).frame(0),
    "keyframes": lambda place: load_keyframes(place, film(place)),
    "mask": lambda place: read_label_map(next(place.iterdir())),
    "mask in memory": lambda place: read_label_map(place, data=next(place.iterdir()).read_bytes()),
    "masks": lambda place: imported("masks", place),
    "mots-png": lambda place: imported("mots-png", place),
    "object-masks": object_folder,
    "zip": zipped,
    "labelme": labelme,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", ["00000.png"])
def test_no_picture_starts_a_program(door, name, trap, tmp_path):
    place = tmp_path / "in" / "film"
    place.mkdir(parents=True)
    (place / name).write_bytes(EPS)
    with pytest.raises((VosError, *IMAGE_ERRORS)):
        DOORS[door](place)
    assert not trap.exists()


@pytest.mark.parametrize("ending", ["jpg", "tif", "webp", "gif", "bmp", "tga", "exr"])
def test_no_picture_starts_a_program_whatever_its_ending(ending, trap, tmp_path):
    (tmp_path / f"a.{ending}").write_bytes(EPS)
    with pytest.raises(IMAGE_ERRORS):
        read_rgb(tmp_path / f"a.{ending}")
    assert not trap.exists()


def test_no_still_image_starts_a_program(trap, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").write_bytes(EPS)
    with pytest.raises(TrainingError):
        list(pack_images(tmp_path / "in", tmp_path / "cache", PackConfig(), CancelToken()))
    assert not trap.exists()


def other_formats():
    """Every format that Pillow writes and that is not meant, and what OpenCV writes besides."""
    Image.init()
    picture = Image.new("RGB", SIZE, (200, 30, 30))
    for name in sorted(set(Image.SAVE) & set(Image.OPEN) - set(FORMATS) - {"MPO"}):
        for mode in ("RGB", "P", "L", "1", "F"):
            out = io.BytesIO()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    picture.convert(mode).save(out, name)
            except (OSError, ValueError, TypeError, AttributeError):
                continue
            yield name, out.getvalue()
            break
    for ending in ("ras", "pfm"):
        pixels = np.zeros((24, 32, 3), np.float32 if ending == "pfm" else np.uint8)
        yield ending, cv2.imencode(f".{ending}", pixels)[1].tobytes()


OTHERS = dict(other_formats())


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_under_a_known_ending_are_refused(name, tmp_path):
    (tmp_path / "a.png").write_bytes(OTHERS[name])
    for read in (read_rgb, image_size):
        with pytest.raises(IMAGE_ERRORS):
            read(tmp_path / "a.png")


def test_there_are_other_formats():
    assert {"EPS", "PCX", "SGI", "ras", "pfm"} <= OTHERS.keys()


def test_what_this_pillow_was_built_without_does_no_harm(tmp_path):
    Image.new("L", SIZE, 3).save(tmp_path / "a.png")
    with open_image(tmp_path / "a.png", formats=("NONE", "PNG")) as image:
        assert image.format == "PNG"
    with pytest.raises(OSError), open_image(tmp_path / "a.png", formats=("NONE", "TIFF")):
        pass


# What OpenCV opens


def deep_tiff(size=SIZE, big=False, order="<"):
    """Return the head of a 16-bit RGB TIFF; its pixels are missing."""
    tags = [(256, 4, size[0]), (257, 4, size[1]), (258, 3, 16)]
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(f"{order}HHHQ", 43, 8, 0, 16)
        rows = b"".join(struct.pack(f"{order}HHQQ", *t[:2], 1, t[2]) for t in tags)
        if order == ">":
            rows = b"".join(struct.pack(">HHQI4x", *t[:2], 1, t[2]) for t in tags)
        return head + struct.pack(f"{order}Q", len(tags)) + rows + bytes(8)
    rows = b"".join(struct.pack(f"{order}HHII", *t[:2], 1, t[2]) for t in tags)
    return mark + struct.pack(f"{order}HI", 42, 8) + struct.pack(f"{order}H", 3) + rows + bytes(4)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_size_of_a_tiff(big, order):
    assert deep_sizes(deep_tiff((700, 90), big, order)) == ((700, 90),)


@pytest.mark.parametrize("name", ["a.tif", "a.hdr"])
def test_deep_pictures_are_read_and_their_size_is_known(name, tmp_path):
    deep = np.full((24, 32, 3), 40_000, np.uint16)
    pixels = deep if name == "a.tif" else np.full((24, 32, 3), 0.5, np.float32)
    cv2.imwrite(str(tmp_path / name), pixels)
    assert deep_sizes((tmp_path / name).read_bytes()) == (SIZE,)
    assert read_rgb(tmp_path / name).shape == (24, 32, 3)


def test_the_size_of_an_exr():
    window = b"dataWindow\0box2i\0" + struct.pack("<5i", 16, -2, 3, 29, 26)
    head = b"\x76\x2f\x31\x01\2\0\0\0compression\0compression\0\1\0\0\0\0"
    assert deep_sizes(head + window) == (SIZE,)


def test_the_second_page_counts_too(tmp_path, monkeypatch):
    """It is decoded to tell that there are several."""
    first, second = deep_tiff((64, 48)), deep_tiff((40_000, 40_000))[8:]
    data = first[:-4] + struct.pack("<I", len(first)) + second
    assert deep_sizes(data) == ((64, 48), (40_000, 40_000))
    (tmp_path / "a.tif").write_bytes(data)
    monkeypatch.setattr(cv2, "imdecodemulti", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(ImageTooLarge):
        read_rgb(tmp_path / "a.tif")


@pytest.mark.parametrize(
    "data",
    [
        deep_tiff((40_000, 40_000)),
        deep_tiff((1 << 30, 1 << 30), big=True),
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 99999 +X 99999\n",
    ],
    ids=["tiff", "bigtiff", "hdr"],
)
def test_deep_pictures_that_claim_too_much_never_reach_a_decoder(data, tmp_path, monkeypatch):
    (tmp_path / "a.tif").write_bytes(data)
    for name in ("imdecode", "imdecodemulti"):
        monkeypatch.setattr(cv2, name, lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(ImageTooLarge):
        read_rgb(tmp_path / "a.tif")


@pytest.mark.parametrize("data", [b"", b"II", b"II*\0", b"II*\0\xff\xff\xff\xff", b"MM\0+" * 9])
def test_deep_pictures_that_are_cut_off(data, tmp_path):
    assert deep_sizes(data) == ()
    (tmp_path / "a.tif").write_bytes(data)
    with pytest.raises(IMAGE_ERRORS):
        read_rgb(tmp_path / "a.tif")


def test_packed_frames_are_jpeg(tmp_path):
    data = cv2.imencode(".png", np.zeros((24, 32, 3), np.uint8))[1].tobytes()
    (tmp_path / "a.frames").write_bytes(data)
    with pytest.raises(TrainingError, match="damaged"):
        FramePack(tmp_path / "a.frames", (0, len(data)), (0.0,)).frame(0)
