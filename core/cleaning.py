"""How propagated masks are cleaned up: a value, and the text that people write for it.

What it does to pixels is `core.ops.masks`. It says nothing of keyframes: what a user has drawn is
never cleaned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from core.errors import UsageError

AUTO = -1
"""As the size of islands and holes: it follows from the object's size."""
MAX_AREA = 1 << 30
MAX_KEEP = 1000
MAX_REACH = 200
"""Largest pixels to grow, shrink, smooth and feather by."""
MAX_OUTLINES = 200
MAX_CORNERS = 4_000
_FAR = 1e6
_WHOLE = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}(\.\d{1,3})?", re.ASCII)
_HINT = (
    "Write none, default, or some of islands=auto, holes=auto, keep=1, grow=2, shrink=2, smooth=3,"
    " feather=1.5, with commas between."
)

Outline = tuple[tuple[float, float], ...]
"""Corners x, y in pixels of an area; 0, 0 is the upper left corner of the first pixel."""


_FIELDS = frozenset({"islands", "holes", "keep", "smooth", "grow", "feather"})


def _check(name: str, value: int, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        lowest = 0 if least == AUTO else least
        raise UsageError(f"{name} must be a whole number from {lowest} to {most}.", _HINT)


def _check_outlines(outlines: tuple[Outline, ...]) -> None:
    if len(outlines) > MAX_OUTLINES:
        raise UsageError(f"At most {MAX_OUTLINES} areas can be erased.", "Erase larger areas.")
    for outline in outlines:
        if not 3 <= len(outline) <= MAX_CORNERS:
            raise UsageError(f"An area to erase has 3 to {MAX_CORNERS} corners.")
        for corner in outline:
            numbers = len(corner) == 2 and all(type(c) in (int, float) for c in corner)
            # Comparing is what tells NaN from a number.
            if not numbers or not all(-_FAR < c < _FAR for c in corner):
                raise UsageError("A corner of an area to erase is no place in a picture.")


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is done to the mask of one object, in this order.

    Attributes:
        erased: areas that are taken away.
        islands: parts of fewer pixels go; `AUTO` finds the size, 0 leaves all.
        keep: so many of the largest parts stay; 0 leaves all.
        holes: holes of fewer pixels are filled; `AUTO` finds the size, 0 leaves all.
        smooth: bumps and notches narrower than about twice so many pixels go.
        grow: pixels that the edge moves outward; less than 0 moves it inward.
        feather: width in pixels of a soft edge, in mattes only; label maps have no soft edges.
    """

    islands: int = 0
    holes: int = 0
    keep: int = 0
    smooth: int = 0
    grow: int = 0
    feather: float = 0.0
    erased: tuple[Outline, ...] = ()

    def __post_init__(self) -> None:
        _check("islands", self.islands, AUTO, MAX_AREA)
        _check("holes", self.holes, AUTO, MAX_AREA)
        _check("keep", self.keep, 0, MAX_KEEP)
        _check("smooth", self.smooth, 0, MAX_REACH)
        _check("grow", self.grow, -MAX_REACH, MAX_REACH)
        if type(self.feather) not in (int, float) or not 0 <= self.feather <= MAX_REACH:
            raise UsageError(f"feather must be a number from 0 to {MAX_REACH}.", _HINT)
        _check_outlines(self.erased)

    @property
    def changes_masks(self) -> bool:
        """Whether it may change a label map; feathering alone does not."""
        return replace(self, feather=0.0) != NONE

    @property
    def text(self) -> str:
        """As `parse_cleaning` reads it; erased areas have no text."""
        plain = replace(self, erased=())
        if plain in _WORDS:
            return _WORDS[plain]
        parts = [("islands", _size(self.islands)), ("holes", _size(self.holes))]
        parts += [("keep", str(self.keep)), ("smooth", str(self.smooth))]
        parts += [("grow" if self.grow > 0 else "shrink", str(abs(self.grow)))]
        parts += [("feather", f"{self.feather:g}")]
        return ",".join(f"{name}={value}" for name, value in parts if value != "0")


NONE = Cleaning()
"""Nothing is done: raw masks."""
DEFAULT = Cleaning(islands=AUTO)
"""What propagation does unless it is told otherwise (ADR 0054)."""
_WORDS = {NONE: "none", DEFAULT: "default"}


def parse_cleaning(text: str) -> Cleaning:
    """Read `none`, `default`, or settings such as `islands=auto,holes=50,grow=2`.

    Settings may begin with `default`, which the others change.

    Raises:
        UsageError: it makes no sense; the hint says how it is written.
    """
    items = [item.strip() for item in text.lower().split(",")]
    for cleaning, word in _WORDS.items():
        if items == [word]:
            return cleaning
    found = NONE
    if items[0] == "default":
        found, items = DEFAULT, items[1:]
    seen: set[str] = set()
    for item in items:
        name, equals, value = (part.strip() for part in item.partition("="))
        field = "grow" if name == "shrink" else name
        if not equals or field not in _FIELDS:
            raise UsageError(f"{item[:40]!r} is no way to clean up masks.", _HINT)
        if field in seen:
            both = "grow and shrink" if field == "grow" else f"{field} twice"
            raise UsageError(f"The clean-up {text[:80]!r} says {both}.", "Say it once.")
        seen.add(field)
        found = _with(found, name, value)
    return found


def _with(cleaning: Cleaning, name: str, value: str) -> Cleaning:
    if name in ("islands", "holes"):
        changed: dict[str, int | float] = {name: _area(name, value)}
    elif name == "shrink":
        changed = {"grow": -_natural(name, value)}
    elif name == "feather":
        changed = {name: _fraction(name, value)}
    else:
        changed = {name: _whole(name, value)}
    return replace(cleaning, **changed)  # type: ignore[arg-type]


def _area(name: str, value: str) -> int:
    return AUTO if value == "auto" else _natural(name, value)


def _natural(name: str, value: str) -> int:
    number = _whole(name, value)
    if number < 0:
        raise UsageError(f"{name} must not be negative.", _HINT)
    return number


def _whole(name: str, value: str) -> int:
    if not _WHOLE.fullmatch(value):
        raise UsageError(f"{name}={value[:20]}: {value[:20]!r} is no whole number.", _HINT)
    return int(value)


def _fraction(name: str, value: str) -> float:
    if not _NUMBER.fullmatch(value):
        raise UsageError(f"{name} must be a number from 0 to {MAX_REACH}.", _HINT)
    return float(value)


def _size(area: int) -> str:
    return "auto" if area == AUTO else str(area)
