"""Which packets of interlaced video hold the second field of a frame that is already begun.

Camcorders and television code a frame now as one picture, now as two fields, and containers may
give each field a packet and a time of its own. A decoder shows one frame for both. How pictures
are coded stands in their headers, which are read here (H.264: ISO/IEC 14496-10, 7.3.2 to 7.3.3
and 7.4.1.2.4; MPEG-2: ISO/IEC 13818-2, 6.2.3.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, SupportsBytes

from core.media.h264_units import (
    PICTURE_SET,
    SEQUENCE_SET,
    SLICES,
    Bits,
    SequenceSet,
    read_sequence_set,
    units,
    units_of_record,
)

_BOTH_FIELDS = 3


class Place(Enum):
    """How a packet goes on after those before it."""

    NEW = "it begins a frame"
    SECOND = "it begins with the second field of the last frame"
    AFTER_LONE = "it begins a frame; the last one lacks a field and is not shown"


class FieldPairs(Protocol):
    """Looks at the packets of one stream in their order."""

    def place_of(self, packet: SupportsBytes, *, is_entry: bool) -> Place:
        """Tell how a packet goes on.

        Args:
            packet: its content; only looked at where that is needed.
            is_entry: the packet is marked as one that decoding can start at.
        """

    @property
    def ends_lone(self) -> bool:
        """True where the last frame so far lacks its second field."""


def field_pairs(codec: str, extradata: bytes) -> FieldPairs | None:
    """Return what looks at the packets of a codec; None where a packet never holds one field.

    Args:
        codec: FFmpeg's name of it.
        extradata: of the stream.
    """
    if codec == "h264":
        return _H264Fields(extradata)
    return _Mpeg2Fields() if codec == "mpeg2video" else None


@dataclass(frozen=True, slots=True)
class _Field:
    """A field that waits for the other one of its frame."""

    parity: int
    frame_num: int


class _Pairing:
    """Follows pictures through a stream and joins fields to frames."""

    def __init__(self) -> None:
        self._open: _Field | None = None

    @property
    def ends_lone(self) -> bool:
        """True where a field waits in vain."""
        return self._open is not None

    def add(self, field: _Field | None) -> Place:
        """Take the next picture, None for a whole frame."""
        first, self._open = self._open, None
        if first and field and first.parity != field.parity and first.frame_num == field.frame_num:
            return Place.SECOND
        self._open = field
        return Place.NEW if first is None else Place.AFTER_LONE


class _Mpeg2Fields:
    def __init__(self) -> None:
        self._pairing = _Pairing()

    @property
    def ends_lone(self) -> bool:
        return self._pairing.ends_lone

    def place_of(self, packet: SupportsBytes, *, is_entry: bool) -> Place:  # noqa: ARG002
        places = [self._pairing.add(field) for field in _mpeg2_pictures(bytes(packet))]
        return places[0] if places else Place.NEW


def _mpeg2_pictures(data: bytes) -> Iterator[_Field | None]:
    place = data.find(b"\0\0\1\xb5")
    while 0 <= place < len(data) - 6:
        if data[place + 4] >> 4 == 8:  # the picture coding extension
            structure = data[place + 6] & 3
            if structure in (0, _BOTH_FIELDS):
                yield None
                return
            yield _Field(structure, 0)
        place = data.find(b"\0\0\1\xb5", place + 4)


class _H264Fields:
    def __init__(self, extradata: bytes) -> None:
        self._pairing = _Pairing()
        self._sps: dict[int, SequenceSet] = {}
        self._sps_of: dict[int, int] = {}
        self._length_bytes = 0
        if extradata[:1] == b"\1" and len(extradata) > 6:
            self._length_bytes = (extradata[4] & 3) + 1
            for unit in units_of_record(extradata):
                self._learn(unit)
        else:
            for unit in units(extradata, 0):
                self._learn(unit)

    @property
    def ends_lone(self) -> bool:
        return self._pairing.ends_lone

    def place_of(self, packet: SupportsBytes, *, is_entry: bool) -> Place:
        # Progressive streams cost nothing but a look at where a new parameter set may come.
        if not (is_entry or self._has_fields()):
            return Place.NEW
        places: list[Place] = []
        for unit in units(bytes(packet), self._length_bytes):
            if unit[0] & 31 in SLICES:
                self._note_slice(unit, places)
                if not (self.ends_lone and self._has_fields()):
                    break  # the frame is whole: the rest of the packet need not be searched
            else:
                self._learn(unit)
        return places[0] if places else Place.NEW

    def _has_fields(self) -> bool:
        return any(sps.has_fields for sps in self._sps.values())

    def _learn(self, unit: bytes) -> None:
        try:
            if unit and unit[0] & 31 == SEQUENCE_SET:
                number, sps = read_sequence_set(Bits(unit))
                self._sps[number] = sps
            elif unit and unit[0] & 31 == PICTURE_SET:
                bits = Bits(unit)
                number = bits.golomb()
                self._sps_of[number] = bits.golomb()
        except ValueError:  # damaged; the decoder will not get far either
            return

    def _note_slice(self, unit: bytes, places: list[Place]) -> None:
        """Add to `places` how the picture goes on that this slice begins, if it begins one."""
        try:
            bits = Bits(unit)
            if bits.golomb() == 0:  # the first macroblock
                places.append(self._pairing.add(self._field(bits)))
        except ValueError:
            return

    def _field(self, bits: Bits) -> _Field | None:
        bits.golomb()  # type of the slice
        sps = self._sps.get(self._sps_of.get(bits.golomb(), -1))
        if sps is None or not sps.has_fields:
            return None
        if sps.separate_planes:
            bits.take(2)
        frame_num = bits.take(sps.frame_num_bits)
        return _Field(bits.take(1), frame_num) if bits.take(1) else None
