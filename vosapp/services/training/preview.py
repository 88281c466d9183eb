"""Samples as the network will see them, before a run starts. No torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.box_lists import ClipBoxes, read_box_list, read_mask_list
from core.data.clips.drawn import drawn_sample
from core.data.clips.films import BoxedFilm, boxed_films
from core.data.clips.sample import ClipConfig
from core.data.frame_pack import FramePack, PackConfig, pack_folder
from core.data.pack_origin import Wanted
from core.engine.registry import recipe_of
from core.jobs import CancelToken, Job
from core.media.scratch import scratch_folder
from vosapp.services.training.data import Surveyed, survey_labels
from vosapp.services.training.offers import needs_labels, needs_masks, stage_of
from vosapp.services.training.run_values import RunRequest
from vosapp.services.training.staging import DataFolder, stage
from vosapp.services.training.values import Part, Survey

MOST_CLIPS = 3
"""Videos that samples are drawn from, the shortest: they are read from end to end."""
FEW_FRAMES = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip as the network sees it, but for changes of its light.

    Attributes:
        clip: name of the clip.
        frames: T x S x S x 3 uint8 RGB.
        label_maps: T x S x S uint8, objects from 1 on, 255 void; 0 where not `masked`.
        boxes: T x K x 4 float32, x, y, width, height in pixels; 0 wide: absent; NaN: unknown.
        masked: T bool, frames whose label map counts.
    """

    clip: str
    frames: NDArray[np.uint8]
    label_maps: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    masked: NDArray[np.bool_]


def preview(
    request: RunRequest, found: Survey, token: CancelToken, *, count: int = 6
) -> Job[tuple[Sample, ...]]:
    """Draw samples of the shortest clips that train.

    Args:
        request: its options say how clips are cut.
        found: what was chosen.
        token: is looked at while videos are read.
        count: samples at most.

    Raises:
        VosError: a video cannot be read, or nothing can be learned from.
        Cancelled: by the token.
    """
    labeled = needs_labels(request.system, request.stage) and found.has_labels
    sources = tuple(dict.fromkeys(clip.source for clip in found.clips))
    every = yield from survey_labels(sources, token)
    chosen = _shortest(every, labeled=labeled)
    with scratch_folder() as folder:
        data = yield from stage(chosen, folder / "data", token)
        boxes = _labels(request, data) if labeled else {}
        wanted = Wanted({name: frozenset(one.frames) for name, one in boxes.items()})
        packs = yield from pack_folder(
            data.videos, folder / "frames", PackConfig(), token, wanted=wanted
        )
        rng = np.random.default_rng(request.seed)
        if boxes:
            films = boxed_films(packs, boxes, data.masks if data.masks.exists() else None)
            config = _config(request)
            return tuple(_drawn(films[k % len(films)], config, rng) for k in range(count))
        return tuple(_raw(packs[k % len(packs)], rng) for k in range(count))


def _labels(request: RunRequest, data: DataFolder) -> dict[str, ClipBoxes]:
    """Where objects are on frames that are learned from."""
    if needs_masks(request.system, request.stage):
        return read_mask_list(data.masks) if data.masks.exists() else {}
    return read_box_list(data.boxes) if data.boxes.exists() else {}


def _shortest(found: Surveyed, *, labeled: bool) -> Surveyed:
    parts = (Part.TRAIN, Part.BOTH) if labeled else (Part.TRAIN, Part.BOTH, Part.FOOTAGE)
    pairs = [p for p in zip(found.survey.clips, found.videos, strict=True) if p[0].part in parts]
    pairs = sorted(pairs, key=lambda pair: pair[0].frame_count)[:MOST_CLIPS]
    clips = tuple(clip for clip, _ in pairs)
    return Surveyed(replace(found.survey, clips=clips), tuple(video for _, video in pairs))


def _config(request: RunRequest) -> ClipConfig:
    recipe = recipe_of(request.system)
    name = stage_of(recipe, request.stage, labels=True)
    chosen = {**recipe.usual(name, refines=True), **request.options}
    crop, frames, objects = (int(chosen.get(n, d)) for n, d in _USUAL)
    return ClipConfig(crop=crop, frames=frames, objects=objects)


_USUAL = (("crop", 192), ("frames", 4), ("objects", 3))


def _drawn(film: BoxedFilm, config: ClipConfig, rng: np.random.Generator) -> Sample:
    drawn = drawn_sample(film, config, rng)
    name = _name(film.pack)
    return Sample(name, drawn.frames, drawn.label_maps, drawn.boxes, drawn.masked)


def _raw(pack: FramePack, rng: np.random.Generator) -> Sample:
    """Neighboring frames of raw footage, the middle square of each."""
    count = min(FEW_FRAMES, len(pack.times))
    first = int(rng.integers(len(pack.times) - count + 1))
    frames = np.stack([_square(pack.frame(first + k)) for k in range(count)])
    side = frames.shape[1]
    nothing = np.zeros((count, side, side), np.uint8)
    no_boxes = np.zeros((count, 0, 4), np.float32)
    return Sample(_name(pack), frames, nothing, no_boxes, np.zeros(count, np.bool_))


def _square(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = frame.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return frame[top : top + side, left : left + side]


def _name(pack: FramePack) -> str:
    if pack.origin is not None:
        return Path(pack.origin.video).stem
    return pack.path.stem.rpartition("-")[0]
