"""Two clips of moving shapes on the disk, with exact boxes."""

from __future__ import annotations

import av
import pytest

from core.data.box_tables import DrawnBox
from core.data.synthetic import moving_shapes
from core.media.annotations.rectangles import tight_box

LABELED = (1, 4, 7)
COUNT = 9


def write_film(path, frames):
    """Frames without any loss."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "bgr0"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="bgr0")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


@pytest.fixture(scope="session")
def shapes():
    """Label maps by clip."""
    return {
        name: moving_shapes(seed=seed, width=160, height=120, frame_count=COUNT)
        for name, seed in (("boat.mkv", 2), ("car.mkv", 0))
    }


@pytest.fixture(scope="session")
def videos(tmp_path_factory, shapes):
    folder = tmp_path_factory.mktemp("videos")
    for name, (frames, _) in shapes.items():
        write_film(folder / name, frames)
    return folder


@pytest.fixture
def boxes(shapes):
    """Tables as they are read."""
    return {
        name: tuple(
            DrawnBox(name, index, i, f"shape {i}", tight_box(label_maps[index] == i))
            for index in LABELED
            for i in (1, 2)
        )
        for name, (_, label_maps) in shapes.items()
    }
