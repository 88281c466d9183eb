"""Frame-exact access, on every kind of video that FFmpeg lets us make here."""

from __future__ import annotations

import random
import sys
import threading
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, cycle, islice
from pathlib import Path

import numpy as np
import pytest

from core.media import source, video_file
from core.media.video import open_video

COUNT = 40
FRAME_BYTES = 96 * 64 * 3
X264 = "keyint=12:scenecut=0:bframes=3"
X265 = "log-level=none:keyint=12:min-keyint=12:bframes=3:scenecut=0:pools=1:frame-threads=1"
UNEVEN = tuple(accumulate(islice(cycle((1, 3, 2, 7)), COUNT - 1), initial=0))

KINDS: dict[str, dict] = {
    "cfr.mp4": {"options": {"bf": "3"}},
    "faststart.mp4": {"container_options": {"movflags": "faststart"}},
    "fragmented.mp4": {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    "open_gop.mp4": {"options": {"x264-params": f"{X264}:open-gop=1"}},
    "open_gop.ts": {"options": {"x264-params": f"{X264}:open-gop=1"}},
    "open_gop_hevc.mkv": {"codec": "libx265", "options": {"x265-params": f"{X265}:open-gop=1"}},
    "open_gop_hevc.ts": {"codec": "libx265", "options": {"x265-params": f"{X265}:open-gop=1"}},
    "open_gop_mpeg2.ts": {"codec": "mpeg2video", "max_b": 2},
    "program_stream.mpg": {"codec": "mpeg2video", "max_b": 2},
    "intra_refresh.ts": {"options": {"x264-params": "intra-refresh=1:keyint=12:bframes=0"}},
    "interlaced.ts": {"options": {"x264-params": "interlaced=1:keyint=12"}},
    "vfr.mkv": {"times": UNEVEN},
    "vfr.mp4": {"times": UNEVEN},
    "mjpeg.avi": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "mpeg4.avi": {"codec": "mpeg4", "max_b": 2},
    "reordered.avi": {"options": {"bf": "3"}},
    "raw.h264": {"container": "h264"},
    "odd.mkv": {"codec": "ffv1", "size": (97, 53)},
    "odd.mp4": {"pixels": "yuv444p", "size": (97, 53)},
    "ten_bit.mp4": {"pixels": "yuv420p10le"},
    "gray.mkv": {"codec": "ffv1", "pixels": "gray"},
    "gray16.mkv": {"codec": "ffv1", "pixels": "gray16le"},
    "alpha.mov": {"codec": "qtrle", "pixels": "argb"},
    "alpha_png.mov": {"codec": "png", "pixels": "rgba"},
    "alpha_prores.mov": {"codec": "prores_ks", "pixels": "yuva444p10le"},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}},
    "vp8_hidden.webm": {
        "codec": "libvpx",
        "options": {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "60k"},
    },
}


@pytest.fixture(scope="session")
def videos(tmp_path_factory, video_tools):
    folder = tmp_path_factory.mktemp("videos")
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            made[name] = video_tools["encode"](folder, video_tools["Kind"](name, **KINDS[name]))
        return made[name]

    return get


@pytest.mark.parametrize("name", KINDS)
def test_every_way_of_reading_gives_the_same_frames(name, videos, read_number):
    with open_video(videos(name)) as video:
        frames = [f.tobytes() for f in video.frames(0, video.info.frame_count)]
        numbers = [read_number(video.frame(i)) for i in range(video.info.frame_count)]
        assert not video.info.breaks_off
    assert numbers == list(range(COUNT))
    order = random.Random(name).sample(range(COUNT), COUNT)
    with open_video(videos(name), cache_bytes=0) as video:
        assert [i for i in order if video.frame(i).tobytes() != frames[i]] == []
    with open_video(videos(name), cache_bytes=16 * FRAME_BYTES) as video:
        backward = [f.tobytes() for f in video.frames(COUNT - 1, -1, -1)]
        assert video.notes == ()
    assert backward == frames[::-1]


@pytest.mark.parametrize("name", ["open_gop.ts", "vfr.mkv", "reordered.avi"])
def test_prefetch_changes_nothing(name, videos, read_number):
    with open_video(videos(name), cache_bytes=10 * FRAME_BYTES, prefetch=True) as video:
        assert [read_number(f) for f in video.frames(0, COUNT)] == list(range(COUNT))
        assert [read_number(f) for f in video.frames(30, -1, -1)] == list(range(30, -1, -1))
        assert [read_number(f) for f in video.frames(1, COUNT, 5)] == list(range(1, COUNT, 5))
    assert not [t for t in threading.enumerate() if t.name == "frame-prefetch"]


def test_info(videos):
    with open_video(videos("cfr.mp4")) as video:
        info = video.info
    assert (info.width, info.height, info.frame_count, info.fps) == (96, 64, COUNT, 25)
    assert (info.name, info.stems) == ("cfr", ())


@pytest.mark.parametrize("name", ["vfr.mkv", "vfr.mp4"])
def test_rate_of_uneven_video_is_the_mean(name, videos):
    with open_video(videos(name)) as video:
        assert float(video.info.fps) == pytest.approx(25 * (COUNT - 1) / UNEVEN[-1], rel=0.05)


@pytest.mark.parametrize("name", ["odd.mkv", "odd.mp4"])
def test_odd_size_is_kept(name, videos):
    with open_video(videos(name)) as video:
        assert (video.info.width, video.info.height) == (97, 53)
        assert video.frame(3).shape == (53, 97, 3)


@pytest.mark.parametrize("name", ["ten_bit.mp4", "alpha.mov", "alpha_prores.mov", "cfr.mp4"])
def test_colors_are_rgb(name, videos):
    with open_video(videos(name)) as video:
        red, green, blue = (int(v) for v in video.frame(0)[-2, 5])
    assert red > 180 and green < 50 and blue < 50


@pytest.mark.parametrize("name", ["gray.mkv", "gray16.mkv"])
def test_gray_becomes_rgb(name, videos):
    with open_video(videos(name)) as video:
        frame = video.frame(0)
    assert frame.shape == (64, 96, 3) and frame.dtype == np.uint8
    assert (frame[..., 0] == frame[..., 2]).all()


ORIENTATIONS = {
    "as it is": ((1, 0, 0, 1), lambda a: a),
    "a quarter turn": ((0, 1, -1, 0), lambda a: np.rot90(a, -1)),
    "half a turn": ((-1, 0, 0, -1), lambda a: a[::-1, ::-1]),
    "a quarter turn back": ((0, -1, 1, 0), np.rot90),
    "left for right": ((-1, 0, 0, 1), lambda a: a[:, ::-1]),
    "top for bottom": ((1, 0, 0, -1), lambda a: a[::-1]),
    "rows for columns": ((0, 1, 1, 0), lambda a: a.transpose(1, 0, 2)),
    "along the other diagonal": ((0, -1, -1, 0), lambda a: a[::-1, ::-1].transpose(1, 0, 2)),
    "no matrix at all": ((0, 0, 0, 0), lambda a: a),
    "a little askew": ((0.97, 0.24, -0.24, 0.97), lambda a: a),
    "larger": ((2, 0, 0, -2), lambda a: a[::-1]),
}
"""Display matrices and what players, and the ffmpeg program, make of them."""


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_pictures_stand_as_the_display_matrix_says(name, make, video_tools):
    matrix, shown_as = ORIENTATIONS[name]
    path = make()
    with open_video(path) as video:
        stored = video.frame(5)
    video_tools["set_matrix"](path, matrix)
    with open_video(path) as video:
        shown = video.frame(5)
        size = (video.info.width, video.info.height)
    assert size == (shown.shape[1], shown.shape[0])
    assert shown.flags.c_contiguous
    assert np.array_equal(shown, shown_as(stored))


def test_edit_list_hides_the_start(make, video_tools, read_number):
    path = make(options={"bf": "3"})
    video_tools["delay_start"](path, 5 * 512)
    with open_video(path) as video:
        assert [read_number(f) for f in video.frames(0, video.info.frame_count)] == list(
            range(5, COUNT)
        )
        assert read_number(video.frame(0)) == 5
        assert read_number(video.frame(20)) == 25


def test_edit_list_hides_the_end(make, video_tools, read_number):
    path = make(options={"bf": "3"})
    video_tools["cut_end"](path, 5 * 40)
    with open_video(path) as video:
        assert video.info.frame_count == COUNT - 5
        assert read_number(video.frame(COUNT - 6)) == COUNT - 6


def test_frames_that_are_never_shown_do_not_count(make, video_tools, read_number):
    path = make("a.webm", codec="libvpx", options={"b": "60k"})
    copy = video_tools["hide_vp8_frame"](path, 20, path.with_name("hidden.webm"))
    with open_video(copy) as video:
        assert video.info.frame_count == COUNT - 1
        assert [read_number(video.frame(i)) for i in (18, 19, 20, 38)] == [18, 19, 21, 39]


def test_stream_cut_inside_a_group_starts_at_its_first_whole_one(make, read_number):
    path = make("cut.ts", options={"x264-params": f"{X264}:open-gop=1"})
    data = path.read_bytes()
    path.write_bytes(data[: 188 * 3] + data[188 * 20 :])
    with open_video(path) as video:
        numbers = [read_number(f) for f in video.frames(0, video.info.frame_count)]
        again = [read_number(video.frame(i)) for i in reversed(range(video.info.frame_count))]
    assert numbers and numbers == list(range(numbers[0], COUNT)) and numbers[0] > 0
    assert again == numbers[::-1]


def test_reading_on_does_not_seek(videos, monkeypatch):
    sought: list[int] = []
    seek = video_file.VideoFileReader._seek
    monkeypatch.setattr(
        video_file.VideoFileReader,
        "_seek",
        lambda self, key: sought.append(key) or seek(self, key),
    )
    with open_video(videos("cfr.mp4"), cache_bytes=0) as video:
        list(video.frames(0, COUNT))
        assert sought == []
        video.frame(3)
        assert sought == [0]
        list(video.frames(4, COUNT, 3))
        assert sought == [0]


def test_backward_decodes_each_group_about_once(videos, monkeypatch):
    converted: list[int] = []
    to_rgb = video_file.VideoFileReader._to_rgb
    monkeypatch.setattr(
        video_file.VideoFileReader,
        "_to_rgb",
        lambda self, frame, number: converted.append(number) or to_rgb(self, frame, number),
    )
    with open_video(videos("open_gop.mp4")) as video:
        list(video.frames(COUNT - 1, -1, -1))
    assert sorted(converted) == list(range(COUNT))


def test_backward_by_single_frames_uses_the_cache_too(videos, monkeypatch):
    runs: list[int] = []
    decode = video_file.VideoFileReader.decode
    monkeypatch.setattr(
        video_file.VideoFileReader,
        "decode",
        lambda self, first, last: runs.append(last) or decode(self, first, last),
    )
    with open_video(videos("cfr.mp4")) as video:
        for index in range(COUNT - 1, -1, -1):
            video.frame(index)
    assert len(runs) <= 8


@pytest.mark.parametrize("index", [-1, COUNT, 10_000])
def test_out_of_range(index, videos):
    with open_video(videos("cfr.mp4")) as video, pytest.raises(IndexError, match=str(index)):
        video.frame(index)


def test_frames_cannot_be_written_to(videos):
    with open_video(videos("cfr.mp4")) as video, pytest.raises(ValueError, match="read-only"):
        video.frame(0)[0, 0] = 1


def test_closed_source_says_so(videos):
    video = open_video(videos("cfr.mp4"), prefetch=True)
    video.close()
    video.close()
    with pytest.raises(ValueError, match="closed"):
        video.frame(0)


def test_several_threads_read_the_right_frames(videos, read_number):
    wrong: list[int] = []
    with open_video(videos("open_gop.mp4"), cache_bytes=4 * FRAME_BYTES, prefetch=True) as video:

        def read(seed: int) -> None:
            order = random.Random(seed).sample(range(COUNT), COUNT)
            wrong.extend(i for i in order if read_number(video.frame(i)) != i)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_cache_budget_is_kept(videos):
    with open_video(videos("cfr.mp4"), cache_bytes=5 * FRAME_BYTES) as video:
        for step in (1, -1):
            list(video.frames(*((0, COUNT) if step > 0 else (COUNT - 1, -1)), step))
            assert isinstance(video, source.CachedSource)
            assert 0 < video._cache.used <= 5 * FRAME_BYTES


def test_single_frame(make, read_number):
    with open_video(make("one.mp4", numbers=(9,))) as video:
        assert (video.info.frame_count, video.info.fps) == (1, Fraction(25))
        assert read_number(video.frame(0)) == 9


def test_odd_name(make, tmp_path, read_number):
    path = make()
    renamed = path.rename(tmp_path / "a b %03d ü #1?.mp4")
    with open_video(renamed) as video:
        assert read_number(video.frame(11)) == 11
        assert video.info.name == "a b %03d ü #1?"


@pytest.mark.parametrize("name", ["cfr.mp4", "mpeg4.avi", "open_gop.ts"])
def test_an_index_that_is_late_or_early_is_made_anew(name, videos, read_number):
    with open_video(videos(name)) as video:
        index = video.index
    step = index.pts[1] - index.pts[0]
    for shift in (step, -step):
        wrong = replace(index, pts=tuple(pts + shift for pts in index.pts))
        with open_video(videos(name), index=wrong) as video:
            assert [read_number(video.frame(i)) for i in (0, 7, COUNT - 1)] == [0, 7, COUNT - 1]


def test_no_torch():
    import subprocess

    code = "import sys, core.media.video, core.media.keyframes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
