"""Frames of raw footage, cut to size: backgrounds and textures of composite clips."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.data.frame_pack import FramePack
from core.data.homography import moved_views
from core.types import Frame


def draw_frames(
    pack: FramePack, seconds: NDArray[np.float64], span: float, *, rng: np.random.Generator
) -> list[Frame]:
    """Frames of a random stretch of a film, forward or backward; of an image under a camera.

    Args:
        pack: the film; of images one is drawn.
        seconds: points in time within the stretch.
        span: length of the stretch in seconds.
        rng: draws where it begins, and its direction.

    Returns:
        One H x W x 3 frame a point in time, the nearest that there is.
    """
    if rng.random() < 0.5:
        seconds = span - seconds
    if pack.still:
        return moved_views(pack.frame(int(rng.integers(len(pack.times)))), seconds.tolist(), rng)
    times = np.asarray(pack.times)
    start = rng.uniform(times[0], max(times[0] + 1e-6, times[-1] - span))
    places = np.abs(times[None] - (start + seconds)[:, None]).argmin(1).tolist()
    decoded = {place: pack.frame(place) for place in set(places)}
    return [decoded[place] for place in places]


def cut(
    frames: list[Frame],
    size: tuple[int, int],
    scales: tuple[float, float],
    *,
    rng: np.random.Generator,
) -> list[Frame]:
    """The same random part of all frames, of the shape of `size`, flipped half of the time.

    Args:
        frames: H x W x 3 uint8, all of one size.
        size: height and width of what comes out, in pixels.
        scales: smallest and largest part, as shares of the largest that fits.
        rng: draws the part.
    """
    (height, width), (full_height, full_width) = size, frames[0].shape[:2]
    scale = min(full_height / height, full_width / width) * rng.uniform(*scales)
    tall, wide = max(1, int(height * scale)), max(1, int(width * scale))
    top, left = rng.integers(full_height - tall + 1), rng.integers(full_width - wide + 1)
    part = (slice(top, top + tall), slice(left, left + wide))
    flip = rng.random() < 0.5
    way = cv2.INTER_AREA if scale > 1 else cv2.INTER_LINEAR
    fitted = [cv2.resize(x[part], (width, height), interpolation=way) for x in frames]
    return [np.ascontiguousarray(x[:, ::-1]) if flip else x for x in fitted]  # type: ignore[misc]
