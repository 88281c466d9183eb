"""Samples of films with drawn boxes: frames around those that were labeled, cut and scaled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.clips.films import BoxedFilm, origin_of
from core.data.clips.sample import ClipConfig, ClipSample, chosen, stacked
from core.media.label_map import read_label_map, resize_label_map
from core.types import VOID

NEAR = (1, 2)
"""How many packed frames what is between lies from a frame of which something is known."""
MIN_SCALE = 0.6
"""Smallest crop, as a share of the frame's short side."""
TRIES = 4
"""Clips that are drawn until one shows an object on its first frame."""
REACH = 8
"""Where most frames are known, known frames from one frame of a clip to the next, at most."""

Boxes = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A square of the packed frames, and whether it is mirrored; all in pixels of the pack."""

    left: int
    top: int
    side: int
    flip: bool


def drawn_sample(film: BoxedFilm, config: ClipConfig, rng: np.random.Generator) -> ClipSample:
    """A random clip of a film.

    Args:
        film: with boxes.
        config: its crop, frames and objects count here.
        rng: draws everything.
    """
    for _ in range(TRIES):
        places = draw_places(film, config.frames, rng)
        sample = chosen(_sample(film, places, config.crop, rng), config.objects, rng)
        if sample.count:
            return sample
    # Label maps may refuse what there is to see; boxes show an object.
    bare = replace(film, masks={})
    places = draw_places(bare, config.frames, rng)
    return chosen(_sample(bare, places, config.crop, rng), config.objects, rng)


def draw_places(film: BoxedFilm, count: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Places in the pack of a clip's frames: one with an object, then others in one direction.

    At least one of the later ones is a frame of which something is known; what is between are other
    such frames, and frames next to them, for the loss that ties neighbors in time.

    Args:
        film: two or more of its frames are known.
        count: frames of the clip, at least 2.
        rng: draws the direction, the first frame and the others.
    """
    told = film.told
    start = int(rng.choice(sorted({*film.starts, *film.masks})))
    way = 1 if rng.random() < 0.5 else -1
    ahead = _ahead(told, start, way) or _ahead(told, start, -way)
    way = 1 if ahead[0] > start else -1
    reach = (count - 1) * (REACH if film.is_dense else 1)
    last = ahead[int(rng.integers(min(len(ahead), reach)))]
    found = {last}
    between = [p for p in ahead if (last - p) * way > 0]
    found |= set(rng.permutation(between)[: count - 2].tolist())
    near = {p + s * d for p in (start, *found) for d in NEAR for s in (1, -1)} - found
    inside = [p for p in sorted(near) if (p - start) * way > 0 and 0 <= p < len(film.pack.times)]
    found |= set(rng.permutation(inside)[: count - 1 - len(found)].tolist())
    ordered = sorted((int(p) for p in found), reverse=way < 0)
    return (start, *ordered, *[ordered[-1]] * (count - 1 - len(ordered)))


def _ahead(told: tuple[int, ...], start: int, way: int) -> list[int]:
    """Known places on one side of a place, the nearest first."""
    found = [place for place in told if (place - start) * way > 0]
    return found if way > 0 else found[::-1]


def _sample(
    film: BoxedFilm, places: tuple[int, ...], side: int, rng: np.random.Generator
) -> ClipSample:
    frames = [film.pack.frame(place) for place in places]
    height, width = frames[0].shape[:2]
    boxes = _boxes(film, places, width)
    cut = _draw_cut(boxes[0], (height, width), rng)
    way = cv2.INTER_AREA if cut.side > side else cv2.INTER_LINEAR
    scaled = [_scaled(_part(frame, cut), side, way) for frame in frames]
    masked = np.array([place in film.masks for place in places])
    maps = np.zeros((len(places), side, side), np.uint8)
    for row in np.flatnonzero(masked):
        maps[row] = _label_map(film, places[row], cut, (height, width), side=side)
    flipped = [x[:, ::-1] if cut.flip else x for x in scaled]
    return ClipSample(stacked(flipped), maps, cut_boxes(boxes, cut, side), masked, film.boxes.crowd)


def _boxes(film: BoxedFilm, places: tuple[int, ...], width: int) -> Boxes:
    """T x K x 4 in pixels of the pack."""
    origin = origin_of(film.pack)
    found = film.boxes.on([origin.indices[place] for place in places])
    scaled: Boxes = found * np.float32(width / origin.size[0])
    return scaled


def _draw_cut(first: Boxes, size: tuple[int, int], rng: np.random.Generator) -> _Cut:
    """A random square that holds the middle of one object of the first frame, if one is known."""
    height, width = size
    side = round(min(size) * rng.uniform(MIN_SCALE, 1))
    seen = first[first[:, 2] > 0]
    middle = np.array([width, height]) / 2
    if len(seen):
        x, y, wide, high = seen[int(rng.integers(len(seen)))]
        middle = np.array([x + wide / 2, y + high / 2])
    left, top = (
        _start_of(int(at), side, whole, rng)
        for at, whole in zip(middle, (width, height), strict=True)
    )
    return _Cut(left, top, side, bool(rng.random() < 0.5))


def _start_of(at: int, side: int, whole: int, rng: np.random.Generator) -> int:
    """Where a stretch of `side` out of `whole` pixels begins that holds pixel `at`."""
    at = min(max(at, 0), whole - 1)
    return int(rng.integers(max(0, at - side + 1), min(whole - side, at) + 1))


def _part(image: NDArray[np.uint8], cut: _Cut) -> NDArray[np.uint8]:
    return image[cut.top : cut.top + cut.side, cut.left : cut.left + cut.side]


def _scaled(image: NDArray[np.uint8], side: int, way: int) -> NDArray[np.uint8]:
    return cv2.resize(image, (side, side), interpolation=way)  # type: ignore[return-value]


def cut_boxes(boxes: Boxes, cut: _Cut, side: int) -> Boxes:
    """Boxes in pixels of a square that was cut out and resized; one that is outside is absent."""
    scale = side / cut.side
    x0, y0 = boxes[..., 0] - cut.left, boxes[..., 1] - cut.top
    edges = np.stack([x0, y0, x0 + boxes[..., 2], y0 + boxes[..., 3]], -1) * scale
    if cut.flip:
        edges = edges[..., [2, 1, 0, 3]] * (-1, 1, -1, 1) + (side, 0, side, 0)
    edges = np.clip(edges, 0, side)
    wide, high = edges[..., 2] - edges[..., 0], edges[..., 3] - edges[..., 1]
    found = np.stack([edges[..., 0], edges[..., 1], wide, high], -1)
    gone = (wide <= 0) | (high <= 0) | (boxes[..., 2] <= 0)
    result: Boxes = np.where(gone[..., None], 0, found).astype(np.float32)
    return result


def _label_map(
    film: BoxedFilm, place: int, cut: _Cut, size: tuple[int, int], *, side: int
) -> NDArray[np.uint8]:
    """The part of a frame's label map, with objects numbered 1 to K in the order of the boxes."""
    full = read_label_map(film.masks[place]).label_map
    packed = resize_label_map(full, size[::-1])
    part = resize_label_map(_part(packed, cut), (side, side))
    numbers = np.zeros(256, np.uint8)
    numbers[VOID] = VOID
    for row, number in enumerate(film.boxes.objects):
        numbers[number] = row + 1
    flipped = part[:, ::-1] if cut.flip else part
    result: NDArray[np.uint8] = numbers[flipped]
    return result
