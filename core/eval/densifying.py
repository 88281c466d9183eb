"""What boxes made dense are worth: J of the masks that are kept on films with exact ones.

    python -m core.eval.densifying OUT.txt --system NAME --weights FILE --scenes herd,chase

Films of `core.data.synthetic` at half size get boxes on four frames, as far off as drawn ones.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.data.box_tables import DrawnBox
from core.data.dense_labels import AGREES, Verdict
from core.data.synthetic import MULTI_OBJECT_SET, render, scaled
from core.engine.densify.clip import ClipRequest, DenseFrame, densify_clip
from core.engine.densify.job import feature_reader
from core.engine.registry import build_tracker
from core.jobs import CancelToken
from core.media.annotations.rectangles import mask_overlap, tight_box
from core.media.atomic import write_atomic
from core.tracking.contract import TrackerRequest
from core.types import Quality, VideoInfo

if TYPE_CHECKING:
    from core.media.frame_times import FrameIndex
    from core.types import Frame, LabelMap

PLACES = (0.02, 0.34, 0.66, 0.98)
"""Where in a film the labeled frames are."""
OFF = 0.015
"""Largest shift of a box's edges, as a share of the frame."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Frames of objects between labeled frames.

    Attributes:
        kept: J of those that are kept.
        refused: how many are not.
    """

    kept: tuple[float, ...]
    refused: int

    def __str__(self) -> str:
        kept = np.array(self.kept)
        if not len(kept):
            return f"kept 0; refused {self.refused}"
        return (
            f"kept {len(kept)}, mean J {kept.mean():.3f}, above .5 {(kept > 0.5).mean():.1%};"
            f" refused {self.refused}"
        )


class Film:
    """A `VideoSource` of frames in memory."""

    index: FrameIndex | None = None
    notes: tuple[str, ...] = ()

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames
        height, width = frames[0].shape[:2]
        self.info = VideoInfo(Path("film"), len(frames), width, height, Fraction(25))

    def frame(self, index: int) -> Frame:
        """See `VideoSource.frame`."""
        return self._frames[index]

    def frames(self, start: int, stop: int, step: int = 1) -> Iterator[Frame]:
        """See `VideoSource.frames`."""
        return (self._frames[index] for index in range(start, stop, step))

    def close(self) -> None:
        """See `VideoSource.close`."""

    def __enter__(self) -> Film:
        return self

    def __exit__(self, *_exc: object) -> None:
        pass


def drawn_boxes(label_maps: Sequence[LabelMap], rng: np.random.Generator) -> tuple[DrawnBox, ...]:
    """Boxes on four frames, each edge off by up to `OFF`; none where that leaves no area."""
    last = len(label_maps) - 1
    ids = sorted({int(i) for label_map in label_maps for i in np.unique(label_map)} - {0})
    height, width = label_maps[0].shape
    boxes = []
    for index in sorted({round(place * last) for place in PLACES}):
        for object_id in ids:
            box = tight_box(label_maps[index] == object_id)
            if box is not None:
                shift = rng.uniform(-OFF, OFF, 4) * (width, height, width, height)
                x0, y0, x1, y1 = (float(edge) for edge in np.array(box) + shift)
                box = (x0, y0, x1, y1) if min(x1 - x0, y1 - y0) >= 2 else None
            boxes.append(DrawnBox("", index, object_id, "", box))
    return tuple(boxes)


def worth(request: ClipRequest, label_maps: Sequence[LabelMap]) -> Worth:
    """Make a film's boxes dense and compare what is kept between them with the truth."""
    labeled = {box.frame_index for box in request.boxes}
    kept, refused = list[float](), 0
    for item in densify_clip(request, CancelToken()):
        if isinstance(item, DenseFrame) and item.frame_index not in labeled:
            for object_id, verdict in item.verdicts.items():
                truth = label_maps[item.frame_index] == object_id
                if verdict is Verdict.REFUSED:
                    refused += 1
                elif verdict is not Verdict.ABSENT or truth.any():
                    kept.append(mask_overlap(item.label_map == object_id, truth))
    return Worth(tuple(kept), refused)


def main(arguments: list[str]) -> None:
    """See the module."""
    parser = argparse.ArgumentParser("densifying", description=__doc__)
    parser.add_argument("out", type=Path, help="gets a line a film, and one for all")
    parser.add_argument("--system", required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--scenes", default=",".join(scene.name for scene in MULTI_OBJECT_SET))
    parser.add_argument("--agreement", type=float, default=AGREES)
    args = parser.parse_args(arguments)
    tracker = TrackerRequest(args.system, Quality.FAST, "cpu", args.weights)
    describe, rng = feature_reader(tracker), np.random.default_rng(0)
    found: dict[str, Worth] = {}
    for scene in MULTI_OBJECT_SET:
        if scene.name in args.scenes.split(","):
            frames, label_maps = zip(*render(scaled(scene, 0.5)), strict=True)
            boxes = drawn_boxes(label_maps, rng)
            film = Film(frames)
            request = ClipRequest(film, boxes, build_tracker(tracker), describe, args.agreement)
            found[scene.name] = worth(request, label_maps)
            write_atomic(args.out, _text(found).encode())


def _text(found: dict[str, Worth]) -> str:
    kept = tuple(j for one in found.values() for j in one.kept)
    total = Worth(kept, sum(one.refused for one in found.values()))
    return "".join(f"{name}: {one}\n" for name, one in {**found, "all": total}.items())


if __name__ == "__main__":
    main(sys.argv[1:])
