"""What is known of this system before any of it is loaded. No torch here."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from core.systems.global_instance.config import CALIBRATION, PARTS
from core.tracking.spec import QualityOffer, SystemSpec
from core.train.recipe import Option, Recipe, StageSpec
from core.types import Quality

SYSTEM = "global_instance"
COMPOSITES_STAGE = "composites"
MASKS_STAGE = "masks"
_MASKS = (MASKS_STAGE,)

RECIPE = Recipe(
    system=SYSTEM,
    help="learns masks of composite clips, then masks of videos",
    method="core.systems.global_instance.method:GlobalInstance",
    presets=MappingProxyType(
        {
            "small": "for processors, 1.8 M values beside a frozen ImageNet backbone",
            "paper": "for GPUs, two ResNet-50 as in the paper, 34 M values",
            "tiny": "for tests",
        }
    ),
    stages=(
        StageSpec(COMPOSITES_STAGE, "masks of composite clips, all objects at once"),
        StageSpec(MASKS_STAGE, "masks of videos, all objects at once", after=COMPOSITES_STAGE),
    ),
    options=(
        Option("batch", int, "clips in a batch", 4, least=1),
        Option("crop", int, "side of a training image, a multiple of 16 pixels", 192, least=32),
        Option("frames", int, "T + 1: the first frame and those that follow", 4, least=2, most=32),
        Option("objects", int, "most objects of a clip", 3, least=1, most=16),
        Option(
            "masks",
            Path,
            "label maps of --videos: a data set (DAVIS, YouTube-VOS), or what vosapp densify made; "
            "held-out clips are never trained on",
            "",
            stages=_MASKS,
            metavar="FOLDER",
        ),
        Option(
            "mixture",
            float,
            "share of clips that are composites still",
            0.5,
            least=0,
            most=1,
            stages=_MASKS,
            metavar="SHARE",
        ),
        Option(
            "balance",
            float,
            "lambda: weight of the loss over objects beside that of all together",
            1.0,
            least=0,
            most=10,
            metavar="WEIGHT",
        ),
        Option(
            "coarse",
            float,
            "weight of the same loss over objects in the fast form",
            0.5,
            least=0,
            most=10,
            metavar="WEIGHT",
        ),
        Option("without", str, "leave a part of the network out", "", choices=PARTS),
    ),
    sources=("videos", "images"),
)

SPEC = SystemSpec(
    name=SYSTEM,
    title="All objects at once",
    summary="finds all objects of a frame in one pass, at hardly more than the cost of one; train",
    implementation="core.systems.global_instance.build:build",
    configs="core.systems.global_instance.config:TRACKING",
    qualities=(
        QualityOffer(
            Quality.FAST, "works at 240 pixels on the short side; hardly slower for many objects"
        ),
        QualityOffer(
            Quality.BALANCED,
            "works at 300 pixels on the short side and draws each object; better edges",
        ),
        QualityOffer(Quality.FINE, "works at 480 pixels on the short side and draws each object"),
    ),
    presets=("small", "paper"),
    backbone_presets=frozenset({"small"}),
    uses_torch=True,
    calibration=CALIBRATION,
    recipe=RECIPE,
    importer="core.systems.global_instance.foreign:import_weights",
)
