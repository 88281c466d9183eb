"""Keyframes from mask files: one mask, or a folder of masks named by their frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import MaskMismatch, MaskReadError
from core.media.frame_names import frame_number, match_frames
from core.media.image_file import list_images
from core.media.label_map import (
    ColorIds,
    MaskImport,
    page_count,
    read_label_map,
    read_pages,
    survey_label_map,
)
from core.types import Keyframe, VideoInfo

_SHOWN = 3
"""Files that an error names."""
_MAX_NOTES = 5
"""Files of which the notes tell how they were read; the rest are counted."""


@dataclass(frozen=True, slots=True)
class KeyframeImport:
    """Keyframes that were read from files.

    Attributes:
        keyframes: ascending by frame, at least one, each with at least one object id.
        notes: plain sentences on how names and values were understood.
    """

    keyframes: tuple[Keyframe, ...]
    notes: tuple[str, ...]


def load_keyframes(path: Path, info: VideoInfo) -> KeyframeImport:
    """Read one mask, a file of masks, or a folder of masks, as keyframes of a video.

    One mask belongs to the frame that its name says, else to frame 0. A file with pages has one
    for each frame. Masks in a folder are named by the frames' stems, or else by frame number, the
    first frame being 0.

    A keyframe asserts all ids that have appeared up to its frame: one that is missing from it was
    there before and is absent now. An id that has not appeared yet is unknown, not absent.

    Raises:
        MaskReadError: a file that is missing or cannot be read as a mask.
        MaskMismatch: another size than the video, a name that fits no frame, or no object at all.
    """
    notes: list[str] = []
    if path.is_dir():
        frames = _frames_of_folder(path, info)
        masks = _read(frames, info)
    elif (pages := page_count(path)) > 1:
        masks, notes = _read_pages(path, pages, info)
        frames = dict.fromkeys(masks, path)
    else:
        frames, notes = _frame_of_file(path, info)
        masks = _read(frames, info)
    keyframes, empty = _assert_ids(masks)
    if not keyframes:
        raise MaskMismatch(
            f"There is no object in any mask of {path}.",
            "Draw at least one object: pixel values 1 to 254.",
        )
    notes += _reading_notes(frames, masks) + _empty_notes(empty)
    return KeyframeImport(tuple(keyframes), tuple(notes))


def _frame_of_file(path: Path, info: VideoInfo) -> tuple[dict[int, Path], list[str]]:
    index = match_frames([path], info)[path]
    if index is not None:
        return {index: path}, [f"{path.name}: taken for frame {index}, by its name"]
    if frame_number(path.stem, info) is not None:
        raise _no_frame([path], [path], info)
    return {0: path}, [f"{path.name}: taken for frame 0 (its name says no frame)"]


def _read_pages(path: Path, pages: int, info: VideoInfo) -> tuple[dict[int, MaskImport], list[str]]:
    if pages != info.frame_count:
        raise MaskMismatch(
            f"{path} has {pages} pages, but {info.path} has {info.frame_count} frames: nothing says"
            " which page belongs to which frame.",
            "Save one page for each frame, or files that are named by their frames.",
        )
    masks = dict(enumerate(read_pages(path)))
    for mask in masks.values():
        _check_size(mask, path, info)
    return masks, [f"{path.name}: {pages} pages, the first one taken for frame 0"]


def _frames_of_folder(folder: Path, info: VideoInfo) -> dict[int, Path]:
    try:
        files = list_images(folder)
    except OSError as exc:
        raise MaskReadError(f"The folder {folder} cannot be read: {exc.strerror}.") from exc
    if not files:
        raise MaskReadError(
            f"The folder {folder} holds no masks.",
            "Choose a mask file, or a folder of masks named by their frames (00000.png, ...).",
        )
    matched = match_frames(files, info)
    lost = [file for file, index in matched.items() if index is None]
    if lost:
        raise _no_frame(lost, files, info)
    frames: dict[int, Path] = {}
    for file, index in matched.items():
        if index is not None and frames.setdefault(index, file) is not file:
            raise MaskMismatch(
                f"Two masks in {folder} are for frame {index}: {frames[index].name} and"
                f" {file.name}.",
                "Keep one of them.",
            )
    return dict(sorted(frames.items()))


def _no_frame(lost: list[Path], files: list[Path], info: VideoInfo) -> MaskMismatch:
    names = ", ".join(file.name for file in lost[:_SHOWN])
    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
    numbers = [frame_number(file.stem, info) for file in files]
    known = [number for number in numbers if number is not None]
    last = info.frame_count - 1
    if len(known) < len(numbers):
        span = f"the video's frames are 0 to {last}"
        if info.stems:
            span = f"the frames are named {info.stems[0]} to {info.stems[-1]}"
        return MaskMismatch(
            f"No frame of {info.path} fits the masks {names}{more}: {span}.",
            "Name each mask as its frame, or by the frame's number, the first being 00000.",
        )
    hint = "Frames are counted from 0: the first frame's mask is 00000."
    if min(known) >= 1 and max(known) == info.frame_count:
        hint = "They seem to be counted from 1: rename the masks so that the first is 00000."
    told = f"The masks {names}{more} are out of range: they go up to frame {max(known)}"
    if len(files) == 1:
        told = f"The mask {names} is out of range: it is for frame {max(known)}"
    return MaskMismatch(f"{told}, but {info.path} has frames 0 to {last}.", hint)


def _read(frames: dict[int, Path], info: VideoInfo) -> dict[int, MaskImport]:
    color_ids = ColorIds()
    for path in frames.values():
        survey_label_map(path, color_ids)
    masks: dict[int, MaskImport] = {}
    for index, path in frames.items():
        mask = read_label_map(path, color_ids=color_ids)
        _check_size(mask, path, info)
        masks[index] = mask
    return masks


def _check_size(mask: MaskImport, path: Path, info: VideoInfo) -> None:
    height, width = mask.label_map.shape
    if (width, height) == (info.width, info.height):
        return
    hint = "Export the masks at the video's own size, without smoothing."
    if (height, width) == (info.width, info.height):
        hint = "The mask seems to be turned by 90 degrees against the video."
    raise MaskMismatch(
        f"The mask {path} is {width} x {height} pixels, but the video is"
        f" {info.width} x {info.height}.",
        hint,
    )


def _assert_ids(masks: dict[int, MaskImport]) -> tuple[list[Keyframe], list[int]]:
    """Return the keyframes, and the frames whose masks say nothing: empty before any object."""
    seen: set[int] = set()
    keyframes: list[Keyframe] = []
    empty: list[int] = []
    for index, mask in masks.items():
        seen |= set(mask.object_ids)
        if seen:
            keyframes.append(Keyframe(index, tuple(sorted(seen)), mask.label_map))
        else:
            empty.append(index)
    return keyframes, empty


def _reading_notes(frames: dict[int, Path], masks: dict[int, MaskImport]) -> list[str]:
    mapped = [index for index, mask in masks.items() if not mask.exact]
    notes = [f"{frames[i].name}: {'; '.join(masks[i].notes)}" for i in mapped[:_MAX_NOTES]]
    if len(mapped) > _MAX_NOTES:
        notes.append(f"{len(mapped) - _MAX_NOTES} more masks were mapped in the same way")
    return list(dict.fromkeys(notes))


def _empty_notes(empty: list[int]) -> list[str]:
    if not empty:
        return []
    shown = ", ".join(str(index) for index in empty[:_SHOWN])
    return [f"{len(empty)} masks before the first object are empty and say nothing: frames {shown}"]
