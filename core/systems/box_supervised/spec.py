"""What is known of this system before any of it is loaded. No torch here."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from core.systems.box_supervised.config import CALIBRATION
from core.tracking.spec import PublicWeights, QualityOffer, SystemSpec
from core.train.recipe import Option, Recipe, StageSpec
from core.types import Quality

SYSTEM = "box_supervised"
COMPOSITES_STAGE = "composites"
BOXES_STAGE = "boxes"
_BOXES = (BOXES_STAGE,)

RECIPE = Recipe(
    system=SYSTEM,
    help="learns masks from composite clips, then from boxes drawn on a few frames of videos",
    method="core.systems.box_supervised.method:BoxSupervised",
    presets=MappingProxyType(
        {
            "small": "for processors, 2.5 M values beside a frozen ImageNet backbone",
            "resnet50": "for GPUs, the layout of XMem, 62 M values",
            "tiny": "for tests",
        }
    ),
    stages=(
        StageSpec(COMPOSITES_STAGE, "masks of composite clips"),
        StageSpec(BOXES_STAGE, "masks from drawn boxes and colors", after=COMPOSITES_STAGE),
    ),
    options=(
        Option("batch", int, "clips in a batch", 4, least=1),
        Option("crop", int, "side of a training image, a multiple of 16 pixels", 192, least=32),
        Option("frames", int, "frames of a clip", 4, least=3, most=32),
        Option("objects", int, "most objects of a clip", 3, least=1, most=16),
        Option(
            "starts",
            float,
            "share of clips with masks that begin with filled boxes all the same",
            0.5,
            least=0,
            most=1,
            metavar="SHARE",
        ),
        Option(
            "boxes",
            Path,
            "table of boxes drawn on --videos; held-out clips are never trained on. Or a data set "
            "with masks (DAVIS), around which boxes are laid: give it as --videos, too",
            "",
            stages=_BOXES,
            metavar="FILE",
        ),
        Option(
            "notes",
            Path,
            "CSV of clip and note; a note with the word crowd says that look-alikes have no box",
            "",
            stages=_BOXES,
            metavar="FILE",
        ),
        Option(
            "dense",
            Path,
            "label maps that vosapp densify made of these boxes",
            "",
            stages=_BOXES,
            metavar="FOLDER",
        ),
        Option(
            "mixture",
            float,
            "share of clips that are composites still, so that objects stay apart",
            0.5,
            least=0,
            most=1,
            stages=_BOXES,
            metavar="SHARE",
        ),
        Option(
            "warm",
            float,
            "share of the run over which the losses of colors come in",
            0.25,
            least=0,
            most=1,
            stages=_BOXES,
            metavar="SHARE",
        ),
        Option(
            "projection",
            float,
            "weight of the loss that compares rows and columns of masks with those of boxes",
            1.0,
            least=0,
            most=10,
            stages=_BOXES,
            metavar="WEIGHT",
        ),
        Option(
            "pairwise",
            float,
            "weight of the loss that ties neighboring pixels of one color",
            1.0,
            least=0,
            most=10,
            stages=_BOXES,
            metavar="WEIGHT",
        ),
        Option(
            "temporal",
            float,
            "weight of the loss that ties neighboring frames; 0 leaves it out, and is faster",
            0.1,
            least=0,
            most=10,
            stages=_BOXES,
            metavar="WEIGHT",
        ),
    ),
    sources=("videos", "images"),
    # At .001 the same network, seed and batches had learned nothing after 900 steps.
    rate=5e-4,
)

_RELEASE = "https://github.com/hkchengrex/XMem/releases/download/v1.0/"
_LICENSE = "MIT (LICENSE of hkchengrex/XMem, which does not speak of the weights)"
_SOURCE = "hkchengrex/XMem: docs/INFERENCE.md (release v1.0), docs/RESULTS.md, LICENSE"

SPEC = SystemSpec(
    name=SYSTEM,
    title="Memory network",
    summary="a network with working, sensory and long-term memory (XMem); bring or train weights",
    implementation="core.systems.box_supervised.build:build",
    configs="core.systems.box_supervised.config:TRACKING",
    qualities=(
        QualityOffer(Quality.FAST, "works at 240 pixels on the short side; a first look"),
        QualityOffer(Quality.BALANCED, "works at 300 pixels on the short side; better edges"),
        QualityOffer(
            Quality.FINE, "works at 480 pixels on the short side, as public weights were tested"
        ),
    ),
    presets=("small", "resnet50"),
    backbone_presets=frozenset({"small"}),
    uses_torch=True,
    calibration=CALIBRATION,
    recipe=RECIPE,
    importer="core.systems.box_supervised.foreign:import_weights",
    foreign="core.systems.box_supervised.foreign:is_foreign",
    public=(
        PublicWeights("XMem", f"{_RELEASE}XMem.pth", _LICENSE, _SOURCE),
        PublicWeights("XMem-s012", f"{_RELEASE}XMem-s012.pth", _LICENSE, _SOURCE),
    ),
)
