"""What is known of this system before any of it is loaded. No torch here."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from core.systems.multi_granularity.config import CALIBRATION
from core.tracking.spec import QualityOffer, SystemSpec
from core.train.recipe import Option, Recipe, StageSpec
from core.types import Quality

SYSTEM = "multi_granularity"
STAGE = "granularities"
HEURISTIC, CAM = "heuristic", "cam"
PRIORS = (HEURISTIC, CAM)
"""What first says where foreground is: a saliency by rules, or class-activation maps."""
SHORT, LONG, VIDEO = 0.1, 0.02, 0.5
"""Weights of the losses (section 3.2: beta 1 to 3)."""
ALPHA = 0.05
"""Share of the prior in a further round (equation 15)."""


def _weight(name: str, help_text: str, default: float) -> Option:
    return Option(name, float, help_text, default, least=0, most=10, metavar="WEIGHT")


RECIPE = Recipe(
    system=SYSTEM,
    help="learns from raw videos, at four granularities, what objects are and how they go on",
    method="core.systems.multi_granularity.method:MultiGranularityMethod",
    presets=MappingProxyType(
        {
            "small": "for processors, a decoder on a frozen ImageNet backbone",
            "plain": "for processors, from scratch",
            "paper": "for GPUs, ResNet-50 at stride 4; take --crop 256 --batch 16 --frames 8",
            "tiny": "for tests",
        }
    ),
    stages=(StageSpec(STAGE, "four granularities of raw videos"),),
    options=(
        Option("batch", int, "videos in a batch; it takes two to tell them apart", 4, least=1),
        Option("crop", int, "side of a training image, a multiple of 16 pixels", 128, least=32),
        Option("frames", int, "frames that stand for a video as a whole", 4, least=3, most=32),
        Option(
            "prior",
            str,
            "what first says where foreground is: rules, or maps of a classifier",
            HEURISTIC,
            choices=PRIORS,
        ),
        Option(
            "classifier",
            Path,
            "with --prior cam: weights of a ResNet classifier with the names of torchvision, in "
            "place of the ImageNet backbone",
            "",
            metavar="FILE",
        ),
        _weight("frame", "weight of the loss of single frames; 0 leaves it out", 1.0),
        _weight("short", "weight of tracking patches there and back; 0 leaves it out", SHORT),
        _weight("long", "weight of matching distant frames; 0 leaves it out", LONG),
        _weight("video", "weight of telling videos apart; 0 leaves it out", VIDEO),
        Option(
            "rounds",
            int,
            "parts of the run; from the second on the network teaches itself",
            2,
            least=1,
            most=10,
        ),
        Option(
            "alpha",
            float,
            "share of the prior in what later rounds learn",
            ALPHA,
            least=0,
            most=1,
            metavar="SHARE",
        ),
        Option(
            "share",
            float,
            "share of the videos that is learned from, chosen by their names",
            1.0,
            least=0.01,
            most=1,
            metavar="SHARE",
        ),
    ),
    sources=("videos", "images"),
)

SPEC = SystemSpec(
    name=SYSTEM,
    title="Multi-granularity",
    summary="finds objects without a prompt, and carries yours; learned from raw video",
    implementation="core.systems.multi_granularity.build:build",
    configs="core.systems.multi_granularity.config:TRACKING",
    qualities=(
        QualityOffer(Quality.FAST, "works at 240 pixels on the short side; a first look"),
        QualityOffer(Quality.BALANCED, "works at 300 pixels on the short side; better edges"),
        QualityOffer(Quality.FINE, "works at 360 pixels on the short side; small objects, slowest"),
    ),
    presets=("small", "plain", "paper"),
    backbone_presets=frozenset({"small"}),
    uses_torch=True,
    adapts=True,
    calibration=CALIBRATION,
    recipe=RECIPE,
    discovers="core.systems.multi_granularity.build:build_discoverer",
)
