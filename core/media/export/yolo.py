"""YOLO segmentation: one line an object, one outline a line, in shares of the size."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.errors import OutputError
from core.media.annotations.polygons import Outline, trace_outlines
from core.media.export import losses
from core.media.export.base import ids_in, labeled_masks, mask_of
from core.media.export.categories import unknown_object
from core.media.export.leftovers import FrameFolder
from core.media.export.pictures import frame_jpeg
from core.media.export.sequence import PutFrame, SequenceExport, Task

if TYPE_CHECKING:
    from core.jobs import CancelToken
    from core.media.annotations.values import AnnotationSource
    from core.types import LabelMap


@dataclass(frozen=True, slots=True)
class YoloSegmentation(SequenceExport):
    """OUT/labels/SEQUENCE/00000.txt, OUT/images/SEQUENCE/00000.jpg, OUT/data.yaml.

    Categories are the classes; an object without one is a class of its own, named after it. Of an
    object in several parts the largest is written; holes are filled.

    Attributes:
        images: write the frames as well.
        by_object: make each object a class of its own, whatever its category, so that it can be
            told from the others.
    """

    name: ClassVar[str] = "yolo-seg"
    title: ClassVar[str] = "YOLO segmentation"
    images: bool = True
    by_object: bool = False

    def _lost(
        self, source: AnnotationSource, found: losses.Survey, token: CancelToken | None
    ) -> Iterable[str]:
        yield from _shapes_lost(source, token)
        yield from self._classes_lost(source)
        yield from losses.colors_lost(source, palette=False)
        yield from losses.void_lost(found)
        yield from losses.missing_frames(found)

    def _frame_folders(self, _source: AnnotationSource, sequence: str) -> Iterable[FrameFolder]:
        labels = FrameFolder(("labels", sequence), ".txt")
        frames = FrameFolder(("images", sequence), ".jpg")
        return (labels, frames) if self.images else (labels,)

    @contextmanager
    def _open(self, task: Task) -> Iterator[PutFrame]:
        source, sequence = task.source, task.sequence
        classes = Classes(source, by_object=self.by_object)
        refuse_other_classes(task.folder.root, classes.names, sequence)

        def put(index: int, label_map: LabelMap) -> None:
            stem = source.stem(index)
            if self.images:
                place = ("images", sequence, f"{stem}.jpg")
                task.folder.write(place, frame_jpeg(source, index))
            text = "".join(
                _line(classes.of(i), trace_outlines(mask_of(label_map, i))[0], source)
                for i in ids_in(label_map)
            )
            task.folder.write_text(("labels", sequence, f"{stem}.txt"), text)

        yield put
        task.folder.write_text(("data.yaml",), data_yaml(classes.names, sequence))

    def _classes_lost(self, source: AnnotationSource) -> Iterable[str]:
        classed = [info for info in source.objects if info.category]
        if self.by_object:
            if classed:
                yield f"Not written: categories ({losses.counted(len(classed), 'object')})."
        else:
            named = sum(bool(info.name) for info in classed)
            if named:
                yield f"Not written: names ({losses.counted(named, 'object')} with a category)."
            for kind, count in Classes(source, by_object=False).shared.items():
                yield f"Only their order tells objects of one class apart: {count} are {kind!r}."
        yield from ids_lost(source)


class Classes:
    """Numbers of classes: one for each category, and one for each object without a category.

    Attributes:
        names: of the classes; the first is class 0.
        shared: category -> how many objects, where it has more than one.
    """

    def __init__(self, source: AnnotationSource, *, by_object: bool) -> None:
        keys = [
            ("", str(info.object_id)) if by_object or not info.category else (info.category, "")
            for info in source.objects
        ]
        titles = {key: key[0] or info.title for key, info in zip(keys, source.objects, strict=True)}
        numbers = {key: number for number, key in enumerate(titles)}
        self._numbers = {
            info.object_id: numbers[key] for key, info in zip(keys, source.objects, strict=True)
        }
        self.names = tuple(titles.values())
        self.shared = {key[0]: count for key, count in Counter(keys).items() if count > 1}

    def of(self, object_id: int) -> int:
        """Return the class of an object, from 0 up.

        Raises:
            OutputError: it is in a label map but not in the list of objects.
        """
        if object_id not in self._numbers:
            raise unknown_object(object_id)
        return self._numbers[object_id]


def _line(class_index: int, outline: Outline, source: AnnotationSource) -> str:
    shares = outline.points / np.array([source.video.width, source.video.height])
    # Seven digits: corners stay within a thousandth of a pixel, on any picture.
    values = " ".join(f"{value:.7g}" for value in shares.ravel())
    return f"{class_index} {values}\n"


def refuse_other_classes(root: Path, titles: tuple[str, ...], sequence: str) -> None:
    """Refuse to give new names to the classes of sequences that are there already.

    Raises:
        OutputError: other sequences are there, whose classes are called otherwise.
    """
    path, labels = root / "data.yaml", root / "labels"
    try:
        others = [p.name for p in labels.iterdir() if p.is_dir()] if labels.is_dir() else []
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} is there already and cannot be read: {error}.") from error
    names = data_yaml(titles, sequence).partition("names:")[2]
    if text and set(others) - {sequence} and text.partition("names:")[2].rstrip() != names.rstrip():
        shown = ", ".join(sorted(set(others) - {sequence})[:3])
        raise OutputError(
            f"{path} has other classes, for other sequences that are there: {shown}.",
            "Choose another folder, or give the objects the same categories in the same order.",
        )


def data_yaml(titles: tuple[str, ...], sequence: str, *, absent: bool = True) -> str:
    """Return the list of classes; names are quoted as JSON, which is YAML too.

    Args:
        titles: of the classes.
        sequence: its folder.
        absent: say that no object is on frames without a line.
    """
    names = "".join(
        f"  {place}: {json.dumps(title, ensure_ascii=False)}\n"
        for place, title in enumerate(titles)
    )
    folder = json.dumps(f"images/{sequence}", ensure_ascii=False)
    unlabelled = "unlabelled: absent\n" if absent else ""
    return f"path: .\ntrain: {folder}\nval: {folder}\n{unlabelled}names:\n{names}"


def ids_lost(source: AnnotationSource) -> list[str]:
    """Say how ids change: classes are counted up, and readers give ids in their order."""
    changed = [
        f"{info.object_id} becomes {place}"
        for place, info in enumerate(source.objects, 1)
        if info.object_id != place
    ]
    named = any(info.name or info.category for info in source.objects)
    shown = ", ".join(changed[:5])
    return [f"Ids are counted up without gaps: {shown}."] if changed and named else []


def _shapes_lost(source: AnnotationSource, token: CancelToken | None) -> list[str]:
    holes = parts = pixels = 0
    for _, mask in labeled_masks(source, token=token):
        outlines = trace_outlines(mask)
        solid = [line for line in outlines if not line.is_hole]
        holes += len(outlines) - len(solid)
        parts += len(solid) - 1
        pixels += int(sum(line.area for line in solid[1:]))
    sentences = []
    if holes:
        sentences.append(f"Holes that are filled, or left out with their part: {holes}.")
    if parts:
        size = losses.counted(pixels, "pixel")
        sentences.append(f"Smaller parts of objects that are left out: {parts}, {size}.")
    return sentences
