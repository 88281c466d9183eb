"""Mattes with a layer for each object, read back by libraries that have not written them."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from core.errors import OutputError
from core.jobs import result_of
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.media.export.formats import exporter_named
from core.media.export.mattes import layer_name
from core.types import VideoInfo

HEIGHT, WIDTH = 20, 24


def soft(index, object_id):
    """A ramp that differs by frame and object."""
    ramp = np.clip((np.arange(WIDTH, dtype=np.float32) - 4 * object_id) / 6, 0, 1)
    return np.tile(ramp * np.float32(1 - index / 10), (HEIGHT, 1)).astype(np.float32)


def label_map(index):
    found = np.zeros((HEIGHT, WIDTH), np.uint8)
    found[4:16, 2:8] = 1
    found[4:16, 12 + index : 20] = 2
    return found


def frame(index):
    return np.random.default_rng(index).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture
def source(tmp_path):
    video = VideoInfo(tmp_path / "film", 2, WIDTH, HEIGHT, Fraction(25))
    objects = (ObjectInfo.plain(1, name="Bär 7 / left"), ObjectInfo.plain(2))
    return AnnotationSource(video, objects, label_map, frame, alpha=soft)


def exported(source, out, name, **options):
    return result_of(replace(exporter_named(name), **options).export(source, out))


def png(path):
    """H x W x 4 of 16 bits, red first."""
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found.dtype == np.uint16 and found.shape == (HEIGHT, WIDTH, 4)
    return found[..., [2, 1, 0, 3]]


def exr(path, layer=""):
    """H x W x 4 float32, red first, of one layer, as FFmpeg reads it."""
    context = av.CodecContext.create("exr", "r")
    context.options = {"layer": layer} if layer else {}
    (found,) = [*context.decode(av.Packet(path.read_bytes())), *context.decode(None)]
    kind = {"gbrapf16le": np.float16, "gbrapf32le": np.float32}[found.format.name]
    planes = [
        np.frombuffer(bytes(plane), kind).reshape(plane.height, -1)[:, : plane.width]
        for plane in found.planes
    ]
    return np.stack([planes[i] for i in (2, 0, 1, 3)], -1).astype(np.float32)


def linear(values):
    level = values / 255
    return np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)


class TestPng:
    def test_straight_colors_are_the_videos_own(self, source, tmp_path):
        assert exported(source, tmp_path / "out", "matte-png16").written == 4
        found = png(tmp_path / "out/film/001 Bär 7 _ left/00001.png")
        assert np.abs(found[..., 3] / 65535 - soft(1, 1)).max() < 1e-5
        near = soft(1, 1) > 0
        assert (found[..., :3][near] == frame(1)[near].astype(int) * 257).all()

    def test_premultiplied_colors_are_those_times_alpha(self, source, tmp_path):
        exported(source, tmp_path / "out", "matte-png16", premultiplied=True)
        found = png(tmp_path / "out/film/002/00000.png") / 65535
        assert np.abs(found[..., :3] - frame(0) / 255 * soft(0, 2)[..., None]).max() < 1e-5

    def test_hard_edges_are_the_masks(self, source, tmp_path):
        exported(source, tmp_path / "a", "matte-png16", hard=True)
        exported(replace(source, alpha=None), tmp_path / "b", "matte-png16")
        for folder in ("a", "b"):
            alpha = png(tmp_path / folder / "film/002/00001.png")[..., 3]
            assert (alpha == 65535 * (label_map(1) == 2)).all()

    def test_far_from_the_object_nothing_is_given_away(self, source, tmp_path):
        wide = replace(source, alpha=lambda _i, _o: np.eye(HEIGHT, WIDTH, 23, np.float32))
        exported(wide, tmp_path / "out", "matte-png16")
        found = png(tmp_path / "out/film/002/00000.png")
        assert not found[:, :7].any() and found[:8, 8:, :3].any()


@pytest.mark.skipif("exr" not in av.codec.codecs_available, reason="FFmpeg here reads no OpenEXR")
class TestExr:
    @pytest.fixture(autouse=True)
    def _needs_openexr(self):
        pytest.importorskip("OpenEXR", reason="OpenEXR is not installed: vosapp[exr]")

    def test_each_object_is_a_layer_in_linear_light(self, source, tmp_path):
        assert exported(source, tmp_path / "out", "matte-exr").written == 2
        path = tmp_path / "out/film/00001.exr"
        for info in source.objects:
            found, alpha = exr(path, layer_name(info)), soft(1, info.object_id)
            assert np.abs(found[..., 3] - alpha).max() < 1e-3
            wanted = linear(frame(1)) * alpha[..., None]
            assert np.abs(found[..., :3] - wanted).max() < 2e-3

    def test_without_a_layer_all_objects_are_seen_together(self, source, tmp_path):
        exported(source, tmp_path / "out", "matte-exr")
        found = exr(tmp_path / "out/film/00000.exr")
        assert np.abs(found[..., 3] - np.minimum(soft(0, 1) + soft(0, 2), 1)).max() < 1e-3

    def test_straight_colors_and_chosen_objects(self, source, tmp_path):
        exported(source, tmp_path / "out", "matte-exr", straight=True, object_ids=(2,))
        path = tmp_path / "out/film/00000.exr"
        found = exr(path, "object_002")
        assert np.abs(found[..., :3] - linear(frame(0)))[soft(0, 2) > 0].max() < 2e-3
        assert np.array_equal(exr(path), found)

    def test_the_same_again_changes_no_file(self, source, tmp_path):
        exported(source, tmp_path / "out", "matte-exr")
        report = exported(source, tmp_path / "out", "matte-exr")
        assert (report.written, report.unchanged) == (0, 2)

    def test_leftovers_of_other_frames_are_found(self, source, tmp_path):
        exported(source, tmp_path / "out", "matte-exr")
        exporter = exporter_named("matte-exr")
        left = exporter.leftovers(source, tmp_path / "out", [0])
        assert [path.name for path in left] == ["00001.exr"]


def test_without_openexr_it_says_how_to_get_it_before_anything_is_written(
    source, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    exporter = exporter_named("matte-exr")
    with pytest.raises(OutputError, match=r"vosapp\[exr\]"):
        exporter.leftovers(source, tmp_path / "out", ())
    with pytest.raises(OutputError, match="not installed"):
        exported(source, tmp_path / "out", "matte-exr")
    assert not (tmp_path / "out").exists()


def test_names_of_layers_are_plain():
    names = ["", "Bear", "a.b c", "\u718a", "x" * 99, "__"]
    found = [layer_name(ObjectInfo.plain(7, name=name)) for name in names]
    assert found == [
        *("object_007", "Bear_007", "a_b_c_007", "object_007", f"{'x' * 40}_007", "object_007")
    ]
