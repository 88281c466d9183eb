"""Sources for exports: videos and label maps with everything that formats stumble over."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.types import VideoInfo

SIZE = (65, 49)


def scene_map(index: int, size=SIZE, *, seed: int = 0) -> np.ndarray:
    """Objects 1, 2, 5 with holes, islands and parts; 2 comes late, frame 3 is empty."""
    width, height = size
    label_map = np.zeros((height, width), np.uint8)
    if index == 3:
        return label_map
    y, x = np.mgrid[:height, :width]
    ring = (x - 20 - index) ** 2 + (y - 22) ** 2
    label_map[(ring < 260) & (ring > 60)] = 1
    label_map[ring < 12] = 1
    if index >= 2:
        label_map[height - 12 :, width - 20 - index :] = 2
        label_map[2:6, width - 8 :] = 2
    noise = np.random.default_rng(seed * 1000 + index).random((6, 9)) < 0.5
    label_map[:6, :9][noise] = 5
    return label_map


def scene_frame(index: int, size=SIZE) -> np.ndarray:
    """A smooth picture that differs from frame to frame."""
    width, height = size
    y, x = np.mgrid[:height, :width]
    channels = (x * 255 // width, y * 255 // height, np.full_like(x, 20 * index % 256))
    return np.dstack(channels).astype(np.uint8)


OBJECTS = (
    ObjectInfo.plain(1, name="Ring & <Co>", category="ring"),
    ObjectInfo.plain(2, name="zwei", category="box"),
    ObjectInfo.plain(5, name="ünf", category="ring"),
)


def make_source(  # one call describes one scene
    path: Path,
    *,
    count: int = 6,
    size=SIZE,
    objects=OBJECTS,
    missing=(),
    maps=None,
    stems=(),
    seed: int = 0,
    frame_range=None,
) -> AnnotationSource:
    info = VideoInfo(path, count, *size, Fraction(25), stems)

    def label_map(index):
        if index in missing:
            return None
        return maps[index] if maps is not None else scene_map(index, size, seed=seed)

    def frame(index):
        return scene_frame(index, size)

    return AnnotationSource(info, objects, label_map, frame, frame_range)


@pytest.fixture(name="make_source")
def make_source_fixture(tmp_path):
    """Make a source whose video is called `film`; nothing is on disk."""

    def make(**settings):
        return make_source(tmp_path / "video" / "film", **settings)

    return make
