from __future__ import annotations

import hashlib

from core.media.palette import DAVIS_COLORS, DAVIS_PALETTE


def test_palette_is_the_one_of_davis():
    assert len(DAVIS_PALETTE) == 768
    assert hashlib.md5(DAVIS_PALETTE).hexdigest() == "496a7d93c8c64153ddc1d0fcbb40786a"


def test_colors_by_index():
    assert DAVIS_COLORS[:4] == ((0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0))
    assert DAVIS_COLORS[255] == (224, 224, 192)
    assert len(set(DAVIS_COLORS)) == 256
