"""What the values of masks mean, decided once for all masks that belong together.

A file alone can mislead: one that shows only the white one of two gray levels looks like a mask
of one object. So all files are looked at first, and one value is one object in all of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.media.own_values import own_values
from core.media.palette import DAVIS_COLORS
from core.types import VOID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.media.mask_values import MaskValues

DAVIS_CODES: dict[int, int] = {
    (r << 16) + (g << 8) + b: i for i, (r, g, b) in enumerate(DAVIS_COLORS)
}
"""Color code -> index."""
_SMALL_ID = 31
"""Gray values up to here are taken for ids even where most ids below them are missing."""
_BLACK = 8
"""Levels up to here are black; lossy files rarely keep an exact 0. Nobody draws with them, either:
where the lowest value is one of them, the values are ids."""
_NEAR = 48.0
"""Flat values of lossy files that are nearer than this to a known one are that one."""
_MAX_KNOWN = 4096
"""So many different values are a picture; no more are kept."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The gray levels, or the colors, of a set of masks.

    Attributes:
        is_color: which of the two.
        exact: every value of every file without loss.
        known: those that stand for objects or the background, however small.
        background: the one that is the background.
        from_loss: some of them come from files with noise.
    """

    is_color: bool
    exact: frozenset[int]
    known: frozenset[int]
    background: int
    from_loss: bool

    @property
    def is_davis(self) -> bool:
        """Whether all known values are colors of DAVIS."""
        return self.is_color and all(value in DAVIS_CODES for value in self.known)

    def place(self, value: int, *, lossy: bool) -> int:
        """Return the known value that one stands for: itself, or with loss the nearest."""
        if value in self.known or not lossy or not self.known:
            return value
        nearest = min(self.known, key=lambda other: (self._distance(value, other), other))
        return nearest if self._distance(value, nearest) < _NEAR else value

    def _distance(self, one: int, other: int) -> float:
        return _distance(one, other, is_color=self.is_color)


@dataclass(frozen=True, slots=True)
class MaskRules:
    """How a set of masks is read.

    Attributes:
        by_color: palette images are read by their colors, not by index.
        has_colors: gray images are read as colors, since others of the set have some.
        gray_ids: gray values are object ids.
        white: the id of 255 among gray ids: `VOID`, or 0 where it is an object of its own.
        shares: 1 is white in images of fractions, since others of the set hold more of them.
        full: the only gray level besides 0 is this one, which is white; 0 where that is not so.
        gray, color: the values.
    """

    by_color: bool
    has_colors: bool
    gray_ids: bool
    white: int
    full: int
    shares: bool
    gray: Scale
    color: Scale


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of one mask."""

    kind: str
    lossy: bool
    counts: Counter[int]
    flat: frozenset[int]
    known: frozenset[int]
    palette: Mapping[int, int] = field(default_factory=dict)
    is_minimal: bool = False
    share: str = ""

    def as_shares(self) -> _Seen:
        """Return the same mask with 1 as white, where 0 and 1 may be shares of it."""
        if self.share != "whole":
            return self
        counts = Counter({value * VOID: count for value, count in self.counts.items()})
        flat = frozenset(value * VOID for value in self.flat)
        known = frozenset(value * VOID for value in self.known)
        return replace(self, counts=counts, flat=flat, known=known)

    def recolored(self) -> _Seen:
        """Return the same mask as colors; not of 16 bits."""
        if self.kind == "color":
            return self

        def code(value: int) -> int:
            return self.palette[value] if self.palette else value * 0x010101

        counts: Counter[int] = Counter()
        for value, count in self.counts.items():
            counts[code(value)] += count
        flat = frozenset(code(value) for value in self.flat)
        return _Seen("color", self.lossy, counts, flat, frozenset(map(code, self.known)))


@dataclass(slots=True)
class MaskSurvey:
    """Looks at masks one by one, then says the rules for all of them."""

    _seen: list[_Seen] = field(default_factory=list)

    @property
    def has_any(self) -> bool:
        """Whether a mask was looked at."""
        return bool(self._seen)

    def add(self, mask: MaskValues) -> None:
        """Look at one mask."""
        listed = _counted(mask.values)
        if mask.palette is not None:
            used = frozenset(listed)
            minimal = not mask.palette[max(used) + 1 :].any()
            colors = {value: int(mask.palette[value]) for value in used}
            self._seen.append(
                _Seen(
                    "index",
                    lossy=False,
                    counts=listed,
                    flat=used,
                    known=used,
                    palette=colors,
                    is_minimal=minimal,
                )
            )
            return
        is_color = mask.kind == "color"
        flat, own = own_values(mask.values, is_color=is_color)
        known = flat if mask.lossy else flat + own
        if len(listed) > _MAX_KNOWN:
            listed = Counter({value: listed[value] for value in flat[:_MAX_KNOWN]})
        kept = frozenset(known[:_MAX_KNOWN])
        seen = _Seen(mask.kind, mask.lossy, listed, frozenset(flat), kept, share=mask.share)
        self._seen.append(seen)

    def rules(self) -> MaskRules:
        """Return how all masks seen so far are read."""
        index = [s for s in self._seen if s.kind == "index"]
        shares = any(s.share == "of-white" for s in self._seen)
        gray = [s.as_shares() if shares else s for s in self._seen if s.kind in ("gray", "bit")]
        color = [s for s in self._seen if s.kind == "color"]
        levels = any(s.kind == "gray" for s in gray) and not _are_ids(gray)
        by_color = bool(index) and (
            bool(color) or _palettes_differ(index) or (levels and all(map(_is_gray, index)))
        )
        if by_color:
            named = [s.recolored() for s in index]
            plain = all(_is_gray(s) for s in index) and not color
            if plain:
                gray += [_as_gray(s) for s in named]
            else:
                color += named
        has_colors = bool(color)
        if has_colors:
            color += [s.recolored() for s in gray if max(s.counts) <= VOID]
            gray = [s for s in gray if max(s.counts) > VOID]
        ids = _are_ids(gray)
        found = {value for s in gray for value in s.counts}
        full = max(found, default=0) if found <= {0, VOID} or found <= {0, 65535} else 0
        lossy = any(s.lossy for s in gray)
        return MaskRules(
            by_color=by_color,
            has_colors=has_colors,
            gray_ids=ids,
            white=VOID if any(_has_void(s) for s in gray) or not _is_alone(gray) else 0,
            shares=shares,
            full=full if not (lossy and full > VOID) else 0,
            gray=_scale(gray, is_color=False),
            color=_scale(color, is_color=True),
        )


def _counted(values: NDArray[np.int64]) -> Counter[int]:
    low, high = int(values.min()), int(values.max())
    if low >= 0 and high <= VOID:  # counting is much faster than sorting
        counts = np.bincount(values.ravel())
        return Counter({int(value): int(counts[value]) for value in np.flatnonzero(counts)})
    found, counts = np.unique(values, return_counts=True)
    return Counter(dict(zip(found.tolist(), counts.tolist(), strict=True)))


def _are_ids(gray: list[_Seen]) -> bool:
    """Tell object ids from the gray levels of drawings.

    Ids are small, begin with a number too dark to be drawn with, or fill most of the range they
    span. Smoothed edges do that, too, but nowhere cover a whole 3 x 3 square.
    """
    seen = [s for s in gray if s.kind == "gray"]
    if not seen or any(s.lossy for s in seen):
        return False
    found = {value for s in seen for value in s.counts}
    ids = sorted(found - {0, VOID})
    if min(found) < 0 or max(found) > VOID or (not ids and VOID in found):
        return False
    if not ids or (ids[-1] <= _SMALL_ID and (VOID not in found or len(ids) < 4)):
        return True
    flat = {value for s in seen for value in s.known} & set(ids)
    most = 2 * len(flat) > len(ids)
    if ids[-1] <= max(_SMALL_ID, 2 * len(ids)):
        counts: Counter[int] = sum((s.counts for s in seen), Counter())
        covered = sum(counts[value] for value in flat)
        is_smooth = 4 * len(flat) < len(ids) and 2 * covered > sum(counts[i] for i in ids)
        return most or (VOID not in found and not is_smooth)
    return most and (ids[0] <= _BLACK or any(b - a == 1 for a, b in pairwise(ids)))


def _has_void(seen: _Seen) -> bool:
    """Whether 255 is there beside an id."""
    return VOID in seen.counts and bool(seen.counts.keys() - {0, VOID})


def _is_alone(gray: list[_Seen]) -> bool:
    """Whether gray masks hold 255 and nothing else but the background."""
    return any(s.kind == "gray" and VOID in s.counts for s in gray)


def _is_gray(index: _Seen) -> bool:
    colors = [index.palette[value] for value in index.counts]
    return all(code == (code & 255) * 0x010101 for code in colors)


def _as_gray(color: _Seen) -> _Seen:
    counts = Counter({code & 255: count for code, count in color.counts.items()})
    known = frozenset(code & 255 for code in color.known)
    return _Seen("gray", color.lossy, counts, known, known)


def _palettes_differ(index: list[_Seen]) -> bool:
    """Tell whether an index has another color from file to file, and the color means something.

    It does where a color is found at another index, as after sorting, or where each palette lists
    what is in its own file only. A palette of grays in their order, or of one color, says nothing.
    """
    telling = []
    for seen in index:
        used = {value: seen.palette[value] for value in seen.counts}
        if len(set(used.values())) < len(used):
            return False
        if any(code != value * 0x010101 for value, code in used.items()):
            telling.append((used, seen.is_minimal))
    by_index: dict[int, int] = {}
    by_color: dict[int, int] = {}
    differs = moved = False
    for used, _ in telling:
        for value, code in used.items():
            differs |= by_index.setdefault(value, code) != code
            moved |= by_color.setdefault(code, value) != value
    return moved or (differs and all(minimal for _, minimal in telling))


def _scale(seen: list[_Seen], *, is_color: bool) -> Scale:
    counts: Counter[int] = Counter()
    for mask in seen:
        counts.update(mask.counts)
    exact = frozenset(value for s in seen if not s.lossy for value in s.counts)
    known = {value for s in seen if not s.lossy for value in s.known}
    noisy = {value for s in seen if s.lossy for value in s.known}
    for value in sorted(noisy - known, key=lambda v: (-counts[v], v)):
        if all(_distance(value, other, is_color=is_color) >= _NEAR for other in known):
            known.add(value)
    background = _background(known, counts, is_color=is_color)
    return Scale(is_color, exact, frozenset(known), background, bool(noisy))


def _background(known: Iterable[int], counts: Counter[int], *, is_color: bool) -> int:
    """Return the background: black, else the most frequent value."""
    listed = sorted(known)
    if not listed:
        return 0
    darkest = min(listed, key=lambda value: sum(key_of(value, is_color=is_color)))
    if max(key_of(darkest, is_color=is_color)) <= _BLACK:
        return darkest
    return max(listed, key=lambda value: (counts[value], -value))


def key_of(value: int, *, is_color: bool) -> tuple[int, ...]:
    """Return a gray level as it is, or red, green and blue of a color code."""
    return (value >> 16, value >> 8 & 255, value & 255) if is_color else (value,)


def _distance(one: int, other: int, *, is_color: bool) -> float:
    a, b = key_of(one, is_color=is_color), key_of(other, is_color=is_color)
    return float(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5)
