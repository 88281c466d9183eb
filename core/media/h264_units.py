"""Units and parameter sets of H.264 streams, as far as slice headers need them.

ISO/IEC 14496-10, 7.3.1, 7.3.2 and 9.1; ISO/IEC 14496-15, 5.3.3 for `avcC` records.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HEADER_BYTES = 64
"""So much of a slice is given out: more than the part of its header that tells fields apart."""
_MOST_BYTES = 4096
SLICES = frozenset({1, 2, 5})
"""Types of units that hold slices."""
SEQUENCE_SET, PICTURE_SET = 7, 8
"""Types of units that hold parameter sets."""
_WITH_CHROMA = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
"""Profiles whose parameter sets tell of chroma and scaling matrices."""


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """What a sequence parameter set says of slice headers."""

    frame_num_bits: int
    has_fields: bool
    separate_planes: bool


def read_sequence_set(bits: Bits) -> tuple[int, SequenceSet]:
    """Return the number of a sequence parameter set, and what it says.

    Raises:
        ValueError: it is damaged.
    """
    profile = bits.take(8)
    bits.take(16)  # constraints, level
    number = bits.golomb()
    separate = profile in _WITH_CHROMA and _pass_chroma(bits)
    frame_num_bits = bits.golomb() + 4
    _pass_order(bits)
    bits.golomb()  # number of references
    bits.take(1)
    bits.golomb()  # width
    bits.golomb()  # height
    if frame_num_bits > 16:
        raise ValueError("not a parameter set")
    return number, SequenceSet(frame_num_bits, not bits.take(1), separate)


def _pass_chroma(bits: Bits) -> bool:
    """Pass over chroma format, depths and scaling matrices; return `separate_colour_plane_flag`."""
    chroma = bits.golomb()
    separate = chroma == 3 and bool(bits.take(1))
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if bits.take(1):
        for place in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _pass_scaling_list(bits, 16 if place < 6 else 64)
    return separate


def _pass_scaling_list(bits: Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def _pass_order(bits: Bits) -> None:
    """Pass over what tells the order of pictures."""
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.take(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.golomb()


class Bits:
    """Reads the payload of one NAL unit bit by bit.

    Raises:
        ValueError: (all methods) nothing is left, or what is there is no such number.
    """

    def __init__(self, unit: bytes) -> None:
        data = unit[1:_MOST_BYTES].replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Return the next bits as a number."""
        if count > self._left:
            raise ValueError("cut off")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """Return the next unsigned Exp-Golomb number (9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("no such number")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        """Return the next signed one."""
        value = self.golomb()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def units(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """Yield the NAL units of a packet, after their lengths, or after start codes where that is 0.

    Of slices only the beginning is given.
    """
    if not length_bytes:
        yield from _units_after_start_codes(data)
        return
    place = 0
    while place + length_bytes < len(data):
        size = int.from_bytes(data[place : place + length_bytes], "big")
        place += length_bytes
        if size:
            yield _beginning(data, place, place + size)
        place += size


def _units_after_start_codes(data: bytes) -> Iterator[bytes]:
    place = data.find(b"\0\0\1")
    while 0 <= place < len(data) - 3:
        start = place + 3
        place = data.find(b"\0\0\1", start)
        yield _beginning(data, start, place if place >= 0 else len(data))


def _beginning(data: bytes, start: int, stop: int) -> bytes:
    is_slice = data[start] & 31 in SLICES
    return data[start : min(stop, start + HEADER_BYTES) if is_slice else stop]


def units_of_record(record: bytes) -> Iterator[bytes]:
    """Yield the parameter sets of an `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15)."""
    place = 5
    for mask in (31, 255):
        if place >= len(record):
            return
        count = record[place] & mask
        place += 1
        for _ in range(count):
            size = int.from_bytes(record[place : place + 2], "big")
            unit = record[place + 2 : place + 2 + size]
            if unit:
                yield unit
            place += 2 + size
