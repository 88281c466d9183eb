"""Which losses compare pictures, by name. No torch: what is known of a system reads it."""

from __future__ import annotations

from enum import Enum


class Photometric(Enum):
    """Which loss compares pictures; see `core.losses.photometric`."""

    CODE = "code"
    """0.15 L1 + 0.85 SSIM on four scales, hidden pixels left out: the authors' program."""
    PAPER = "paper"
    """SSIM alone, on the whole picture, all pixels: the paper's equation 8."""
    CENSUS = "census"
    """As CODE, with the census transform in place of SSIM: it does not see changes of light."""
