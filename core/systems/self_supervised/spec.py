"""What is known of this system before any of it is loaded. No torch here."""

from __future__ import annotations

from types import MappingProxyType

from core.systems.self_supervised.config import CALIBRATION
from core.tracking.spec import QualityOffer, SystemSpec
from core.train.finetune.config import FinetuneConfig
from core.train.recipe import Option, Recipe, StageSpec
from core.types import Quality

SYSTEM = "self_supervised"
FIRST_STAGE = "pairwise"
LABELS_STAGE = "labels"
FUSION_STAGE = "fusion"
BLEND = 1 / 3
"""How far the stage of labels goes from where it started: all the way, thin objects are lost;
measured on nine sequences, see ADR 0020."""
TRAIN_RADIUS, LABEL_RADIUS = 8, 10
"""Radius of the windows that are searched, in cells of 4 px."""

RECIPE = Recipe(
    system=SYSTEM,
    help="learns from raw videos which points belong together; needs no labels",
    method="core.systems.self_supervised.method:SelfSupervised",
    presets=MappingProxyType(
        {
            "thin": "for processors, 0.8 M values",
            "thin-imagenet": "thin beside a frozen ImageNet backbone",
            "resnet18": "for GPUs, the layout of MAST, 5.3 M values",
            "tiny": "for tests",
            "tiny-imagenet": "for tests",
            "resnet18-rgb": "a backbone that other systems start from",
            "resnet50-rgb": "a backbone that other systems start from",
            "tiny-rgb": "for tests",
        }
    ),
    stages=(
        StageSpec(FIRST_STAGE, "pairwise color reconstruction"),
        StageSpec("memory", "color reconstruction from a momentum memory", after=FIRST_STAGE),
        StageSpec(
            FUSION_STAGE,
            "projections that bring keys and the ImageNet backbone's features together",
            after=FIRST_STAGE,
        ),
        StageSpec(
            LABELS_STAGE,
            "label propagation on composite clips, beside pairwise color reconstruction",
            after=FIRST_STAGE,
        ),
    ),
    options=(
        Option("batch", int, "pairs in a batch; in the stage labels half are clips", 8, least=1),
        Option("crop", int, "side of a training image, a multiple of 8 pixels", 192, least=8),
        Option(
            "radius",
            int,
            "radius of the windows that are searched, in cells of 4 pixels",
            TRAIN_RADIUS,
            by_stage=MappingProxyType({LABELS_STAGE: LABEL_RADIUS}),
            least=1,
            most=64,
        ),
        Option(
            "widen",
            int,
            "begin with neighboring frames, reach further every so many steps; 0: at once",
            0,
            least=0,
            metavar="STEPS",
        ),
        Option(
            "blend",
            float,
            "how far the weights go from --init to what was learned; for a finished run give "
            "--resume and the same --stage and --steps",
            BLEND,
            least=0,
            most=1,
            stages=(LABELS_STAGE,),
            fixed=False,
            metavar="SHARE",
        ),
    ),
    finetuning=FinetuneConfig(),
)

SPEC = SystemSpec(
    name=SYSTEM,
    title="Correspondence",
    summary="matches every point with your keyframes and recent frames; learned from raw video",
    implementation="core.systems.self_supervised.build:build",
    configs="core.systems.self_supervised.config:TRACKING",
    qualities=(
        QualityOffer(
            Quality.FAST, "works at 240 pixels on the short side; a first look, slow motion", 3.6
        ),
        QualityOffer(
            Quality.BALANCED,
            "works at 300 pixels on the short side; better edges, small objects",
            2.1,
        ),
        QualityOffer(
            Quality.FINE, "works at 360 pixels on the short side; small objects, slowest", 1.6
        ),
    ),
    measured="one object, 854 x 480, two processor cores (make bench)",
    presets=("thin-imagenet", "thin", "resnet18"),
    backbone_presets=frozenset({"thin-imagenet"}),
    uses_torch=True,
    adapts=True,
    targets=True,
    features="core.systems.self_supervised.build:feature_reader",
    calibration=CALIBRATION,
    recipe=RECIPE,
    importer="core.systems.self_supervised.foreign:import_weights",
)
