"""The methods that learn nothing: what is known of them before they are loaded."""

from __future__ import annotations

from core.tracking.spec import QualityOffer, SystemSpec
from core.types import Quality

FLOW = SystemSpec(
    name="flow",
    title="Optical flow",
    summary="warps the last mask along the motion of pixels; a baseline, needs no weights",
    implementation="core.systems.baselines.flow:build",
    qualities=(
        QualityOffer(Quality.FAST, "coarse motion"),
        QualityOffer(Quality.BALANCED, "finer motion"),
        QualityOffer(Quality.FINE, "finest motion, slowest"),
    ),
)
COPY = SystemSpec(
    name="copy",
    title="Copy",
    summary="repeats the last keyframe; a baseline, needs no weights",
    implementation="core.systems.baselines.copy:build",
)
