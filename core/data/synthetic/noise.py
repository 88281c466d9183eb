"""Seeded textures: everything that looks irregular in a synthetic film comes from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Floats = NDArray[Any]
    """float32 by contract; OpenCV's own annotations know no better."""


def spectral_noise(
    rng: np.random.Generator, size: int, *, falloff: float = 1.5, stretch: float = 1.0
) -> Floats:
    """Multi-octave noise with a 1/f^falloff spectrum that tiles without a seam.

    Args:
        rng: source of the randomness.
        size: side of the square texture in pixels.
        falloff: 0 is white noise, 1 rough ground, 2 clouds.
        stretch: above 1 the grain runs along x (fur, wood), below 1 along y (grass).

    Returns:
        size x size float32, mean 0, standard deviation 1.
    """
    frequency_y = np.fft.fftfreq(size)[:, None] / np.sqrt(stretch)
    frequency_x = np.fft.rfftfreq(size)[None, :] * np.sqrt(stretch)
    radius = np.hypot(frequency_x, frequency_y)
    radius[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) / radius**falloff
    spectrum[0, 0] = 0.0
    noise = np.fft.irfft2(spectrum, s=(size, size))
    return np.asarray(noise / noise.std(), np.float32)


def sample(texture: Floats, x: Floats, y: Floats) -> Floats:
    """Read a tiling texture at subpixel positions, repeating it in both directions."""
    size = texture.shape[0]
    return np.asarray(
        cv2.remap(
            texture,
            np.mod(x, size).astype(np.float32),
            np.mod(y, size).astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
    )


def field(rng: np.random.Generator, height: int, width: int, falloff: float = 1.5) -> Floats:
    """Noise of any size, height x width float32, mean about 0, standard deviation about 1."""
    size = 1 << (max(height, width) - 1).bit_length()
    return spectral_noise(rng, size, falloff=falloff)[:height, :width].copy()


def wave(seed: int, t: float, *, octaves: int = 3) -> float:
    """Smooth aperiodic wobble over time, about -1..1; `t` is in periods of the slowest octave."""
    phases = np.random.default_rng(seed).random(octaves)
    steps = range(octaves)
    return float(sum(np.sin(2 * np.pi * (t * 1.7**i + phases[i])) / 1.6**i for i in steps) / 2.0)
