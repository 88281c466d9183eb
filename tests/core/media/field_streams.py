"""Writes interlaced streams whose packets hold a field or a frame: H.264 (PAFF, MBAFF) and MPEG-2.

No encoder at hand writes field pictures, so they are written here, bit by bit: every macroblock of
H.264 as plain samples, every block of MPEG-2 as its mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

COUNT = 12
RATE = 25
WIDTH, HEIGHT = 96, 64
TOP, BOTTOM, FRAME = "top", "bottom", "frame"


class Bits:
    """Bits in the order in which they are written."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def put(self, value: int, count: int) -> Bits:
        self.text.append(f"{value:0{count}b}" if count else "")
        return self

    def golomb(self, *values: int) -> Bits:
        for value in values:
            length = (value + 1).bit_length()
            self.put(0, length - 1).put(value + 1, length)
        return self

    def align(self, fill: str = "0") -> Bits:
        text = "".join(self.text)
        self.text = [text, fill * (-len(text) % 8)]
        return self

    def data(self) -> bytes:
        text = "".join(self.align().text)
        return int(text, 2).to_bytes(len(text) // 8, "big")


@dataclass(frozen=True)
class Picture:
    """One coded picture: a frame or one of its fields.

    Attributes:
        number: in the bar code of the frame.
        shown: place of the frame in the order of showing.
        kind: top, bottom or frame.
        frame_num: of H.264.
        entry: decoding can start here.
        predicted: coded as a P picture, though all in plain samples.
        reference: later pictures may lean on it.
    """

    number: int
    shown: int
    kind: str
    frame_num: int = 0
    entry: bool = False
    predicted: bool = False
    reference: bool = True

    @property
    def count_of_fields(self) -> int:
        return 2 if self.kind == FRAME else 1


def rows(picture: Picture, planes: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    step = {TOP: slice(0, None, 2), BOTTOM: slice(1, None, 2), FRAME: slice(None)}[picture.kind]
    return tuple(plane[step] for plane in planes)


def planes_of(image: np.ndarray) -> tuple[np.ndarray, ...]:
    yuv = av.VideoFrame.from_ndarray(image, format="rgb24").to_ndarray(format="yuv420p")
    flat = yuv.ravel()
    luma, chroma = WIDTH * HEIGHT, WIDTH * HEIGHT // 4
    return (
        flat[:luma].reshape(HEIGHT, WIDTH),
        flat[luma : luma + chroma].reshape(HEIGHT // 2, WIDTH // 2),
        flat[luma + chroma :].reshape(HEIGHT // 2, WIDTH // 2),
    )


def nal(kind: int, body: bytes, *, reference: bool = True) -> bytes:
    """One NAL unit with a start code and emulation prevention."""
    safe, zeros = bytearray(), 0
    for byte in body:
        if zeros >= 2 and byte <= 3:
            safe.append(3)
            zeros = 0
        safe.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes([(0x60 if reference else 0) | kind]) + bytes(safe)


def parameter_sets(*, mbaff: bool) -> bytes:
    sps = Bits().put(100, 8).put(0, 8).put(30, 8).golomb(0)
    sps.golomb(1, 0, 0).put(0, 1)  # 4:2:0, 8 bits
    # Scaling matrices of which one list is there, to be passed over.
    sps.put(1, 1).put(1, 1)
    for _ in range(16):
        sps.golomb(0)
    sps.put(0, 7)
    sps.golomb(0, 0, 2, 2).put(0, 1)  # frame_num of 4 bits, order of 6 bits, 2 references
    sps.golomb(WIDTH // 16 - 1, HEIGHT // 32 - 1)
    sps.put(0, 1).put(int(mbaff), 1).put(1, 1).put(0, 1).put(0, 1).put(1, 1)
    pps = Bits().golomb(0, 0).put(0, 2).golomb(0, 0, 0).put(0, 3).golomb(0, 0, 0)
    pps.put(1, 1).put(0, 2).put(1, 1)
    return nal(7, sps.data()) + nal(8, pps.data())


def slice_header(picture: Picture) -> Bits:
    bits = Bits().golomb(0, 5 if picture.predicted else 7, 0).put(picture.frame_num % 16, 4)
    bits.put(int(picture.kind != FRAME), 1)
    if picture.kind != FRAME:
        bits.put(int(picture.kind == BOTTOM), 1)
    if picture.entry:
        bits.golomb(0)
    bits.put((2 * picture.shown + (picture.kind == BOTTOM)) % 64, 6)
    if picture.predicted:
        bits.put(0, 2)  # the usual number of references, in their usual order
    if picture.reference:
        bits.put(0, 2 if picture.entry else 1)
    return bits.golomb(0, 1)  # quantizer as it is, no deblocking


def h264_picture(picture: Picture, planes: tuple[np.ndarray, ...], *, mbaff: bool) -> bytes:
    luma, *chroma = rows(picture, planes)
    bits = slice_header(picture)
    pairs = mbaff and picture.kind == FRAME
    high = 32 if pairs else 16
    for y in range(0, luma.shape[0], high):
        for x in range(0, WIDTH, 16):
            blocks = [luma[y : y + high, x : x + 16]]
            blocks += [c[y // 2 : (y + high) // 2, x // 2 : x // 2 + 8] for c in chroma]
            as_fields = pairs and bool(x // 16 % 2)
            for half in range(2 if pairs else 1):
                if picture.predicted:
                    bits.golomb(0)
                if pairs and half == 0:
                    bits.put(int(as_fields), 1)
                bits.golomb(30 if picture.predicted else 25).align()
                for block in blocks:
                    size = len(block) // (2 if pairs else 1)
                    part = block[half::2] if as_fields else block[half * size : (half + 1) * size]
                    bits.put(int.from_bytes(part.tobytes(), "big"), part.size * 8)
    bits.put(1, 1)
    return nal(5 if picture.entry else 1, bits.data(), reference=picture.reference)


DC_SIZES = ("100", "00", "01", "101", "110", "1110", "11110", "111110", "1111110")
CHROMA_SIZES = ("00", "01", "10", "110", "1110", "11110", "111110", "1111110", "11111110")


def put_difference(bits: Bits, difference: int, sizes: tuple[str, ...]) -> None:
    size = abs(difference).bit_length()
    bits.text.append(sizes[size])
    bits.put(difference if difference >= 0 else difference + (1 << size) - 1, size)
    bits.text.append("10")  # no other coefficient


def mpeg2_slice(row: int, planes: tuple[np.ndarray, ...]) -> bytes:
    bits = Bits().put(10, 5).put(0, 1)
    last = [128, 128, 128]
    luma, *chroma = planes
    for x in range(0, WIDTH, 16):
        bits.text.append("1" + "1")  # the next macroblock, intra
        area = luma[16 * row : 16 * row + 16, x : x + 16]
        blocks = [(0, area[i : i + 8, j : j + 8]) for i in (0, 8) for j in (0, 8)]
        for place, plane in enumerate(chroma, 1):
            blocks.append((place, plane[8 * row : 8 * row + 8, x // 2 : x // 2 + 8]))
        for place, block in blocks:
            level = round(float(block.mean()))
            put_difference(bits, level - last[place], CHROMA_SIZES if place else DC_SIZES)
            last[place] = level
    return bytes([0, 0, 1, row + 1]) + bits.data()


def mpeg2_picture(picture: Picture, planes: tuple[np.ndarray, ...]) -> bytes:
    data = b""
    if picture.entry:
        sequence = Bits().put(WIDTH, 12).put(HEIGHT, 12).put(1, 4).put(3, 4).put(4000, 18)
        sequence.put(1, 1).put(100, 10).put(0, 3)
        more = Bits().put(1, 4).put(0x48, 8).put(0, 1).put(1, 2).put(0, 4).put(0, 12).put(1, 1)
        more.put(0, 8).put(0, 1).put(0, 7)
        data += b"\0\0\1\xb3" + sequence.data() + b"\0\0\1\xb5" + more.data()
    header = Bits().put(picture.shown, 10).put(1, 3).put(0xFFFF, 16).put(0, 1)
    structure = {TOP: 1, BOTTOM: 2, FRAME: 3}[picture.kind]
    coding = Bits().put(8, 4).put(0xFFFF, 16).put(0, 2).put(structure, 2)
    coding.put(int(picture.kind == FRAME), 1).put(int(picture.kind == FRAME), 1).put(0, 8)
    data += b"\0\0\1\0" + header.data() + b"\0\0\1\xb5" + coding.data()
    parts = rows(picture, planes)
    return data + b"".join(mpeg2_slice(row, parts) for row in range(parts[0].shape[0] // 16))


def fields(number: int, shown: int, **more) -> list[Picture]:
    first = more.pop("first", TOP)
    second = BOTTOM if first == TOP else TOP
    later = {key: value for key, value in more.items() if key != "entry"}
    second_predicted = bool(more.get("entry"))
    return [
        Picture(number, shown, first, **more),
        Picture(number, shown, second, **later, predicted=second_predicted),
    ]


def all_fields(first: str = TOP) -> list[Picture]:
    return [
        picture
        for n in range(COUNT)
        for picture in fields(n, n % 6, frame_num=n % 6, entry=n % 6 == 0, first=first)
    ]


def mixed() -> list[Picture]:
    """Frames and pairs of fields in turn, as encoders choose them (PAFF)."""
    pictures = []
    for n in range(COUNT):
        more = {"frame_num": n % 6, "entry": n % 6 == 0}
        if n % 3 == 1:
            pictures.append(Picture(n, n % 6, FRAME, **more))
        else:
            pictures += fields(n, n % 6, **more)
    return pictures


def reordered() -> list[Picture]:
    """Each third frame is decoded before the two that are shown before it, which nobody needs."""
    pictures, frame_num = [], 0
    for n in range(COUNT):
        place = n % 6
        shown = {0: 0, 1: 3, 2: 1, 3: 2, 4: 4, 5: 5}[place]
        frame_num = 0 if place == 0 else frame_num
        leaned_on = place not in (2, 3)
        pictures += fields(
            n - place + shown, shown, frame_num=frame_num, entry=place == 0, reference=leaned_on
        )
        frame_num += leaned_on
    return pictures


PICTURES = {
    "fields": all_fields,
    "bottom first": lambda: all_fields(BOTTOM),
    "mixed": mixed,
    "reordered": reordered,
}


def packets_of(pictures: list[Picture], coded: list[bytes], *, both: bool) -> list[dict]:
    """Put pictures into packets, each with its time in fields; `both` joins the two of a frame."""
    packets: list[dict] = []
    place = 0
    for picture, data in zip(pictures, coded, strict=True):
        start = 2 * (picture.number - picture.shown)
        last = packets[-1] if packets else {"number": None}
        is_second = picture.number == last["number"]
        if is_second and both:
            last["data"] += data
        else:
            time = start + 2 * picture.shown + is_second
            made = {"data": data, "pts": time, "dts": place - 8, "key": picture.entry}
            packets.append(made | {"number": picture.number})
        place += picture.count_of_fields
    return packets


def mux(path: Path, raw: Path, packets: list[dict]) -> Path:
    with av.open(str(raw)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for made in packets:
            packet = av.Packet(made["data"])
            packet.stream, packet.time_base = stream, Fraction(1, 2 * RATE)
            packet.pts, packet.dts = made["pts"] + 8, made["dts"] + 8
            packet.is_keyframe = made["key"]
            out.mux(packet)
    return path
