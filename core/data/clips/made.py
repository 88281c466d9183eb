"""Composite clips as samples: every frame has an exact label map that nobody drew."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.data.clips.sample import ClipConfig, ClipSample, chosen, stacked
from core.data.composites.actors import MAX_OBJECTS
from core.data.composites.clip import draw_clip
from core.data.frame_pack import FramePack

SHOWN = 0.004
"""Share of the first frame, and of one later frame, that objects have to cover."""
TRIES = 50
"""Clips that are drawn until one shows enough; the last that shows any object is taken."""
PACES = (1, 2, 3)
"""Frames of the composite from one frame of the sample to the next."""


def composite_sample(
    packs: list[FramePack],
    odds: NDArray[np.float64],
    config: ClipConfig,
    rng: np.random.Generator,
) -> ClipSample:
    """A random composite clip.

    Args:
        packs: raw footage.
        odds: how often each pack is drawn; the sum is 1.
        config: its crop, frames and objects count here.
        rng: draws everything.
    """
    size = (config.crop, config.crop)
    for _ in range(TRIES):
        pace = int(rng.choice(PACES))
        shown = tuple(pace * place for place in range(config.frames))
        clip = draw_clip(packs, odds, count=shown[-1] + 1, shown=shown, size=size, rng=rng)
        maps = np.stack(clip.label_maps)
        covered = (maps > 0).mean((1, 2))
        if covered[0] > SHOWN and covered[1:].max() > SHOWN:
            break
    unknown = np.full((config.frames, MAX_OBJECTS, 4), np.nan, np.float32)
    everywhere = np.ones(config.frames, np.bool_)
    sample = ClipSample(stacked(list(clip.frames)), maps, unknown, everywhere)
    return chosen(sample, config.objects, rng)
