"""What is known of it before torch is loaded."""

from core.tracking.config import Calibration, TrackingConfig
from core.tracking.spec import QualityOffer, SystemSpec
from core.train.recipe import Option, Recipe, StageSpec
from core.types import Quality

WIDTHS = {"narrow": 4, "wide": 8}
"""Channels of the convolution, by preset."""
TRACKING = {Quality.FAST: TrackingConfig(48, 3), Quality.BALANCED: TrackingConfig(64, 3)}
CALIBRATION = Calibration(
    confidence=(-2.0, 1.0, 1.0, 1.0), faint=0.4, back=0.5, back_cycle=0.1, nothing=0.1
)
RECIPE = Recipe(
    system="dummy",
    help="one convolution that learns which points belong together",
    method="vosapp_dummy.system:Dummy",
    presets={"narrow": "4 channels", "wide": "8 channels"},
    stages=(StageSpec("only", "color read from a neighbor"),),
    options=(
        Option("batch", int, "pairs in a batch", 2, least=1),
        Option("crop", int, "side of a training image", 32, least=8),
        Option("sharpness", float, "factor of the keys", 1.0, least=0.1, most=10),
    ),
)
SPEC = SystemSpec(
    name="dummy",
    title="Dummy",
    summary="one convolution",
    implementation="vosapp_dummy.system:build",
    configs="vosapp_dummy.spec:TRACKING",
    qualities=(QualityOffer(Quality.FAST, "48 lines"), QualityOffer(Quality.BALANCED, "64 lines")),
    presets=("narrow", "wide"),
    uses_torch=True,
    calibration=CALIBRATION,
    recipe=RECIPE,
)
