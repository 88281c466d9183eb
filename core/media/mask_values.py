"""The numbers in a mask image, before anything says what they mean."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import MaskReadError
from core.types import VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LARGE = 1 << 40
_LOSSY = frozenset({"JPEG", "MPO", "JPEG2000", "WEBP", "AVIF"})


@dataclass(frozen=True, slots=True)
class MaskValues:
    """What a mask image holds at each pixel.

    Attributes:
        kind: `index` of a palette, `gray` level (`bit` where there is one bit), or `color`.
        values: H x W, colors as 0xRRGGBB; white is 255 in one bit.
        lossy: the file format adds noise.
        palette: color codes of the indices 0..255, only of `index`.
        colors: the same image as colors where `values` are the levels of an image in RGB.
        note: what happened to transparency, empty where there was none.
        share: `of-white` where fractions were shares of white, `whole` where 0 and 1 may be.
    """

    kind: str
    values: NDArray[np.int64]
    lossy: bool = False
    palette: NDArray[np.int64] | None = None
    colors: NDArray[np.int64] | None = None
    note: str = ""
    share: str = ""

    def as_shares(self) -> MaskValues:
        """Return the same image with 1 as white, where 0 and 1 may be shares of it."""
        if self.share != "whole":
            return self
        return replace(self, values=self.values * VOID, share="of-white")

    def as_colors(self) -> MaskValues:
        """Return the same image as colors."""
        if self.kind == "color":
            return self
        if self.palette is not None:
            codes = self.palette[self.values]
        elif self.colors is not None:
            codes = self.colors
        else:
            codes = np.clip(self.values, 0, VOID) * 0x010101
        return replace(self, kind="color", values=codes, palette=None)

    def as_gray(self) -> MaskValues:
        """Return the same image as gray levels; its colors must all be gray."""
        if self.palette is None:
            return self
        return replace(self, kind="gray", values=self.palette[self.values] & 255, palette=None)


def values_of(image: Image.Image, path: Path) -> MaskValues:
    """Return the values of a loaded image.

    Raises:
        MaskReadError: fractions that are no shares of 1.
    """
    lossy = image.format in _LOSSY
    if image.mode == "P":
        return MaskValues("index", np.asarray(image).astype(np.int64), palette=_palette(image))
    if image.mode == "1":
        return MaskValues("bit", np.asarray(image).astype(np.int64) * VOID)
    if image.mode in ("F", "I") or image.mode.startswith("I;") or image.mode == "L":
        return _from_numbers(image, path, lossy=lossy)
    return _from_color(image, lossy=lossy)


def _palette(image: Image.Image) -> NDArray[np.int64]:
    colors = np.zeros((256, 3), np.int64)
    listed = np.array(image.getpalette("RGB") or [], np.int64)[:768].reshape(-1, 3)
    colors[: len(listed)] = listed
    codes: NDArray[np.int64] = colors @ np.array([1 << 16, 1 << 8, 1])
    return codes


def _from_numbers(image: Image.Image, path: Path, *, lossy: bool) -> MaskValues:
    """Return whole numbers; fractions from 0 to 1 are shares of white, as networks write them."""
    values = np.asarray(image)
    if values.dtype.kind != "f":
        return MaskValues("gray", values.astype(np.int64), lossy)
    if not np.isfinite(values).all() or np.abs(values).max() > _LARGE:
        raise _fractions(path)
    if np.array_equal(values, np.rint(values)):
        share = "whole" if values.min() >= 0 and values.max() <= 1 else ""
        return MaskValues("gray", values.astype(np.int64), lossy, share=share)
    if values.min() != 0 or values.max() > 1:
        raise _fractions(path)
    levels = np.rint(values.astype(np.float64) * VOID).astype(np.int64)
    return MaskValues("gray", levels, lossy, share="of-white")


def _fractions(path: Path) -> MaskReadError:
    return MaskReadError(
        f"The mask {path} holds fractions, not object ids.",
        "Export it as an 8-bit palette PNG whose pixel values are object ids.",
    )


def _from_color(image: Image.Image, *, lossy: bool) -> MaskValues:
    rgba = np.asarray(image.convert("RGBA"))
    codes = rgba[..., :3].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    alpha = rgba[..., 3].astype(np.int64)
    note = ""
    if alpha.min() < VOID:
        note = "transparent pixels are background"
        seen = np.where(alpha < VOID // 2 + 1, 0, codes)
        if np.unique(codes).size == 1:
            note = "one color only: the transparency is the mask"
            return MaskValues("gray", alpha, lossy, None, seen, note)
        codes = seen
    if np.array_equal(codes, (codes & 255) * 0x010101):
        return MaskValues("gray", codes & 255, lossy, None, codes, note)
    return MaskValues("color", codes, lossy, None, None, note)
