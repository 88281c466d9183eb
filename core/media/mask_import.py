"""How the pixel values of a mask image become object ids.

palette image            its indices, whatever the colors; 255 stays void
1 bit                    white is object 1
gray 0 and 255           255 is object 1
gray or 16 bit, ids      values that are plainly ids are kept; 255 stays void
other gray levels        each flat level is an object, by `ColorIds`
RGB in DAVIS colors      the index of the color
other RGB                each flat color is an object, by `ColorIds`
transparency             what is more transparent than not is background; with one color only,
                         the transparency itself is the mask

A level or color is *flat* where a 3 x 3 square of it exists. Where others occur too (smoothed
edges, lossy files), they are snapped to the nearest flat one, and the notes say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import MaskReadError
from core.media.flat_values import FlatValues, NoFlatValues, find_flat_values
from core.media.palette import DAVIS_COLORS
from core.types import MAX_OBJECT_ID, VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.types import LabelMap

_LOSSY = frozenset({"JPEG", "MPO", "JPEG2000", "WEBP", "AVIF"})
_DAVIS_IDS: dict[tuple[int, ...], int] = {c: index for index, c in enumerate(DAVIS_COLORS)}
_SMALL_ID = 31
"""Gray values up to here are taken for ids even where most ids below them are missing."""
_BLACK = 8
"""Flat levels up to here are black; lossy files rarely keep an exact 0."""


@dataclass(frozen=True, slots=True)
class MaskImport:
    """A mask that was read from a file.

    Attributes:
        label_map: H x W uint8, read-only; 0 background, 1..254 objects, 255 void.
        notes: what was found and how it was mapped, plain sentences.
        exact: the ids are the file's own values; False where they were assigned or guessed.
    """

    label_map: LabelMap
    notes: tuple[str, ...]
    exact: bool

    @property
    def object_ids(self) -> tuple[int, ...]:
        """The ids that have a pixel, ascending; without void."""
        present = np.flatnonzero(np.bincount(self.label_map.ravel(), minlength=256))
        return tuple(int(i) for i in present if 0 < i <= MAX_OBJECT_ID)


@dataclass(slots=True)
class ColorIds:
    """The ids given to colors or gray levels so far: the first file's in ascending order of
    (red, green, blue), then 1 up for each new one. Shared by the masks of one video.
    """

    ids: dict[tuple[int, ...], int] = field(default_factory=dict)

    def id_of(self, color: tuple[int, ...]) -> int:
        """Return the id of a color; a new color gets the next free one."""
        return self.ids.setdefault(color, len(self.ids) + 1)


def import_mask(image: Image.Image, path: Path, color_ids: ColorIds) -> MaskImport:
    """Turn a loaded image into a label map by the rules of this module.

    Raises:
        MaskReadError: more than 254 objects, or a picture instead of a mask.
    """
    lossy = image.format in _LOSSY
    if image.mode == "P":
        return _kept(np.asarray(image), "palette index")
    if image.mode == "1":
        return _mapped(np.asarray(image).astype(np.uint8), "1-bit mask: white is object 1")
    if image.mode in ("F", "I") or image.mode.startswith("I;") or image.mode == "L":
        return _from_gray(_integers(image, path), path, color_ids, lossy=lossy)
    return _from_color(image, path, color_ids, lossy=lossy)


def _integers(image: Image.Image, path: Path) -> NDArray[np.int64]:
    values = np.asarray(image)
    if values.dtype.kind == "f" and not np.array_equal(values, np.rint(values)):
        raise MaskReadError(
            f"The mask {path} holds fractions, not object ids.",
            "Export it as an 8-bit palette PNG whose pixel values are object ids.",
        )
    return values.astype(np.int64)


def _from_gray(
    values: NDArray[np.int64], path: Path, color_ids: ColorIds, *, lossy: bool
) -> MaskImport:
    found = np.unique(values)
    full = 65535 if found[-1] > VOID else VOID
    if found[-1] == full and set(found.tolist()) <= {0, full}:
        return _mapped((values == full).astype(np.uint8), f"gray 0 and {full}: {full} is object 1")
    if not lossy and _are_ids(values, found):
        return _kept(values.astype(np.uint8), "gray value")
    return _from_flat(values, path, color_ids, lossy=lossy, is_color=False)


def _are_ids(values: NDArray[np.int64], found: NDArray[np.int64]) -> bool:
    """Tell object ids from the gray levels of a drawing.

    Ids are small or fill most of the range they span; smoothed edges between 0 and 255 fill it
    too, but nowhere cover a whole 3 x 3 square.
    """
    ids = found[(found > 0) & (found != VOID)]
    if found[0] < 0 or found[-1] > VOID or (ids.size and ids[-1] > max(_SMALL_ID, 2 * ids.size)):
        return False
    if VOID not in found or ids.size < 4:
        return True
    try:
        flat = find_flat_values(values).values
    except NoFlatValues:
        return True
    return bool(np.isin(ids, flat).sum() * 2 > ids.size)


def _from_color(image: Image.Image, path: Path, color_ids: ColorIds, *, lossy: bool) -> MaskImport:
    rgba = np.asarray(image.convert("RGBA"))
    codes = rgba[..., :3].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    alpha = rgba[..., 3]
    note = ""
    if alpha.min() < VOID:
        if np.unique(codes).size == 1:
            found = _from_gray(alpha.astype(np.int64), path, color_ids, lossy=lossy)
            return _noted(found, "one color only: the transparency is the mask")
        codes = np.where(alpha < 128, 0, codes)
        note = "transparent pixels are background"
    return _noted(_from_codes(codes, path, color_ids, lossy=lossy), note)


def _from_codes(
    codes: NDArray[np.int64], path: Path, color_ids: ColorIds, *, lossy: bool
) -> MaskImport:
    if np.array_equal(codes, (codes & 255) * 0x010101):
        return _from_gray(codes & 255, path, color_ids, lossy=lossy)
    colors, where = np.unique(codes, return_inverse=True)
    davis = [_DAVIS_IDS.get(_split(int(c))) for c in colors]
    known = [index for index in davis if index is not None]
    if len(known) == len(davis):
        label_map = np.array(known, np.uint8)[where.reshape(codes.shape)]
        return _mapped(label_map, f"RGB in {len(known)} DAVIS colors: read as their indices")
    return _from_flat(codes, path, color_ids, lossy=lossy, is_color=True)


def _from_flat(
    values: NDArray[np.int64], path: Path, color_ids: ColorIds, *, lossy: bool, is_color: bool
) -> MaskImport:
    unit = "colors" if is_color else "gray levels"
    try:
        flat = find_flat_values(values, is_color=is_color, lossy=lossy)
    except NoFlatValues as exc:
        raise _too_many(path, exc.count, unit) from exc
    keys: list[tuple[int, ...]] = [_split(int(v)) if is_color else (int(v),) for v in flat.values]
    ids, rule = _ids_of(keys, _background(flat, keys), color_ids)
    if max(ids) > VOID or (max(ids) == VOID and not is_color):
        raise _too_many(path, len(keys), unit)
    label_map = np.array(ids, np.uint8)[flat.where]
    note = f"{flat.found} {unit} found, {len(keys)} of them flat: {rule}"
    snapped = f"{flat.snapped:.1%} of the pixels (edges, noise) went to the nearest flat one"
    return _mapped(label_map, f"{note}; {snapped}" if flat.snapped else note)


def _ids_of(
    keys: list[tuple[int, ...]], background: int, color_ids: ColorIds
) -> tuple[list[int], str]:
    """Return the id of each flat value, and the rule in words. `keys` ascend."""
    if len(keys[0]) == 3 and all(key in _DAVIS_IDS for key in keys):
        return [_DAVIS_IDS[key] for key in keys], "DAVIS colors, read as their indices"
    ids = [0 if i == background else color_ids.id_of(key) for i, key in enumerate(keys)]
    shown = [f"{_name(key)} is object {i}" for key, i in zip(keys, ids, strict=True) if i]
    more = f", and {len(shown) - 8} more" if len(shown) > 8 else ""
    return ids, (", ".join(shown[:8]) + more) or "all background"


def _background(flat: FlatValues, keys: list[tuple[int, ...]]) -> int:
    """Return the place of the background among the flat values: black, else the most frequent."""
    darkest = min(range(len(keys)), key=lambda i: sum(keys[i]))
    if max(keys[darkest]) <= _BLACK:
        return darkest
    return int(np.argmax(np.bincount(flat.where.ravel(), minlength=len(keys))))


def _split(code: int) -> tuple[int, int, int]:
    return code >> 16, code >> 8 & 255, code & 255


def _name(key: tuple[int, ...]) -> str:
    return str(key[0]) if len(key) == 1 else "#" + "".join(f"{part:02x}" for part in key)


def _too_many(path: Path, count: int, unit: str) -> MaskReadError:
    return MaskReadError(
        f"The mask {path} has {count} {unit}, but a label map holds at most {MAX_OBJECT_ID}"
        " objects.",
        "Is this a picture, or a smoothed mask? Export it with flat values and without smoothing.",
    )


def _kept(values: NDArray[np.uint8], kind: str) -> MaskImport:
    found = MaskImport(_frozen(values), (), exact=True)
    ids = found.object_ids
    note = f"{len(ids)} object ids read by {kind}: {_listed(ids)}" if ids else "no object in it"
    return MaskImport(found.label_map, (note,), exact=True)


def _mapped(label_map: NDArray[np.uint8], note: str) -> MaskImport:
    found = MaskImport(_frozen(label_map), (note,), exact=False)
    return found if found.object_ids else _noted(found, "no object in it")


def _noted(found: MaskImport, note: str) -> MaskImport:
    if not note:
        return found
    return MaskImport(found.label_map, (*found.notes, note), exact=False)


def _frozen(values: NDArray[np.uint8]) -> LabelMap:
    label_map = np.array(values, np.uint8, order="C")
    label_map.flags.writeable = False
    return label_map


def _listed(ids: tuple[int, ...]) -> str:
    shown = ", ".join(str(i) for i in ids[:8])
    return shown if len(ids) <= 8 else f"{shown}, ... {ids[-1]}"
