"""Telling the shape of pixels in WebM."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from core.media.ebml import Element, children, element_bytes

PLACEHOLDER = "pixels "
"""Title of the track until the shape stands in its place: both take ten bytes."""

_SEGMENT, _TRACKS, _ENTRY, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
_NAME, _SHOWN_WIDTH, _SHOWN_HEIGHT = 0x536E, 0x54B0, 0x54BA
_HEAD_BYTES = 1 << 20
_MOST = 0xFFFF


def declare_aspect(path: Path, size: tuple[int, int], aspect: Fraction) -> None:
    """Write the size at which a WebM is to be shown, in place of its title `PLACEHOLDER`.

    WORKAROUND(av 18.1): PyAV hands the shape of pixels to encoders only, and VP9 has none.

    Args:
        path: a file with one track; stays as it is where the title is not found.
        size: (width, height) of its pictures.
        aspect: width by height of a pixel.

    Raises:
        OSError: it cannot be read or written.
    """
    with path.open("r+b") as file:
        head = file.read(_HEAD_BYTES)
        entry = _entry(head)
        if entry is not None and entry.stop is not None:
            body = _with_shape(head, entry, (round(size[0] * aspect), size[1]))
            if len(body) == entry.stop - entry.body:
                file.seek(entry.body)
                file.write(body)


def _entry(head: bytes) -> Element | None:
    place: Element | None = Element(0, 0, 0, len(head))
    for number in (_SEGMENT, _TRACKS, _ENTRY):
        if place is None:
            return None
        stop = len(head) if place.stop is None else min(place.stop, len(head))
        place = next((e for e in children(head, place.body, stop) if e.number == number), None)
    return place


def _with_shape(head: bytes, entry: Element, shown: tuple[int, int]) -> bytes:
    """Return the content of the track's entry without the title and with the size to show."""
    shape = element_bytes(_SHOWN_WIDTH, min(shown[0], _MOST).to_bytes(2, "big"))
    shape += element_bytes(_SHOWN_HEIGHT, min(shown[1], _MOST).to_bytes(2, "big"))
    parts = []
    for item in children(head, entry.body, entry.stop or 0):
        content = head[item.body : item.stop]
        if item.number == _VIDEO:
            parts.append(element_bytes(_VIDEO, content + shape))
        elif item.number != _NAME or content != PLACEHOLDER.encode():
            parts.append(head[item.start : item.stop])
    return b"".join(parts)
