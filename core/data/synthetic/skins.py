"""The coats and paints that the scenes use; muted, and near to each other and to the ground."""

from __future__ import annotations

from core.data.synthetic.scene import Color, Skin
from core.data.synthetic.species import CAR_WINDOWS, VAN_WINDOWS

BAY = Skin((116, 84, 58), (88, 62, 44), (130, 106, 80), fur=0.004, grain=0.13)
DUN = Skin((150, 122, 88), (112, 88, 60), (172, 150, 118), fur=0.004, grain=0.13)
PIED = Skin(
    (190, 180, 164), (76, 58, 46), (178, 166, 150), "patches", 0.55, 0.42, fur=0.004, grain=0.12
)
PIED_DARK = Skin(
    (92, 72, 56), (186, 176, 160), (110, 88, 70), "patches", 0.5, 0.35, fur=0.004, grain=0.12
)
RED_COW = Skin((124, 74, 48), (98, 60, 42), (140, 98, 70), fur=0.004, grain=0.14)
FAWN = Skin(
    (146, 108, 72), (204, 186, 154), (182, 156, 124), "spots", 0.075, 0.16, fur=0.004, grain=0.13
)
DOE = Skin((138, 104, 72), (112, 84, 58), (174, 150, 120), fur=0.004, grain=0.14)
FOX_RED = Skin(
    (142, 94, 62), (112, 70, 46), (204, 186, 162), fur=0.006, grain=0.13, belly_line=-0.3
)
FOX_GREY = Skin(
    (128, 116, 102), (98, 86, 74), (176, 164, 148), fur=0.006, grain=0.13, belly_line=-0.3
)
WOOL = Skin((188, 178, 160), (160, 150, 132), (172, 160, 142), fur=0.012, grain=0.16)
WOOL_DARK = Skin((98, 86, 76), (76, 66, 58), (92, 80, 70), fur=0.012, grain=0.16)
ZEBRA = Skin(
    (188, 180, 164), (52, 46, 42), (184, 176, 160), "stripes", 0.1, 0.48, fur=0.003, grain=0.1
)
PLUMES = Skin((84, 80, 76), (52, 50, 50), (128, 116, 104), fur=0.009, grain=0.17)
PLUMES_PALE = Skin((156, 148, 136), (120, 112, 102), (168, 160, 148), fur=0.008, grain=0.15)
SHELL = Skin((146, 92, 66), (112, 66, 48), (146, 92, 66), "spots", 0.05, 0.3, fur=0.003, gloss=0.15)
SHELL_PALE = Skin((166, 134, 100), (128, 98, 72), (166, 134, 100), "spots", 0.06, 0.3, fur=0.003)
SCALES_SAND = Skin(
    (150, 124, 86), (104, 80, 54), (150, 124, 86), "spots", 0.06, 0.35, fur=0.002, gloss=0.12
)


def koi(base: Color, patch: Color, amount: float) -> Skin:
    """Skin of a pond fish: wet, smooth, in patches."""
    return Skin(base, patch, base, "patches", 0.3, amount, fur=0.002, grain=0.1, gloss=0.22)


def _lacquer(
    color: Color, decals: tuple[tuple[Color, tuple[tuple[float, float], ...]], ...]
) -> Skin:
    """Paint of a vehicle."""
    dull: Color = (0.86 * color[0], 0.86 * color[1], 0.86 * color[2])
    return Skin(color, dull, color, "panels", fur=0.0, grain=0.025, gloss=0.35, decals=decals)


def car(color: Color) -> Skin:
    """Paint of a car, with its windows and lamps."""
    return _lacquer(color, CAR_WINDOWS)


def van(color: Color) -> Skin:
    """Paint of a van, with its windows and lamps."""
    return _lacquer(color, VAN_WINDOWS)
