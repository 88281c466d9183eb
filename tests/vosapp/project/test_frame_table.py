"""The frames' times in a project: the video opens without a walk, and another one is noticed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import video_file
from core.media.frame_times import FrameIndex
from core.media.video import open_video
from vosapp.project.file import Options
from vosapp.project.frame_table import index_row, parse_index
from vosapp.project.model import Unreadable
from vosapp.project.opening import create_project, open_project
from vosapp.project.relink import open_linked, relink
from vosapp.project.video_ref import time_differences, video_ref

COUNT = 12
OPTIONS = {"bf": "0", "g": "4", "sc_threshold": "0"}


def write_film(path, times=range(COUNT)):
    """Twelve gray frames at given times in 25ths of a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options=OPTIONS)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(
                np.full((16, 32, 3), 20 * number, np.uint8), format="rgb24"
            )
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "film.mp4")


@pytest.fixture
def linked(tmp_path, film):
    path = tmp_path / "p.vosapp"
    with open_video(film) as video:
        ref, index = video_ref(video.info, path), video.index
    with create_project(path, ref, index=index) as project:
        yield project


@pytest.fixture
def no_walks(monkeypatch):
    def walk(path):
        raise AssertionError(f"{path} is walked through again")

    monkeypatch.setattr(video_file, "index_frames", walk)


INDICES = st.builds(
    lambda first, steps, keys, timed: FrameIndex(
        tuple(np.cumsum([first, *steps]).tolist()),
        tuple(sorted({0, *(key % (len(steps) + 1) for key in keys)})),
        timed=timed,
        base=Fraction(1001, 30000),
    ),
    st.integers(-(1 << 40), 1 << 40),
    st.lists(st.integers(1, 1 << 40), max_size=20),
    st.lists(st.integers(0, 100), max_size=9),
    st.booleans(),
)


@given(INDICES)
def test_round_trip(index):
    assert parse_index(index_row(index), len(index.pts)) == index
    with pytest.raises(Unreadable):
        parse_index(index_row(index), len(index.pts) + 1)


ANY = st.one_of(
    st.none(),
    st.integers(),
    st.binary(max_size=20),
    st.sampled_from(["1/25", "x", 0, 1, *index_row(FrameIndex((0, 1, 2), (0,)))]),
)


@given(st.tuples(*[ANY] * 5))
def test_any_row_is_an_index_or_unreadable(row):
    try:
        assert len(parse_index(row, 3).pts) == 3
    except Unreadable:
        return


def test_times_that_wrap_around_are_refused():
    row = list(index_row(FrameIndex((0, 1, 2), (0,))))
    row[3] = index_row(FrameIndex((0, (1 << 62), (1 << 62) + 5), (0,)))[3]
    with pytest.raises(Unreadable):
        parse_index(row, 3)


def test_a_known_video_opens_without_a_walk(linked, film, no_walks):
    assert linked.frame_index().keys == (0, 4, 8)
    video, notes = open_linked(linked)
    with video:
        assert notes == () and video.index == linked.frame_index()
        shades = [int(video.frame(i).mean()) for i in (11, 3, 0, 7)]
    assert np.allclose(shades, [220, 60, 0, 140], atol=9)


@pytest.mark.parametrize("loss", ["DELETE FROM frame_index", "UPDATE frame_index SET pts = x'00'"])
def test_an_index_that_is_missing_or_damaged_is_made_anew(linked, film, loss):
    linked._connection.execute(loss)
    with open_video(film) as video:
        wanted = video.index
    open_linked(linked)[0].close()
    assert linked.frame_index() == wanted
    linked.close()
    with open_project(linked.path, Options(read_only=True)) as reader:
        open_linked(reader)[0].close()


def test_a_moved_video_keeps_its_index(linked, film, tmp_path, no_walks):
    shutil.move(film, tmp_path / "other.mp4")
    assert relink(linked, tmp_path / "other.mp4") == ()
    assert linked.frame_index() is not None


def test_the_same_frames_in_another_container(linked, tmp_path):
    with av.open(str(tmp_path / "film.mp4")) as old, av.open(str(tmp_path / "b.mkv"), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    notes = relink(linked, tmp_path / "b.mkv")
    assert len(notes) == 1 and "bytes" in notes[0]
    assert linked.frame_index().base == Fraction(1, 1000)


def test_a_video_with_other_times_is_told(linked, tmp_path):
    times = [*range(6), *range(7, COUNT + 1)]
    notes = relink(linked, write_film(tmp_path / "gap.mp4", times))
    assert "frame 6 is shown at 0.280 s, not at 0.240 s, and 5 more at other times" in notes


def test_an_index_that_does_not_fit_is_made_anew(film):
    with open_video(film) as video:
        index = video.index
    shifted = replace(index, pts=tuple(pts + 7 for pts in index.pts))
    with open_video(film, index=shifted) as video:
        assert video.index == index
        assert video.info.frame_count == COUNT


def test_nothing_is_said_without_times():
    timed = FrameIndex((0, 1), (0,))
    assert time_differences(None, timed) == time_differences(timed, None) == ()
    assert time_differences(timed, replace(timed, pts=(0, 9), timed=False)) == ()
