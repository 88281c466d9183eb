"""A composite clip: real footage with silhouettes moving over it, and label maps of them.

Color reconstruction of raw video does not say where an object ends; the label maps here are exact,
and no human drew them. A clip is a pure function of the footage and a random generator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.composites.actors import Actor, Film, draw_actors, draw_pack
from core.data.composites.painting import finished, paint
from core.data.frame_pack import FramePack
from core.types import Frame, LabelMap

STEPS = (1 / 16, 1 / 8, 1 / 5)
"""Seconds from frame to frame."""
BACKGROUND_SCALES = (0.7, 1.0)
"""Part of a film's frames that is the background."""
MOST_BLUR, MOST_NOISE, QUALITIES = 0.7, 4.0, (70, 97)
"""Of the whole picture: in pixels, in gray levels, and of the JPEG."""


@dataclass(frozen=True, slots=True)
class CompositeClip:
    """Frames h x w x 3 uint8 RGB, and for each its label map h x w uint8, ids 0..3."""

    frames: tuple[Frame, ...]
    label_maps: tuple[LabelMap, ...]


def draw_clip(
    packs: list[FramePack],
    odds: NDArray[np.float64],
    *,
    count: int,
    shown: tuple[int, ...],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> CompositeClip:
    """A random clip.

    Args:
        packs: raw footage; one pack is enough.
        odds: how often each pack is drawn; the sum is 1.
        count: frames that the clip has.
        shown: numbers of those that are made, ascending; only they cost time.
        size: height and width in pixels.
        rng: draws everything.
    """
    film = Film(count, shown, size, float(rng.choice(STEPS)))
    background = draw_pack(packs, odds, rng)
    behind = film.footage(background, BACKGROUND_SCALES, pace=1.0, rng=rng)
    actors = draw_actors(film, packs, odds, background, rng=rng)
    painted = [_composed(frame, actors, film, place) for place, frame in enumerate(behind)]
    blur, noise = rng.uniform(0, MOST_BLUR), rng.uniform(0, MOST_NOISE)
    quality = int(rng.integers(QUALITIES[0], QUALITIES[1] + 1))
    frames = (finished(x, blur=blur, noise=noise, quality=quality, rng=rng) for x, _ in painted)
    return CompositeClip(tuple(frames), tuple(label_map for _, label_map in painted))


def _composed(
    background: Frame, actors: list[Actor], film: Film, place: int
) -> tuple[NDArray[np.float32], LabelMap]:
    image: NDArray[np.float32] = background.astype(np.float32)
    label_map: LabelMap = np.zeros(film.size, np.uint8)
    for actor in actors:
        image, label_map = paint(image, label_map, actor, index=film.shown[place], shown=place)
    return image, label_map
