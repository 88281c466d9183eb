"""Packed films with drawn boxes: of which frames of a pack a person or `vosapp densify` speaks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.box_lists import ClipBoxes
from core.data.box_tables import clip_names
from core.data.dense_labels import made_of_boxes
from core.data.frame_pack import FramePack
from core.data.layouts import find_frame_tree, find_mask_tree
from core.data.pack_origin import PackOrigin
from core.data.splits import is_held_out
from core.errors import TrainingError

_MASK = re.compile(r"\d{5,7}\.png")


@dataclass(frozen=True, slots=True)
class BoxedFilm:
    """A film with boxes on some of its packed frames.

    Attributes:
        pack: the frames; its origin is known.
        boxes: by indices of the video, in pixels of the video.
        drawn: places in the pack of frames with boxes, ascending.
        starts: places of frames on which an object is seen.
        masks: place -> file of its label map, where boxes were made dense.
    """

    pack: FramePack
    boxes: ClipBoxes
    drawn: tuple[int, ...]
    starts: tuple[int, ...]
    masks: Mapping[int, Path]

    @property
    def is_dense(self) -> bool:
        """Whether something is known of most frames, so that neighbors say nothing new."""
        return bool(self.masks) or 2 * len(self.drawn) > len(self.pack.times)

    @property
    def told(self) -> tuple[int, ...]:
        """Places of frames of which anything is known, ascending."""
        return tuple(sorted({*self.drawn, *self.masks}))


def origin_of(pack: FramePack) -> PackOrigin:
    """Where a pack's frames are from; `ValueError` where it does not say so."""
    if pack.origin is None:
        msg = f"{pack.path} does not say which frames it holds."
        raise ValueError(msg)
    return pack.origin


def boxed_films(
    packs: list[FramePack], boxes: Mapping[str, ClipBoxes], dense: Path | None
) -> list[BoxedFilm]:
    """The films that can train: with an object on one frame and something known of another.

    Args:
        packs: made with the frames of `boxes` asked for (`core.data.pack_origin`).
        boxes: by the names of clips, with or without suffix. Those that are held out are left out.
        dense: tree of label maps in DAVIS layout, 255 void, named by the clips and by the indices
            of their frames; None for none.

    Raises:
        TrainingError: no film can train; two have one name; a box is on a frame that a video lacks.
    """
    tree = None if dense is None else find_mask_tree(dense)
    films = []
    for clip, drawn in boxes.items():
        if is_held_out(clip):
            continue
        named = [pack for pack in packs if pack.origin is not None and pack.origin.is_called(clip)]
        if len(named) > 1:
            msg = f"{len(named)} videos are called {clip}."
            raise TrainingError(msg, "Leave one of them: the table of boxes means one.")
        films += [_film(pack, clip, drawn, tree) for pack in named]
    usable = [film for film in films if film.starts and len(film.drawn) > 1]
    if not usable:
        msg = f"None of the {len(boxes)} clips with labels can be trained on."
        hint = "Give --videos with clips that are labeled on two frames and are not held out."
        raise TrainingError(msg, hint)
    return usable


def _film(pack: FramePack, clip: str, boxes: ClipBoxes, tree: Path | None) -> BoxedFilm:
    place_of = {index: place for place, index in enumerate(origin_of(pack).indices)}
    missing = [frame for frame in boxes.frames if frame not in place_of]
    if missing:
        msg = f"{clip} has labels on frame {missing[0]}, which its video does not have."
        raise TrainingError(msg, "Give the videos that were labeled.")
    seen = {frame for (frame, _), place in boxes.places.items() if place[2] > 0}
    drawn = tuple(sorted(place_of[frame] for frame in boxes.frames))
    starts = tuple(sorted(place_of[frame] for frame in seen))
    return BoxedFilm(pack, boxes, drawn, starts, _masks(clip, origin_of(pack), tree))


def _masks(clip: str, origin: PackOrigin, tree: Path | None) -> dict[int, Path]:
    """Files of label maps by place: named like the images of a folder, or by indices of a video."""
    if tree is None:
        return {}
    folder = next((tree / name for name in clip_names(clip) if (tree / name).is_dir()), None)
    if folder is None:
        return {}
    if origin.names and not _numbered(tree):
        named = ((place, folder / f"{name}.png") for place, name in enumerate(origin.names))
        return {place: file for place, file in named if file.is_file()}
    place_of = {index: place for place, index in enumerate(origin.indices)}
    files = sorted(file for file in folder.iterdir() if _MASK.fullmatch(file.name))
    return {place_of[int(f.stem)]: f for f in files if int(f.stem) in place_of}


def _numbered(tree: Path) -> bool:
    """Whether label maps of a sequence are named by the indices of its frames, not as these.

    So they are where `vosapp densify` made them, unless it wrote frames of the same names, too.
    """
    return made_of_boxes(tree) and find_frame_tree(tree, tree) is None


def odds_of_films(films: list[BoxedFilm]) -> np.ndarray:
    """How often each film is drawn: by the root of the frames of which something is known."""
    weights = np.sqrt([len(film.told) for film in films])
    odds: np.ndarray = weights / weights.sum()
    return odds
