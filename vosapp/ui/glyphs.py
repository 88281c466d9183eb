"""Icons as pictures for what is painted by hand, made once."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QSize
from PySide6.QtGui import QPixmap

from vosapp.ui.theme import icon, tones


def glyph(name: str, tone: str, size: int, ratio: float) -> QPixmap:
    """Return an icon in a tone of the theme.

    Args:
        name: of qtawesome's Material set.
        tone: a field of `vosapp.ui.theme.Tones`.
        size: pixels of its sides.
        ratio: device pixels of a pixel.
    """
    return _glyph(name, tone, getattr(tones(), tone), size=size, ratio=ratio)


@lru_cache(maxsize=200)
def _glyph(name: str, tone: str, _color: str, *, size: int, ratio: float) -> QPixmap:
    """The color is part of the key: another theme makes another picture."""
    return icon(name, tone).pixmap(QSize(size, size), ratio)
