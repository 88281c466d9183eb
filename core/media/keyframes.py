"""Keyframes from mask files: one mask, or a folder of masks named by their frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import MaskMismatch, MaskReadError
from core.media.annotations.options import ABSENT, AS_USUAL, ImportOptions, unlabeled_notes
from core.media.frame_names import match_frames, match_names
from core.media.image_file import list_images
from core.media.label_map import (
    ColorIds,
    MaskImport,
    page_count,
    read_label_map,
    read_pages,
    resize_label_map,
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


def load_keyframes(
    path: Path, info: VideoInfo, options: ImportOptions = AS_USUAL
) -> KeyframeImport:
    """Read one mask, a file of masks, or a folder of masks, as keyframes of a video.

    One mask belongs to the frame that its name says, else to frame 0. A file with pages has one
    for each frame. Masks in a folder are matched by their names, see `frame_names.match_names`.

    A keyframe asserts all ids that have appeared up to its frame: one that is missing from it was
    there before and is absent now. An id that has not appeared yet is unknown, not absent. The
    options say of masks without any object that they are no keyframes, which number the first
    frame has, and at what size the masks were made.

    Raises:
        MaskReadError: a file that is missing or cannot be read as a mask.
        MaskMismatch: another size than the video, a name that fits no frame or two, or no object
            at all.
    """
    notes: list[str] = []
    at_size = info
    if options.image_size is not None:
        at_size = replace(info, width=options.image_size[0], height=options.image_size[1])
    if path.is_dir():
        frames, notes = _frames_of_folder(path, info, options)
        masks = _read(frames, at_size)
    elif (pages := page_count(path)) > 1:
        masks, notes = _read_pages(path, pages, at_size)
        frames = dict.fromkeys(masks, path)
    else:
        frames, notes = _frame_of_file(path, info, options)
        masks = _read(frames, at_size)
    if at_size != info:
        masks = {index: _scaled(mask, info) for index, mask in masks.items()}
        notes.append(_scaling_note(at_size, info))
    masks, unlabeled = _without_open(masks, options)
    keyframes, empty = _assert_ids(masks)
    if not keyframes:
        raise MaskMismatch(
            f"There is no object in any mask of {path}.",
            "Draw at least one object: pixel values 1 to 254.",
        )
    notes += _reading_notes(frames, masks) + _empty_notes(empty) + unlabeled
    return KeyframeImport(tuple(keyframes), tuple(notes))


def _frame_of_file(
    path: Path, info: VideoInfo, options: ImportOptions
) -> tuple[dict[int, Path], list[str]]:
    index = match_frames([path], info, first_frame=options.first_frame)[path]
    if index is None:
        return {0: path}, [f"{path.name}: taken for frame 0 (its name says no frame)"]
    _, rule = match_names([path.name], info, first_frame=options.first_frame)
    return {index: path}, [f"{path.name}: taken for frame {index}, by its name. {rule[:-1]}"]


def _read_pages(path: Path, pages: int, info: VideoInfo) -> tuple[dict[int, MaskImport], list[str]]:
    if pages != info.frame_count:
        raise MaskMismatch(
            f"{path} has {pages} pages, but {info.path} has {info.frame_count} frames: nothing says"
            " which page belongs to which frame.",
            "Save one page for each frame, or files that are named by their frames.",
        )
    fits = _size_check(path, info)
    masks = dict(enumerate(read_pages(path, check_size=fits)))
    return masks, [f"{path.name}: {pages} pages, the first one taken for frame 0"]


def _frames_of_folder(
    folder: Path, info: VideoInfo, options: ImportOptions
) -> tuple[dict[int, Path], list[str]]:
    try:
        files = list_images(folder)
    except OSError as exc:
        raise MaskReadError(f"The folder {folder} cannot be read: {exc.strerror}.") from exc
    if not files:
        raise MaskReadError(
            f"The folder {folder} holds no masks.",
            "Choose a mask file, or a folder of masks named by their frames (00000.png, ...).",
        )
    names = {file.name: file for file in files}
    found, rule = match_names(list(names), info, first_frame=options.first_frame)
    return dict(sorted((index, names[name]) for name, index in found.items())), [rule[:-1]]


def _read(frames: dict[int, Path], info: VideoInfo) -> dict[int, MaskImport]:
    color_ids = ColorIds()
    for path in frames.values():
        survey_label_map(path, color_ids, check_size=_size_check(path, info))
    masks: dict[int, MaskImport] = {}
    for index, path in frames.items():
        fits = _size_check(path, info)
        masks[index] = read_label_map(path, color_ids=color_ids, check_size=fits)
    return masks


def _size_check(path: Path, info: VideoInfo) -> Callable[[int, int], None]:
    def check(width: int, height: int) -> None:
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

    return check


def _scaled(mask: MaskImport, info: VideoInfo) -> MaskImport:
    return replace(mask, label_map=resize_label_map(mask.label_map, (info.width, info.height)))


def _scaling_note(made: VideoInfo, info: VideoInfo) -> str:
    return (
        f"Scaled from {made.width} x {made.height} to {info.width} x {info.height} pixels"
        " (--image-size)"
    )


def _without_open(
    masks: dict[int, MaskImport], options: ImportOptions
) -> tuple[dict[int, MaskImport], list[str]]:
    """Leave out masks that show nothing, where they were said to be open; and say what they are."""
    state = options.unlabelled or ABSENT
    shown = [index for index, mask in masks.items() if mask.object_ids]
    bare = [index for index, mask in masks.items() if not mask.label_map.any()]
    if state == ABSENT:
        later = [index for index in bare if shown and index > shown[0]]
        return masks, [note[:-1] for note in unlabeled_notes(len(later), state)]
    kept = {index: mask for index, mask in masks.items() if index not in set(bare)}
    return kept, [note[:-1] for note in unlabeled_notes(len(bare), state)]


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
