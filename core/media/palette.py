"""The colors of label-map files: the palette of PASCAL VOC, which DAVIS and YouTube-VOS use."""

from __future__ import annotations


def _davis_palette() -> bytes:
    """Spread the bits of each index over red, green and blue, the lowest bits first."""
    colors = bytearray()
    for index in range(256):
        channels = [0, 0, 0]
        for bit in range(8):
            channels[bit % 3] |= (index >> bit & 1) << (7 - bit // 3)
        colors += bytes(channels)
    return bytes(colors)


DAVIS_PALETTE = _davis_palette()
"""768 bytes: red, green, blue of the indices 0 to 255."""

DAVIS_COLORS: tuple[tuple[int, int, int], ...] = tuple(
    (DAVIS_PALETTE[i], DAVIS_PALETTE[i + 1], DAVIS_PALETTE[i + 2]) for i in range(0, 768, 3)
)
"""The same as (red, green, blue) by index; all 256 differ."""
