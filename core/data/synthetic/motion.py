"""Where everything is at a moment: paths of objects and camera, and poses of skeletons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from core.data.synthetic.noise import wave

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.data.synthetic.scene import Actor, Bone, Point, Scene, Species

    Matrix = NDArray[np.float64]
    """3 x 3 affine map."""

_TABLE_STEPS = 8  # path samples per frame, for the way covered and the heading
_MOST_STEPS = 8192  # so that memory does not grow with a film's length


@dataclass(frozen=True, slots=True)
class State:
    """An object at one moment: its place in the frame's units and the phases of its limbs."""

    x: float
    y: float
    size: float
    facing: float
    angle: float
    gait: float
    time: float


class ActorMotion:
    """Answers where one object of a scene is at any time `t` in 0..1 (and a little beyond)."""

    def __init__(self, actor: Actor, scene: Scene) -> None:
        self._actor = actor
        self._seconds = scene.frame_count / scene.fps
        keys = actor.path
        self._curve = _curve(
            [key.t for key in keys],
            [(key.x, key.y, key.size, key.facing, key.tilt) for key in keys],
        )
        steps_in_all = min(scene.frame_count * _TABLE_STEPS, _MOST_STEPS)
        self._times = np.linspace(-0.05, 1.05, steps_in_all + 1)
        table = self._curve(np.clip(self._times, 0.0, 1.0))
        steps = np.diff(table[:, :2], axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1]) / table[1:, 2]
        self._way = np.concatenate([[0.0], np.cumsum(lengths)])
        self._heading = _headings(steps)

    def at(self, t: float) -> State:
        """State of the object at time `t`."""
        x, y, size, facing, tilt = self._curve(min(max(t, 0.0), 1.0))
        species = self._actor.species
        if species.flat:
            facing, tilt = 1.0, tilt + float(np.interp(t, self._times[1:], self._heading))
        elif abs(facing) < 0.3:  # never thinner than a real animal seen from the front
            facing = 0.3 if facing >= 0 else -0.3
        gait = self._actor.phase + float(np.interp(t, self._times, self._way)) / species.stride
        time = self._actor.phase + t * self._seconds * species.tempo
        return State(float(x), float(y), float(size), float(facing), float(tilt), gait, time)


class CameraMotion:
    """Answers where the camera of a scene points at any time."""

    def __init__(self, scene: Scene) -> None:
        keys = scene.camera.path
        self._curve = _curve([key.t for key in keys], [(key.x, key.y, key.zoom) for key in keys])
        self._scene = scene

    def at(self, t: float, parallax: float = 1.0) -> Matrix:
        """Map from scene units (frame heights) to pixels at time `t`, for a plane of a parallax."""
        scene = self._scene
        x, y, zoom = self._curve(min(max(t, 0.0), 1.0))
        periods = t * scene.frame_count / scene.fps * 0.7
        x += scene.camera.shake * wave(scene.seed + 1, periods)
        y += scene.camera.shake * wave(scene.seed + 2, periods)
        scale = (1 + (zoom - 1) * parallax) * scene.height
        center_x = parallax * x + scene.width / scene.height / 2
        center_y = parallax * y + 0.5
        return np.array(
            [
                [scale, 0.0, scene.width / 2 - scale * center_x],
                [0.0, scale, scene.height / 2 - scale * center_y],
                [0.0, 0.0, 1.0],
            ]
        )


def placed(state: State, species: Species) -> Matrix:
    """Map from species units to scene units."""
    lift = species.bob * np.cos(4 * np.pi * state.gait)
    cos, sin = np.cos(state.angle), np.sin(state.angle)
    turn = np.array([[cos, -sin, state.x], [sin, cos, state.y], [0.0, 0.0, 1.0]])
    local = np.diag([state.facing * state.size, state.size, 1.0])
    local[1, 2] = lift * state.size
    return np.asarray(turn @ local)


def pose(species: Species, state: State) -> dict[str, Matrix]:
    """Maps from the rest pose to the present pose, by name of the bone."""
    matrices: dict[str, Matrix] = {}
    for bone in species.bones:
        own = _rotation(bone.start, _angle(bone, state))
        matrices[bone.name] = matrices[bone.parent] @ own if bone.parent else own
    return matrices


def _angle(bone: Bone, state: State) -> float:
    """Angle of a joint in radians."""
    if bone.drive == "roll":
        return 2 * np.pi * state.gait * bone.rate
    phase = state.gait if bone.drive == "gait" else state.time
    return bone.bend + bone.swing * float(np.sin(2 * np.pi * (phase * bone.rate + bone.offset)))


def _rotation(center: Point, angle: float) -> Matrix:
    """Rotation about a point."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = center
    return np.array(
        [[cos, -sin, x - cos * x + sin * y], [sin, cos, y - sin * x - cos * y], [0.0, 0.0, 1.0]]
    )


def _curve(times: list[float], values: list[tuple[float, ...]]) -> PchipInterpolator:
    """Smooth curve through the keys, without overshoot; constant for a single key."""
    if len(times) == 1:
        times, values = [0.0, 1.0], [values[0], values[0]]
    return PchipInterpolator(times, np.asarray(values, dtype=np.float64), extrapolate=True)


def _headings(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Direction of travel after each step; it keeps its value while the object rests."""
    moving = np.hypot(steps[:, 0], steps[:, 1]) > 1e-7
    if not moving.any():
        return np.zeros(len(steps))
    last = np.maximum.accumulate(np.where(moving, np.arange(len(steps)), -1))
    last[last < 0] = int(np.argmax(moving))
    angles = np.unwrap(np.arctan2(steps[last, 1], steps[last, 0]))
    return np.asarray(gaussian_filter1d(angles, 2.0 * _TABLE_STEPS, mode="nearest"))
