"""Which frame an image named in an annotation file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from core.errors import MaskMismatch
from core.media import frame_names
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.media.export.base import dataset_name
from core.types import VideoInfo

_SHOWN = 3
_GENERAL = frozenset(
    (
        *("train", "val", "valid", "validation", "test", "default", "data", "dataset", "."),
        *("images", "image", "img", "imgs", "frames", "labels", "annotations", "jpegimages"),
        *("480p", "full-resolution", "obj_train_data", "obj_valid_data", "upload", "/", ".."),
    )
)
"""Folders that say what images are for; no video is called so."""


def folder_of(name: str) -> str:
    """Return the name of the folder that a path in a file has last, empty where it has none."""
    return PurePosixPath(name.replace("\\", "/")).parent.name


def folder_names(info: VideoInfo) -> tuple[str, ...]:
    """Return what the folder of a video may be called: its name, also as datasets have it."""
    whole = info.path.name if info.path.name not in ("", ".", "..") else info.name
    return tuple(dict.fromkeys((info.name, dataset_name(info), whole)))


def match_names(
    names: Sequence[str],
    info: VideoInfo,
    options: ImportOptions = AS_USUAL,
    *,
    places: Mapping[str, int] | None = None,
) -> tuple[dict[str, int], str]:
    """Return the frame of each image name, and the rule that found it; see `frame_names`.

    Raises:
        MaskMismatch: no rule finds a frame for each, two are for the same frame, or they can be
            counted in two ways.
    """
    first = options.first_frame
    return frame_names.match_names(names, info, first_frame=first, places=places)


def of_this_video(
    names: Sequence[str], info: VideoInfo, options: ImportOptions = AS_USUAL
) -> tuple[list[bool], str]:
    """Tell which image names belong to this video, and how that is known, as a sentence or empty.

    Where images lie in several folders, each is a video of its own, but for folders that only say
    what the images are for (train, images). The one of the video's name is taken, or of `only`.

    Raises:
        MaskMismatch: there are several, and none is called so.
    """
    groups = [_group(name) for name in names]
    if options.only:
        wanted = {options.only}
        taken = [bool(wanted & {*group, "/".join(group)}) for group in groups]
        if not any(taken):
            raise _no_group(f"None of them is called {options.only[:80]}", groups)
        return taken, f"Only images in the folder {options.only[:80]} are read (--only)."
    if len(set(groups)) < 2:
        return [True] * len(groups), ""
    own = set(folder_names(info))
    taken = [bool(own & set(group)) for group in groups]
    if not any(taken):
        raise _no_group(f"None of them is called {info.name}", groups)
    chosen = sorted({part for group in groups for part in group} & own)[0]
    return taken, f"Only images in the folder {chosen} are read."


def _group(name: str) -> tuple[str, ...]:
    folders = PurePosixPath(name.replace("\\", "/")).parts[:-1]
    return tuple(
        part
        for part in folders
        if part.casefold() not in _GENERAL and not (len(part) == 2 and part[1] == ":")
    )


def _no_group(reason: str, groups: list[tuple[str, ...]]) -> MaskMismatch:
    found = list(dict.fromkeys("/".join(group) or "." for group in groups))
    shown = ", ".join(name[:80] for name in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return MaskMismatch(
        f"The images are of several videos: they lie in {shown}{more}. {reason}.",
        f"Say which is this one: --only {found[0][:80]}.",
    )


def match_numbers(
    numbers: set[int], info: VideoInfo, *, first: int, options: ImportOptions = AS_USUAL
) -> tuple[int, str]:
    """Return what to subtract from frame numbers to get frame indices, and why, as a sentence.

    Args:
        numbers: the numbers in the file.
        info: the video.
        first: number that the format gives to the first frame: 0 or 1.
        options: may say another one.

    Raises:
        MaskMismatch: numbers out of range.
    """
    offset, said = first, ""
    if options.first_frame is not None:
        offset, said = options.first_frame, " (--first-frame)"
    elif numbers and first == 1 and min(numbers) == 0:
        offset = 0
    elif numbers and first == 0 and min(numbers) >= 1 and max(numbers) == info.frame_count:
        offset = 1
    last = info.frame_count - 1 + offset
    wrong = sorted(n for n in numbers if not offset <= n <= last)
    if wrong:
        raise MaskMismatch(
            f"Frame {wrong[0] if abs(wrong[0]) < 10**18 else 'number'} is out of range: "
            f"{info.path} has frames {offset} to {last}.",
            "Is this the video that the annotations belong to? --first-frame N says another number"
            " of the first frame.",
        )
    return offset, f"Frames are counted from {offset}{said}."
