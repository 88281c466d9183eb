"""Which frame a mask file belongs to, by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from core.types import VideoInfo

_NUMBERED = re.compile(r"(?:(?:frame|img|image|f)[ _.-]?)?(\d+)|mask[ _.-]?(\d{3,})", re.IGNORECASE)


def frame_number(stem: str, info: VideoInfo) -> int | None:
    """Return the number in names like 00012, frame_12, mask_00012, or the video's name and 12.

    Other names have none, even where they end in digits: `bear2` may be the second bear, and
    `mask_1` the mask of object 1.
    """
    prefix = info.name
    if stem.startswith(prefix) and len(stem) > len(prefix) and stem[len(prefix)] in "_-. ":
        stem = stem[len(prefix) + 1 :]
    match = _NUMBERED.fullmatch(stem)
    digits = (match[1] or match[2]) if match else ""
    # Longer numbers are dates or checksums, and int() of a very long one is refused.
    return int(digits) if 0 < len(digits) <= 9 else None


def match_frames(files: list[Path], info: VideoInfo) -> dict[Path, int | None]:
    """Return the frame of each file, None where its name says none or one out of range.

    One rule serves all files, the first of these that finds a frame for each, else the one that
    finds most: the frames' own stems; their stems read as numbers (5 is 00005); the number of the
    frame, the first being 0 as in DAVIS.
    """
    best: dict[Path, int | None] = {}
    for rule in _rules(info):
        found = {path: rule(path.stem) for path in files}
        if None not in found.values():
            return found
        if not best or _hits(found) > _hits(best):
            best = found
    return best


def _hits(found: dict[Path, int | None]) -> int:
    return sum(index is not None for index in found.values())


def _rules(info: VideoInfo) -> tuple[Callable[[str], int | None], ...]:
    by_stem = {stem: index for index, stem in enumerate(info.stems)}
    by_value = dict(_stem_numbers(info))

    def value(stem: str) -> int | None:
        number = frame_number(stem, info)
        return None if number is None else by_value.get(number)

    def position(stem: str) -> int | None:
        number = frame_number(stem, info)
        return number if number is not None and number < info.frame_count else None

    return by_stem.get, value, position


def _stem_numbers(info: VideoInfo) -> list[tuple[int, int]]:
    numbers = [frame_number(stem, info) for stem in info.stems]
    if len(set(numbers)) < len(numbers):
        return []
    return [(number, index) for index, number in enumerate(numbers) if number is not None]
