"""All import formats by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.importing.boxes import read_boxes
from core.data.importing.coco import read_coco
from core.data.importing.cvat import read_cvat
from core.data.importing.labelme import read_labelme
from core.data.importing.mask_folders import read_masks
from core.data.importing.mots import read_mots_png, read_mots_txt
from core.data.importing.object_masks import read_object_masks
from core.data.importing.reader import Read
from core.data.importing.sizes import AtGivenSize
from core.data.importing.yolo import read_yolo
from core.data.importing.ytvis import read_ytvis
from core.media.annotations.named import find_named

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Importer:
    """One format.

    Attributes:
        name: short name for commands.
        title: name for people.
        read: reads it.
    """

    name: str
    title: str
    read: Read


IMPORTERS: tuple[Importer, ...] = (
    Importer("masks", "Masks: one file, a folder, a zip, DAVIS or YouTube-VOS", read_masks),
    Importer("object-masks", "Binary PNG, a folder for each object", read_object_masks),
    Importer("coco", "COCO (one entry an image)", AtGivenSize(read_coco)),
    Importer("ytvis", "YouTube-VIS (COCO-video)", AtGivenSize(read_ytvis)),
    Importer("cvat", "CVAT 1.1 (XML or zip)", AtGivenSize(read_cvat)),
    Importer("labelme", "LabelMe (JSON files)", AtGivenSize(read_labelme)),
    Importer("boxes", "Boxes: MOTChallenge or CSV", read_boxes),
    Importer("mots-png", "MOTS (16-bit PNG)", read_mots_png),
    Importer("mots-txt", "MOTS (text)", read_mots_txt),
    Importer("yolo", "YOLO (text files)", read_yolo),
)
"""Each format, the usual one first."""


def importer_named(name: str) -> Importer:
    """Return the importer of a name.

    Raises:
        UsageError: there is none of that name; the hint lists them.
    """
    return find_named(IMPORTERS, name, what="import format")
