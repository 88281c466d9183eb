"""Files that end too early, and files that only look as if."""

from __future__ import annotations

import random
import struct

import pytest

from core.media.file_end import lacks_bytes
from core.media.video import open_video

COUNT = 40


def patch(path, name: bytes, offset: int, data: bytes) -> None:
    content = bytearray(path.read_bytes())
    place = content.index(name) + offset
    content[place : place + len(data)] = data
    path.write_bytes(content)


def is_broken(path) -> bool:
    with open_video(path) as video:
        assert video.info.frame_count
        return video.info.breaks_off


@pytest.mark.parametrize("hidden", [5, 13, 30])
def test_trimmed_by_an_edit_list(hidden, make, video_tools):
    """As phones trim: the frames before the new start stay in the file."""
    path = make(options={"bf": "3"})
    video_tools["delay_start"](path, hidden * 512)
    video_tools["cut_end"](path, 40 * (hidden + 4))
    assert not is_broken(path)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.flv", "a.ts", "a.mov"])
def test_a_late_start(name, make):
    path = make(name, times=tuple(range(100, 100 + COUNT)))
    assert not is_broken(path)


@pytest.mark.parametrize("settings", [{"codec": "mpeg4"}, {"codec": "mjpeg", "pixels": "yuvj420p"}])
def test_frames_that_a_recording_dropped_count_in_the_header_of_avi(settings, make):
    path = make("a.avi", times=(*range(20), *range(60, 80)), **settings)
    assert not is_broken(path)
    patch(path, b"avih", 24, struct.pack("<I", 500))  # frames of the file
    patch(path, b"strh", 40, struct.pack("<I", 500))  # length of the video
    assert not is_broken(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    assert is_broken(path)


def test_a_duration_that_is_too_long(make):
    """Programs cut Matroska without telling the header; the bytes are all there."""
    path = make("a.mkv", codec="ffv1")
    place = path.read_bytes().index(b"\x44\x89\x88")
    assert 0 < place < 1000
    patch(path, b"\x44\x89\x88", 3, struct.pack(">d", 60_000))
    assert not is_broken(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    assert is_broken(path)


def test_a_recording_of_television_ends_anywhere(make):
    path = make("a.ts")
    size = path.stat().st_size // 188
    for packets in (size // 2, size * 3 // 4, size - 2):
        path.write_bytes(path.read_bytes()[: packets * 188])
        assert not is_broken(path)


def riff(kind: bytes, length: int, content: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", length) + kind + content


def box(kind: bytes, length: int, content: bytes = b"") -> bytes:
    return struct.pack(">I", length) + kind + content


EBML = b"\x1a\x45\xdf\xa3\x83abc"
SEGMENT = b"\x18\x53\x80\x67"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (riff(b"AVI ", 104, bytes(100)), False),
        (riff(b"AVI ", 204, bytes(100)), True),
        (riff(b"AVI ", 0, bytes(100)), None),
        (riff(b"AVI ", 104, bytes(100)) + riff(b"AVIX", 54, bytes(50)), False),
        (riff(b"AVI ", 104, bytes(100)) + riff(b"AVIX", 154, bytes(50)), True),
        (riff(b"AVI ", 104, bytes(100)) + riff(b"AVIX", 0, bytes(50)), None),
        (riff(b"AVI ", 103, bytes(100)) + riff(b"AVIX", 54, bytes(50)), False),
        (riff(b"AVI ", 104, bytes(300)), False),
        (box(b"ftyp", 16, bytes(8)) + box(b"mdat", 108, bytes(100)), False),
        (box(b"ftyp", 16, bytes(8)) + box(b"mdat", 208, bytes(100)), True),
        (box(b"ftyp", 16, bytes(8)) + box(b"mdat", 0, bytes(100)), False),
        (box(b"ftyp", 16, bytes(8)) + box(b"mdat", 1, struct.pack(">Q", 116) + bytes(100)), False),
        (box(b"ftyp", 16, bytes(8)) + box(b"mdat", 1, struct.pack(">Q", 1 << 40)), True),
        (box(b"moov", 16, bytes(8)) + b"junk that is no box at all", False),
        (box(b"moov", 16, bytes(8)) + bytes(100), False),
        (EBML + SEGMENT + b"\xe4" + bytes(100), False),
        (EBML + SEGMENT + b"\x08\0\x0f\0\0" + bytes(100), True),
        (EBML + SEGMENT + b"\x01\xff\xff\xff\xff\xff\xff\xff" + bytes(100), None),
        (EBML + SEGMENT + b"\xff" + bytes(100), None),
        (EBML + b"\xec\x82ab" + SEGMENT + b"\xe4" + bytes(100), False),
        (b"", None),
        (b"\x47" + bytes(187), None),
    ],
)
def test_what_containers_say_of_their_bytes(data, expected, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(data)
    assert lacks_bytes(path) is expected


@pytest.mark.parametrize("seed", range(20))
def test_damaged_headers_do_no_harm(seed, tmp_path):
    draw = random.Random(seed)
    start = draw.choice([b"RIFF", EBML, EBML + SEGMENT, box(b"ftyp", 16, bytes(8)), b""])
    path = tmp_path / "a"
    path.write_bytes(start + draw.randbytes(draw.randrange(300)))
    assert lacks_bytes(path) in (True, False, None)


def test_a_missing_file_says_nothing(tmp_path):
    assert lacks_bytes(tmp_path / "gone") is None
