"""Random silhouettes that move: limbs on joints, or a wobbling blob, now and then with a hole.

Silhouettes live in a plane of their own, about one unit in each direction from its origin; a
2 x 3 matrix (a place) takes them into an image. Our own design, for training without human masks.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Coverage = NDArray[np.float32]
Canvas = NDArray[np.uint8]

FINER = 2
"""Silhouettes are drawn this many times larger than they are needed, then shrunk."""
SUBPIXEL = 4
"""Bits of a drawn coordinate behind the point."""
JOINTED = 0.65
"""Share of silhouettes with limbs; the others are blobs."""
THIN = 0.35
"""Share of jointed silhouettes whose limbs are thin."""
HOLED = 0.12
"""Share of silhouettes with a hole."""
MOST_LIMBS = 7
CORNERS = 180
"""Of a blob's outline."""
INHERITED = 0.5
"""Share of a limb's turn that the limbs on it take over."""


@dataclass(frozen=True, slots=True)
class Limb:
    """A rounded bar that swings about its joint.

    Attributes:
        parent: number of the limb it sits on, which comes before it; -1 for the trunk.
        joint: where on the parent, 0 (its start) to 1.
        length: in units.
        radii: at its start and its end, in units.
        angle: at rest, in radians.
        swing: largest turn away from it, in radians.
        phase: of the swing, in radians.
    """

    parent: int
    joint: float
    length: float
    radii: tuple[float, float]
    angle: float
    swing: float
    phase: float


@dataclass(frozen=True, slots=True)
class Limbs:
    """A body of limbs, the trunk first; `speed` in radians a unit of time."""

    limbs: tuple[Limb, ...]
    speed: float

    def bars(self, time: float) -> list[Points]:
        """Start and end (2 x 2, x before y) of each limb."""
        bars: list[Points] = []
        angles: list[float] = []
        for limb in self.limbs:
            start, turned = np.zeros(2), 0.0
            if limb.parent >= 0:
                on = bars[limb.parent]
                start, turned = on[0] + (on[1] - on[0]) * limb.joint, angles[limb.parent]
            swung = limb.swing * np.sin(self.speed * time + limb.phase)
            angle = turned * INHERITED + limb.angle + swung
            bars.append(np.stack([start, start + limb.length * _direction(angle)]))
            angles.append(angle)
        return bars

    def draw(self, canvas: Canvas, place: Points, time: float) -> None:
        """Fill the body with 255."""
        scale = _scale(place)
        for limb, bar in zip(self.limbs, self.bars(time), strict=True):
            ends, radii = _placed(bar, place), np.array(limb.radii) * scale
            across = _direction(np.arctan2(*(ends[1] - ends[0])[::-1]) + np.pi / 2)
            sides = across * radii[:, None]
            _fill(canvas, np.concatenate([ends + sides, (ends - sides)[::-1]]))
            for end, radius in zip(ends, radii, strict=True):
                _disc(canvas, end, radius, 255)


@dataclass(frozen=True, slots=True)
class Blob:
    """A closed outline whose distance from the center is a short Fourier series of the angle.

    Attributes:
        radius: mean distance, in units.
        waves: K x 2, cosine and sine of each frequency from 1 on.
        wobble: K, by what share each of them swells and shrinks.
        phases: K, of that, in radians.
        speed: in radians a unit of time.
    """

    radius: float
    waves: Points
    wobble: Points
    phases: Points
    speed: float

    def outline(self, time: float) -> Points:
        """`CORNERS` x 2 points, x before y."""
        around = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
        swollen = 1 + self.wobble * np.sin(self.speed * time + self.phases)
        cosine, sine = (self.waves * swollen[:, None]).T
        turns = np.arange(1, len(self.waves) + 1)[:, None] * around
        distance = self.radius + cosine @ np.cos(turns) + sine @ np.sin(turns)
        points: Points = (np.abs(distance) + 0.1)[:, None] * _direction(around).T
        return points

    def draw(self, canvas: Canvas, place: Points, time: float) -> None:
        """Fill the blob with 255."""
        _fill(canvas, _placed(self.outline(time), place))


@dataclass(frozen=True, slots=True)
class Hole:
    """A round hole; center and radius in units."""

    center: tuple[float, float]
    radius: float


@dataclass(frozen=True, slots=True)
class Silhouette:
    """A body and perhaps a hole in it."""

    body: Limbs | Blob
    hole: Hole | None = None

    def coverage(self, size: tuple[int, int], place: Points, time: float) -> Coverage:
        """What share of each pixel is covered.

        Args:
            size: height and width in pixels.
            place: 2 x 3, from units to pixels, x before y.
            time: in the units of `speed`.

        Returns:
            h x w, 0..1.
        """
        height, width = size
        canvas = np.zeros((height * FINER, width * FINER), np.uint8)
        finer = place * FINER
        self.body.draw(canvas, finer, time)
        if self.hole is not None:
            center = _placed(np.array([self.hole.center]), finer)[0]
            _disc(canvas, center, self.hole.radius * _scale(finer), 0)
        shrunk = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
        return shrunk.astype(np.float32) / np.float32(255)


def draw_silhouette(rng: np.random.Generator) -> Silhouette:
    """A random silhouette."""
    body = draw_limbs(rng) if rng.random() < JOINTED else draw_blob(rng)
    if rng.random() >= HOLED:
        return Silhouette(body)
    center = (float(rng.uniform(-0.3, 0.3)), float(rng.uniform(-0.3, 0.3)))
    return Silhouette(body, Hole(center, float(rng.uniform(0.08, 0.22))))


def draw_limbs(rng: np.random.Generator) -> Limbs:
    """A random body: a trunk and up to six limbs, each on one that is there already."""
    thin = rng.random() < THIN
    count = int(rng.integers(1, MOST_LIMBS + 1))
    limbs = tuple(_draw_limb(number, rng, thin=thin) for number in range(count))
    return Limbs(limbs, float(rng.uniform(0.5, 4)))


def _draw_limb(number: int, rng: np.random.Generator, *, thin: bool) -> Limb:
    radius = rng.uniform(0.04, 0.12) if thin and number else rng.uniform(0.08, 0.4)
    return Limb(
        parent=int(rng.integers(number)) if number else -1,
        joint=float(rng.random()),
        length=float(rng.uniform(0.15, 0.9) if number else rng.uniform(0.3, 1.0)),
        radii=(float(radius), float(radius * rng.uniform(0.4, 1.1))),
        angle=float(rng.uniform(0, 2 * np.pi)),
        swing=float(rng.uniform(0, 0.7)),
        phase=float(rng.uniform(0, 2 * np.pi)),
    )


def draw_blob(rng: np.random.Generator) -> Blob:
    """A random blob of two to six frequencies, the higher the weaker."""
    count = int(rng.integers(2, 7))
    return Blob(
        radius=float(rng.uniform(0.5, 1.0)),
        waves=rng.normal(0, 0.25, (count, 2)) / np.arange(1, count + 1)[:, None],
        wobble=rng.uniform(0, 0.15, count),
        phases=rng.uniform(0, 2 * np.pi, count),
        speed=float(rng.uniform(0.3, 2)),
    )


def _direction(angle: float | Points) -> Points:
    return np.array([np.cos(angle), np.sin(angle)])


def _placed(points: Points, place: Points) -> Points:
    placed: Points = points @ place[:, :2].T + place[:, 2]
    return placed


def _scale(place: Points) -> float:
    """Pixels a unit is long, the mean over directions."""
    return float(np.sqrt(abs(np.linalg.det(place[:, :2]))))


def _fixed(values: Points) -> NDArray[np.int32]:
    return np.round(values * (1 << SUBPIXEL)).astype(np.int32)


def _fill(canvas: Canvas, corners: Points) -> None:
    cv2.fillPoly(canvas, [_fixed(corners)], 255, cv2.LINE_AA, SUBPIXEL)


def _disc(canvas: Canvas, center: Points, radius: float, value: int) -> None:
    x, y = (int(c) for c in _fixed(center))
    fixed = max(1, int(radius * (1 << SUBPIXEL)))
    cv2.circle(canvas, (x, y), fixed, value, -1, cv2.LINE_AA, SUBPIXEL)
