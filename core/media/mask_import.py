"""How the pixel values of a mask image become object ids.

palette image            its indices, whatever the colors; 255 stays void
1 bit                    white is object 1
gray 0 and 255           255 is object 1
gray or 16 bit, ids      values that are plainly ids are kept; 255 stays void
other gray levels        each flat level is an object, by `ColorIds`
RGB in DAVIS colors      the index of the color
other RGB                each flat color is an object, by `ColorIds`; the color of void is void
fractions from 0 to 1    shares of white
transparency             what is more transparent than not is background; with one color only,
                         the transparency itself is the mask

Which line holds is decided for all masks of a video together (`survey_mask`, `mask_rules`), so
that one value is one object in all of them. Palette images are read by color where the order of
their palettes differs or others of the set have colors.

A level or color is *flat* where a 3 x 3 square of it exists, in any of the masks. Small and thin
objects count where their value is no mixture of those around it (`own_values`). Other values
(smoothed edges, lossy files) are snapped to the nearest one, and the notes say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.errors import MaskReadError
from core.media.flat_values import NoFlatValues, find_flat_values
from core.media.mask_rules import DAVIS_CODES, MaskRules, MaskSurvey, Scale, key_of
from core.media.mask_values import MaskValues, values_of
from core.media.own_values import own_values
from core.types import MAX_OBJECT_ID, VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.types import LabelMap


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
    """The ids given to colors or gray levels. Shared by the masks of one video.

    Where all masks were looked at first (`survey_mask`), ids go up with (red, green, blue) over
    all of them; else over the first file, then 1 up for each new one.
    """

    ids: dict[tuple[int, ...], int] = field(default_factory=dict)
    survey: MaskSurvey = field(default_factory=MaskSurvey)
    _rules: MaskRules | None = None

    def id_of(self, color: tuple[int, ...]) -> int:
        """Return the id of a color; a new color gets the next free one."""
        return self.ids.setdefault(color, len(self.ids) + 1)

    def id_in(self, value: int, scale: Scale) -> int:
        """Return the id of a gray level or color code of a set."""
        if value == scale.background:
            return 0
        if scale.is_color and DAVIS_CODES.get(value) == VOID:
            return VOID
        return self.id_of(key_of(value, is_color=scale.is_color))

    def white_id(self, gray: Scale) -> int:
        """Return the id of gray 255 where it is an object among ids: the one after them."""
        above = max((value for value in gray.exact if value != VOID), default=0) + 1
        return self.ids.setdefault((VOID,), min(above, MAX_OBJECT_ID))

    def rules_for(self, mask: MaskValues) -> MaskRules:
        """Return the rules of all masks that were looked at, else those of this one alone."""
        if self._rules is not None:
            return self._rules
        survey = self.survey
        is_whole = survey.has_any
        if not is_whole:
            survey = MaskSurvey()
            survey.add(mask)
        rules = survey.rules()
        for scale in (rules.gray, rules.color) if is_whole else ():
            if not scale.is_davis and (scale.is_color or not (rules.gray_ids or rules.full)):
                for value in sorted(scale.known):
                    self.id_in(value, scale)
        self._rules = rules if is_whole else None
        return rules


def survey_mask(image: Image.Image, path: Path, color_ids: ColorIds) -> None:
    """Look at a loaded image of several; the first `import_mask` with these ids decides for all.

    Raises:
        MaskReadError: it holds fractions.
    """
    color_ids.survey.add(values_of(image, path))


def import_mask(image: Image.Image, path: Path, color_ids: ColorIds) -> MaskImport:
    """Turn a loaded image into a label map by the rules of this module.

    Raises:
        MaskReadError: more than 254 objects, or a picture instead of a mask.
    """
    mask = values_of(image, path)
    rules = color_ids.rules_for(mask)
    mask = mask.as_shares() if rules.shares else mask
    if rules.has_colors and mask.kind != "index" and mask.values.max() <= VOID:
        mask = mask.as_colors()
    elif mask.kind == "index" and rules.by_color:
        mask = mask.as_colors() if rules.has_colors else mask.as_gray()
    found = _import(mask, path, color_ids, rules)
    return _noted(found, mask.note)


def _import(mask: MaskValues, path: Path, color_ids: ColorIds, rules: MaskRules) -> MaskImport:
    if mask.kind == "index":
        return _kept(mask.values.astype(np.uint8), "palette index")
    if mask.kind == "color":
        return _from_colors(mask, path, color_ids, rules.color)
    if rules.gray_ids:
        return _from_ids(mask, color_ids, rules)
    if mask.kind == "bit" and rules.full:
        return _mapped((mask.values > 0).astype(np.uint8), "1-bit mask: white is object 1")
    if rules.full:
        told = f"gray 0 and {rules.full}: {rules.full} is object 1"
        return _mapped((mask.values == rules.full).astype(np.uint8), told)
    return _from_flat(mask, path, color_ids, rules.gray)


def _from_ids(mask: MaskValues, color_ids: ColorIds, rules: MaskRules) -> MaskImport:
    if mask.kind == "bit":
        return _mapped((mask.values > 0).astype(np.uint8), "1-bit mask: white is object 1")
    if rules.white == VOID or not (mask.values == VOID).any():
        return _kept(mask.values.astype(np.uint8), "gray value")
    own = color_ids.white_id(rules.gray)
    label_map = np.where(mask.values == VOID, own, mask.values).astype(np.uint8)
    return _mapped(label_map, f"gray value: 255 is nowhere beside an id and is object {own}")


def _from_colors(mask: MaskValues, path: Path, color_ids: ColorIds, scale: Scale) -> MaskImport:
    if scale.exact and not mask.lossy and all(code in DAVIS_CODES for code in scale.exact):
        colors, where = np.unique(mask.values, return_inverse=True)
        indices = np.array([DAVIS_CODES[int(code)] for code in colors], np.uint8)
        note = f"RGB in {colors.size} DAVIS colors: read as their indices"
        return _mapped(indices[where.reshape(mask.values.shape)], note)
    return _from_flat(mask, path, color_ids, scale)


def _from_flat(mask: MaskValues, path: Path, color_ids: ColorIds, scale: Scale) -> MaskImport:
    unit = "colors" if scale.is_color else "gray levels"
    own: list[int] = []
    if not mask.lossy:
        own = own_values(mask.values, is_color=scale.is_color, known=scale.known)[1]
    try:
        flat = find_flat_values(mask.values, is_color=scale.is_color, lossy=mask.lossy, own=own)
    except NoFlatValues as exc:
        raise _too_many(path, exc.count, unit) from exc
    values = [scale.place(int(value), lossy=mask.lossy) for value in flat.values]
    ids, rule = _ids_of(values, color_ids, scale)
    if any(i > MAX_OBJECT_ID for i in ids if i != VOID or not scale.is_color):
        raise _too_many(path, len(values), unit)
    label_map = np.array(ids, np.uint8)[flat.where]
    note = f"{flat.found} {unit} found, {len(values)} of them flat: {rule}"
    snapped = f"{flat.snapped:.1%} of the pixels (edges, noise) went to the nearest flat one"
    return _mapped(label_map, f"{note}; {snapped}" if flat.snapped else note)


def _ids_of(values: list[int], color_ids: ColorIds, scale: Scale) -> tuple[list[int], str]:
    """Return the id of each flat value, and the rule in words."""
    if scale.is_davis and all(value in DAVIS_CODES for value in values):
        return [DAVIS_CODES[value] for value in values], "DAVIS colors, read as their indices"
    ids = [color_ids.id_in(value, scale) for value in values]
    keys = [key_of(value, is_color=scale.is_color) for value in values]
    told = ("void" if scale.is_color and i == VOID else f"object {i}" for i in ids)
    shown = [f"{_name(key)} is {text}" for key, i, text in zip(keys, ids, told, strict=True) if i]
    more = f", and {len(shown) - 8} more" if len(shown) > 8 else ""
    return ids, (", ".join(shown[:8]) + more) or "all background"


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
