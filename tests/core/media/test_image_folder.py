from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import VideoDecodeError, VideoOpenError
from core.media.video import open_video

LEVELS = range(10, 250, 20)


def picture(level: int, size=(12, 8)) -> Image.Image:
    return Image.new("RGB", size, (level, level, level))


def test_natural_order_and_stems(tmp_path):
    for number in (10, 9, 1, 100, 2):
        picture(number).save(tmp_path / f"Frame{number}.PNG")
    with open_video(tmp_path) as video:
        assert video.info.stems == ("Frame1", "Frame2", "Frame9", "Frame10", "Frame100")
        assert [f[0, 0, 0] for f in video.frames(0, 5)] == [1, 2, 9, 10, 100]
        assert [f[0, 0, 0] for f in video.frames(4, -1, -1)] == [100, 10, 9, 2, 1]
        assert (video.info.width, video.info.height, video.info.fps) == (12, 8, 24)
        assert video.info.name == tmp_path.name


@pytest.mark.parametrize("ending", ["jpg", "JPEG", "png", "webp", "bmp", "tif", "TIFF", "ppm"])
def test_endings(ending, tmp_path):
    picture(120).save(tmp_path / f"0.{ending}")
    with open_video(tmp_path, cache_bytes=0) as video:
        assert abs(int(video.frame(0)[3, 3, 1]) - 120) <= 2


def test_other_files_do_not_count(tmp_path):
    picture(1).save(tmp_path / "0.png")
    picture(2).save(tmp_path / ".hidden.png")
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "Thumbs.db").write_bytes(b"\0")
    (tmp_path / "folder.png").mkdir()
    with open_video(tmp_path, prefetch=True) as video:
        assert video.info.frame_count == 1
        with pytest.raises(IndexError):
            video.frame(1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_exif_orientation(orientation, ending, tmp_path):
    upright = np.zeros((48, 80, 3), np.uint8)
    upright[:24, :40] = 250
    turns = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    stored = Image.fromarray(np.ascontiguousarray(turns[orientation](upright)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / f"0.{ending}", exif=exif)
    with open_video(tmp_path) as video:
        assert (video.info.width, video.info.height) == (80, 48)
        assert np.abs(video.frame(0).astype(int) - upright).mean() < 5


def test_gray_alpha_palette_and_16_bit_become_rgb(tmp_path):
    picture(200).save(tmp_path / "0.png")
    picture(200).convert("L").save(tmp_path / "1.png")
    picture(200).convert("RGBA").save(tmp_path / "2.png")
    picture(200).quantize().save(tmp_path / "3.png")
    picture(200).convert("LA").save(tmp_path / "4.png")
    deep = np.full((8, 12), 200 << 8 | 17, np.uint16)
    Image.fromarray(deep).save(tmp_path / "5.png")
    Image.fromarray(deep).save(tmp_path / "6.tif")
    cv2.imwrite(str(tmp_path / "7.png"), np.dstack([deep] * 3))
    cv2.imwrite(str(tmp_path / "8.tif"), np.dstack([deep] * 3))
    with open_video(tmp_path) as video:
        for frame in video.frames(0, video.info.frame_count):
            assert frame.shape == (8, 12, 3) and frame.dtype == np.uint8
            assert (frame == 200).all()
            assert not frame.flags.writeable
    assert video.info.frame_count == 9


def test_half_transparent_keeps_its_color(tmp_path):
    Image.new("RGBA", (4, 4), (10, 20, 30, 0)).save(tmp_path / "0.png")
    with open_video(tmp_path) as video:
        assert video.frame(0)[0, 0].tolist() == [10, 20, 30]


def test_mixed_sizes_name_the_odd_one(tmp_path):
    for number in range(4):
        picture(number, (13, 8) if number == 2 else (12, 8)).save(tmp_path / f"{number}.png")
    with pytest.raises(VideoOpenError, match=r"2\.png is 13 x 8 .* 12 x 8"):
        open_video(tmp_path)


def test_two_images_of_one_frame(tmp_path):
    picture(0).save(tmp_path / "00000.jpg")
    picture(0).save(tmp_path / "00000.png")
    with pytest.raises(VideoOpenError, match=r"00000\.jpg and 00000\.png"):
        open_video(tmp_path)


def test_folder_without_images(tmp_path):
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(VideoOpenError, match="no images"):
        open_video(tmp_path)


@pytest.mark.parametrize("content", [b"", b"this is no picture at all"])
def test_file_that_is_no_image(content, tmp_path):
    picture(0).save(tmp_path / "0.png")
    (tmp_path / "1.png").write_bytes(content)
    with pytest.raises(VideoOpenError, match=r"1\.png"):
        open_video(tmp_path)


def test_damaged_frame_is_named_and_the_others_read(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for number in range(3):
        Image.fromarray(noise).save(tmp_path / f"{number}.jpg")
    data = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(data[: len(data) // 2])
    with open_video(tmp_path) as video:
        with pytest.raises(VideoDecodeError, match=r"Frame 1 .*1\.jpg"):
            video.frame(1)
        assert video.frame(2).shape == (64, 64, 3)


def test_file_changed_after_opening(tmp_path):
    for number in range(2):
        picture(0).save(tmp_path / f"{number}.png")
    with open_video(tmp_path) as video:
        picture(0, (5, 5)).save(tmp_path / "1.png")
        with pytest.raises(VideoDecodeError, match="5 x 5"):
            video.frame(1)
        (tmp_path / "0.png").unlink()
        with pytest.raises(VideoDecodeError, match="Frame 0"):
            video.frame(0)
