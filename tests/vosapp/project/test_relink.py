"""Another video under the project's name is taken for its own once somebody has said so."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image

from core.errors import ProjectFileError, VideoMismatch, VideoOpenError
from core.media.video import open_video
from vosapp.project.file import Options
from vosapp.project.opening import create_project, open_project
from vosapp.project.relink import (
    is_project_video,
    open_linked,
    relink,
    require_video,
    video_differences,
)
from vosapp.project.video_ref import video_ref


def write_frames(folder, *, seed, count=3, size=(8, 6)):
    """Frames whose files have the same names and sizes whatever the seed."""
    folder.mkdir(parents=True)
    for index in range(count):
        pixels = np.random.default_rng(seed + index).integers(0, 256, (*size[::-1], 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:05d}.bmp")
    return folder


@pytest.fixture
def frames(tmp_path):
    return write_frames(tmp_path / "bears", seed=0)


@pytest.fixture
def path(tmp_path, frames):
    with open_video(frames) as video:
        ref = video_ref(video.info, tmp_path / "p.vosapp")
    create_project(tmp_path / "p.vosapp", ref).close()
    return tmp_path / "p.vosapp"


@pytest.fixture
def project(path):
    with open_project(path) as opened:
        yield opened


def replace_video(frames, **kind):
    shutil.rmtree(frames)
    return write_frames(frames, **{"seed": 7} | kind)


@pytest.mark.parametrize("named", [False, True])
def test_another_video_of_the_same_size_and_length_is_refused(project, frames, named):
    before = project.video
    replace_video(frames)
    with pytest.raises(VideoMismatch, match=r"may be another video .* its content is another one"):
        open_linked(project, frames if named else None)
    with pytest.raises(VideoMismatch):
        require_video(project, frames)
    assert project.video == before and not is_project_video(project, frames)


@pytest.mark.parametrize("named", [False, True])
def test_it_is_confirmed_once(project, path, frames, named):
    replace_video(frames)
    video, notes = open_linked(project, frames if named else None, confirmed=True)
    video.close()
    assert notes == ("its content is another one",)
    project.close()
    with open_project(path) as again:
        require_video(again, frames)
        for place in (None, frames):
            video, notes = open_linked(again, place)
            video.close()
            assert notes == ()


def test_what_was_there_before_is_another_one_then(project, frames):
    replace_video(frames)
    relink(project, frames)
    replace_video(frames, seed=0)
    with pytest.raises(VideoMismatch):
        open_linked(project)


def test_looking_at_it_does_not_confirm_it(path, frames):
    replace_video(frames)
    with open_project(path, Options(read_only=True)) as reader:
        with pytest.raises(VideoMismatch):
            open_linked(reader)
        open_linked(reader, confirmed=True)[0].close()
    with open_project(path) as project, pytest.raises(VideoMismatch):
        open_linked(project)


def test_a_video_of_another_length_is_refused_whatever_is_said(project, frames):
    replace_video(frames, count=4)
    for confirmed in (False, True):
        with pytest.raises(ProjectFileError, match="4 frames, not 3"):
            open_linked(project, confirmed=confirmed)
    with pytest.raises(ProjectFileError):
        video_differences(project, frames)


def test_a_video_that_cannot_be_read(project, frames, tmp_path):
    shutil.rmtree(frames)
    for path in (frames, tmp_path / "none"):
        with pytest.raises(VideoOpenError):
            video_differences(project, path)


def test_the_same_video_is_opened_only_where_it_must_be(project, frames, monkeypatch):
    monkeypatch.setattr("vosapp.project.relink.open_video", None)
    assert video_differences(project, frames) == ()
    require_video(project, frames)


def test_nothing_is_written_where_nothing_is_new(project, frames, monkeypatch):
    open_linked(project, frames)[0].close()
    monkeypatch.setattr(type(project), "set_video", None)
    for place in (None, frames):
        open_linked(project, place)[0].close()
