"""Which frame an image named in an annotation file is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from natsort import natsorted, ns

from core.errors import MaskMismatch
from core.media.frame_names import frame_number, match_frames
from core.types import VideoInfo

_SHOWN = 3


def stem_of(name: str) -> str:
    """Return the last part of a path in a file, without extension; the path is not followed."""
    return PurePosixPath(name.replace("\\", "/")).stem


def folder_of(name: str) -> str:
    """Return the name of the folder that a path in a file has last, empty where it has none."""
    return PurePosixPath(name.replace("\\", "/")).parent.name


def folder_names(info: VideoInfo) -> tuple[str, ...]:
    """Return what the folder of a video may be called: its name, also as one word in datasets."""
    return tuple(dict.fromkeys((info.name, "_".join(info.name.split()))))


def match_names(names: Sequence[str], info: VideoInfo) -> tuple[dict[str, int], str]:
    """Return the frame of each image name, and the rule that found it, as a sentence.

    The rules, in this order: the frames' own stems; the number in the name, the first frame being
    0; the same with the first being 1, where the last number is the number of frames; the natural
    order of the names, where there are as many as frames.

    Raises:
        MaskMismatch: no rule finds a frame for each, or two are for the same frame.
    """
    found, rule = _by_rules(list(dict.fromkeys(names)), info)
    by_frame: dict[int, str] = {}
    for name, index in found.items():
        if by_frame.setdefault(index, name) != name:
            raise MaskMismatch(
                f"Two images are for frame {index}: {by_frame[index][:80]} and {name[:80]}.",
                "Keep one of them.",
            )
    return found, rule


def match_numbers(numbers: set[int], info: VideoInfo, *, first: int) -> tuple[int, str]:
    """Return what to subtract from frame numbers to get frame indices, and why, as a sentence.

    Args:
        numbers: the numbers in the file.
        info: the video.
        first: number that the format gives to the first frame: 0 or 1.

    Raises:
        MaskMismatch: numbers out of range.
    """
    offset = first
    if numbers and first == 1 and min(numbers) == 0:
        offset = 0
    elif numbers and first == 0 and min(numbers) >= 1 and max(numbers) == info.frame_count:
        offset = 1
    last = info.frame_count - 1 + offset
    wrong = sorted(n for n in numbers if not offset <= n <= last)
    if wrong:
        raise MaskMismatch(
            f"Frame {wrong[0] if abs(wrong[0]) < 10**18 else 'number'} is out of range: "
            f"{info.path} has frames {offset} to {last}.",
            "Is this the video that the annotations belong to?",
        )
    return offset, f"Frames are counted from {offset}."


def _by_rules(names: list[str], info: VideoInfo) -> tuple[dict[str, int], str]:
    stems = {name: stem_of(name) for name in names}
    own = {stem: index for index, stem in enumerate(info.stems)}
    if all(stem in own for stem in stems.values()):
        return {n: own[s] for n, s in stems.items()}, "Images are matched to frames by their names."
    paths = {name: Path(f"{stem}.x") for name, stem in stems.items()}
    matched = match_frames(list(paths.values()), info)
    found = {name: matched[path] for name, path in paths.items()}
    known = {name: index for name, index in found.items() if index is not None}
    if len(known) == len(names):
        return known, "Images are matched to frames by the numbers in their names."
    numbers = {name: frame_number(stem, info) for name, stem in stems.items()}
    counted = {name: number for name, number in numbers.items() if number is not None}
    if len(counted) == len(names) and not info.stems:
        low, high = min(counted.values()), max(counted.values())
        if low >= 1 and high == info.frame_count:
            rule = "Images are matched to frames by the numbers in their names, counted from 1."
            return {name: number - 1 for name, number in counted.items()}, rule
    if len(names) == info.frame_count and not known:
        ordered = natsorted(names, alg=ns.IGNORECASE)
        rule = "Images are matched to frames by the order of their names."
        return {name: index for index, name in enumerate(ordered)}, rule
    raise _no_frame([name for name in names if name not in known], info)


def _no_frame(lost: list[str], info: VideoInfo) -> MaskMismatch:
    shown = ", ".join(name[:80] for name in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    span = f"0 to {info.frame_count - 1}"
    if info.stems:
        span = f"{info.stems[0]} to {info.stems[-1]}"
    return MaskMismatch(
        f"No frame of {info.path} fits {shown}{more}: its frames are {span}.",
        "Is this the video that the annotations belong to?",
    )
