from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from core.errors import MaskMismatch, MaskReadError, OutputError
from core.media.label_map import encode_label_map, read_label_map, read_pages, write_label_map
from core.media.palette import DAVIS_PALETTE

LABEL_MAPS = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40))


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, found = 8, []
    while place < len(data):
        (size,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        (check,) = struct.unpack_from(">I", data, place + 8 + size)
        assert check == zlib.crc32(kind + body)
        found.append((kind, body))
        place += 12 + size
    return found


@given(LABEL_MAPS)
@settings(deadline=None, max_examples=60)
def test_round_trip(tmp_path_factory, label_map):
    path = tmp_path_factory.getbasetemp() / "round_trip.png"
    write_label_map(path, label_map)
    found = read_label_map(path)
    assert found.exact
    assert np.array_equal(found.label_map, label_map)
    assert not found.label_map.flags.writeable


@given(LABEL_MAPS, st.booleans())
@settings(deadline=None, max_examples=30)
def test_pillow_reads_the_same_indices(label_map, fortran):
    data = encode_label_map(np.asfortranarray(label_map) if fortran else label_map)
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "P"
        assert image.getpalette() == list(DAVIS_PALETTE)
        assert np.array_equal(np.asarray(image), label_map)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 16, 254])
def test_always_8_bit_with_the_whole_palette(count, tmp_path):
    ids = np.arange(480 * 854, dtype=np.int64).reshape(480, 854) % (count + 1)
    write_label_map(tmp_path / "0.png", ids.astype(np.uint8))
    found = chunks((tmp_path / "0.png").read_bytes())
    assert [kind for kind, _ in found] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert struct.unpack(">IIBBBBB", found[0][1]) == (854, 480, 8, 3, 0, 0, 0)
    assert found[1][1] == DAVIS_PALETTE
    assert read_label_map(tmp_path / "0.png").object_ids == tuple(range(1, count + 1))


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((4, 4), np.int32),
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((0, 4), np.uint8),
    ],
)
def test_only_label_maps_are_written(wrong, tmp_path):
    with pytest.raises(ValueError, match="not a label map"):
        write_label_map(tmp_path / "0.png", wrong)
    assert list(tmp_path.iterdir()) == []


def test_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "out").write_text("a file")
    path = tmp_path / "out" / "0.png"
    with pytest.raises(OutputError, match=r"Cannot write .*0\.png: "):
        write_label_map(path, np.zeros((4, 4), np.uint8))


def test_missing_folder(tmp_path):
    with pytest.raises(OutputError, match="No such file"):
        write_label_map(tmp_path / "gone" / "0.png", np.zeros((4, 4), np.uint8))


def test_failed_rename_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "0.png"
    write_label_map(path, np.ones((4, 4), np.uint8))
    before = path.read_bytes()

    def refuse(*_args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match=r"0\.png: Permission denied"):
        write_label_map(path, np.zeros((4, 4), np.uint8))
    assert [p.name for p in tmp_path.iterdir()] == ["0.png"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_half_written_file_is_taken_away(error, tmp_path, monkeypatch):
    write = Path.write_bytes

    def break_off(self, data):
        write(self, data[:10])
        raise error

    monkeypatch.setattr(Path, "write_bytes", break_off)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        write_label_map(tmp_path / "0.png", np.zeros((4, 4), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_folder_in_place_of_the_file(tmp_path):
    (tmp_path / "0.png").mkdir()
    with pytest.raises(OutputError, match=r"0\.png"):
        write_label_map(tmp_path / "0.png", np.zeros((4, 4), np.uint8))
    assert [p.name for p in tmp_path.iterdir()] == ["0.png"]


def test_missing_file(tmp_path):
    with pytest.raises(MaskReadError, match=r"no mask file .*0\.png"):
        read_label_map(tmp_path / "0.png")


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "empty"), (b"no image at all", "no image"), (b"\x89PNG", "no image")],
)
def test_file_that_is_no_image(content, text, tmp_path):
    (tmp_path / "0.png").write_bytes(content)
    with pytest.raises(MaskReadError, match=text):
        read_label_map(tmp_path / "0.png")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_file(share, tmp_path):
    noise = np.random.default_rng(0).integers(0, 9, (200, 200)).astype(np.uint8)
    data = encode_label_map(noise)
    (tmp_path / "0.png").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MaskReadError, match=r"0\.png"):
        read_label_map(tmp_path / "0.png")


@pytest.mark.parametrize(
    "side", [10_001, 13_000, 60_000, (1 << 31) - 1], ids=["limit", "warns", "refused", "overflow"]
)
def test_huge_dimensions_are_refused_by_the_header(side, tmp_path):
    data = bytearray(encode_label_map(np.zeros((4, 4), np.uint8)))
    struct.pack_into(">II", data, 16, side, side)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    (tmp_path / "0.png").write_bytes(data)
    with pytest.raises(MaskReadError, match="too large"):
        read_label_map(tmp_path / "0.png")


def test_the_size_is_looked_at_before_pixels_are_decoded(tmp_path, monkeypatch):
    """A file of some kilobytes can hold 100 million pixels, which take gigabytes."""
    path = tmp_path / "a.png"
    Image.new("P", (70, 50), 1).save(path)
    asked = []
    found = read_label_map(path, check_size=lambda *size: asked.append(size))
    assert asked == [(70, 50)] and found.object_ids == (1,)

    def refuse(width, height):
        raise MaskMismatch(f"{width} x {height}")

    monkeypatch.setattr(PngImageFile, "load", lambda _: pytest.fail("it was decoded"))
    for data in (None, path.read_bytes()):
        with pytest.raises(MaskMismatch, match="70 x 50"):
            read_label_map(path, data=data, check_size=refuse)


def test_the_sizes_of_all_pages_are_looked_at_before_any_is_decoded(tmp_path, monkeypatch):
    pages = [Image.new("P", (70, 50), level) for level in (1, 2)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    asked = []
    found = list(read_pages(tmp_path / "a.tif", check_size=lambda *size: asked.append(size)))
    assert len(found) == 2 and asked == [(70, 50)] * 2

    def refuse(width, height):
        raise MaskMismatch(f"{width} x {height}")

    monkeypatch.setattr(TiffImageFile, "load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(MaskMismatch, match="70 x 50"):
        list(read_pages(tmp_path / "a.tif", check_size=refuse))
