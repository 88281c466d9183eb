"""Which video a project belongs to, and finding it again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from core.errors import ProjectFileError, VideoOpenError
from core.media.video import open_video
from core.types import VideoInfo
from vosapp.project.opening import create_project, open_project
from vosapp.project.relink import relink, video_path
from vosapp.project.video_ref import content_hash, differences, video_ref


def write_frames(folder, count=3, size=(8, 6), shade=0):
    folder.mkdir(parents=True)
    for i in range(count):
        pixels = np.full((size[1], size[0], 3), shade + i, np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:05d}.png")
    return folder


@pytest.fixture
def frames(tmp_path):
    return write_frames(tmp_path / "in" / "bears")


@pytest.fixture
def linked(tmp_path, frames):
    with open_video(frames) as video:
        ref = video_ref(video.info, tmp_path / "in" / "p.vosapp")
    with create_project(tmp_path / "in" / "p.vosapp", ref) as project:
        yield project


def test_a_project_says_what_its_video_is(linked, frames):
    video = linked.video
    assert (video.frame_count, video.width, video.height) == (3, 8, 6)
    assert video.stems == ("00000", "00001", "00002") and video.relative_path == "bears"
    assert (video.size, video.content_hash) == content_hash(frames)
    assert video_path(linked) == frames


def test_hash_sees_both_ends_and_the_size(tmp_path):
    path = tmp_path / "film.bin"
    data = bytearray(3 << 20)
    hashes = set()
    for place in (None, 0, len(data) - 1):
        changed = bytearray(data)
        if place is not None:
            changed[place] = 1
        path.write_bytes(changed)
        hashes.add(content_hash(path)[1])
    path.write_bytes(data[:-1])
    hashes.add(content_hash(path)[1])
    assert len(hashes) == 4


def test_moved_together(linked, tmp_path):
    linked.close()
    shutil.move(tmp_path / "in", tmp_path / "out")
    with open_project(tmp_path / "out" / "p.vosapp") as project:
        assert video_path(project) == tmp_path / "out" / "bears"


def test_opening_without_the_video_and_relinking(linked, frames, tmp_path):
    linked.close()
    shutil.move(frames, tmp_path / "elsewhere")
    with open_project(linked.path) as project:
        assert video_path(project) is None
        assert not project.label_map(0).any()
        assert relink(project, tmp_path / "elsewhere") == ()
        assert video_path(project) == tmp_path / "elsewhere"
    with open_project(linked.path) as project:
        assert project.video.path == str(tmp_path / "elsewhere")


def test_relinking_says_what_differs(linked, tmp_path):
    notes = relink(linked, write_frames(tmp_path / "b", shade=90))
    assert (notes and "content" in notes[0]) or "bytes" in notes[0]


@pytest.mark.parametrize(
    ("change", "text"), [({"count": 4}, "4 frames, not 3"), ({"size": (6, 8)}, "6 x 8, not 8 x 6")]
)
def test_masks_of_another_video_do_not_fit(linked, tmp_path, change, text):
    before = linked.video
    with pytest.raises(ProjectFileError, match=text):
        relink(linked, write_frames(tmp_path / "b", **change))
    assert linked.video == before
    with pytest.raises(VideoOpenError):
        relink(linked, tmp_path / "nothing")


def test_differences_name_stems(video):
    names = tuple(f"a{i}" for i in range(video.frame_count))
    assert differences(video, replace(video, stems=names)) == ("its frames have other names",)


def test_videos_that_are_too_large(tmp_path):
    info = VideoInfo(tmp_path, 1, 70_000, 10, Fraction(24))
    with pytest.raises(VideoOpenError, match="too large"):
        video_ref(info, tmp_path / "p.vosapp")


def test_a_project_cannot_change_its_size(linked):
    with pytest.raises(ValueError, match="size or length"):
        linked.set_video(replace(linked.video, width=9))
