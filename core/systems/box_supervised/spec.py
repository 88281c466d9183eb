"""What is known of this system before any of it is loaded. No torch here."""

from __future__ import annotations

from core.systems.box_supervised.config import CALIBRATION
from core.tracking.spec import QualityOffer, SystemSpec
from core.types import Quality

SYSTEM = "box_supervised"

SPEC = SystemSpec(
    name=SYSTEM,
    title="Memory network",
    summary="a network with working, sensory and long-term memory (XMem); for weights you bring",
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
    importer="core.systems.box_supervised.foreign:import_weights",
    foreign="core.systems.box_supervised.foreign:is_foreign",
)
