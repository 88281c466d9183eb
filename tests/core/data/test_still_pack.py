"""Still images become one pack."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.data.frame_pack import PackConfig
from core.data.still_pack import pack_images
from core.errors import OutputError, TrainingError
from core.jobs import Cancelled, CancelToken, Progress

CONFIG = PackConfig(short_side=48)


def collected(job):
    """All that a job yields, and what it returns."""
    items = []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            return items, end.value


@pytest.fixture
def images(tmp_path):
    """Two images, one that is too small and one that is none."""
    folder = tmp_path / "images"
    (folder / "deep").mkdir(parents=True)
    cv2.imwrite(str(folder / "a.png"), np.full((60, 90, 3), (0, 0, 200), np.uint8))
    cv2.imwrite(str(folder / "deep/b.jpg"), np.full((100, 50, 3), (200, 0, 0), np.uint8))
    cv2.imwrite(str(folder / "small.png"), np.zeros((20, 90, 3), np.uint8))
    (folder / "broken.jpg").write_text("no image")
    return folder


def pack(images, cache, config=CONFIG):
    progress, packs = collected(pack_images(images, cache, config, CancelToken()))
    return progress, packs


def test_images_come_back(images, tmp_path):
    progress, (found,) = pack(images, tmp_path / "cache")
    texts = [item.text for item in progress]
    assert [item.done for item in progress] == [1, 2, 3, 4]
    assert texts[0] == "a.png" and texts[2] == "b.jpg"
    assert texts[1].startswith("left out broken.jpg") and "smaller than 32" in texts[3]
    assert found.still and found.times == (0, 1)
    assert found.frame(0).shape == (48, 72, 3) and found.frame(1).shape == (96, 48, 3)
    assert found.frame(0)[..., 0].mean() > 190 and found.frame(1)[..., 2].mean() > 190


def test_packed_once(images, tmp_path):
    _, first = pack(images, tmp_path / "cache")
    progress, second = pack(images, tmp_path / "cache")
    assert (progress, second) == ([], first)
    (images / "a.png").unlink()
    _, (third,) = pack(images, tmp_path / "cache")
    assert len(third.times) == 1


def test_nothing_usable(images, tmp_path):
    (images / "a.png").unlink()
    (images / "deep/b.jpg").unlink()
    with pytest.raises(TrainingError, match="None of the 2 images"):
        pack(images, tmp_path / "cache")
    with pytest.raises(TrainingError, match="holds no image"):
        pack(tmp_path / "nowhere", tmp_path / "cache")


def test_cancel_leaves_nothing(images, tmp_path):
    token = CancelToken()
    job = pack_images(images, tmp_path / "cache", CONFIG, token)
    assert next(job) == Progress(1, 4, "a.png")
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    assert list((tmp_path / "cache").iterdir()) == []


def test_cache_that_cannot_be_written(images, tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(OutputError, match="cache"):
        pack(images, tmp_path / "cache")
