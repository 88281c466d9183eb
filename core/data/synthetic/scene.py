"""What a synthetic film is made of, as plain frozen data.

Lengths are in frame heights, so that a scene looks the same at every size: x runs right from
the left edge, y down from the top edge of the frame of a camera at rest. `t` is the time as a
fraction of the film, 0 on the first frame and 1 on the last. Colors are RGB, 0..255.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Color = tuple[float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bone:
    """One part of a creature or vehicle in its rest pose.

    Attributes:
        name: what children refer to.
        start, end: end points of the axis in species units, y down, feet at y = 0.
        radius, radius_end: half width at both ends; also the roundness of a polygon's edge.
        parent: bone it turns with; empty for none.
        layer: parts of one layer melt into each other; higher layers lie in front.
        swing, offset, bend: angle in radians is bend + swing * sin(2 pi (phase + offset)).
        drive: "gait" (phase by the way covered), "time" (by seconds), "roll" (a wheel).
        rate: factor on the phase.
        tint: own color instead of the skin's.
        polygon: outline instead of a capsule; it turns about `start`.
    """

    name: str
    start: Point
    end: Point
    radius: float
    radius_end: float
    parent: str = ""
    layer: int = 1
    swing: float = 0.0
    offset: float = 0.0
    bend: float = 0.0
    drive: str = "gait"
    rate: float = 1.0
    tint: Color | None = None
    polygon: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True)
class Skin:
    """Colors and pattern, painted on the rest pose so that they move with the limbs.

    Attributes:
        base, second, belly: main color, color of the pattern, color of the underside.
        belly_line: y in the rest pose at which the belly's color begins.
        pattern: "plain", "spots", "stripes", "patches" or "panels" (a vehicle).
        scale: size of the pattern in species units.
        amount: share of the area that the pattern covers, 0..1.
        fur: roughness of the outline in species units.
        grain: strength of the fine texture, 0..1.
        gloss: strength of the highlight, 0..1.
        decals: painted polygons in the rest pose (windows, stripes, lamps).
    """

    base: Color
    second: Color
    belly: Color
    pattern: str = "plain"
    scale: float = 0.12
    amount: float = 0.35
    fur: float = 0.006
    grain: float = 0.12
    gloss: float = 0.05
    decals: tuple[tuple[Color, tuple[Point, ...]], ...] = ()
    belly_line: float = -0.52


@dataclass(frozen=True, slots=True)
class Species:
    """A kind of creature or vehicle.

    Attributes:
        bones: parts, parents before children.
        stride: way covered by one gait cycle in species units.
        tempo: cycles a second of the parts that are driven by time.
        bob: rise and fall of the whole body in species units.
        melt: how softly parts blend into each other, species units.
        flat: seen from above (water): steers along its path and casts no upright shadow.
    """

    bones: tuple[Bone, ...]
    stride: float = 0.9
    tempo: float = 1.0
    bob: float = 0.012
    melt: float = 0.03
    flat: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """Where an object is at one moment; positions between keys follow a smooth curve.

    Attributes:
        t: time, 0..1.
        x, y: where its feet touch the ground (flat species: its center), in frame heights.
        size: frame heights per species unit.
        facing: 1 looks right, -1 left; passes through a narrow view while it turns.
        tilt: rotation in radians.
    """

    t: float
    x: float
    y: float
    size: float = 0.4
    facing: float = 1.0
    tilt: float = 0.0


@dataclass(frozen=True, slots=True)
class Actor:
    """One object of a scene; its id is its place in `Scene.objects`, counted from 1.

    Attributes:
        species, skin: what it is and how it looks.
        path: keys, ascending in time.
        phase: gait phase at the start, so that equal species do not move in step.
        depth: added to y when deciding who is in front.
    """

    species: Species
    skin: Skin
    path: tuple[Key, ...]
    phase: float = 0.0
    depth: float = 0.0


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing of the background that can hide objects: "bush", "tree", "rock", "wall", "lily"
    or "tuft".

    `x`, `y` are its foot (lily: center), `size` its height, in frame heights.
    """

    kind: str
    x: float
    y: float
    size: float
    color: Color = (70, 96, 44)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CameraKey:
    """Shift in frame heights and zoom of the camera at time `t`."""

    t: float
    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True, slots=True)
class Camera:
    """How the scene is filmed.

    Attributes:
        path: keys, ascending in time.
        shake: hand shake in frame heights.
        shutter: open share of a frame's time; motion blur grows with it.
        noise: standard deviation of the sensor noise in grey levels at mid grey.
        blur: softness of the lens in frame heights.
    """

    path: tuple[CameraKey, ...] = (CameraKey(0.0),)
    shake: float = 0.004
    shutter: float = 0.5
    noise: float = 3.0
    blur: float = 0.0011


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The place.

    Attributes:
        kind: "land" (sky, hills, ground with vegetation), "road" or "pond" (from above).
        horizon: y of the horizon in frame heights.
        sky, hills, ground, plants: colors; each pair runs from far to near.
        plant_count: blades and leaves per unit of ground.
        plant_size: height of the nearest blades in frame heights.
        flowers: colors of dots among the plants.
        fringe: height of the blurred blades right before the camera, 0 for none.
    """

    kind: str = "land"
    horizon: float = 0.36
    sky: tuple[Color, Color] = ((126, 160, 196), (214, 222, 224))
    hills: tuple[Color, Color] = ((138, 156, 160), (84, 108, 74))
    ground: tuple[Color, Color] = ((140, 142, 96), (98, 104, 62))
    plants: tuple[Color, Color] = ((138, 142, 88), (90, 104, 54))
    plant_count: int = 5000
    plant_size: float = 0.05
    flowers: tuple[Color, ...] = ()
    fringe: float = 0.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole film.

    Attributes:
        name: name of the sequence.
        width, height: size in pixels.
        frame_count: number of frames.
        seed: of the textures, the shake and the noise.
        objects: at most 254; ids 1.. by position.
        props: things that hide objects and are background themselves.
        backdrop, camera: the place and how it is filmed.
        fps: frames a second.
        light: direction towards the light (right, down, out of the picture).
        late_ids: objects that are not there on the first frame.
        hidden_ids: objects that something else hides completely for a while.
        returning_ids: objects that leave the frame and come back.
        traits: what else makes the clip hard, in plain words.
    """

    name: str
    width: int
    height: int
    frame_count: int
    seed: int
    objects: tuple[Actor, ...]
    props: tuple[Prop, ...] = ()
    backdrop: Backdrop = Backdrop()
    camera: Camera = Camera()
    fps: int = 24
    light: tuple[float, float, float] = (-0.45, -0.75, 0.5)
    late_ids: tuple[int, ...] = ()
    hidden_ids: tuple[int, ...] = ()
    returning_ids: tuple[int, ...] = ()
    traits: tuple[str, ...] = ()

    @property
    def object_ids(self) -> tuple[int, ...]:
        """All ids of the scene, ascending."""
        return tuple(range(1, len(self.objects) + 1))


def scaled(scene: Scene, factor: float) -> Scene:
    """The same scene at another size; sides are rounded to even numbers of at least 16."""
    width, height = (max(16, 2 * round(side * factor / 2)) for side in (scene.width, scene.height))
    return replace(scene, width=width, height=height)
