"""Mask files: one mask, a folder or zip of masks, and the trees of DAVIS and YouTube-VOS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.choosing import ONLY, only_or_own
from core.data.importing.collect import Label, checked_mapping, object_infos, propose_ids
from core.data.importing.mask_zip import MaskFiles, ZippedMasks
from core.data.importing.matching import folder_names, match_names
from core.data.importing.reading import read_json
from core.data.layouts import find_mask_tree
from core.errors import AnnotationReadError, DatasetError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions, settle_empty
from core.media.annotations.values import ImportedAnnotations
from core.media.export.base import is_plain_name
from core.media.frame_names import match_frames
from core.media.image_file import list_images
from core.media.label_map import ColorIds, MaskImport
from core.types import MAX_OBJECT_ID, VOID, Keyframe, VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import Job

_SHOWN = 5
_META = "meta.json"
_CVAT_MASKS = ("SegmentationObject", "SegmentationClass")
"""Folders of VOC and of CVAT's segmentation masks; the first tells objects of one class apart."""


def read_masks(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read one mask, a folder or zip of masks, or the sequence of the video's name in a dataset.

    Palette images are read by index, whatever their colors; how ids come out of others is said in
    `core.media.mask_import`; all masks are looked at first, so that a value is one object in all of
    them. Files are read for that, for the ids, and when keyframes are asked for.

    Where a meta.json of YouTube-VOS lists an object on a frame whose mask does not show it, the
    object is unknown there; elsewhere an object that was seen before and is not shown is absent.

    Args:
        path: a mask file, a folder or zip of them, or the root of a dataset.
        info: the video that they belong to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no masks.
        DatasetError: the dataset is not laid out as one.
        MaskReadError: a file that is no mask.
        MaskMismatch: another size than the video, or names that are no frames of it.
    """
    files, notes, store = _find_files(path, info, options)
    maps = _LazyMaps(files, store)
    found: dict[int, None] = {}
    mapped: list[str] = []
    empty: list[int] = []
    try:
        yield from maps.survey(token)
        for done, (index, file) in enumerate(files.items(), len(files)):
            yield maps.progress(done, f"reading {file.name}", token)
            mask = maps.read(index)
            found |= dict.fromkeys(mask.object_ids)
            if not mask.label_map.any():
                empty.append(index)
            mapped += _told(file, mask)
    finally:
        store.close()
    notes += _shortened(mapped)
    maps.listed, categories = _read_meta(next(iter(files.values())).parent)
    notes += settle_empty(files, empty, options)
    labels = _labels(sorted(found), maps.colors, categories)
    ids = _ids(labels, mapping, notes)
    maps.ids.update({value: ids[label.text] for value, label in labels.items()})
    return ImportedAnnotations(
        objects=object_infos(tuple(labels.values()), ids),
        frames=tuple(files),
        keyframes=maps.keyframes,
        notes=tuple(notes),
        mapping=MappingProxyType(ids),
    )


def _told(file: Path, mask: MaskImport) -> list[str]:
    return [] if mask.exact else [f"{file.name}: {'; '.join(mask.notes)}."]


def _shortened(mapped: list[str]) -> list[str]:
    more = len(mapped) - _SHOWN
    rest = [f"{more} more masks were understood in the same way."] if more > 0 else []
    return mapped[:_SHOWN] + rest


def _ids(
    labels: Mapping[int, Label], mapping: Mapping[str, int] | None, notes: list[str]
) -> dict[str, int]:
    ids = propose_ids(tuple(labels.values()), notes)
    return ids if mapping is None else checked_mapping(mapping, ids, notes)


class _LazyMaps:
    """Reads mask files as keyframes, one at a time."""

    def __init__(self, files: dict[int, Path], store: MaskFiles) -> None:
        self._files = files
        self._store = store
        self.colors = ColorIds()
        self.listed: dict[str, set[int]] = {}
        self.ids: dict[int, int] = {}

    def progress(self, done: int, text: str, token: CancelToken | None) -> Progress:
        """Return how far both readings are, unless they are cancelled."""
        if token is not None:
            token.check()
        return Progress(done, 2 * len(self._files), text)

    def survey(self, token: CancelToken | None) -> Iterator[Progress]:
        """Look at all masks before any is read."""
        for done, file in enumerate(self._files.values()):
            yield self.progress(done, f"looking at {file.name}", token)
            self._store.survey(file, self.colors)

    def read(self, index: int) -> MaskImport:
        """Read one mask; a color has the same id in all of them."""
        return self._store.read(self._files[index], self.colors)

    def keyframes(self) -> Iterator[Keyframe]:
        table = np.zeros(256, np.uint8)
        table[VOID] = VOID
        for value, object_id in self.ids.items():
            table[value] = object_id
        try:
            yield from self._keyframes(table)
        finally:
            self._store.close()

    def _keyframes(self, table: NDArray[np.uint8]) -> Iterator[Keyframe]:
        seen: set[int] = set()
        for index, file in self._files.items():
            label_map = table[self.read(index).label_map]
            label_map.flags.writeable = False
            shown = {i for i in np.unique(label_map).tolist() if 0 < i <= MAX_OBJECT_ID}
            seen |= shown
            unknown = {self.ids.get(i, 0) for i in self.listed.get(file.stem, ())} - shown
            yield Keyframe(index, tuple(sorted(seen - unknown)), label_map)


def _find_files(
    path: Path, info: VideoInfo, options: ImportOptions
) -> tuple[dict[int, Path], list[str], MaskFiles]:
    """Return the masks by frame, how they were matched, and what reads them."""
    if path.is_file() and path.suffix.lower() == ".zip":
        store = ZippedMasks(path, info, options.only)
        return *_matched(store.paths, info, options), store
    if not path.is_dir():
        index = match_frames([path], info, first_frame=options.first_frame)[path]
        known = f"frame {index}, by its name"
        note = "frame 0, its name says no other" if index is None else known
        return {index or 0: path}, [f"{path.name}: taken for {note}."], MaskFiles(info)
    try:
        folder = _mask_folder(path, info, options.only)
    except DatasetError:
        zips = [path / f"{name}.zip" for name in folder_names(info)]
        own = next((file for file in zips if file.is_file()), None)
        if own is None:
            raise
        return _find_files(own, info, options)
    files = _images(folder)
    if not files:
        raise AnnotationReadError(f"The folder {folder} holds no masks.", "Check the path.")
    return *_matched(files, info, options), MaskFiles(info)


def _matched(
    files: list[Path], info: VideoInfo, options: ImportOptions
) -> tuple[dict[int, Path], list[str]]:
    # Two files of one stem are two masks of one frame: matching by full names says so.
    names, rule = match_names([file.name for file in files], info, options)
    return dict(sorted((names[file.name], file) for file in files)), [rule]


def _mask_folder(path: Path, info: VideoInfo, only: str) -> Path:
    """Return the folder itself where it holds masks, else that of the sequence in a dataset."""
    if only and is_plain_name(only) and (path / only).is_dir() and _images(path / only):
        return path / only
    if _images(path) and not only:
        return path
    for name in _CVAT_MASKS:
        if (path / name).is_dir() and _images(path / name):
            return path / name
    tree = find_mask_tree(path)
    if only and is_plain_name(only) and (tree / only).is_dir():
        return tree / only
    if only:
        raise AnnotationReadError(f"{path} holds no folder of masks called {only[:80]}.")
    sequences = sorted(p for p in tree.iterdir() if p.is_dir() and _images(p))
    return only_or_own(sequences, tree, info, of="masks", do=ONLY)


def _images(folder: Path) -> list[Path]:
    try:
        return list_images(folder)
    except OSError as error:
        raise AnnotationReadError(f"{folder} cannot be read: {error.strerror}.") from error


def _labels(values: list[int], colors: ColorIds, categories: Mapping[int, str]) -> dict[int, Label]:
    """Return the label of each value that was read: its color where it stands for one."""
    named = {object_id: color for color, object_id in colors.ids.items()}
    labels = {}
    for value in values:
        color = named.get(value)
        text, shown = str(value), None
        if color is not None and len(color) == 3:
            text = "#" + "".join(f"{part:02x}" for part in color)
            shown = (color[0], color[1], color[2])
        elif color is not None:
            text = f"gray {color[0]}"
        labels[value] = Label(text, value, "", categories.get(value, ""), shown)
    return labels


def _read_meta(folder: Path) -> tuple[dict[str, set[int]], dict[int, str]]:
    """Return which objects meta.json lists on each frame's stem, and their categories."""
    path = folder.parent.parent / _META
    if folder.parent.name != "Annotations" or not path.is_file():
        return {}, {}
    video = read_json(path).field("videos").get(folder.name)
    listed: dict[str, set[int]] = {}
    categories: dict[int, str] = {}
    for key, entry in video.field("objects").fields() if video is not None else ():
        if not key.isdecimal() or len(key) > 3 or not 1 <= int(key) <= MAX_OBJECT_ID:
            raise entry.fail(f"is no object id from 1 to {MAX_OBJECT_ID}")
        category = entry.get("category")
        if category is not None:
            categories[int(key)] = category.text()[:200]
        frames = entry.get("frames")
        for stem in frames.elements() if frames is not None else ():
            listed.setdefault(stem.text(), set()).add(int(key))
    return listed, categories
