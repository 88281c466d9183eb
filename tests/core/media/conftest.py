"""Small videos of every kind, whose frames carry their own number as a bar code."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

BITS = 8
COUNT = 40
SIZE = (96, 64)


def numbered_frame(number: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Eight vertical bars, bright where the bit is set; the lowest eighth is red on the left."""
    width, height = size
    image = np.full((height, width, 3), 20, np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            image[:, bit * width // BITS : (bit + 1) * width // BITS] = 230
    image[height * 7 // 8 :] = 128
    image[height * 7 // 8 :, : width // 2] = (200, 30, 30)
    return image


def read_number(frame: np.ndarray) -> int:
    """The number in the bar code of an upright frame."""
    width = frame.shape[1]
    bars = frame[: frame.shape[0] // 2].mean(axis=(0, 2))
    centers = [(2 * bit + 1) * width // (2 * BITS) for bit in range(BITS)]
    return sum(1 << bit for bit, x in enumerate(centers) if bars[x] > 125)


@dataclass(frozen=True)
class Kind:
    """How to encode one test video."""

    name: str
    codec: str = "libx264"
    pixels: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)
    gop: int = 12
    max_b: int | None = None
    size: tuple[int, int] = SIZE
    times: tuple[int, ...] | None = None
    container: str | None = None
    container_options: dict[str, str] = field(default_factory=dict)


def encode(folder: Path, kind: Kind, numbers: Iterable[int] = range(COUNT)) -> Path:
    path = folder / kind.name
    with av.open(
        str(path), "w", format=kind.container, container_options=kind.container_options
    ) as out:
        stream = out.add_stream(kind.codec, rate=25, options=kind.options)
        stream.width, stream.height = kind.size
        stream.pix_fmt = kind.pixels
        stream.codec_context.gop_size = kind.gop
        stream.codec_context.thread_count = 1
        if kind.max_b is not None:
            stream.codec_context.max_b_frames = kind.max_b
        for place, number in enumerate(numbers):
            image = numbered_frame(number, kind.size)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = kind.times[place] if kind.times else place
            frame.time_base = Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def patch_box(path: Path, name: bytes, change: Callable[[bytearray, int], None]) -> None:
    """Change bytes of one MP4 box in place; `change` gets the file and the offset of the name."""
    data = bytearray(path.read_bytes())
    place = data.find(name)
    assert place > 0
    change(data, place)
    path.write_bytes(data)


def set_matrix(path: Path, matrix: tuple[float, float, float, float]) -> None:
    """Write the display matrix of a track: a, b, c, d of (x, y) -> (ax + cy, bx + dy)."""
    a, b, c, d = (round(value * (1 << 16)) for value in matrix)

    def change(data: bytearray, place: int) -> None:
        struct.pack_into(">9i", data, place + 44, a, b, 0, c, d, 0, 0, 0, 1 << 30)

    patch_box(path, b"tkhd", change)


def cut_end(path: Path, ticks: int) -> None:
    """Shorten the edit list (in ticks of the movie): what comes after is decoded but hidden."""

    def change(data: bytearray, place: int) -> None:
        (length,) = struct.unpack_from(">i", data, place + 12)
        struct.pack_into(">i", data, place + 12, length - ticks)

    patch_box(path, b"elst", change)


def hide_vp8_frame(path: Path, hidden: int, copy: Path) -> Path:
    """Copy a VP8 video with one frame marked "decode, do not show", as alternate references are."""
    with av.open(str(path)) as source, av.open(str(copy), "w") as out:
        stream = source.streams.video[0]
        target = out.add_stream_from_template(stream)
        for count, packet in enumerate(p for p in source.demux(stream) if p.size):
            data = bytearray(bytes(packet))
            if count == hidden:
                data[0] &= ~0x10
            changed = av.Packet(bytes(data))
            changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
            changed.is_keyframe, changed.stream = packet.is_keyframe, target
            out.mux(changed)
    return copy


def delay_start(path: Path, ticks: int) -> None:
    """Move the start of the edit list: what is shown before is decoded but hidden."""

    def change(data: bytearray, place: int) -> None:
        (start,) = struct.unpack_from(">i", data, place + 16)
        struct.pack_into(">i", data, place + 16, start + ticks)

    patch_box(path, b"elst", change)


@pytest.fixture(scope="session")
def video_tools() -> dict[str, Callable]:
    return {
        "encode": encode,
        "Kind": Kind,
        "read_number": read_number,
        "numbered_frame": numbered_frame,
        "set_matrix": set_matrix,
        "delay_start": delay_start,
        "cut_end": cut_end,
        "hide_vp8_frame": hide_vp8_frame,
    }


@pytest.fixture(name="read_number")
def read_number_fixture(video_tools):
    return video_tools["read_number"]


@pytest.fixture
def make(tmp_path, video_tools):
    def encode(name: str = "a.mp4", numbers=range(COUNT), **settings) -> Path:
        return video_tools["encode"](tmp_path, video_tools["Kind"](name, **settings), numbers)

    return encode
