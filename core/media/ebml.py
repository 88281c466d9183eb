"""Elements of EBML files (RFC 8794), the layout of Matroska and WebM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HEADER_BYTES = 12
"""An element's number and length take no more."""


@dataclass(frozen=True, slots=True)
class Element:
    """Where one element is.

    Attributes:
        number: what it is, with the marker of its length, as documents print it.
        start, body, stop: where its number, its content and what comes after it begin. `stop` is
            None where the writer did not know.
    """

    number: int
    start: int
    body: int
    stop: int | None


def read_element(head: bytes, start: int) -> Element | None:
    """Read the beginning of an element; None where there is none.

    Args:
        head: at least `HEADER_BYTES` from there, unless the file ends.
        start: the place of `head` in the file.
    """
    number, used = _number(head, keep_marker=True)
    length, more = _number(head[used:])
    if not (used and more):
        return None
    body = start + used + more
    unknown = length == (1 << (7 * more)) - 1
    return Element(number, start, body, None if unknown else body + length)


def children(data: bytes, start: int, stop: int) -> Iterator[Element]:
    """Yield the elements between two places; the last one may be cut off."""
    while start < stop:
        element = read_element(data[start : start + HEADER_BYTES], start)
        if element is None:
            return
        yield element
        if element.stop is None:
            return
        start = element.stop


def element_bytes(number: int, body: bytes) -> bytes:
    """Return an element; its length takes one byte where it fits, else eight."""
    length = len(body)
    size = bytes([0x80 | length]) if length < 127 else (length | 1 << 56).to_bytes(8, "big")
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + size + body


def _number(data: bytes, *, keep_marker: bool = False) -> tuple[int, int]:
    """Read a number of variable length; return it and its bytes, which are 0 for none."""
    if not data or not data[0]:
        return 0, 0
    count = 9 - data[0].bit_length()
    if len(data) < count:
        return 0, 0
    value = int.from_bytes(data[:count], "big")
    return (value if keep_marker else value & ((1 << (7 * count)) - 1)), count
