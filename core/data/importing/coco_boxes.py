"""Boxes of a COCO file by frame, whatever they are of: what a detector has found. No torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.data.importing.coco import Images, category_names, corners_of, is_crowd, key_of
from core.data.importing.collect import MAX_BOXES, Collection, require_room, says_ignore
from core.data.importing.reading import Node, read_json
from core.data.importing.sizes import same_shape, two_sizes
from core.errors import AnnotationReadError, MaskMismatch
from core.media.annotations.rectangles import Corners
from core.types import VideoInfo

Boxes = dict[int, list[Corners]]
"""By the index of their frame, in the file's order."""
RESULTS = "Name a COCO file with images and annotations, or boxes as MOTChallenge or CSV."
IMAGES = "The images of the file must be frames of this video, of its size or of its shape."


def read_coco_boxes(path: Path, info: VideoInfo) -> Boxes:
    """Boxes of a file with `images` and `annotations`; crowds and what is to be ignored are none.

    Images are matched to frames as `core.data.importing.coco.read_coco` does it, and boxes made
    at another size of the same shape are scaled. Scores are not looked at.

    Args:
        path: the JSON file.
        info: the video.

    Raises:
        AnnotationReadError: no such file, a list of results alone, which names no frame, or
            damaged.
        MaskMismatch: images that are no frames of the video, of another shape, or of two sizes.
    """
    document = read_json(path)
    if isinstance(document.value, list):
        msg = f"{path} is a list of results, which does not say of which frames they are."
        raise AnnotationReadError(msg, RESULTS)
    try:
        return _at_own_size(document, info)
    except MaskMismatch as error:
        size = error.size
        if size is None or not same_shape(size, info):
            raise MaskMismatch(error.message, IMAGES) from error
    try:
        found = _at_own_size(document, replace(info, width=size[0], height=size[1]))
    except MaskMismatch as error:
        if error.size is not None:
            raise two_sizes(path, size, error.size) from error
        raise MaskMismatch(error.message, IMAGES) from error
    across, down = info.width / size[0], info.height / size[1]
    return {
        index: [(x * across, y * down, u * across, v * down) for x, y, u, v in boxes]
        for index, boxes in found.items()
    }


def _at_own_size(document: Node, info: VideoInfo) -> Boxes:
    images = Images.read(document, Collection(info))
    categories, found = category_names(document), Boxes()
    entries = list(document.field("annotations").elements())
    require_room(len(entries), most=MAX_BOXES, what="boxes")
    for entry in entries:
        index = images.frame_of(entry.field("image_id").key())
        category = categories.get(key_of(entry, "category_id"), "")
        if index is None or is_crowd(entry) or says_ignore(category):
            continue
        corners = corners_of(entry)
        if corners is not None:
            found.setdefault(index, []).append(corners)
    images.tell(document.path, len(entries))
    return found
