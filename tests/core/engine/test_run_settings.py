"""Which settings make another run."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from core.cleaning import DEFAULT
from core.engine.propagate import PropagationRequest
from core.engine.run_settings import differences, run_settings
from core.tracking.contract import TrackerRequest
from core.types import Direction, Quality, VideoInfo


@pytest.fixture
def base(tmp_path, keyframe):
    """What `run_settings` is given."""
    film, weights = tmp_path / "film.mp4", tmp_path / "w.safetensors"
    film.write_bytes(b"film")
    weights.write_bytes(b"weights")
    info = VideoInfo(film, 9, 32, 24, Fraction(25))
    request = PropagationRequest((keyframe(0, (1,)), keyframe(4, (1, 2))), 0, 9)
    return info, request, TrackerRequest("flow", Quality.FAST, "auto", weights)


def changed(base, *, info=(), request=(), system=(), device="cpu", threads=2):
    values = [replace(v, **dict(c)) for v, c in zip(base, (info, request, system), strict=True)]
    return run_settings(*values, device=device, threads=threads)


def told(base, **changes):
    return differences(changed(base, **changes), changed(base))


def test_the_same_is_the_same(base):
    assert told(base) == []
    assert all(isinstance(text, str) for pair in changed(base).items() for text in pair)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"request": {"start": 1}}, "range 0:9, now 1:9"),
        ({"request": {"stop": 8}}, "range 0:9, now 0:8"),
        (
            {"request": {"ways": (Direction.FORWARD,)}},
            "direction backward and forward, now forward",
        ),
        ({"system": {"system": "copy"}}, "system flow, now copy"),
        ({"system": {"quality": Quality.FINE}}, "quality fast, now fine"),
        ({"system": {"weights": None}}, "other weights"),
        ({"system": {"target": True}}, "adaptation none, now target"),
        ({"device": "cuda"}, "device cpu, now cuda"),
        ({"threads": 1}, "threads 2, now 1"),
        ({"info": {"frame_count": 8}}, "other input"),
        ({"info": {"width": 33}}, "other input"),
    ],
)
def test_what_is_told_of_another_run(base, changes, wanted):
    assert told(base, **changes) == [wanted]


def test_order_of_directions_does_not_matter(base):
    ways = {"ways": (Direction.BACKWARD, Direction.FORWARD)}
    assert told(base, request=ways) == []


def test_masks_count_by_content(base, keyframe, box):
    first, second = base[1].keyframes
    same = replace(first, label_map=np.asfortranarray(first.label_map))
    assert told(base, request={"keyframes": (same, second)}) == []
    for other in (
        replace(first, label_map=box(0, 1)),
        replace(first, frame_index=1),
        replace(first, object_ids=(1, 2)),
        replace(first, reference=True),
        replace(first, label_map=first.label_map.reshape(32, 24)),
    ):
        assert told(base, request={"keyframes": (other, second)}) == ["other masks"]
    assert told(base, request={"keyframes": (first,)}) == ["other masks"]


def test_weights_count_by_content(base, tmp_path):
    copied = tmp_path / "other name"
    copied.write_bytes(b"weights")
    assert told(base, system={"weights": copied}) == []
    copied.write_bytes(b"others!")
    assert told(base, system={"weights": copied}) == ["other weights"]


def test_video_counts_by_size_and_time(base):
    before = changed(base)
    path = base[0].path
    status = path.stat()
    path.write_bytes(b"longer")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert differences(changed(base), before) == ["other input"]
    path.write_bytes(b"film")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert differences(changed(base), before) == []
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert differences(changed(base), before) == ["other input"]


def test_folder_counts_by_its_frames_only(base, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for stem in ("a", "b"):
        (folder / f"{stem}.png").write_bytes(b"image")
    info = {"path": folder, "stems": ("a", "b"), "frame_count": 2}
    before = changed(base, info=info)
    (folder / "notes.txt").write_text("no frame")
    assert changed(base, info=info) == before
    (folder / "b.png").write_bytes(b"another")
    assert differences(changed(base, info=info), before) == ["other input"]


def test_setting_that_an_earlier_version_did_not_have():
    assert differences({"a": "1", "new": "2"}, {"a": "1"}) == ["new ?, now 2"]


def test_another_clean_up_is_another_run(base):
    wanted = ["clean none, now default"]
    assert told(base, request={"cleaning": DEFAULT}) == wanted
