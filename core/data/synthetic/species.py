"""Creatures and vehicles as data: the skeletons that scenes choose from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from core.data.synthetic.scene import Bone, Color, Point, Species

DARK: Color = (26, 22, 20)
RUBBER: Color = (38, 38, 40)
METAL: Color = (168, 170, 172)
_LEG_PHASES = (
    ("hind", 0.0, False),
    ("fore", 0.25, False),
    ("hind", 0.5, True),
    ("fore", 0.75, True),
)


def quadruped(
    *,
    length: float = 0.78,
    leg: float = 0.46,
    girth: float = 0.17,
    neck: Point = (0.2, -0.26),
    head: float = 0.26,
    tail: Point = (-0.14, 0.26),
    tail_radius: float = 0.03,
    ear: float = 0.11,
    horn: float = 0.0,
    hoof: Color = DARK,
) -> Species:
    """A four-legged animal that walks to the right, about one unit high."""
    back = -(leg + 0.75 * girth)
    hip, shoulder = (-length / 2, back), (length / 2, back + 0.02)
    crown = (shoulder[0] + neck[0], shoulder[1] + neck[1])
    nose = (crown[0] + head, crown[1] + 0.45 * head)
    tail_end = (hip[0] - 0.6 * girth + tail[0], hip[1] - 0.3 * girth + tail[1])
    trunk = (
        Bone("trunk", hip, shoulder, 0.92 * girth, girth),
        Bone("rump", (hip[0] - 0.02, hip[1] + 0.03), hip, 0.9 * girth, 0.8 * girth, "trunk"),
        Bone("neck", shoulder, crown, 0.72 * girth, 0.42 * girth, "trunk", swing=0.05, rate=2.0),
        Bone("head", crown, nose, 0.3 * head + 0.02, 0.17 * head, "neck", swing=0.06, rate=2.0),
        Bone(
            "tail",
            (hip[0] - 0.6 * girth, hip[1] - 0.3 * girth),
            tail_end,
            tail_radius,
            1.3 * tail_radius,
            "trunk",
            swing=0.3,
            drive="time",
        ),
    )
    legs = tuple(
        bone
        for kind, offset, far in _LEG_PHASES
        for bone in _leg(
            kind,
            hip if kind == "hind" else shoulder,
            leg=leg,
            girth=girth,
            offset=offset,
            far=far,
            hoof=hoof,
        )
    )
    return Species(trunk + legs + _face(crown, head, ear, horn), stride=1.9 * leg)


def _leg(
    kind: str, joint: Point, *, leg: float, girth: float, offset: float, far: bool, hoof: Color
) -> tuple[Bone, ...]:
    """Upper leg, lower leg and hoof of one leg."""
    name, layer = f"{kind}{'-far' if far else ''}", 0 if far else 1
    bend = 0.12 if kind == "hind" else -0.06
    x = joint[0] + (0.02 if kind == "hind" else -0.02) + (0.05 if far else 0.0)
    top, knee, foot = (x, joint[1] + 0.35 * girth), (x - bend / 3, -0.52 * leg), (x, -0.045)
    return (
        Bone(name, top, knee, 0.6 * girth, 0.24 * girth, "trunk", layer, 0.42, offset),
        Bone(
            f"{name}-low",
            knee,
            foot,
            0.23 * girth,
            0.14 * girth,
            name,
            layer,
            0.42,
            offset - 0.22,
            0.26,
        ),
        Bone(
            f"{name}-hoof",
            (x - 0.004, -0.03),
            (x + 0.03, -0.018),
            0.022,
            0.017,
            f"{name}-low",
            layer,
            0.3,
            offset + 0.2,
            tint=hoof,
        ),
    )


def _face(crown: Point, head: float, ear: float, horn: float) -> tuple[Bone, ...]:
    """Eye, nose, ears and horns."""
    x, y = crown
    eye = (x + 0.34 * head, y + 0.04 * head)
    nose = (x + 1.1 * head, y + 0.46 * head)
    bones = (
        Bone("ear-far", (x + 0.03, y - 0.16 * head), (x - 0.1 * ear, y - 0.2 * head - ear),
             0.32 * ear, 0.1 * ear, "head", 0, swing=0.1, drive="time", rate=0.7),
        Bone("ear", (x - 0.02, y - 0.16 * head), (x - 0.35 * ear, y - 0.2 * head - ear), 0.36 * ear,
             0.1 * ear, "head", swing=0.12, drive="time", rate=0.7),
        Bone("eye", eye, eye, 0.055 * head + 0.006, 0.055 * head + 0.006, "head", 2, tint=DARK),
        Bone("nose", nose, nose, 0.1 * head, 0.1 * head, "head", 2, tint=(46, 36, 34)),
    )  # fmt: skip
    if not horn:
        return bones
    tip = (x - 0.5 * horn, y - horn)
    color = (196, 184, 156)
    return (*bones, Bone("horn", (x + 0.03, y - 0.1), tip, 0.028, 0.01, "head", 2, tint=color))


def long_bird(*, leg: float = 0.5, neck: float = 0.42, girth: float = 0.17) -> Species:
    """A running bird such as an ostrich or a crane, about one unit high."""
    back, color = -(leg + 0.8 * girth), (150, 118, 92)
    chest, crown = (0.18, back - 0.02), (0.32, back - neck)
    body = (
        Bone("trunk", (-0.16, back), chest, girth, 0.8 * girth),
        Bone("tail", (-0.2, back), (-0.42, back - 0.02), 0.7 * girth, 0.06, "trunk", swing=0.1),
        Bone("wing", (0.08, back - 0.03), (-0.3, back + 0.04), 0.1, 0.05, "trunk", 2, swing=0.08),
        Bone("neck", chest, (0.26, back - 0.5 * neck), 0.075, 0.045, "trunk", swing=0.1, rate=2.0),
        Bone("throat", (0.26, back - 0.5 * neck), crown, 0.042, 0.036, "neck", swing=0.12),
        Bone("head", crown, (0.37, back - neck), 0.05, 0.04, "throat", bend=0.1),
        Bone("beak", (0.4, back - neck), (0.48, back - neck + 0.02), 0.02, 0.008, "head", 1,
             tint=(176, 132, 62)),
        Bone("eye", (0.365, back - neck - 0.01), (0.365, back - neck - 0.01), 0.011, 0.011, "head",
             2, tint=DARK),
    )  # fmt: skip
    legs = tuple(
        bone
        for name, offset, layer in (("far", 0.5, 0), ("near", 0.0, 1))
        for bone in (
            Bone(name, (0, back + 0.08), (0.05, -0.5 * leg), 0.1, 0.035, "trunk", layer, 0.6,
                 offset),
            Bone(f"{name}-low", (0.05, -0.5 * leg), (0, -0.03), 0.03, 0.018, name, layer, 0.5,
                 offset - 0.22, 0.3, tint=color),
            Bone(f"{name}-toe", (0, -0.03), (0.09, -0.015), 0.018, 0.012, f"{name}-low", layer,
                 0.3, offset + 0.2, tint=color),
        )
    )  # fmt: skip
    return Species(body + legs, stride=1.7 * leg, bob=0.02)


def fish(*, girth: float = 0.13, joints: int = 6) -> Species:
    """A fish seen from above, one unit long, that swims to the right."""
    xs = np.linspace(0.42, -0.42, joints + 1)
    radii = girth * np.interp(xs, [-0.42, -0.1, 0.2, 0.42], [0.22, 0.75, 1.0, 0.62])
    spine = tuple(
        Bone(
            f"spine{index}",
            (float(near), 0.0),
            (float(far), 0.0),
            float(radii[index]),
            float(radii[index + 1]),
            f"spine{index - 1}" if index else "",
            swing=0.03 + 0.05 * index,
            offset=-0.13 * index,
            drive="time",
        )
        for index, (near, far) in enumerate(pairwise(xs))
    )
    tail_fin = ((-0.4, 0.03), (-0.62, 0.12), (-0.56, 0.0), (-0.62, -0.12), (-0.4, -0.03))
    last = f"spine{joints - 1}"
    fins = [
        Bone("fin-tail", (-0.4, 0), (-0.6, 0), 0.03, 0.03, last, 1, 0.3, -0.8, drive="time",
             polygon=tail_fin),
    ]  # fmt: skip
    for name, side in (("left", -1.0), ("right", 1.0)):
        fin = ((0.24, side * 0.08), (0.1, side * 0.3), (0.02, side * 0.24), (0.12, side * 0.08))
        fins.append(
            Bone(f"fin-{name}", (0.2, side * 0.1), (0.1, side * 0.3), 0.03, 0.03, "spine1", 0,
                 0.25, 0.25 * side, drive="time", polygon=fin)
        )  # fmt: skip
        eye = (0.4, side * girth * 0.55)
        fins.append(Bone(f"eye-{name}", eye, eye, 0.016, 0.016, "spine0", 2, tint=DARK))
    return Species(spine + tuple(fins), tempo=1.6, bob=0.0, melt=0.02, flat=True)


def crab(*, girth: float = 0.22) -> Species:
    """A crab seen from above that scuttles to the right, about one unit wide."""
    shell = Bone("trunk", (0.0, -0.07), (0.0, 0.07), girth, girth)
    limbs: list[Bone] = []
    for side in (-1.0, 1.0):
        for index in range(4):
            name, x = f"leg{index}{side:+.0f}", 0.16 - 0.12 * index
            knee, foot = (x * 1.9, side * 0.38), (x * 2.5 - 0.02, side * 0.55)
            offset = 0.25 * index + (0.5 if side > 0 else 0.0)
            limbs.append(Bone(name, (x, side * 0.16), knee, 0.045, 0.032, "trunk", 0, 0.3, offset))
            limbs.append(Bone(f"{name}-low", knee, foot, 0.03, 0.01, name, 0, 0.3, offset + 0.2))
        claw = (0.52, side * 0.2)
        limbs.append(Bone(f"arm{side:+.0f}", (0.16, side * 0.12), (0.36, side * 0.26), 0.05, 0.045,
                          "trunk", 1, 0.15, 0.25 * side, drive="time"))  # fmt: skip
        limbs.append(Bone(f"claw{side:+.0f}", (0.36, side * 0.26), claw, 0.075, 0.03,
                          f"arm{side:+.0f}", 1, 0.25, 0.1, drive="time"))  # fmt: skip
        eye = (0.24, side * 0.06)
        limbs.append(Bone(f"eye{side:+.0f}", eye, eye, 0.02, 0.02, "trunk", 2, tint=DARK))
    return Species((shell, *limbs), stride=0.35, tempo=0.8, bob=0.0, melt=0.015, flat=True)


def worm(*, joints: int = 9, girth: float = 0.07) -> Species:
    """A snake seen from above, one unit long: a body that never keeps its shape."""
    xs = np.linspace(0.5, -0.5, joints + 1)
    radii = girth * np.interp(xs, [-0.5, -0.2, 0.3, 0.44, 0.5], [0.25, 0.9, 0.8, 1.0, 0.6])
    spine = tuple(
        Bone(
            f"spine{index}",
            (float(near), 0.0),
            (float(far), 0.0),
            float(radii[index]),
            float(radii[index + 1]),
            f"spine{index - 1}" if index else "",
            swing=0.5,
            offset=-0.16 * index,
            drive="gait",
        )
        for index, (near, far) in enumerate(pairwise(xs))
    )
    eyes = tuple(
        Bone(f"eye{side:+.0f}", (0.47, side * 0.04), (0.47, side * 0.04), 0.012, 0.012, "spine0",
             2, tint=DARK)
        for side in (-1.0, 1.0)
    )  # fmt: skip
    return Species(spine + eyes, stride=0.6, bob=0.0, melt=0.012, flat=True)


def vehicle(body: tuple[Point, ...], axles: tuple[float, ...], *, wheel: float = 0.15) -> Species:
    """A vehicle that drives to the right: an outline above the wheels' axles."""
    bones = [
        Bone("under", (axles[0], -wheel), (axles[-1], -wheel), 0.05, 0.05, layer=0, tint=DARK),
        Bone("body", (0, -0.3), (0, -0.3), 0.06, 0.06, "", 1, 0.006, drive="time", rate=2.1,
             polygon=body),
    ]  # fmt: skip
    for index, x in enumerate(axles):
        center, name = (x, -wheel), f"wheel{index}"
        bones.append(Bone(f"arch{index}", center, center, 1.14 * wheel, 1.14 * wheel, "body", 2,
                          tint=(30, 29, 30)))  # fmt: skip
        bones.append(Bone(name, center, center, wheel, wheel, "", 3, tint=RUBBER, drive="roll"))
        bones.append(Bone(f"hub{index}", center, center, 0.02, 0.02, name, 4, tint=METAL,
                          polygon=_star(center, 0.64 * wheel, 0.3 * wheel, 5)))  # fmt: skip
    return Species(tuple(bones), stride=2 * np.pi * wheel, tempo=1.7, bob=0.0, melt=0.004)


def _star(center: Point, outer: float, inner: float, spokes: int) -> tuple[Point, ...]:
    """Outline of a wheel rim: blunt spokes, so that one sees it turn."""
    angles = 2 * np.pi * np.arange(4 * spokes) / (4 * spokes)
    radii = np.where(np.arange(4 * spokes) % 4 < 2, outer, inner)
    return tuple(
        (float(center[0] + r * np.cos(a)), float(center[1] + r * np.sin(a)))
        for r, a in zip(radii, angles, strict=True)
    )


HORSE = quadruped(
    length=0.74, leg=0.5, girth=0.155, neck=(0.22, -0.3), head=0.25, tail=(-0.1, 0.34),
    tail_radius=0.034, ear=0.085,
)  # fmt: skip
COW = quadruped(length=0.82, leg=0.4, girth=0.21, neck=(0.2, -0.12), head=0.27, horn=0.1, ear=0.08)
DEER = quadruped(
    length=0.62, leg=0.52, girth=0.13, neck=(0.14, -0.3), head=0.2, tail=(-0.05, 0.08), ear=0.12
)
FOX = quadruped(
    length=0.66, leg=0.3, girth=0.125, neck=(0.14, -0.12), head=0.24, tail=(-0.42, 0.02),
    tail_radius=0.06, ear=0.13,
)  # fmt: skip
SHEEP = quadruped(
    length=0.56, leg=0.3, girth=0.21, neck=(0.18, -0.06), head=0.2, tail=(-0.04, 0.1),
    tail_radius=0.04, ear=0.07, hoof=(52, 46, 42),
)  # fmt: skip
CRANE = long_bird()
FISH = fish()
CRAB = crab()
SNAKE = worm()
CAR = vehicle(
    ((-0.86, -0.12), (-0.88, -0.36), (-0.8, -0.42), (-0.52, -0.45), (-0.34, -0.66), (0.22, -0.67),
     (0.46, -0.45), (0.8, -0.38), (0.88, -0.3), (0.88, -0.12)),
    (-0.54, 0.54),
)  # fmt: skip
VAN = vehicle(
    ((-0.95, -0.12), (-0.96, -0.86), (-0.88, -0.92), (0.5, -0.92), (0.62, -0.88), (0.82, -0.5),
     (0.96, -0.42), (0.97, -0.12)),
    (-0.58, 0.6),
    wheel=0.16,
)  # fmt: skip
CAR_WINDOWS = (
    ((46, 56, 64), ((-0.44, -0.46), (-0.3, -0.62), (-0.1, -0.63), (-0.1, -0.46))),
    ((50, 60, 68), ((-0.05, -0.46), (-0.05, -0.63), (0.19, -0.63), (0.36, -0.46))),
    ((236, 224, 180), ((0.8, -0.34), (0.88, -0.3), (0.88, -0.26), (0.78, -0.28))),
    ((150, 36, 30), ((-0.88, -0.36), (-0.8, -0.38), (-0.8, -0.3), (-0.88, -0.3))),
)
VAN_WINDOWS = (
    ((118, 112, 100), ((-0.95, -0.46), (0.76, -0.46), (0.78, -0.42), (-0.95, -0.42))),
    ((96, 94, 90), ((-0.15, -0.86), (-0.14, -0.86), (-0.14, -0.16), (-0.15, -0.16))),
    ((96, 94, 90), ((0.3, -0.86), (0.31, -0.86), (0.31, -0.16), (0.3, -0.16))),
    ((70, 68, 66), ((0.22, -0.56), (0.28, -0.56), (0.28, -0.54), (0.22, -0.54))),
    ((44, 54, 62), ((0.36, -0.54), (0.36, -0.82), (0.56, -0.82), (0.74, -0.54))),
    ((240, 226, 180), ((0.88, -0.38), (0.97, -0.38), (0.97, -0.3), (0.88, -0.3))),
    ((150, 36, 30), ((-0.96, -0.4), (-0.91, -0.4), (-0.91, -0.28), (-0.96, -0.28))),
)
