"""Sets of videos and images whose objects are found without prompts: SegTrack v2, FBMS, DUTS,
and Youtube-Objects (`core.data.youtube_objects`).

::

    ROOT/JPEGImages/<sequence>/NAME.png|bmp|jpg            SegTrack v2; masks of several objects
    ROOT/GroundTruth/<sequence>/[1|2|...]/NAME.png         lie in numbered folders

    ROOT/[Testset|Trainingset]/<sequence>/NAME.jpg         FBMS-59; masks on few frames, of any of
    ROOT/.../<sequence>/GroundTruth/NAME[_gt].png|pgm|ppm  these formats, black is background

    ROOT/<SET>-Image/NAME.jpg                              DUTS; ROOT may be the folder above
    ROOT/<SET>-Mask/NAME.png

Anything that is not black in a mask is an object; all objects of a frame are taken together. The
layouts are those of the public archives as far as we know them; they were tried on folders that
tests make. No torch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.data.layouts import files_in, read_tree, subfolders
from core.data.object_sequence import ObjectSequence
from core.data.raw_video import FRAME_SUFFIXES
from core.data.youtube_objects import is_youtube_objects, read_youtube_objects
from core.errors import DatasetError

MASK_SUFFIXES = frozenset({".png", ".bmp", ".pgm", ".ppm", ".jpg", ".jpeg", ".tif", ".tiff"})
FRAMES, TRUTH = "JPEGImages", "GroundTruth"
FBMS_PARTS = ("Testset", "Trainingset")
MARK = "_gt"
IMAGE_END, MASK_END = "-Image", "-Mask"


def read_object_set(root: Path) -> tuple[ObjectSequence, ...]:
    """Sequences of SegTrack v2, FBMS, Youtube-Objects or anything that `core.data.layouts` reads.

    Raises:
        DatasetError: it is none of these, or a sequence has no frames or no masks.
    """
    if (root / TRUTH).is_dir() and (root / FRAMES).is_dir():
        return read_segtrack(root)
    if any((root / part).is_dir() for part in FBMS_PARTS) or _has_own_truth(root):
        return read_fbms(root)
    if is_youtube_objects(root):
        return read_youtube_objects(root)
    return _davis(root)


def read_segtrack(root: Path) -> tuple[ObjectSequence, ...]:
    """Sequences of SegTrack v2.

    Raises:
        DatasetError: see `read_object_set`.
    """
    found = [
        _sequence(folder.name, root / FRAMES / folder.name, [folder, *subfolders(folder)])
        for folder in subfolders(root / TRUTH)
    ]
    return _require_some(found, root)


def read_fbms(root: Path) -> tuple[ObjectSequence, ...]:
    """Sequences of FBMS-59, of both parts where there are both.

    Raises:
        DatasetError: see `read_object_set`.
    """
    parts = [root / part for part in FBMS_PARTS if (root / part).is_dir()] or [root]
    found = [
        _sequence(folder.name, folder, [folder / TRUTH])
        for part in parts
        for folder in subfolders(part)
        if (folder / TRUTH).is_dir()
    ]
    return _require_some(found, root)


def read_duts(root: Path) -> dict[str, tuple[Path, Path]]:
    """Image and mask of each name of DUTS, or of any folder with NAME-Image and NAME-Mask.

    Raises:
        DatasetError: there are no such folders, or masks are missing.
    """
    images, masks = _duts_folders(root)
    by_stem = {path.stem: path for path in files_in(masks, MASK_SUFFIXES)}
    pairs = {p.stem: (p, by_stem.get(p.stem)) for p in files_in(images, FRAME_SUFFIXES)}
    missing = [stem for stem, (_, mask) in pairs.items() if mask is None]
    if missing or not pairs:
        msg = f"{masks} lacks masks of {len(missing)} of {len(pairs)} images."
        raise DatasetError(msg, f"Each image of {images} needs a mask of its name.")
    return {stem: (image, mask) for stem, (image, mask) in pairs.items() if mask is not None}


def find_masks(root: Path) -> dict[str, Path]:
    """Masks or maps of single images by their names: those in a folder, or those of DUTS.

    Raises:
        DatasetError: there are none.
    """
    if not root.is_dir():
        raise DatasetError(f"{root} is no folder.", "Name a folder with masks.")
    own = files_in(root, MASK_SUFFIXES)
    if own:
        return {path.stem: path for path in own}
    return {stem: mask for stem, (_, mask) in read_duts(root).items()}


def _duts_folders(root: Path) -> tuple[Path, Path]:
    places = [root, *subfolders(root)] if root.is_dir() else []
    for place in places:
        for folder in subfolders(place):
            masks = folder.with_name(folder.name.removesuffix(IMAGE_END) + MASK_END)
            if folder.name.endswith(IMAGE_END) and masks.is_dir():
                return folder, masks
    msg = f"{root} has no folders NAME{IMAGE_END} and NAME{MASK_END}, and no masks of its own."
    raise DatasetError(msg, "Name the folder that holds both, as DUTS-TE.")


def _has_own_truth(root: Path) -> bool:
    return root.is_dir() and any((folder / TRUTH).is_dir() for folder in subfolders(root))


def _sequence(name: str, frames: Path, folders: list[Path]) -> ObjectSequence:
    """A sequence whose masks carry the names of its frames."""
    shown = files_in(frames, FRAME_SUFFIXES)
    if not shown:
        raise DatasetError(f"{frames} holds no frames of {name}.", "Add its images.")
    masks: dict[str, list[Path]] = {}
    for folder in folders:
        for path in files_in(folder, MASK_SUFFIXES):
            masks.setdefault(path.stem.removesuffix(MARK), []).append(path)
    truths = {i: tuple(masks[p.stem]) for i, p in enumerate(shown) if p.stem in masks}
    if not truths:
        msg = f"No mask of {name} carries the name of a frame in {frames}."
        raise DatasetError(msg, "Masks are named as the frames.")
    return ObjectSequence(name, shown, truths)


def _davis(root: Path) -> tuple[ObjectSequence, ...]:
    found = []
    for one in read_tree(root):
        places: Callable[[str], int] = [p.stem for p in one.frames].index
        stems = {p.stem for p in one.frames}
        truths = {places(m.stem): (m,) for m in one.masks if m.stem in stems}
        if not truths:
            msg = f"{one.name} has no frame with a mask in {root}."
            raise DatasetError(msg, "Frames lie in JPEGImages, named as the masks.")
        found.append(ObjectSequence(one.name, one.frames, truths, label_maps=True))
    return _require_some(found, root)


def _require_some(found: list[ObjectSequence], root: Path) -> tuple[ObjectSequence, ...]:
    if not found:
        raise DatasetError(f"{root} has no sequence with masks.", "Check the path.")
    return tuple(found)
