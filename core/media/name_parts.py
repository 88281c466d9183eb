"""The parts of file names: endings, random prefixes, words, and the number that counts frames."""

from __future__ import annotations

import re
from dataclasses import dataclass

from core.types import VideoInfo

_NUMBERED = re.compile(r"(?:(?:frame|img|image|f)[ _.-]?)?(\d+)|mask[ _.-]?(\d{3,})", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,5}$")
_IMAGE_ENDING = re.compile(r"\.(?:png|jpe?g|bmp|tiff?|webp|gif|json|txt|xml|npy)$", re.IGNORECASE)
_ROBOFLOW = re.compile(r"_(?:png|jpe?g|bmp|tiff?|webp)\.rf\.[0-9A-Za-z_-]+$", re.IGNORECASE)
"""What Roboflow adds: the old ending and a checksum."""
_SAYS_MASK = re.compile(r"(?<=\d)[ _.-](?:masks?|gt|seg|labels?|alpha|mattes?)$", re.IGNORECASE)
_RANDOM_HEAD = re.compile(
    r"((?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})|[0-9A-Za-z]{8,40})[-_. ](.+)"
)
_RANDOM_TAIL = re.compile(r"(.+)[-_. ]([0-9a-z]{8,40})")
_OBJECTS = re.compile(
    r"(?:^|[^A-Za-z])(?:obj|object|instance|inst|id|class|track|person|label|layer|mask)[ _.-]*$",
    re.IGNORECASE,
)
"""A number behind such a word counts objects, or may."""
_MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class NameNumbers:
    """The numbers of frames in a group of names.

    Attributes:
        digits: one for each name, in their order.
        is_behind_random: names begin or end with something random.
    """

    digits: tuple[str, ...]
    is_behind_random: bool


def bare_stem(name: str) -> str:
    """Return the last part of a path in a file, without what stands for kinds of files.

    Endings go, also two of them (`00001.jpg.json`), and what Roboflow adds; a number behind a
    point stays. The path is not followed.
    """
    stem = _ENDING.sub("", name.replace("\\", "/").rstrip("/").rpartition("/")[2])
    while (shorter := _IMAGE_ENDING.sub("", stem)) not in (stem, ""):
        stem = shorter
    return _ROBOFLOW.sub("", stem) or stem


def frame_number(stem: str, info: VideoInfo) -> int | None:
    """Return the number in names like 00012, frame_12, mask_00012, or the video's name and 12.

    Other names have none, even where they end in digits: `bear2` may be the second bear, and
    `mask_1` the mask of object 1.
    """
    digits = _digits(stem, info)
    return int(digits) if digits else None


def is_five_digits(name: str, info: VideoInfo) -> bool:
    """Tell whether a name is 00012, alone or behind the video's name or `mask`: as DAVIS has it."""
    rest = re.sub(r"^mask[ _.-]?", "", _without_name(_SAYS_MASK.sub("", bare_stem(name)), info))
    return re.fullmatch(r"\d{5}", rest, re.ASCII) is not None


def numbers_of(stems: list[str], info: VideoInfo) -> NameNumbers | None:
    """Return the number in each of a group of names; None where there is none, or two could be it.

    Args:
        stems: names as `bare_stem` gives them.
        info: the video, whose name may stand before the number.
    """
    found = _digits_of(stems, info)
    if found is not None:
        return NameNumbers(found, is_behind_random=False)
    for shorter in without_random(stems):
        found = _digits_of(shorter, info)
        if found is not None:
            return NameNumbers(found, is_behind_random=True)
    return None


def without_random(stems: list[str]) -> list[list[str]]:
    """Return the names without random beginnings, and without random ends, where they have them.

    Label Studio writes `cb0618f6-frame_000012`; others write checksums or ids of 8 to 40 letters.
    """
    found = []
    for pattern, kept in ((_RANDOM_HEAD, 2), (_RANDOM_TAIL, 1)):
        matches = [match for stem in stems if (match := pattern.fullmatch(stem)) is not None]
        if len(matches) == len(stems) and _are_random([match[3 - kept] for match in matches]):
            found.append([match[kept] for match in matches])
    return found


def _digits_of(stems: list[str], info: VideoInfo) -> tuple[str, ...] | None:
    plain = [_digits(_SAYS_MASK.sub("", stem), info) for stem in stems]
    return tuple(plain) if all(plain) else _varying(stems)


def _digits(stem: str, info: VideoInfo) -> str:
    match = _NUMBERED.fullmatch(_without_name(stem, info))
    digits = (match[1] or match[2]) if match else ""
    # Longer numbers are dates or checksums, and int() of a very long one is refused.
    return digits if len(digits) <= _MAX_DIGITS and digits.isascii() else ""


def _without_name(stem: str, info: VideoInfo) -> str:
    own = {info.name, info.path.name, info.path.name.replace(".", "_")} - {""}
    for prefix in sorted(own, key=len, reverse=True):
        if stem.startswith(prefix) and len(stem) > len(prefix) and stem[len(prefix)] in "_-. ":
            return stem[len(prefix) + 1 :]
    return stem


def _varying(stems: list[str]) -> tuple[str, ...] | None:
    """Return the one number that changes from name to name, all else being the same."""
    parts = [re.split(r"([0-9]+)", stem) for stem in stems]
    if len({tuple(part.casefold() for part in row[::2]) for row in parts}) != 1:
        return None
    fields = list(zip(*(row[1::2] for row in parts), strict=True))
    changing = [place for place, field in enumerate(fields) if len(set(field)) > 1]
    if len(changing) != 1 or max(map(len, fields[changing[0]])) > _MAX_DIGITS:
        return None
    digits = fields[changing[0]]
    counts_objects = _OBJECTS.search(parts[0][2 * changing[0]])
    return None if counts_objects and min(map(len, digits)) < 3 else digits


def _are_random(parts: list[str]) -> bool:
    """Tell checksums and random ids from words, dates and numbers.

    They are of one length, no two are the same, and most of them mix digits and letters.
    """
    mixed = [p for p in parts if re.search("[0-9]", p) and re.search("[A-Za-z]", p)]
    alike = len({len(part) for part in parts}) == 1 and len(set(parts)) == len(parts)
    return alike and 2 * len(mixed) > len(parts)


def looks_like_frame(stem: str, info: VideoInfo) -> bool:
    """Tell whether a file's stem may be that of a frame in a folder of results of this video.

    It is one of the frames' own, or like one of them but for its number, or ends in three digits.
    """
    if stem in info.stems or re.search(r"\d{3}$", stem, re.ASCII):
        return True
    kinds = {re.sub(r"\d+", "0", own) for own in info.stems if re.search(r"\d", own)}
    return re.sub(r"\d+", "0", stem) in kinds
