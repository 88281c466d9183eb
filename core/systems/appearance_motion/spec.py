"""What is known of this system before any of it is loaded. No torch here."""

from __future__ import annotations

from types import MappingProxyType

from core.losses.photometric_kind import Photometric
from core.systems.appearance_motion.config import FLOW, LOSSES, SEGMENTS, Pairing
from core.tracking.spec import SystemSpec
from core.train.recipe import Option, Recipe, StageSpec

SYSTEM = "appearance_motion"
STAGE = "synthesis"

RECIPE = Recipe(
    system=SYSTEM,
    help="learns from raw videos what moves as one thing, and so which objects there are",
    method="core.systems.appearance_motion.method:AppearanceMotionMethod",
    presets=MappingProxyType(
        {
            "lite": "for processors, a decoder on a frozen ImageNet backbone",
            "small": "for processors, from scratch",
            "paper": "for GPUs, ResNet-50 and PWC-Net as in the paper; take --rate 1e-4",
            "tiny": "for tests",
        }
    ),
    stages=(StageSpec(STAGE, "view synthesis by segment flow"),),
    options=(
        Option("batch", int, "clips in a batch", 8, least=1),
        Option("crop", int, "side of a training image, a multiple of the stride", 192, least=16),
        Option("segments", int, "soft segments of a frame", SEGMENTS, least=2, most=32),
        Option("frames", int, "neighboring frames of a clip", 2, least=2, most=8),
        Option("gap", float, "seconds between neighbors", 0.07, least=0, most=2),
        Option(
            "loss",
            str,
            f"how synthesized frames are compared; {FLOW}: nothing is, segments explain DIS flow",
            Photometric.CODE.value,
            choices=LOSSES,
        ),
        Option(
            "pairing",
            str,
            "whose segments count: of the frame that is synthesized, or of the one it is made from",
            Pairing.TARGET.value,
            choices=tuple(one.value for one in Pairing),
        ),
        Option(
            "order",
            int,
            "of a segment's flow: 0 constant as in the paper, 1 affine, 2 quadratic",
            0,
            least=0,
            most=2,
        ),
        Option("dis", bool, "begin at the mean DIS flow of a segment", default=False),
    ),
    sources=("videos", "images"),
)

SPEC = SystemSpec(
    name=SYSTEM,
    title="Moving objects",
    summary="finds what moves by itself, without a prompt; learned from raw video",
    implementation="",
    presets=("lite", "small", "paper"),
    backbone_presets=frozenset({"lite"}),
    uses_torch=True,
    recipe=RECIPE,
    discovers="core.systems.appearance_motion.discover:build",
    learns_first=True,
)
