"""All export formats by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.media.annotations.named import find_named
from core.media.export.archives import ResultsZip
from core.media.export.box_formats import BoxesCsv, MotBoxes
from core.media.export.box_sets import CocoBoxes, CvatBoxes, YoloBoxes
from core.media.export.coco import Coco, YouTubeVis
from core.media.export.cvat import CvatVideo
from core.media.export.davis import Davis2016, Davis2017
from core.media.export.mattes import MatteExr, MattePng
from core.media.export.mots import MotsPng, MotsTxt
from core.media.export.object_masks import CutOuts, ObjectMasks
from core.media.export.overlay import AlphaMatte, MatteFrames, OverlayVideo
from core.media.export.plain_masks import PlainMasks
from core.media.export.video_writer import PRORES_4444, VP9_ALPHA
from core.media.export.yolo import YoloSegmentation
from core.media.export.youtube_vos import YouTubeVos

if TYPE_CHECKING:
    from core.media.export.base import Exporter

EXPORTERS: tuple[Exporter, ...] = (
    Davis2017(),
    Davis2016(),
    YouTubeVos(),
    PlainMasks(),
    ResultsZip(),
    ResultsZip(folder="Annotations"),
    Coco(),
    YouTubeVis(),
    MotsPng(),
    MotsTxt(),
    YoloSegmentation(),
    CvatVideo(),
    ObjectMasks(),
    CutOuts(),
    OverlayVideo(),
    MatteFrames(),
    MattePng(),
    MatteExr(),
    AlphaMatte(coding=PRORES_4444),
    AlphaMatte(coding=VP9_ALPHA),
)
"""Each format of masks with its usual options; change them with `dataclasses.replace`."""

BOX_EXPORTERS: tuple[Exporter, ...] = (
    BoxesCsv(),
    MotBoxes(),
    YoloBoxes(),
    CocoBoxes(),
    CvatBoxes(),
)
"""Each format of box labels with its usual options."""


def exporter_named(name: str) -> Exporter:
    """Return the exporter of a name.

    Raises:
        UsageError: there is none of that name; the hint lists them.
    """
    return find_named((*EXPORTERS, *BOX_EXPORTERS), name, what="export format")
