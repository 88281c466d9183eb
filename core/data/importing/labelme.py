"""LabelMe: one JSON file an image, named like it."""

from __future__ import annotations

import base64
import binascii
import io
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.importing.choosing import only_or_own
from core.data.importing.coco import check_size
from core.data.importing.collect import VOID_LABEL, Collection, Label, says_ignore
from core.data.importing.matching import folder_names, match_names
from core.data.importing.reading import Node, list_files, list_folders, read_json
from core.data.importing.shapes import Bitmap, Ellipse, Rings, box_around
from core.errors import AnnotationReadError
from core.jobs import CancelToken, Progress
from core.media.annotations.options import AS_USUAL, ImportOptions
from core.media.image_file import IMAGE_ERRORS, open_image
from core.types import VideoInfo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.jobs import Job
    from core.media.annotations.values import ImportedAnnotations

_MAX_SIZE = 1 << 20
_MAX_FOLDERS = 1000
_MAX_PIXELS = 64_000_000
"""Masks whose headers claim more are refused; Pillow would warn from 89 million on."""
_NO_AREA = frozenset({"point", "points", "line", "linestrip", "lines"})
_OUTLINES = frozenset({"polygon", "quadrilateral"})
_BOXES = frozenset({"rectangle", "rotation", "oriented_rectangle", "rotated_rectangle"})
"""Boxes by four corners, as X-AnyLabeling writes them; turned ones become the box around them."""


def read_labelme(
    path: Path,
    info: VideoInfo,
    *,
    mapping: Mapping[str, int] | None = None,
    token: CancelToken | None = None,
    options: ImportOptions = AS_USUAL,
) -> Job[ImportedAnnotations]:
    """Read LabelMe's polygons, circles, masks and rectangles; rectangles become boxes.

    Rectangles of X-AnyLabeling have four corners, and may be turned: the box around them is taken.
    A shape that is not understood is left out and named.

    Objects are told apart by label and group. Shapes of one label without a group, on one frame,
    are different objects, as in LabelMe: `car`, `car #2`. A mapping can make them one.

    Args:
        path: a folder of JSON files named by their frames, or one such file.
        info: the video that they belong to.
        mapping: label -> object id; None takes the proposal, see `ImportedAnnotations.mapping`.
        token: cancels the job.
        options: what the user says of the files.

    Raises:
        AnnotationReadError: no LabelMe files, damaged or hostile.
        MaskMismatch: another size than the video, or names that are no frames of it.
    """
    files = _find_files(path, info) if path.is_dir() else [path]
    frames, rule = match_names([file.name for file in files], info, options)
    collection = Collection(info, [rule], options)
    skipped = 0
    for done, file in enumerate(files):
        if token is not None:
            token.check()
        yield Progress(done, len(files), f"reading {file.name}")
        skipped += _read_file(file, frames[file.name], collection)
    if skipped:
        collection.notes.append(f"Points and lines, which have no area, are left out: {skipped}.")
    return collection.assemble(mapping, token)


def _find_files(path: Path, info: VideoInfo) -> list[Path]:
    """Return the files of a folder, or of the one below that is the only one or the video's.

    Raises:
        AnnotationReadError: there are none, it is open which are meant, or they cannot be read.
    """
    if files := list_files(path, ".json"):
        return files
    found: dict[Path, list[Path]] = {}
    unread: list[AnnotationReadError] = []
    for folder in list_folders(path)[:_MAX_FOLDERS]:
        try:
            files = list_files(folder, ".json")
        except AnnotationReadError as error:
            if folder.name in folder_names(info):
                raise
            unread.append(error)
        else:
            found |= {folder: files} if files else {}
    if unread and not found:
        raise unread[0]
    return found[only_or_own(tuple(found), path, info, of="JSON files")]


def _read_file(file: Path, index: int, collection: Collection) -> int:
    document = read_json(file)
    size = [
        n.integer(0, _MAX_SIZE) for k in ("imageWidth", "imageHeight") if (n := document.get(k))
    ]
    if len(size) == 2:
        check_size(size[0], size[1], collection.info, f"The image of {file.name}")
    collection.add_frame(index)
    seen: dict[str, int] = {}
    skipped = 0
    for node in document.field("shapes").elements():
        label = ""
        try:
            kind = node.get("shape_type")
            name = "polygon" if kind is None else kind.text()
            if name in _NO_AREA:
                skipped += 1
                continue
            ignored = says_ignore(node.field("label").text())
            label = VOID_LABEL if ignored else collection.add_label(_label(node, seen))
            _add(collection, node, name, (index, label))
        except AnnotationReadError as error:
            collection.leave_out(error, index, label)
    return skipped


def _label(node: Node, seen: dict[str, int]) -> Label:
    name = node.field("label").text()[:200] or "object"
    group = node.get("group_id")
    if group is not None:
        return Label(f"{name} group {group.key()}", None, f"{name} {group.key()}", name)
    count = seen[name] = seen.get(name, 0) + 1
    text = name if count == 1 else f"{name} #{count}"
    return Label(text, None, text, name)


def _add(collection: Collection, node: Node, kind: str, where: tuple[int, str]) -> None:
    points = _points(node.field("points"))
    if kind in _OUTLINES:
        if len(points) < 3:
            raise node.fail(f"is an outline of {len(points)} points")
        collection.add_shape(*where, geometry=Rings((points,), f"{node.path}: {node.where}"))
        return
    if kind in _BOXES and len(points) == 4:
        collection.add_box(*where, corners=box_around(points))
        return
    if len(points) != 2:
        raise node.fail(f"is a {kind[:40]!r} of {len(points)} points, not of 2")
    (x0, y0), (x1, y1) = points.tolist()
    if kind == "rectangle":
        collection.add_box(*where, corners=box_around(points))
    elif kind == "circle":
        radius = math.hypot(x1 - x0, y1 - y0)
        collection.add_shape(*where, geometry=Ellipse((x0, y0), (radius, radius)))
    elif kind == "mask":
        collection.add_shape(*where, geometry=_bitmap(node, (x0, y0, x1, y1)))
    else:
        raise node.fail(f"has an unknown shape type {kind[:40]!r}")


def _points(node: Node) -> NDArray[np.float64]:
    points = [part.numbers() for part in node.elements()]
    if any(point.size != 2 for point in points):
        raise node.fail("holds a point that is not x and y")
    return np.array(points, np.float64).reshape(-1, 2)


def _bitmap(node: Node, box: tuple[float, float, float, float]) -> Bitmap:
    """Return the mask that is stored as a PNG in base64; its box includes its last pixels."""
    left, top = (round(min(max(value, -1e6), 1e6)) for value in box[:2])
    text = node.field("mask")
    try:
        data = base64.b64decode(text.text(), validate=True)
        width, height = _png_size(data)
        wide, high = round(box[2]) - left + 1, round(box[3]) - top + 1
        if abs(width - wide) > 1 or abs(height - high) > 1:
            raise text.fail(f"is {width} x {height} pixels, its box {wide} x {high}")
        if width * height > _MAX_PIXELS:
            raise text.fail(f"claims to be {width} x {height} pixels")
        # Only PNG: other decoders of Pillow have no business here.
        with open_image(io.BytesIO(data), formats=("PNG",)) as image:
            pixels = np.asarray(image.convert("L") if image.mode != "1" else image)
    except (binascii.Error, *IMAGE_ERRORS) as error:
        raise text.fail(f"is no PNG in base64 ({type(error).__name__})") from error
    return Bitmap(pixels > 0, left, top)


def _png_size(data: bytes) -> tuple[int, int]:
    """Return (width, height) from the header, before any decoder sees the data."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or len(data) < 24:
        raise ValueError("no PNG")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height
