"""A packed film of moving shapes, with boxes on some of its frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.data.box_lists import ClipBoxes
from core.data.clips.sample import tight_boxes
from core.data.frame_pack import FramePack
from core.data.pack_origin import PackOrigin
from core.data.synthetic import moving_shapes

LABELED = (3, 12, 24)
PACKED = tuple(sorted({*range(0, 30, 2), *LABELED}))


def boxes_of(label_maps, frames=LABELED, *, objects=2):
    """Exact boxes of some frames."""
    found = {}
    for frame in frames:
        for number, box in enumerate(tight_boxes(label_maps[frame], objects), 1):
            found[frame, number] = tuple(float(x) for x in box)
    return ClipBoxes(found)


@pytest.fixture
def shapes():
    """30 frames, their label maps."""
    return moving_shapes(seed=3, frame_count=30)


@pytest.fixture
def pack(tmp_path, shapes):
    """Every second frame and those with boxes, at half the size."""
    offsets, path = [0], tmp_path / "film-0.frames"
    with path.open("wb") as file:
        for index in PACKED:
            small = cv2.resize(shapes[0][index], (48, 32), interpolation=cv2.INTER_AREA)
            file.write(cv2.imencode(".jpg", small[..., ::-1])[1].tobytes())
            offsets.append(file.tell())
    origin = PackOrigin("film.mp4", (96, 64), PACKED)
    times = tuple(index / 12 for index in PACKED)
    return FramePack(path, tuple(offsets), times, origin=origin)


@pytest.fixture
def boxes(shapes):
    return boxes_of(np.asarray(shapes[1]))
