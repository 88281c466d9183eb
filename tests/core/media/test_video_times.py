"""When frames are shown and at what rate, where headers say another thing than the frames do."""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate, cycle, islice

import av
import numpy as np
import pytest

from core.media.frame_rate import frame_rate
from core.media.frame_times import FrameIndex
from core.media.video import frame_times, open_video

COUNT = 40
THIRDS = tuple(range(0, 3 * COUNT, 3))
UNEVEN = tuple(accumulate(islice(cycle((1, 3, 2, 7)), COUNT - 1), initial=0))
ONE_GAP = (*range(10), *range(14, COUNT + 4))

AVI = {
    "mpeg4": {"codec": "mpeg4"},
    "mpeg4 reordered": {"codec": "mpeg4", "max_b": 2},
    "mjpeg": {"codec": "mjpeg", "pixels": "yuvj420p"},
    "h264": {"options": {"bf": "0"}},
    "h264 reordered": {"options": {"bf": "3"}},
    "lossless": {"codec": "ffv1"},
}


def seconds(video) -> list[Fraction]:
    times = frame_times(video)
    return [times.seconds(index) for index in range(video.info.frame_count)]


@pytest.mark.parametrize("times", [THIRDS, UNEVEN, ONE_GAP], ids=["thirds", "uneven", "one gap"])
@pytest.mark.parametrize("kind", AVI)
def test_empty_packets_of_avi_are_time_that_goes_by(kind, times, make, read_number):
    """A packet without content repeats the frame before it: programs that record drop frames so."""
    path = make("a.avi", times=times, **AVI[kind])
    with open_video(path) as video:
        assert [read_number(f) for f in video.frames(0, COUNT)] == list(range(COUNT))
        assert video.info.frame_count == COUNT
        assert not video.info.breaks_off
        if "reordered" in kind:
            # The file knows the times of decoding only; their last two or three are lost.
            assert float(seconds(video)[-1]) * 25 >= times[-4]
        else:
            assert seconds(video) == [Fraction(t - times[0], 25) for t in times]
            mean = Fraction(25 * (COUNT - 1), times[-1])
            assert float(video.info.fps) == pytest.approx(float(mean), rel=1e-3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.flv", "a.ts", "a.mov", "a.webm", "a.nut"])
@pytest.mark.parametrize("times", [THIRDS, UNEVEN, ONE_GAP], ids=["thirds", "uneven", "one gap"])
def test_the_mean_of_the_times_is_the_rate(name, times, make):
    vp8 = {"codec": "libvpx", "options": {"b": "60k"}}
    path = make(name, times=times, **(vp8 if name == "a.webm" else {"options": {"bf": "0"}}))
    with open_video(path) as video:
        assert float(video.info.fps) == pytest.approx(25 * (COUNT - 1) / times[-1], rel=1e-3)
        assert [round(float(s), 3) for s in seconds(video)] == [t / 25 for t in times]


def encoded(path, rate: Fraction, count: int = 30, **options) -> None:
    with av.open(str(path), "w", format=path.suffix[1:].replace("mkv", "matroska")) as out:
        stream = out.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for number in range(count):
            picture = np.full((32, 32, 3), 4 * number, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))


@pytest.mark.parametrize("rate", [Fraction(50), Fraction(30000, 1001), Fraction(24000, 1001)])
@pytest.mark.parametrize("ending", ["h264", "mkv", "avi", "mp4", "flv"])
def test_usual_rates_are_told_exactly(ending, rate, tmp_path):
    """Containers round times to ticks of their own; a bare stream has a rate and no times."""
    path = tmp_path / f"a.{ending}"
    encoded(path, rate)
    with open_video(path) as video:
        assert video.info.frame_count == 30
        assert video.info.fps == rate
        assert float(seconds(video)[-1]) == pytest.approx(29 / float(rate), abs=2e-3)


@pytest.mark.parametrize("ending", ["ts", "mpg"])
def test_time_goes_on_where_the_clock_begins_anew(ending, make, read_number):
    """Recordings that were joined by their bytes."""
    codec = {"codec": "mpeg2video"} if ending == "mpg" else {"options": {"bf": "2"}}
    path = make(f"a.{ending}", **codec)
    path.write_bytes(2 * path.read_bytes())
    with open_video(path) as video:
        assert [read_number(f) for f in video.frames(0, 2 * COUNT)] == 2 * list(range(COUNT))
        steps = np.diff([float(s) for s in seconds(video)])
        assert video.info.fps == 25
        assert np.allclose(steps, 1 / 25)
        assert [read_number(video.frame(i)) for i in (50, 3)] == [10, 3]


def index(*pts: int, base: Fraction) -> FrameIndex:
    return FrameIndex(tuple(pts), (0,), base=base)


@pytest.mark.parametrize(
    ("pts", "base", "declared", "expected"),
    [
        ((0, 33, 67, 100), Fraction(1, 1000), (30,), 30),
        ((0, 33, 67, 100), Fraction(1, 1000), (60, 30), 30),
        ((0, 50), Fraction(1, 1000), (25,), 20),
        ((0, 3, 6), Fraction(1, 25), (25,), Fraction(25, 3)),
        ((0, 1, 2), Fraction(1, 25), (25, 50), 25),
        ((7,), Fraction(1, 25), (25, 50), 25),
        (tuple(range(0, 4004 * 9, 4004)), Fraction(1, 120000), (30,), Fraction(30000, 1001)),
    ],
)
def test_declared_rates_count_where_they_fit_the_times(pts, base, declared, expected):
    rates = tuple(Fraction(rate) for rate in declared)
    assert frame_rate(index(*pts, base=base), rates) == expected
