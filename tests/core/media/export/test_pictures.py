"""Videos and pictures made from masks: frame counts, times, alpha, sizes."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from core.errors import OutputError
from core.jobs import result_of
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.media.export.object_masks import CutOuts, ObjectMasks
from core.media.export.overlay import AlphaMatte, MatteFrames, OverlayVideo
from core.media.export.video_writer import PRORES_4444, VP9_ALPHA, Coding
from core.media.video import open_video

OBJECTS = (ObjectInfo(1, "a", (255, 0, 0)), ObjectInfo(2, "b", (0, 0, 255)))


def decoded(path, decoder=None):
    """(seconds, frame) of every frame in a file."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        if decoder is not None:
            context = av.CodecContext.create(decoder, "r")
        found = []
        for packet in container.demux(stream):
            frames = context.decode(packet if packet.size else None)
            found += [(frame.pts * stream.time_base, frame) for frame in frames]
        return found


def half_map(_index):
    label_map = np.zeros((48, 64), np.uint8)
    label_map[:, :32] = 1
    label_map[8:20, 40:60] = 2
    return label_map


@pytest.fixture
def film(make_source):
    return make_source(
        count=5, size=(64, 48), maps=[half_map(i) for i in range(5)], objects=OBJECTS
    )


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("even.mp4", None),
        ("odd.mkv", (0, 1, 3, 4, 9, 10, 30, 31)),
        ("late.mp4", (25, 26, 40, 41, 42, 60, 61, 70)),
    ],
)
def test_times_are_those_of_the_source(name, times, make, tmp_path):
    path = make(name, numbers=range(8), times=times)
    with open_video(path) as video:
        shape = (video.info.height, video.info.width)
        maps = {i: np.full(shape, i % 2, np.uint8) for i in range(8)}
        source = AnnotationSource(video.info, OBJECTS, maps.get, video.frame)
        result_of(OverlayVideo().export(source, tmp_path / "out"))
        result_of(AlphaMatte().export(source, tmp_path / "out"))
    original = [seconds for seconds, _ in decoded(path)]
    for found in ("_overlay.mp4", "_matte.mov"):
        written = decoded(tmp_path / "out" / f"{path.stem}{found}")
        shown = [seconds - original[0] for seconds in original]
        assert [seconds for seconds, _ in written] == shown


def test_a_range_starts_at_zero_and_keeps_its_gaps(make, tmp_path):
    path = make("odd.mp4", numbers=range(8), times=(0, 1, 3, 4, 9, 10, 30, 31))
    with open_video(path) as video:
        shape = (video.info.height, video.info.width)
        source = AnnotationSource(
            video.info, OBJECTS, lambda _: np.ones(shape, np.uint8), video.frame, range(3, 7)
        )
        result_of(OverlayVideo().export(source, tmp_path))
    (path,) = tmp_path.glob("*_overlay.mp4")
    assert [s for s, _ in decoded(path)] == [Fraction(t, 25) for t in (0, 5, 6, 26)]


def aspect(path):
    with av.open(str(path)) as container:
        return container.streams.video[0].sample_aspect_ratio or 1


WIDE = {"options": {"x264-params": "sar=16/11"}}


@pytest.mark.parametrize(
    ("name", "settings", "matrix", "expected"),
    [
        ("a.mp4", WIDE, None, Fraction(16, 11)),
        ("a.mkv", WIDE, None, Fraction(16, 11)),
        ("a.mov", WIDE, None, Fraction(16, 11)),
        ("odd.mkv", WIDE | {"size": (97, 53), "pixels": "yuv444p"}, None, Fraction(16, 11)),
        ("turned.mp4", WIDE, (0, 1, -1, 0), Fraction(11, 16)),
        ("mirrored.mp4", WIDE, (-1, 0, 0, 1), Fraction(16, 11)),
        ("square.mp4", {}, None, 1),
    ],
)
def test_pixels_that_are_not_square_stay_so(
    name, settings, matrix, expected, make, video_tools, tmp_path
):
    path = make(name, numbers=range(3), **settings)
    if matrix is not None:
        video_tools["set_matrix"](path, matrix)
    with open_video(path) as video:
        assert video.info.pixel_aspect == expected
        size = (video.info.width, video.info.height)
        ones = np.ones(size[::-1], np.uint8)
        source = AnnotationSource(video.info, OBJECTS, lambda _: ones, video.frame)
        for exporter in (OverlayVideo(), AlphaMatte(), AlphaMatte(coding=VP9_ALPHA)):
            result_of(exporter.export(source, tmp_path / "out"))
        result_of(MatteFrames().export(source, tmp_path / "out"))
        result_of(CutOuts().export(source, tmp_path / "cut"))
    for ending in ("_overlay.mp4", "_matte.mov"):
        assert aspect(tmp_path / "out" / f"{path.stem}{ending}") == expected
    # WebM has the size to show, in whole pixels.
    webm = tmp_path / "out" / f"{path.stem}_matte.webm"
    assert float(aspect(webm)) == pytest.approx(float(expected), abs=0.5 / size[0])
    assert len(decoded(webm, decoder="libvpx-vp9")) == 3
    with av.open(str(webm)) as container:
        stream = container.streams.video[0]
        tags = {key.lower(): value for key, value in stream.metadata.items()}
        assert "title" not in tags and tags["alpha_mode"] == "1"
        assert stream.codec_context.colorspace == 1
        container.seek(stream.time_base.denominator // 50, stream=stream)
        assert next(container.demux(stream)).size
    pngs = [next((tmp_path / folder).rglob("00001.png")) for folder in ("out", "cut")]
    for png in pngs:
        with Image.open(png) as image:
            image.load()
            right, down = image.info.get("aspect", (1, 1))  # pixels for an unknown unit
        assert image.size == size and Fraction(down, right) == expected


def test_overlay_has_the_colors_and_the_frames(film, tmp_path):
    result_of(OverlayVideo(opacity=1.0).export(film, tmp_path))
    frames = decoded(tmp_path / "film_overlay.mp4")
    assert [seconds for seconds, _ in frames] == [Fraction(i, 25) for i in range(5)]
    picture = frames[2][1].to_ndarray(format="rgb24").astype(int)
    assert np.abs(picture[4:44, 4:28] - (255, 0, 0)).max() < 12
    assert np.abs(picture[11:17, 44:56] - (0, 0, 255)).max() < 12
    bare = film.frame(2)[30:44, 40:60].astype(int)
    assert np.abs(picture[30:44, 40:60] - bare).max() < 16


def test_odd_sizes_are_extended_and_announced(make_source, tmp_path):
    source = make_source()
    exporter = OverlayVideo()
    assert any("65 x 49 to 66 x 50" in sentence for sentence in exporter.announce_losses(source))
    result_of(exporter.export(source, tmp_path))
    frames = decoded(tmp_path / "film_overlay.mp4")
    assert (len(frames), frames[0][1].width, frames[0][1].height) == (6, 66, 50)


def test_prores_keeps_alpha_and_color(film, tmp_path):
    result_of(AlphaMatte(object_ids=(1,)).export(film, tmp_path))
    frames = decoded(tmp_path / "film_matte.mov")
    assert len(frames) == 5
    frame = frames[3][1]
    assert frame.format.name.startswith("yuva444p1")
    alpha = plane(frame, 3, np.uint16) >> (frame.format.components[0].bits - 8)
    assert np.abs(alpha.astype(int) - 255 * (half_map(3) == 1)).max() <= 1
    picture = frame.reformat(format="rgb24", src_colorspace=1).to_ndarray().astype(int)
    assert np.abs(picture - film.frame(3)).mean() < 3


def test_vp9_keeps_alpha(film, tmp_path):
    result_of(AlphaMatte(coding=VP9_ALPHA).export(film, tmp_path))
    frames = decoded(tmp_path / "film_matte.webm", decoder="libvpx-vp9")
    assert [seconds for seconds, _ in frames] == [Fraction(i * 40, 1000) for i in range(5)]
    frame = frames[3][1]
    assert frame.format.name == "yuva420p"
    alpha = plane(frame, 3, np.uint8).astype(int)
    assert np.abs(alpha - 255 * (half_map(3) > 0)).mean() < 4


def plane(frame, number, dtype):
    found = frame.planes[number]
    values = np.frombuffer(bytes(found), dtype)
    return values.reshape(found.height, -1)[:, : frame.width]


def test_matte_frames_are_exact(film, tmp_path):
    result_of(MatteFrames(object_ids=(2,)).export(film, tmp_path))
    rgba = np.array(Image.open(tmp_path / "film/00001.png"))
    assert np.array_equal(rgba[..., :3], film.frame(1))
    assert np.array_equal(rgba[..., 3], 255 * (half_map(1) == 2))


def test_object_masks_have_a_folder_each(film, tmp_path):
    result_of(ObjectMasks().export(film, tmp_path))
    for object_id in (1, 2):
        with Image.open(tmp_path / f"film/{object_id:03d}/00004.png") as image:
            assert image.mode == "L"
            assert np.array_equal(np.array(image), 255 * (half_map(4) == object_id))


def test_cut_outs_hide_what_is_outside(film, tmp_path):
    result_of(CutOuts(object_ids=(2,), crop=True).export(film, tmp_path))
    assert [p.name for p in (tmp_path / "film").iterdir()] == ["002 b"]
    rgba = np.array(Image.open(tmp_path / "film/002 b/00000.png"))
    assert rgba.shape == (12, 20, 4)
    assert (rgba[..., 3] == 255).all()
    assert np.array_equal(rgba[..., :3], film.frame(0)[8:20, 40:60])
    result_of(CutOuts().export(film, tmp_path / "all"))
    rgba = np.array(Image.open(tmp_path / "all/film/001 a/00000.png"))
    assert not rgba[:, 32:].any()


@pytest.mark.parametrize("exporter", [CutOuts((9,)), AlphaMatte((9,)), MatteFrames((9,))])
def test_an_object_that_is_not_there_cannot_be_cut_out(exporter, film, tmp_path):
    with pytest.raises(OutputError, match="no object 9"):
        result_of(exporter.export(film, tmp_path))


def test_a_missing_encoder_is_said_and_leaves_nothing(film, tmp_path):
    exporter = AlphaMatte(coding=Coding("no_such_codec", ".mov", "rgba"))
    with pytest.raises(OutputError, match="no_such_codec"):
        result_of(exporter.export(film, tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_color_tags_are_written(film, tmp_path):
    result_of(AlphaMatte(coding=PRORES_4444).export(film, tmp_path))
    with av.open(str(tmp_path / "film_matte.mov")) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1)
