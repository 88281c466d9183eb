"""Interlaced video whose packets hold a field or a frame: one frame for both fields."""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path

import pytest

from core.media.field_pairs import Place, field_pairs
from core.media.video import open_video


def load_streams():
    """Tests are imported one by one, and not as a package."""
    path = Path(__file__).with_name("field_streams.py")
    spec = importlib.util.spec_from_file_location("field_streams", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["field_streams"] = module
    spec.loader.exec_module(module)
    return module


streams = load_streams()
COUNT, SIZE = streams.COUNT, (streams.WIDTH, streams.HEIGHT)


@pytest.fixture
def field_video(tmp_path, video_tools):
    def make(
        name: str, pictures: list[streams.Picture], *, mbaff: bool = False, both: bool = False
    ):
        planes = [streams.planes_of(video_tools["numbered_frame"](n, SIZE)) for n in range(COUNT)]
        coded = [streams.h264_picture(p, planes[p.number], mbaff=mbaff) for p in pictures]
        coded = [
            streams.parameter_sets(mbaff=mbaff) + data if picture.entry else data
            for picture, data in zip(pictures, coded, strict=True)
        ]
        raw = tmp_path / "raw.h264"
        raw.write_bytes(b"".join(coded))
        if name == raw.name:
            return raw
        return streams.mux(tmp_path / name, raw, streams.packets_of(pictures, coded, both=both))

    return make


def check(path: Path, read_number, *, rate: bool = True) -> None:
    with open_video(path) as video:
        assert (video.info.frame_count, video.info.breaks_off) == (COUNT, False)
        assert [read_number(f) for f in video.frames(0, COUNT)] == list(range(COUNT))
        assert not rate or float(video.info.fps) == pytest.approx(streams.RATE, rel=1e-3)
    with open_video(path, cache_bytes=0) as video:
        for index in (7, 2, 11, 0, 6):
            assert read_number(video.frame(index)) == index


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "mov", "m2ts"])
@pytest.mark.parametrize("kind", streams.PICTURES)
def test_two_fields_in_two_packets_are_one_frame(kind, ending, field_video, read_number):
    check(field_video(f"a.{ending}", streams.PICTURES[kind]()), read_number)


@pytest.mark.parametrize("kind", streams.PICTURES)
def test_both_fields_in_one_packet(kind, field_video, read_number):
    check(field_video("a.mkv", streams.PICTURES[kind](), both=True), read_number)


@pytest.mark.parametrize("ending", ["mp4", "ts"])
def test_frames_of_pairs_of_macroblocks_among_fields(ending, field_video, read_number):
    check(field_video(f"a.{ending}", streams.mixed(), mbaff=True), read_number)


def test_stream_without_times(field_video, read_number):
    check(field_video("raw.h264", streams.all_fields()), read_number)


@pytest.fixture
def mpeg2_video(tmp_path, video_tools):
    def make(name: str, pictures: list[streams.Picture], *, both: bool = False):
        planes = [streams.planes_of(video_tools["numbered_frame"](n, SIZE)) for n in range(COUNT)]
        coded = [streams.mpeg2_picture(p, planes[p.number]) for p in pictures]
        raw = tmp_path / "raw.m2v"
        raw.write_bytes(b"".join(coded) + b"\0\0\1\xb7")
        if name == raw.name:
            return raw
        return streams.mux(tmp_path / name, raw, streams.packets_of(pictures, coded, both=both))

    return make


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mpg", "a.ts", "a.avi", "raw.m2v"])
@pytest.mark.parametrize("kind", ["fields", "bottom first", "mixed"])
def test_field_pictures_of_mpeg_2(kind, name, both, mpeg2_video, read_number):
    # FFmpeg's own writers of mpg and avi get times of packets as small as these wrong.
    path = mpeg2_video(name, streams.PICTURES[kind](), both=both)
    check(path, read_number, rate=name not in ("a.mpg", "a.avi"))


def without(pictures: list[streams.Picture], *lost: int) -> list[streams.Picture]:
    return [picture for place, picture in enumerate(pictures) if place not in lost]


@pytest.mark.parametrize("ending", ["ts", "mkv"])
@pytest.mark.parametrize(
    ("lost", "gone"),
    [((0,), [0]), ((5,), [2]), ((23,), [11]), ((4, 5), [2]), ((5, 6), [2, 3]), ((4, 9), [2, 4])],
)
def test_a_frame_that_lacks_a_field_is_not_shown(lost, gone, ending, field_video, read_number):
    """As FFmpeg has it; the frames around it are not torn apart."""
    path = field_video(f"a.{ending}", without(streams.all_fields(), *lost))
    kept = [n for n in range(COUNT) if n not in gone]
    with open_video(path) as video:
        assert [read_number(f) for f in video.frames(0, video.info.frame_count)] == kept
        assert not video.info.breaks_off


@pytest.mark.parametrize("ending", ["ts", "mkv"])
def test_a_stream_of_single_fields_is_what_the_decoder_makes_of_it(
    ending, field_video, read_number
):
    """FFmpeg's decoder waits for the other fields of two or more frames, then gives that up."""
    path = field_video(f"a.{ending}", [p for p in streams.all_fields() if p.kind == streams.TOP])
    with open_video(path) as video:
        count = video.info.frame_count
        assert [read_number(f) for f in video.frames(0, count)] == list(range(COUNT - count, COUNT))
        assert [read_number(video.frame(i)) for i in (5, 1)] == [
            COUNT - count + 5,
            COUNT - count + 1,
        ]
    assert count >= COUNT - 4


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("codec", ["h264", "mpeg2video"])
def test_damaged_headers_do_no_harm(codec, seed, video_tools):
    draw = random.Random(seed)
    planes = streams.planes_of(video_tools["numbered_frame"](1, SIZE))
    picture = streams.Picture(0, 0, streams.TOP, entry=True)
    whole = (
        streams.parameter_sets(mbaff=False)
        + streams.h264_picture(picture, planes, mbaff=False)[:99]
    )
    if codec == "mpeg2video":
        whole = streams.mpeg2_picture(picture, planes)
    whole = whole[: draw.randrange(len(whole))]
    damaged = bytes(draw.randrange(256) if draw.random() < 0.1 else byte for byte in whole)
    extradata = draw.choice([b"", damaged, b"\1" + damaged, draw.randbytes(30)])
    pairs = field_pairs(codec, extradata)
    for data in (damaged, b"", draw.randbytes(200), damaged):
        assert pairs.place_of(data, is_entry=True) in Place


def test_other_codecs_have_no_field_in_a_packet():
    assert field_pairs("hevc", b"") is None
