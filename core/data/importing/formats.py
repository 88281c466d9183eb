"""All import formats by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.importing.boxes import read_boxes
from core.data.importing.coco import read_coco
from core.data.importing.cvat import read_cvat
from core.data.importing.labelme import read_labelme
from core.data.importing.mask_folders import read_masks
from core.data.importing.mots import read_mots_png, read_mots_txt
from core.data.importing.object_masks import read_object_masks
from core.data.importing.reader import Read
from core.data.importing.sizes import AtGivenSize, scaled
from core.data.importing.yolo import read_yolo
from core.data.importing.ytvis import read_ytvis
from core.errors import UsageError
from core.media.annotations.named import find_named
from core.media.annotations.options import AS_USUAL, ImportOptions

if TYPE_CHECKING:
    from core.jobs import CancelToken, Job
    from core.media.annotations.values import ImportedAnnotations
    from core.types import VideoInfo


_SEVERAL = frozenset({"masks", "coco", "ytvis", "cvat", "boxes"})
"""Formats in which one file or folder holds several videos, by name."""


@dataclass(frozen=True, slots=True)
class Importer:
    """One format.

    Attributes:
        name: short name for commands.
        title: name for people.
        read_at_own_size: reads it at the size of the video that it is given.
    """

    name: str
    title: str
    read_at_own_size: Read

    def read(
        self,
        path: Path,
        info: VideoInfo,
        *,
        mapping: Mapping[str, int] | None = None,
        token: CancelToken | None = None,
        options: ImportOptions = AS_USUAL,
    ) -> Job[ImportedAnnotations]:
        """Read a file or folder; see `Read`. Annotations of another size are scaled to the video's.

        Raises:
            VosError: whatever is wrong with the files.
        """
        if options.only and self.name not in _SEVERAL:
            raise UsageError(
                f"The format {self.name} does not say which video is which: --only goes with"
                f" {', '.join(sorted(_SEVERAL))}.",
                "Choose the file or folder of one video.",
            )
        size = options.image_size or (info.width, info.height)
        at_size = replace(info, width=size[0], height=size[1])
        found = yield from self.read_at_own_size(
            path, at_size, mapping=mapping, token=token, options=options
        )
        return found if at_size == info else scaled(found, size, info, why="--image-size")


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
