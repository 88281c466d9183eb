"""The bundled sample and the fixed set of twelve clips, as data. Ids count from 1 in order."""

from __future__ import annotations

from core.data.synthetic import places, skins, species
from core.data.synthetic.scene import (
    Actor,
    Camera,
    CameraKey,
    Color,
    Key,
    Prop,
    Scene,
    Skin,
    Species,
)

_LEAF: Color = (92, 104, 54)
_DRY: Color = (128, 114, 70)
_STONE: Color = (140, 132, 120)
_PAD: Color = (82, 108, 62)


def _walk(
    kind: Species,
    skin: Skin,
    *points: tuple[float, ...],
    phase: float = 0.0,
    depth: float = 0.0,
) -> Actor:
    """An object along points (t, x, y, size, facing, tilt), of which the last two may lack."""
    return Actor(kind, skin, tuple(Key(*point) for point in points), phase, depth)


def _pan(*points: tuple[float, ...], noise: float = 3.0, shutter: float = 0.5) -> Camera:
    """A camera along points (t, x, y, zoom), of which the last two may lack."""
    path = tuple(CameraKey(*point) for point in points)
    return Camera(path, noise=noise, shutter=shutter)


SAMPLE = Scene(
    name="meadow",
    width=854,
    height=480,
    frame_count=72,
    seed=11,
    objects=(
        _walk(species.COW, skins.PIED, (0, 0.36, 0.64, 0.37), (0.5, 0.72, 0.65, 0.38),
              (1, 1.16, 0.66, 0.39)),
        _walk(species.HORSE, skins.BAY, (0, 1.46, 0.78, 0.46, -1), (0.5, 1.06, 0.8, 0.47, -1),
              (1, 0.5, 0.82, 0.48, -1), phase=0.3),
        _walk(species.FOX, skins.FOX_RED, (0, 0.28, 0.92, 0.37), (0.45, 0.72, 0.92, 0.37),
              (1, 1.5, 0.91, 0.37), phase=0.6),
    ),
    props=(
        Prop("tree", 0.08, 0.56, 0.8, (92, 108, 56), 4),
        Prop("bush", 1.52, 0.6, 0.2, (94, 108, 58), 3),
        Prop("tuft", 0.6, 0.71, 0.07, (112, 128, 62), 5),
        Prop("tuft", 1.12, 0.85, 0.09, (104, 122, 56), 6),
        Prop("tuft", 0.86, 0.955, 0.1, (96, 116, 52), 7),
        Prop("tuft", 1.5, 0.95, 0.1, (98, 118, 54), 8),
    ),
    backdrop=places.MEADOW,
    camera=_pan((0, 0.0), (0.5, 0.06, 0.0, 1.02), (1, 0.16, 0.0, 1.06)),
    traits=("crossing", "partial occlusion", "camera motion"),
)  # fmt: skip

_HERD = Scene(
    "herd", 854, 480, 56, 21,
    (
        _walk(species.COW, skins.PIED, (0, 0.3, 0.62, 0.34), (1, 0.95, 0.63, 0.34)),
        _walk(species.COW, skins.RED_COW, (0, 1.4, 0.7, 0.38, -1), (1, 0.6, 0.71, 0.39, -1),
              phase=0.4),
        _walk(species.COW, skins.PIED_DARK, (0, 0.55, 0.86, 0.4), (1, 1.3, 0.87, 0.41), phase=0.7),
    ),
    (Prop("tree", 1.62, 0.55, 0.7, _LEAF, 1), Prop("tuft", 0.9, 0.9, 0.09, _LEAF, 2)),
    places.MEADOW, _pan((0, 0), (1, 0.1)),
    traits=("crossing", "similar objects", "camera motion"),
)  # fmt: skip

_HEDGE = Scene(
    "hedge", 854, 480, 60, 22,
    (
        _walk(species.FOX, skins.FOX_RED, (0, 0.22, 0.76, 0.33), (1, 1.62, 0.77, 0.33)),
        _walk(species.DEER, skins.DOE, (0, 1.5, 0.66, 0.4, -1), (1, 0.95, 0.66, 0.4, -1),
              phase=0.2),
    ),
    (Prop("bush", 0.9, 0.82, 0.52, (112, 104, 58), 3),
     Prop("bush", 0.62, 0.84, 0.22, (120, 96, 56), 4)),
    places.AUTUMN, _pan((0, 0.02), (1, 0.06)),
    hidden_ids=(1,), traits=("full occlusion",),
)  # fmt: skip

_TRAFFIC = Scene(
    "traffic", 854, 480, 50, 23,
    (
        _walk(species.CAR, skins.car((112, 120, 126)), (0, 0.3, 0.75, 0.27), (1, 1.5, 0.75, 0.27)),
        _walk(species.VAN, skins.van((172, 166, 152)), (0, 1.3, 0.87, 0.42, -1),
              (1, 0.5, 0.87, 0.42, -1)),
        _walk(species.CAR, skins.car((122, 62, 54)), (0, -0.5, 0.71, 0.3), (0.35, -0.35, 0.71, 0.3),
              (1, 0.7, 0.71, 0.3)),
        _walk(species.DEER, skins.DOE, (0, 0.9, 0.58, 0.24), (1, 1.3, 0.58, 0.24)),
    ),
    (Prop("bush", 1.5, 0.6, 0.16, _LEAF, 2), Prop("tree", 0.4, 0.5, 0.45, _LEAF, 8)),
    places.ROAD, _pan((0, 0), (1, 0.12), noise=4.0),
    late_ids=(3,), hidden_ids=(1,), traits=("crossing", "fast motion", "blur"),
)  # fmt: skip

_KOI = Scene(
    "koi", 854, 480, 60, 24,
    (
        _walk(species.FISH, skins.koi((204, 190, 168), (182, 92, 52), 0.4), (0, 0.3, 0.3, 0.36),
              (0.5, 0.8, 0.45, 0.36), (1, 1.4, 0.3, 0.36)),
        _walk(species.FISH, skins.koi((204, 190, 168), (182, 92, 52), 0.25), (0, 1.45, 0.55, 0.34),
              (0.5, 0.9, 0.5, 0.34), (1, 0.3, 0.7, 0.34), phase=0.3),
        _walk(species.FISH, skins.koi((178, 104, 62), (204, 188, 166), 0.3), (0, 0.6, 0.8, 0.38),
              (0.5, 0.95, 0.72, 0.38), (1, 1.5, 0.78, 0.38), phase=0.5, depth=-0.5),
        _walk(species.FISH, skins.koi((96, 100, 84), (70, 74, 62), 0.4), (0, 1.1, 0.2, 0.3),
              (1, 0.5, 0.32, 0.3), phase=0.8, depth=-0.6),
        _walk(species.FISH, skins.koi((196, 180, 156), (84, 78, 70), 0.35), (0, 0.2, 0.6, 0.3),
              (0.5, 0.45, 0.5, 0.3), (1, 0.85, 0.15, 0.3), phase=0.1),
    ),
    (Prop("lily", 1.2, 0.9, 0.2, _PAD, 1), Prop("lily", 0.1, 0.15, 0.24, _PAD, 2)),
    places.POND, _pan((0, 0), (1, 0.05)),
    traits=("crossing", "similar objects", "deformation"),
)  # fmt: skip

_LILIES = Scene(
    "lilies", 640, 360, 56, 25,
    (
        _walk(species.FISH, skins.koi((112, 116, 92), (88, 90, 70), 0.4), (0, 0.3, 0.5, 0.32),
              (1, 1.55, 0.52, 0.32)),
        _walk(species.FISH, skins.koi((196, 182, 160), (176, 96, 60), 0.4), (0, 1.35, 0.25, 0.3),
              (0.5, 0.95, 0.2, 0.3), (1, 0.5, 0.25, 0.3), phase=0.5),
        _walk(species.FISH, skins.koi((176, 108, 68), (200, 184, 160), 0.3), (0, -0.4, 0.85, 0.34),
              (0.25, -0.35, 0.85, 0.34), (1, 1.1, 0.8, 0.34), phase=0.2),
    ),
    (Prop("lily", 0.99, 0.6, 0.5, _PAD, 1), Prop("lily", 0.9, 0.66, 0.5, (88, 112, 66), 3),
     Prop("lily", 1.5, 0.14, 0.26, _PAD, 4)),
    places.POND, _pan((0, 0), (1, -0.04)),
    late_ids=(3,), hidden_ids=(1,), traits=("full occlusion", "late entry", "deformation"),
)  # fmt: skip

_CRANES = Scene(
    "cranes", 854, 480, 54, 26,
    (
        _walk(species.CRANE, skins.PLUMES, (0, 0.5, 0.78, 0.5), (0.45, 1.95, 0.78, 0.5),
              (0.55, 2.1, 0.8, 0.5, -1), (1, 1.1, 0.82, 0.52, -1)),
        _walk(species.CRANE, skins.PLUMES, (0, 1.25, 0.7, 0.44, -1), (1, 0.4, 0.72, 0.45, -1),
              phase=0.35),
        _walk(species.CRANE, skins.PLUMES_PALE, (0, 0.8, 0.92, 0.52), (1, 1.0, 0.93, 0.52),
              phase=0.6),
    ),
    (Prop("tuft", 0.5, 0.8, 0.09, _DRY, 3), Prop("bush", 0.12, 0.58, 0.2, _DRY, 2)),
    places.SAVANNA, _pan((0, 0), (1, 0.04)),
    returning_ids=(1,), traits=("leaves and returns", "similar objects", "fast motion", "blur"),
)  # fmt: skip

_ZEBRAS = Scene(
    "zebras", 854, 480, 56, 27,
    (
        _walk(species.HORSE, skins.ZEBRA, (0, 0.35, 0.66, 0.4), (1, 1.1, 0.67, 0.4)),
        _walk(species.HORSE, skins.ZEBRA, (0, 1.35, 0.74, 0.43, -1), (1, 0.55, 0.75, 0.43, -1),
              phase=0.3),
        _walk(species.HORSE, skins.ZEBRA, (0, 0.85, 0.9, 0.46), (1, 1.45, 0.91, 0.46), phase=0.6),
        _walk(species.CRANE, skins.PLUMES, (0, 1.6, 0.62, 0.34, -1), (1, 0.9, 0.62, 0.34, -1)),
    ),
    (Prop("tree", 1.0, 0.52, 0.62, _DRY, 2),),
    places.SAVANNA, _pan((0, 0), (0.5, 0.06), (1, 0.16)),
    traits=("crossing", "similar objects", "camera motion"),
)  # fmt: skip

_FLOCK = Scene(
    "flock", 854, 480, 52, 28,
    (
        _walk(species.SHEEP, skins.WOOL, (0, 0.25, 0.58, 0.3), (1, 0.8, 0.6, 0.31)),
        _walk(species.SHEEP, skins.WOOL, (0, 0.65, 0.64, 0.33), (1, 1.15, 0.65, 0.33), phase=0.2),
        _walk(species.SHEEP, skins.WOOL_DARK, (0, 1.1, 0.61, 0.32), (1, 1.5, 0.62, 0.32),
              phase=0.4),
        _walk(species.SHEEP, skins.WOOL, (0, 0.4, 0.82, 0.38), (1, 1.0, 0.82, 0.38), phase=0.6),
        _walk(species.SHEEP, skins.WOOL, (0, 1.2, 0.85, 0.39, -1), (1, 0.7, 0.84, 0.39, -1),
              phase=0.8),
        _walk(species.FOX, skins.FOX_GREY, (0, 2.3, 0.95, 0.4, -1), (0.4, 2.15, 0.95, 0.4, -1),
              (1, 0.5, 0.95, 0.4, -1)),
    ),
    (Prop("wall", 0.02, 0.62, 0.3, _STONE, 2), Prop("tuft", 0.95, 0.7, 0.07, _LEAF, 5)),
    places.MEADOW, _pan((0, 0), (1, 0.05)),
    late_ids=(6,), traits=("similar objects", "late entry", "crossing", "six objects"),
)  # fmt: skip

_APPROACH = Scene(
    "approach", 854, 480, 54, 29,
    (
        _walk(species.HORSE, skins.DUN, (0, 0.6, 0.5, 0.17), (0.5, 0.75, 0.64, 0.34),
              (1, 1.0, 0.95, 0.68)),
        _walk(species.DEER, skins.FAWN, (0, 1.45, 0.9, 0.5, -1), (1, 1.15, 0.52, 0.2, -1),
              phase=0.4),
    ),
    (Prop("rock", 0.25, 0.66, 0.24, _STONE, 2), Prop("bush", 1.55, 0.6, 0.2, _DRY, 4)),
    places.AUTUMN, _pan((0, 0), (1, 0.05, 0.0, 1.2)),
    traits=("scale change", "camera motion", "crossing"),
)  # fmt: skip

_CRABS = Scene(
    "crabs", 640, 360, 50, 30,
    (
        _walk(species.CRAB, skins.SHELL, (0, 0.35, 0.4, 0.3), (0.4, 0.8, 0.5, 0.3),
              (1, 1.5, 0.35, 0.3)),
        _walk(species.CRAB, skins.SHELL_PALE, (0, 1.4, 0.6, 0.3), (0.5, 1.0, 0.45, 0.3),
              (1, 0.4, 0.6, 0.3), phase=0.5),
        _walk(species.SNAKE, skins.SCALES_SAND, (0, 0.5, 0.8, 0.6), (0.5, 0.95, 0.75, 0.6),
              (1, 1.4, 0.85, 0.6), depth=-0.6),
    ),
    (Prop("rock", 1.25, 0.26, 0.2, _STONE, 5),),
    places.BEACH, _pan((0, 0, 0), (1, 0.05, 0.03), noise=4.0),
    traits=("deformation", "crossing", "camera motion"),
)  # fmt: skip

_CHASE = Scene(
    "chase", 854, 480, 48, 31,
    (
        _walk(species.DEER, skins.DOE, (0, 0.75, 0.72, 0.42), (1, 3.2, 0.72, 0.42)),
        _walk(species.FOX, skins.FOX_RED, (0, 0.25, 0.8, 0.4), (1, 2.75, 0.82, 0.4), phase=0.4),
        _walk(species.FOX, skins.FOX_RED, (0, -0.5, 0.7, 0.37), (0.3, 0.35, 0.7, 0.37),
              (1, 2.3, 0.7, 0.37), phase=0.1),
    ),
    (Prop("tree", 1.2, 0.82, 0.95, (110, 104, 62), 5), Prop("tree", 2.4, 0.85, 1.0, _DRY, 7),
     Prop("rock", 1.9, 0.6, 0.14, _STONE, 4)),
    places.SNOW, _pan((0, 0.0), (0.3, 0.5), (1, 2.0), shutter=0.7),
    late_ids=(3,), traits=("fast motion", "blur", "camera motion", "similar objects"),
)  # fmt: skip

_WALL = Scene(
    "wall", 640, 360, 60, 32,
    (
        _walk(species.SHEEP, skins.WOOL_DARK, (0, 0.3, 0.74, 0.34), (1, 1.6, 0.74, 0.34)),
        _walk(species.DEER, skins.FAWN, (0, 1.5, 0.7, 0.33, -1), (1, 0.2, 0.7, 0.33, -1),
              phase=0.4),
        _walk(species.FOX, skins.FOX_GREY, (0, 1.3, 0.92, 0.36, -1), (0.4, -0.55, 0.92, 0.36, -1),
              (0.55, -0.6, 0.92, 0.36, 1), (1, 0.9, 0.92, 0.36, 1)),
    ),
    (Prop("wall", 0.75, 0.8, 0.5, _STONE, 2), Prop("wall", 1.02, 0.8, 0.5, _STONE, 6),
     Prop("tuft", 0.6, 0.83, 0.08, _LEAF, 3)),
    places.MEADOW, _pan((0, 0), (1, 0.04)),
    hidden_ids=(1, 2), returning_ids=(3,),
    traits=("full occlusion", "leaves and returns", "crossing"),
)  # fmt: skip

MULTI_OBJECT_SET: tuple[Scene, ...] = (
    _HERD, _HEDGE, _TRAFFIC, _KOI, _LILIES, _CRANES, _ZEBRAS, _FLOCK, _APPROACH, _CRABS, _CHASE,
    _WALL,
)  # fmt: skip
