"""Raw footage for composite clips."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.data.frame_pack import FramePack


def make_pack(path, colors, *, still=False, size=(64, 80)):
    """A pack of plain frames at ten a second, one a color."""
    offsets = [0]
    with path.open("wb") as file:
        for color in colors:
            image = np.full((*size, 3), color[::-1], np.uint8)
            file.write(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes())
            offsets.append(file.tell())
    return FramePack(path, tuple(offsets), tuple(i / 10 for i in range(len(colors))), still)


@pytest.fixture
def film(tmp_path):
    """Twelve frames, gray levels 0, 20, 40 and so on."""
    return make_pack(tmp_path / "film.frames", [(20 * i,) * 3 for i in range(12)])


@pytest.fixture
def red(tmp_path):
    return make_pack(tmp_path / "red.frames", [(200, 40, 30)] * 4)


@pytest.fixture
def images(tmp_path):
    return make_pack(tmp_path / "images.frames", [(20, 160, 60), (30, 60, 200)], still=True)
