"""Reading the folder trees of video segmentation datasets and of results.

A *mask tree* has one folder of PNG files for each sequence, named by the frames' stems. These
are found in whatever they are wrapped in::

    ROOT/<sequence>/00000.png
    ROOT/Annotations/<sequence>/00000.png              YouTube-VOS, with meta.json beside it
    ROOT/Annotations/480p/<sequence>/00000.png         DAVIS; any name in the place of 480p
    ROOT/Annotations_unsupervised/480p/...             DAVIS 2019 unsupervised
    ROOT/480p/<sequence>/00000.png

with the frames in ROOT/JPEGImages/[480p/]<sequence>/ where there are any, and lists of sequences
in ROOT/ImageSets/<group>/<split>.txt.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.data.raw_video import FRAME_FOLDER, FRAME_SUFFIXES, files_below
from core.errors import DatasetError
from core.media.input_file import read_input_text

MASK_SUFFIX = ".png"
ANNOTATION_FOLDERS = ("Annotations", "Annotations_unsupervised")
USUAL_RESOLUTION = "480p"
NAMES_SHOWN = 5
MAX_BYTES = 64 << 20
"""Larger lists, and a larger meta.json, are refused."""


@dataclass(frozen=True, slots=True)
class SequencePaths:
    """Where the files of one sequence are.

    Attributes:
        name: the folder's name.
        frames: image files in order; empty where the tree has none.
        masks: label map files in order; may be fewer than the frames.
    """

    name: str
    frames: tuple[Path, ...]
    masks: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """What YouTube-VOS's meta.json says of one object.

    Attributes:
        object_id: the pixel value in the masks.
        category: as it is written there; may be empty.
        frames: names, without extension, of the frames in which it is annotated; may be empty.
    """

    object_id: int
    category: str
    frames: tuple[str, ...]


def find_mask_tree(root: Path, *, resolution: str | None = None) -> Path:
    """Folder whose subfolders are the sequences' mask folders; see the module for the layouts.

    Args:
        root: dataset or result folder.
        resolution: name of the folder between root and sequences; None takes 480p, or the only
            one that holds masks.

    Raises:
        DatasetError: no masks are found, or the resolution is missing or not clear.
    """
    _require_folder(root)
    starts = [root / name for name in ANNOTATION_FOLDERS if (root / name).is_dir()]
    start = starts[0] if starts else root
    if any(_mask_files(folder) for folder in subfolders(start)):
        return start
    found = [
        folder
        for folder in subfolders(start)
        if any(_mask_files(sequence) for sequence in subfolders(folder))
    ]
    return _choose_resolution(start, found, resolution)


def read_tree(
    root: Path, *, sequences: Iterable[str] | None = None, resolution: str | None = None
) -> tuple[SequencePaths, ...]:
    """Sequences of a dataset, in natural order of their names or in the order asked for.

    Args:
        root: dataset folder in any layout of this module.
        sequences: names of those wanted; None takes every one that has masks.
        resolution: see `find_mask_tree`.

    Raises:
        DatasetError: the tree is none, or a sequence asked for is missing or has no masks.
    """
    masks = find_mask_tree(root, resolution=resolution)
    wanted = None if sequences is None else tuple(dict.fromkeys(sequences))
    names = [f.name for f in subfolders(masks) if _mask_files(f)]
    if wanted is not None:
        missing = [name for name in wanted if name not in names]
        if missing:
            raise DatasetError(
                f"No masks of {shorten(missing)} in {masks}.",
                f"The sequences there are {shorten(names)}.",
            )
    frames = find_frame_tree(root, masks)
    return tuple(
        SequencePaths(name, _frame_files(frames, name), _mask_files(masks / name))
        for name in (names if wanted is None else wanted)
    )


def read_split(root: Path, split: str) -> tuple[str, ...]:
    """Names of the sequences that a file in ImageSets lists.

    Args:
        root: dataset folder.
        split: the file's name without extension ("val"), or with its folder ("2017/val").

    Raises:
        DatasetError: there is no such list, more than one, or it is empty or not text.
    """
    sets = root / "ImageSets"
    lists = {path.relative_to(sets).with_suffix("").as_posix(): path for path in _lists(sets)}
    found = [key for key in lists if split in (key, key.rpartition("/")[2])]
    if len(found) != 1:
        known = f"The lists there are {shorten(sorted(lists))}." if lists else ""
        many = f" ({shorten(found)})" if found else ""
        raise DatasetError(f"{len(found)} lists called {split} in {sets}{many}, not one.", known)
    names = tuple(dict.fromkeys(_read_text(lists[found[0]]).split()))
    if not names:
        raise DatasetError(f"{lists[found[0]]} lists no sequence.", "Name the sequences instead.")
    return names


def read_meta(root: Path) -> dict[str, tuple[ObjectEntry, ...]] | None:
    """Objects of each sequence by YouTube-VOS's meta.json; None where the file is missing.

    Raises:
        DatasetError: the file is not laid out as meta.json should be.
    """
    path = root / "meta.json"
    if not path.is_file():
        return None
    try:
        videos = json.loads(_read_text(path))["videos"]
        return {str(name): _entries(video["objects"]) for name, video in videos.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DatasetError(
            f"{path} is not laid out as YouTube-VOS's meta.json ({type(error).__name__}: {error}).",
            'It reads {"videos": {NAME: {"objects": {"1": {"category": "", "frames": []}}}}}.',
        ) from error


def shorten(names: Iterable[str]) -> str:
    """Names for a message: the first few, and how many more."""
    listed = list(names)
    more = f" and {len(listed) - NAMES_SHOWN} more" if len(listed) > NAMES_SHOWN else ""
    return (", ".join(listed[:NAMES_SHOWN]) + more) or "none"


def _entries(objects: dict[str, dict[str, object]]) -> tuple[ObjectEntry, ...]:
    entries = []
    for key, entry in objects.items():
        frames = entry.get("frames") or ()
        if not isinstance(frames, list | tuple):
            raise TypeError(f"frames of object {key} are no list")
        category = str(entry.get("category") or "")
        entries.append(ObjectEntry(int(key), category, tuple(str(name) for name in frames)))
    return tuple(sorted(entries, key=lambda entry: entry.object_id))


def _choose_resolution(start: Path, found: list[Path], resolution: str | None) -> Path:
    names = [folder.name for folder in found]
    if not found:
        raise DatasetError(
            f"{start} holds no folders with PNG masks.",
            "Name the folder whose subfolders are the sequences, as in FOLDER/bear/00000.png.",
        )
    wanted = resolution or (names[0] if len(names) == 1 else USUAL_RESOLUTION)
    if wanted not in names:
        raise DatasetError(
            f"{start} has masks in {shorten(names)}, not in {wanted}.",
            "Name the folder of the resolution itself.",
        )
    return found[names.index(wanted)]


def find_frame_tree(root: Path, masks: Path) -> Path | None:
    """Folder of the sequences' frames that lies beside their masks; None where there is none."""
    for base in (root, masks.parent, masks.parent.parent):
        frames = base / FRAME_FOLDER
        if frames.is_dir():
            return _frame_resolution(frames, masks.name)
    return None


def _frame_resolution(frames: Path, mask_resolution: str) -> Path:
    for name in (mask_resolution, USUAL_RESOLUTION):
        if (frames / name).is_dir():
            return frames / name
    folders = subfolders(frames)
    nested = [folder for folder in folders if subfolders(folder)]
    return nested[0] if nested and len(nested) == len(folders) else frames


def _frame_files(tree: Path | None, name: str) -> tuple[Path, ...]:
    return () if tree is None else files_in(tree / name, FRAME_SUFFIXES)


def _mask_files(folder: Path) -> tuple[Path, ...]:
    return files_in(folder, frozenset({MASK_SUFFIX}))


def files_in(folder: Path, suffixes: frozenset[str]) -> tuple[Path, ...]:
    """Files of a folder with one of these endings, in natural order; none of hidden names."""
    if not folder.is_dir():
        return ()
    found = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    ]
    return tuple(_in_order(found))


def subfolders(folder: Path) -> list[Path]:
    """Folders in a folder, in natural order; none of hidden names."""
    found = [p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__"))]
    return _in_order(found)


def _in_order(paths: list[Path]) -> list[Path]:
    """By their names, in natural order."""
    # Not before it is needed: machines that only train may lack it.
    from natsort import natsorted

    return list(natsorted(paths, key=lambda path: path.name))


def _lists(sets: Path) -> list[Path]:
    return files_below(sets, (".txt",)) if sets.is_dir() else []


def _require_folder(root: Path) -> None:
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise DatasetError(f"{root} {what}.", "Check the path.")


def _read_text(path: Path) -> str:
    try:
        return read_input_text(path, limit=MAX_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"{path} cannot be read: {reason}.", "Check the file.") from error
