"""Image files with pages: as a video, as masks, and where one picture is wanted."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import MaskMismatch, MaskReadError, VideoDecodeError, VideoOpenError
from core.media.image_file import open_image
from core.media.image_pages import ManyPages
from core.media.keyframes import load_keyframes
from core.media.label_map import page_count, read_label_map, read_pages
from core.media.palette import DAVIS_PALETTE
from core.media.video import frame_times, open_video
from core.types import VideoInfo

COUNT = 6
SIZE = (96, 64)
MOVING = ("a.tif", "a.tiff", "a.gif", "a.png", "a.apng", "a.webp", "a.avif")
LOSSLESS = {"a.webp": {"lossless": True}, "a.avif": {"quality": 100}, "a.tif": {}, "a.tiff": {}}


@pytest.fixture
def pictures(video_tools):
    return [Image.fromarray(video_tools["numbered_frame"](n)) for n in range(COUNT)]


def save(path: Path, pages: list[Image.Image], **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = {".apng": "PNG"}.get(path.suffix)
    pages[0].save(path, format=kind, save_all=True, append_images=pages[1:], **options)
    return path


@pytest.mark.parametrize("name", MOVING)
def test_all_pages_are_frames(name, pictures, tmp_path, read_number):
    options = {} if "tif" in name else {"duration": 40}
    with open_video(save(tmp_path / name, pictures, **options)) as video:
        assert (video.info.frame_count, video.info.width, video.info.height) == (COUNT, *SIZE)
        assert video.info.name == "a" and not video.info.breaks_off
        assert [read_number(f) for f in video.frames(0, COUNT)] == list(range(COUNT))
        assert [read_number(f) for f in video.frames(COUNT - 1, -1, -1)][::-1] == list(range(COUNT))
        assert video.info.fps == (24 if "tif" in name else 25)
    with open_video(tmp_path / name, cache_bytes=0) as video:
        assert [read_number(video.frame(i)) for i in (4, 1, 5, 0)] == [4, 1, 5, 0]


@pytest.mark.parametrize("name", ["a.webp", "a.avif", "a.gif", "a.png"])
def test_pages_are_shown_for_as_long_as_they_say(name, pictures, tmp_path):
    path = save(tmp_path / name, pictures, duration=[40, 200, 40, 500, 40, 1000])
    with open_video(path) as video:
        times = frame_times(video)
        found = [round(float(times.seconds(i)), 3) for i in range(COUNT)]
    assert found == [0, 0.04, 0.24, 0.28, 0.78, 0.82]


@pytest.mark.parametrize("name", ["a.webp", "a.gif"])
def test_pages_without_a_duration_are_shown_for_a_tenth_of_a_second(name, pictures, tmp_path):
    with open_video(save(tmp_path / name, pictures, duration=0)) as video:
        assert frame_times(video).seconds(3) == Fraction(3, 10)
        assert video.info.fps == 10


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp", "bmp", "gif"])
def test_a_single_image_is_a_video_of_one_frame(ending, pictures, tmp_path, read_number):
    pictures[5].save(tmp_path / f"one.{ending}")
    with open_video(tmp_path / f"one.{ending}") as video:
        assert video.info.frame_count == 1
        assert read_number(video.frame(0)) == 5


def test_deep_color(tmp_path):
    pages = [np.full((8, 12, 3), 257 * 20 * n, np.uint16) for n in range(COUNT)]
    cv2.imwritemulti(str(tmp_path / "deep.tif"), pages)
    with open_video(tmp_path / "deep.tif") as video:
        assert [int(f[0, 0, 0]) for f in video.frames(0, COUNT)] == [20 * n for n in range(COUNT)]


def test_previews_are_no_pages(tmp_path, pictures):
    """A photo with another one inside, and a TIFF with a thumbnail and a mask."""
    for name, kind in (("a.jpg", "MPO"), ("a.mpo", "MPO")):
        pictures[0].save(tmp_path / name, kind, save_all=True, append_images=pictures[1:3])
    small = pictures[1].resize((12, 8))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    mask = pictures[2].convert("1")
    mask.encoderinfo = {"tiffinfo": {254: 4}}
    save(tmp_path / "a.tif", [pictures[0], small, mask])
    with Image.open(tmp_path / "a.tif") as image:
        assert image.n_frames == 3
    for name in ("a.jpg", "a.tif"):
        with open_image(tmp_path / name) as image:
            assert image.size == SIZE
        with open_video(tmp_path / name) as video:
            assert video.info.frame_count == 1


def test_pages_that_only_imagej_reads(tmp_path, pictures):
    """Stacks of more than 4 GB have one entry for all pages."""
    pictures[0].save(tmp_path / "a.tif", tiffinfo={270: "ImageJ=1.53t\nimages=20\nslices=20\n"})
    for opens in (open_video, open_image, read_label_map, page_count):
        with pytest.raises((VideoOpenError, ManyPages, MaskReadError), match="20 pages"):
            opens(tmp_path / "a.tif")


def test_pages_of_several_sizes(tmp_path, pictures):
    path = save(tmp_path / "a.tif", [*pictures[:3], pictures[3].resize((48, 32))])
    with open_video(path) as video:
        assert video.frame(2).shape == (64, 96, 3)
        with pytest.raises(VideoDecodeError, match=r"Frame 3 .* 48 x 32 pixels"):
            video.frame(3)


def test_a_damaged_page_is_named(tmp_path, pictures):
    path = save(tmp_path / "a.tif", pictures, compression="tiff_deflate")
    with Image.open(path) as image:
        image.seek(2)
        (place,) = image.tag_v2[273][:1]
    data = bytearray(path.read_bytes())
    data[place : place + 20] = bytes(20)
    path.write_bytes(data)
    with open_video(path) as video:
        assert video.frame(1).shape == (64, 96, 3)
        with pytest.raises(VideoDecodeError, match="Frame 2 of"):
            video.frame(2)


@pytest.mark.parametrize("name", [name for name in MOVING if name != "a.apng"])
def test_pages_among_single_images_are_refused(name, pictures, tmp_path):
    pictures[0].save(tmp_path / "00000.png")
    save(tmp_path / name, pictures, **({} if "tif" in name else {"duration": 40}))
    with pytest.raises(VideoOpenError, match=rf"{name} is not one frame: it holds {COUNT} pages"):
        open_video(tmp_path)


def labels(*ids: int) -> np.ndarray:
    label_map = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    for place, object_id in enumerate(ids):
        label_map[10:40, 10 + 20 * place : 26 + 20 * place] = object_id
    return label_map


MAPS = [labels(1), labels(1, 3), labels(0, 3), labels(3, 1), labels(), labels(2, 3)]
INFO = VideoInfo(Path("clip.mp4"), COUNT, *SIZE, Fraction(25))


def indexed(label_map: np.ndarray) -> Image.Image:
    image = Image.fromarray(label_map)
    image.putpalette(DAVIS_PALETTE)
    return image


def maps_of(path: Path) -> list[np.ndarray]:
    found = load_keyframes(path, INFO)
    assert "6 pages" in found.notes[0]
    assert [k.frame_index for k in found.keyframes] == list(range(COUNT))
    return [k.label_map for k in found.keyframes]


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
@pytest.mark.parametrize("kind", ["gray", "palette", "16 bit", "32 bit"])
def test_each_page_of_a_tiff_is_the_mask_of_a_frame(kind, compression, tmp_path):
    make = {
        "gray": Image.fromarray,
        "palette": indexed,
        "16 bit": lambda m: Image.fromarray(m.astype(np.uint16)),
        "32 bit": lambda m: Image.fromarray(m.astype(np.int32)),
    }[kind]
    path = save(tmp_path / "a.tif", [make(m) for m in MAPS], compression=compression)
    assert page_count(path) == COUNT
    assert np.array_equal(maps_of(path), MAPS)


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp"])
def test_each_page_of_an_animation_is_the_mask_of_a_frame(name, tmp_path):
    path = save(tmp_path / name, [indexed(m) for m in MAPS], duration=40, **LOSSLESS.get(name, {}))
    assert np.array_equal(maps_of(path), MAPS)


def test_colors_keep_their_ids_from_page_to_page(tmp_path):
    colors = np.array([(0, 0, 0), (250, 10, 10), (10, 250, 10), (10, 10, 250)], np.uint8)
    path = save(tmp_path / "a.tif", [Image.fromarray(colors[m]) for m in MAPS])
    found = [mask.label_map for mask in read_pages(path)]
    pairs = {
        pair for m, f in zip(MAPS, found, strict=True) for pair in zip(m.flat, f.flat, strict=True)
    }
    assert len(pairs) == 4 and (0, 0) in pairs


def test_palettes_that_change_from_page_to_page_are_read_by_color(tmp_path):
    """Writers of GIF number the colors of each page anew."""
    palettes = [DAVIS_PALETTE[:12], DAVIS_PALETTE[:3] + DAVIS_PALETTE[9:12] + DAVIS_PALETTE[3:9]]
    pages = []
    for place, label_map in enumerate((labels(1, 2, 3), labels(2, 1))):
        image = Image.fromarray(label_map)
        image.putpalette(palettes[place])
        pages.append(image)
    for name in ("a.tif", "a.gif"):
        path = save(tmp_path / name, pages, **({"duration": 40} if name == "a.gif" else {}))
        first, second = (mask.label_map for mask in read_pages(path))
        assert np.array_equal(first, labels(1, 2, 3))
        assert np.array_equal(second, labels(1, 3))


@pytest.mark.parametrize("pages", [2, COUNT - 1, COUNT + 1])
def test_pages_that_are_not_one_for_each_frame_are_refused(pages, tmp_path):
    path = save(tmp_path / "a.tif", [Image.fromarray(labels(1))] * pages)
    with pytest.raises(MaskMismatch, match=rf"{pages} pages, but clip\.mp4 has {COUNT} frames"):
        load_keyframes(path, INFO)


@pytest.mark.parametrize("name", ["a.tif", "a.gif", "a.png", "a.webp"])
def test_pages_where_one_mask_is_wanted_are_refused(name, tmp_path):
    options = {} if "tif" in name else {"duration": 40}
    path = save(tmp_path / "masks" / name, [indexed(m) for m in MAPS], **options)
    with pytest.raises(MaskReadError, match=f"{COUNT} pages"):
        read_label_map(path)
    path = path.rename(path.with_stem("00000"))
    with pytest.raises(MaskReadError, match=f"{COUNT} pages"):
        load_keyframes(path.parent, INFO)
    with pytest.raises(MaskReadError, match=f"{COUNT} pages"):
        read_label_map(Path("inside.zip"), data=path.read_bytes())


def test_a_page_of_another_size_is_refused(tmp_path):
    maps = [*MAPS[:-1], labels(1)[:32]]
    path = save(tmp_path / "a.tif", [Image.fromarray(m) for m in maps])
    with pytest.raises(MaskMismatch, match="96 x 32 pixels"):
        load_keyframes(path, INFO)
