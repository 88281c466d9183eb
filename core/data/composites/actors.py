"""What moves in a composite clip: a silhouette, its path, its texture and how it is lit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.composites.footage import cut, draw_frames
from core.data.composites.paths import Path, draw_path
from core.data.composites.silhouettes import Silhouette, draw_silhouette
from core.data.frame_pack import FramePack
from core.types import Frame

OBJECT_COUNTS = (0.5, 0.3, 0.2)
"""How often a clip has one, two, three objects."""
MAX_OBJECTS = len(OBJECT_COUNTS)
TWIN = 0.35
"""Share of further objects that are cut from the film of the one before: look-alikes."""
OF_BACKGROUND = 0.5
"""Up to this share objects are cut from the background's film: camouflage."""
OCCLUDERS = 0.4
"""Share of clips in which something without a label moves, too."""
SHADOWS, SHADOW_LIGHT = 0.4, (0.3, 0.75)
"""Share of objects that cast a shadow; the light that is left in it."""
TINTED, TINTS = 0.5, (0.8, 1.2)
"""Share of objects whose red, green and blue are changed, and by what factors."""
ROUNDED = 0.5
"""Share of objects that are darker toward their edge."""
SOFTNESS, OCCLUDER_SOFTNESS = (0.3, 1.2), (0.3, 1.0)
"""Standard deviation of the blur of edges, in pixels."""
TEXTURE_SCALES = (0.35, 0.8)
"""Part of a film's frames that a texture is cut from."""
PACES = (0.0, 0.5, 1.0)
"""How fast a texture's own film runs, relative to the background's."""


@dataclass(frozen=True, slots=True)
class Film:
    """Which frames of a clip are made, and how large.

    Attributes:
        count: frames of the whole clip.
        shown: numbers of those that are made, ascending.
        size: height and width in pixels.
        step: seconds from frame to frame.
    """

    count: int
    shown: tuple[int, ...]
    size: tuple[int, int]
    step: float

    def footage(
        self,
        pack: FramePack,
        scales: tuple[float, float],
        *,
        pace: float,
        rng: np.random.Generator,
    ) -> list[Frame]:
        """A frame of a film for each shown one, cut to size; `pace` 0 stands still."""
        step = self.step * pace
        seconds = np.array(self.shown) * step
        frames = draw_frames(pack, seconds, (self.count - 1) * step, rng=rng)
        return cut(frames, self.size, scales, rng=rng)


@dataclass(frozen=True, slots=True)
class Actor:
    """A thing that moves through a clip.

    Attributes:
        object_id: 1 to `MAX_OBJECTS`; 0 for what has no label.
        silhouette: its outline.
        path: N x 2 x 3, its place on each frame of the clip.
        textures: h x w x 3 uint8 for each shown frame, as it lies on frame 0.
        tint: 3 factors.
        softness: blur of its edge in pixels; up to 0.4 there is none.
        shadow: share of light that its shadow takes; 0 casts none.
        rounded: whether it is darker toward its edge.
    """

    object_id: int
    silhouette: Silhouette
    path: Path
    textures: tuple[Frame, ...]
    tint: NDArray[np.float64]
    softness: float
    shadow: float
    rounded: bool


def draw_actors(
    film: Film,
    packs: list[FramePack],
    odds: NDArray[np.float64],
    background: FramePack,
    *,
    rng: np.random.Generator,
) -> list[Actor]:
    """The actors of a clip, the farthest first: one to three objects, perhaps an occluder.

    Args:
        film: the frames they are made for.
        packs: what their textures are cut from.
        odds: how often each pack is drawn; the sum is 1.
        background: the pack that is behind them, one of `packs`.
        rng: draws them.
    """
    actors: list[Actor] = []
    source: FramePack | None = None
    for number in range(1 + int(rng.choice(MAX_OBJECTS, p=OBJECT_COUNTS))):
        source = draw_source(packs, odds, background, source, rng=rng)
        actors.append(_draw_object(number + 1, film, source, rng))
    if rng.random() < OCCLUDERS:
        source = draw_pack(packs, odds, rng)
        actors.insert(int(rng.integers(len(actors) + 1)), _draw_occluder(film, source, rng))
    return actors


def draw_pack(
    packs: list[FramePack], odds: NDArray[np.float64], rng: np.random.Generator
) -> FramePack:
    """One of the packs."""
    return packs[int(rng.choice(len(packs), p=odds))]


def draw_source(
    packs: list[FramePack],
    odds: NDArray[np.float64],
    background: FramePack,
    previous: FramePack | None,
    *,
    rng: np.random.Generator,
) -> FramePack:
    """Where an object's texture is from: the object before it, the background, or any film."""
    drawn = rng.random()
    if previous is not None and drawn < TWIN:
        return previous
    if drawn < OF_BACKGROUND:
        return background
    return draw_pack(packs, odds, rng)


def _draw_object(number: int, film: Film, source: FramePack, rng: np.random.Generator) -> Actor:
    pace = float(rng.choice(PACES))
    tinted, shaded = rng.random() < TINTED, rng.random() < SHADOWS
    return Actor(
        object_id=number,
        silhouette=draw_silhouette(rng),
        path=draw_path(film.count, film.size, rng),
        textures=tuple(film.footage(source, TEXTURE_SCALES, pace=pace, rng=rng)),
        tint=rng.uniform(*TINTS, 3) if tinted else np.ones(3),
        softness=float(rng.uniform(*SOFTNESS)),
        shadow=1 - float(rng.uniform(*SHADOW_LIGHT)) if shaded else 0.0,
        rounded=bool(rng.random() < ROUNDED),
    )


def _draw_occluder(film: Film, source: FramePack, rng: np.random.Generator) -> Actor:
    return Actor(
        object_id=0,
        silhouette=draw_silhouette(rng),
        path=draw_path(film.count, film.size, rng),
        textures=tuple(film.footage(source, TEXTURE_SCALES, pace=0.5, rng=rng)),
        tint=np.ones(3),
        softness=float(rng.uniform(*OCCLUDER_SOFTNESS)),
        shadow=0.0,
        rounded=False,
    )
