"""Which frames files and images of others belong to, by their names.

Names are read as a group: the number that changes from name to name is the frame's, behind what
all names have in common and behind prefixes that are random. Nothing is guessed where that leaves
two answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from natsort import natsorted, ns

from core.errors import MaskMismatch
from core.media.name_parts import (
    bare_stem,
    frame_number,
    is_five_digits,
    numbers_of,
    without_random,
)
from core.types import VideoInfo

__all__ = ["frame_number", "match_frames", "match_names"]
_SHOWN = 3
_RULE = "Images are matched to frames by"


def match_names(
    names: Sequence[str],
    info: VideoInfo,
    *,
    first_frame: int | None = None,
    places: Mapping[str, int] | None = None,
) -> tuple[dict[str, int], str]:
    """Return the frame of each image name, and the rule that found it, as a sentence.

    The rules, in this order: the frames' own stems; the number in the name, counted from
    `first_frame` where that is given, else as `_counted` says; the order of the names, where there
    are as many as frames and no number says otherwise.

    Args:
        names: file names, or paths in a file, which are not followed.
        info: the video.
        first_frame: number of the first frame; None is found out.
        places: where the file itself puts each image among the frames, counted from 0: it decides
            between two countings that fit.

    Raises:
        MaskMismatch: no rule finds a frame for each, two are for the same frame, or the numbers
            can be counted in two ways.
    """
    _refuse_equal(names)
    found, rule = _by_rules(names, info, first_frame, places or {})
    by_frame: dict[int, str] = {}
    for name, index in found.items():
        if by_frame.setdefault(index, name) != name:
            raise MaskMismatch(
                f"Two images are for frame {index}: {by_frame[index][:80]} and {name[:80]}.",
                "Keep one of them.",
            )
    return found, rule


def match_frames(
    files: list[Path], info: VideoInfo, *, first_frame: int | None = None
) -> dict[Path, int | None]:
    """Return the frame of each file; None where the only one says no frame at all.

    Raises:
        MaskMismatch: as for `match_names`.
    """
    if len(files) == 1 and first_frame is None and _says_nothing(files[0], info):
        return {files[0]: None}
    found, _ = match_names([file.name for file in files], info, first_frame=first_frame)
    return {file: found[file.name] for file in files}


def _says_nothing(file: Path, info: VideoInfo) -> bool:
    stems = {file.stem, bare_stem(file.name)}
    return not stems & set(info.stems) and numbers_of([bare_stem(file.name)], info) is None


def _refuse_equal(names: Sequence[str]) -> None:
    name, count = Counter(names).most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise MaskMismatch(
            f"Two images are called {name[:80]!r}: they cannot both be that frame of one video.",
            "Export each video, task or sequence by itself, or name one with --only.",
        )


def _by_rules(
    names: Sequence[str], info: VideoInfo, first: int | None, places: Mapping[str, int]
) -> tuple[dict[str, int], str]:
    stems = {name: bare_stem(name) for name in names}
    own = {stem: index for index, stem in enumerate(info.stems)}
    if first is None and (by_stem := _own_stems(names, list(stems.values()), own)) is not None:
        return by_stem
    numbers = numbers_of(list(stems.values()), info)
    if numbers is not None:
        digits = dict(zip(stems, numbers.digits, strict=True))
        found, counting = _counted(digits, info, first, places)
        behind = ", behind a random part" if numbers.is_behind_random else ""
        return found, f"{_RULE} the numbers in their names{behind}{counting}."
    if len(names) == info.frame_count and not _has_numbers(list(stems.values())):
        ordered = natsorted(names, alg=ns.IGNORECASE)
        return {name: i for i, name in enumerate(ordered)}, f"{_RULE} the order of their names."
    lost = [name for name in names if stems[name] not in own]
    nameless = [name for name in lost if frame_number(stems[name], info) is None]
    raise _no_frame(nameless or lost, info)


def _own_stems(
    names: Sequence[str], stems: list[str], own: Mapping[str, int]
) -> tuple[dict[str, int], str] | None:
    """Return the frames whose own stems the names are, also behind something random."""
    whole = [_last(name) for name in names]
    for texts in ([Path(name).stem for name in whole], stems, whole, *without_random(stems)):
        if all(text in own for text in texts):
            found = {name: own[text] for name, text in zip(names, texts, strict=True)}
            return found, f"{_RULE} their names."
    return None


def _counted(
    digits: Mapping[str, str], info: VideoInfo, first: int | None, places: Mapping[str, int]
) -> tuple[dict[str, int], str]:
    """Return the frames that numbers stand for, and from which number they are counted, in words.

    The stems of an image folder read as numbers (5 is 00005); the one of 0 and 1 that fits; where
    both do, what `places` say, and 0 for names of five digits, as DAVIS and we write them; the
    order, where there are as many as frames at equal distances.
    """
    numbers = {name: int(text) for name, text in digits.items()}
    if first is not None:
        return _from(first, numbers, info), f", counted from {first} as was said"
    by_value = _stem_numbers(info)
    if all(number in by_value for number in numbers.values()):
        return {n: by_value[number] for n, number in numbers.items()}, " and in those of the frames"
    low, high, count = min(numbers.values()), max(numbers.values()), info.frame_count
    is_davis = all(is_five_digits(name, info) for name in numbers)
    fits = [start for start in (0, 1) if start <= low and high < count + start]
    if fits == [1] and (len(numbers) == 1 or (is_davis and low > 1)):
        fits = []  # one number at the end says as little of the counting as one beyond it
    if fits == [0, 1]:
        shift = {number - places.get(name, -number) for name, number in numbers.items()}
        if len(shift) == 1 and shift <= {0, 1}:
            fits = list(shift)
        elif is_davis:
            five = ", counted from 0 as five digits are in DAVIS (--first-frame 1: from 1)"
            return _from(0, numbers, info), five
        else:
            raise _open_counting(min(numbers, key=numbers.__getitem__), low, info)
    if fits:
        return _from(fits[0], numbers, info), f", counted from {fits[0]}"
    steps = {b - a for a, b in zip(*_neighbors(numbers), strict=True)}
    if len(numbers) == count and len(steps) == 1 and low:
        ordered = sorted(numbers, key=numbers.__getitem__)
        return {
            n: i for i, n in enumerate(ordered)
        }, f", counted from {low} in steps of {min(steps)}"
    return _from(0, numbers, info), ""


def _neighbors(numbers: Mapping[str, int]) -> tuple[list[int], list[int]]:
    values = sorted(numbers.values())
    return values[:-1], values[1:]


def _from(first: int, numbers: Mapping[str, int], info: VideoInfo) -> dict[str, int]:
    last = info.frame_count - 1 + first
    lost = [name for name, number in numbers.items() if not first <= number <= last]
    if not lost:
        return {name: number - first for name, number in numbers.items()}
    verb = "is" if len(lost) == 1 else "are"
    span = f"frames {first} to {last}"
    if info.stems and first == 0:
        span = f"the frames {info.stems[0]} to {info.stems[-1]}, or {span}"
    raise MaskMismatch(
        f"{_listed(lost)} {verb} out of range: {info.path} has {span}.",
        f"Frames are counted from {first}. --first-frame N says another number of the first frame."
        " Is this the video that they belong to?",
    )


def _open_counting(name: str, number: int, info: VideoInfo) -> MaskMismatch:
    return MaskMismatch(
        f"The numbers in the names can be counted from 0 or from 1: {name[:80]} is frame {number}"
        f" or frame {number - 1} of {info.path}, both fit.",
        "Say which: --first-frame 0 or --first-frame 1.",
    )


def _has_numbers(stems: list[str]) -> bool:
    """Tell whether names differ in their digits: then their order is not what they say."""
    return len({"".join(c if c.isdigit() else " " for c in stem).strip() for stem in stems}) > 1


def _no_frame(lost: list[str], info: VideoInfo) -> MaskMismatch:
    span = f"0 to {info.frame_count - 1}"
    if info.stems:
        span = f"{info.stems[0]} to {info.stems[-1]}"
    return MaskMismatch(
        f"No frame of {info.path} fits {_listed(lost)}: its frames are {span}.",
        "Names should be those of the frames, or all alike but for one number, that of the frame,"
        " as in 00000. Is this the video that they belong to?",
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(name[:80] for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _last(name: str) -> str:
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _stem_numbers(info: VideoInfo) -> dict[int, int]:
    numbers = [frame_number(stem, info) for stem in info.stems]
    if len(set(numbers)) < len(numbers):
        return {}
    return {number: index for index, number in enumerate(numbers) if number is not None}
