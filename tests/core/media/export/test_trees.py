"""DAVIS and YouTube-VOS byte by byte: palette, names, sizes, lists, zips."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.errors import OutputError
from core.eval.jf import contour_accuracy, region_similarity
from core.eval.protocols import evaluate
from core.eval.records import Protocol
from core.jobs import result_of
from core.media.annotations.values import ObjectInfo
from core.media.export.archives import ResultsZip
from core.media.export.davis import Davis2016, Davis2017
from core.media.export.formats import EXPORTERS, exporter_named
from core.media.export.youtube_vos import YouTubeVos
from core.types import VOID

PALETTE_MD5 = "496a7d93c8c64153ddc1d0fcbb40786a"


def chunks(data):
    """(kind, content) of each chunk of a PNG."""
    found, place = [], 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        found.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return found


def plain_objects(count):
    return tuple(ObjectInfo.plain(i) for i in range(1, count + 1))


def indices(path):
    """Pixel values as the common readers of DAVIS take them: by index, without conversion."""
    with Image.open(path) as image:
        assert image.mode == "P"
        return np.array(image)


@pytest.mark.parametrize("count", [1, 2, 3, 16, 254])
def test_png_is_byte_exact(count, make_source, tmp_path):
    label_map = (np.arange(49 * 65).reshape(49, 65) % (count + 1)).astype(np.uint8)
    source = make_source(count=1, maps=[label_map], objects=plain_objects(count))
    for exporter in (Davis2017(), YouTubeVos()):
        result_of(exporter.export(source, tmp_path / exporter.name))
        path = next((tmp_path / exporter.name).rglob("00000.png"))
        parts = chunks(path.read_bytes())
        assert [kind for kind, _ in parts] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
        assert struct.unpack(">IIBBBBB", parts[0][1]) == (65, 49, 8, 3, 0, 0, 0)
        assert hashlib.md5(parts[1][1]).hexdigest() == PALETTE_MD5
        assert np.array_equal(indices(path), label_map)


def test_tree_of_davis(make_source, tmp_path):
    source = make_source()
    result_of(Davis2017().export(source, tmp_path))
    masks = sorted(p.name for p in (tmp_path / "Annotations/480p/film").iterdir())
    assert masks == [f"{i:05d}.png" for i in range(6)]
    frames = sorted(p.name for p in (tmp_path / "JPEGImages/480p/film").iterdir())
    assert frames == [f"{i:05d}.jpg" for i in range(6)]
    assert (tmp_path / "ImageSets/2017/val.txt").read_text() == "film\n"
    assert not indices(tmp_path / "Annotations/480p/film/00003.png").any()
    with Image.open(tmp_path / "JPEGImages/480p/film/00001.jpg") as image:
        assert image.size == (65, 49)


@pytest.mark.parametrize("size", [(65, 49), (1, 1), (17, 300), (49, 65)])
def test_masks_have_the_size_of_the_frames(size, make_source, tmp_path):
    label_map = np.ones((size[1], size[0]), np.uint8)
    source = make_source(count=1, size=size, maps=[label_map], objects=plain_objects(1))
    result_of(Davis2017().export(source, tmp_path))
    assert indices(tmp_path / "Annotations/480p/film/00000.png").shape == (size[1], size[0])


def test_a_rotated_video_is_exported_as_it_is_shown(tmp_path, make, video_tools):
    from core.media.video import open_video

    path = make("turned.mp4", numbers=range(3))
    video_tools["set_matrix"](path, (0, 1, -1, 0))
    with open_video(path) as video:
        info = video.info
        label_map = np.zeros((info.height, info.width), np.uint8)
        label_map[:10, :5] = 1
        from core.media.annotations.values import AnnotationSource

        source = AnnotationSource(info, plain_objects(1), lambda _: label_map, video.frame)
        result_of(Davis2017().export(source, tmp_path / "out"))
    assert (info.width, info.height) == (64, 96)
    assert indices(tmp_path / "out/Annotations/480p/turned/00000.png").shape == (96, 64)
    with Image.open(tmp_path / "out/JPEGImages/480p/turned/00000.jpg") as image:
        assert image.size == (64, 96)


def test_imported_stems_are_kept(make_source, tmp_path):
    source = make_source(count=3, stems=("a1", "a2", "shot b"))
    result_of(Davis2017().export(source, tmp_path))
    names = sorted(p.stem for p in (tmp_path / "Annotations/480p/film").iterdir())
    assert names == ["a1", "a2", "shot b"]


@pytest.mark.parametrize("name", ["davis2017", "davis2016", "youtube-vos", "davis-zip"])
def test_no_void_in_results(name, make_source, tmp_path):
    label_map = np.full((49, 65), VOID, np.uint8)
    label_map[0] = 1
    source = make_source(count=1, maps=[label_map], objects=plain_objects(1))
    result_of(exporter_named(name).export(source, tmp_path))
    for path in tmp_path.rglob("*.zip"):
        zipfile.ZipFile(path).extractall(tmp_path / "unpacked")
    (path,) = tmp_path.rglob("*.png")
    with Image.open(path) as image:
        values = set(np.unique(np.array(image)))
    assert values == ({0, 255} if name == "davis2016" else {0, 1})


def test_the_measure_of_davis_finds_no_difference(make_source, tmp_path):
    """As the published evaluation does: indices, objects of frame 0, J and F of each mask."""
    source = make_source()
    result_of(Davis2017().export(source, tmp_path))
    folder = tmp_path / "Annotations/480p/film"
    truth = [indices(folder / f"{i:05d}.png") for i in range(6)]
    for index, label_map in enumerate(truth):
        for object_id in range(1, truth[0].max() + 1):
            expected = source.label_map(index) == object_id
            assert region_similarity(label_map == object_id, expected) == 1.0
            assert contour_accuracy(label_map == object_id, expected) == 1.0


@pytest.mark.parametrize(
    ("exporter", "protocol"),
    [(Davis2017(), Protocol.SEMI), (YouTubeVos(), Protocol.YOUTUBE_VOS)],
    ids=["davis", "youtube-vos"],
)
def test_an_evaluation_of_the_export_against_itself_is_perfect(
    exporter, protocol, make_source, tmp_path
):
    result_of(exporter.export(make_source(), tmp_path))
    report = result_of(evaluate(tmp_path, tmp_path, protocol=protocol))
    assert report.totals.j_and_f == 1.0
    assert len(report.objects) >= 2


def test_zips_hold_sequences_where_servers_look_for_them(make_source, tmp_path):
    source = make_source(missing=(2,))
    for folder, prefix in (("", "film/"), ("Annotations", "Annotations/film/")):
        exporter = ResultsZip(folder=folder)
        report = result_of(exporter.export(source, tmp_path / exporter.name))
        with zipfile.ZipFile(tmp_path / exporter.name / "film.zip") as archive:
            assert archive.testzip() is None
            assert archive.namelist() == [f"{prefix}{i:05d}.png" for i in (0, 1, 3, 4, 5)]
        assert report.missing == [2]


def test_meta_of_youtube_vos(make_source, tmp_path):
    source = make_source()
    result_of(YouTubeVos().export(source, tmp_path))
    meta = json.loads((tmp_path / "meta.json").read_text())
    objects = meta["videos"]["film"]["objects"]
    assert list(objects) == ["1", "2", "5"]
    assert objects["2"] == {"category": "box", "frames": ["00002", "00004", "00005"]}
    for path in (tmp_path / "Annotations/film").iterdir():
        shown = {str(i) for i in np.unique(indices(path)) if i}
        assert {key for key, entry in objects.items() if path.stem in entry["frames"]} == shown


def test_two_videos_share_a_folder(make_source, tmp_path):
    first = make_source()
    second = replace(first, video=replace(first.video, path=first.video.path.with_name("other")))
    for source in (first, second, first):
        result_of(YouTubeVos().export(source, tmp_path / "y"))
        result_of(Davis2017().export(source, tmp_path / "d"))
    assert set(json.loads((tmp_path / "y/meta.json").read_text())["videos"]) == {"film", "other"}
    assert (tmp_path / "d/ImageSets/2017/val.txt").read_text() == "film\nother\n"


def test_a_foreign_meta_file_is_not_overwritten(make_source, tmp_path):
    (tmp_path / "meta.json").write_text('["mine"]')
    with pytest.raises(OutputError, match="not the meta"):
        result_of(YouTubeVos().export(make_source(), tmp_path))
    assert (tmp_path / "meta.json").read_text() == '["mine"]'


@pytest.mark.parametrize("name", ["davis2017", "youtube-vos", "davis-zip"])
def test_more_than_254_objects_are_refused_with_the_alternatives(name, make_source, tmp_path):
    source = make_source(objects=plain_objects(255))
    with pytest.raises(OutputError, match="254") as caught:
        result_of(exporter_named(name).export(source, tmp_path))
    assert all(word in caught.value.hint for word in ("binary PNG", "MOTS", "COCO"))
    assert list(tmp_path.iterdir()) == []


def test_an_independent_reader_sees_the_same(make_source, tmp_path):
    """As the memory networks read: values that occur, counted anew, and counted back."""
    source = make_source()
    result_of(Davis2017().export(source, tmp_path))
    for index in range(6):
        raw = indices(tmp_path / f"Annotations/480p/film/{index:05d}.png")
        values, place = np.unique(raw, return_inverse=True)
        assert np.array_equal(values[place].reshape(raw.shape), source.label_map(index))


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda e: e.name)
def test_missing_frames_are_listed_and_never_written_as_zeros(exporter, make_source, tmp_path):
    source = make_source(missing=(1, 4))
    report = result_of(exporter.export(source, tmp_path))
    assert report.missing == [1, 4]
    assert not [p for p in tmp_path.rglob("00001.*") if p.suffix != ".jpg"]
    assert any("1, 4" in sentence for sentence in exporter.announce_losses(source))


def test_davis_2016_is_black_and_white(make_source, tmp_path):
    result_of(Davis2016().export(make_source(), tmp_path))
    with Image.open(tmp_path / "Annotations/480p/film/00002.png") as image:
        assert image.mode == "L"
        assert set(np.unique(np.array(image))) == {0, 255}


def test_frames_of_a_jpeg_folder_are_copied_without_loss(make_source, tmp_path):
    source = make_source(count=2, stems=("a", "b"))
    source.video.path.mkdir(parents=True)
    for index, stem in enumerate("ab"):
        image = Image.fromarray(source.frame(index))
        image.save(source.video.path / f"{stem}.jpg", quality=40)
    result_of(Davis2017().export(source, tmp_path / "out"))
    original = (source.video.path / "a.jpg").read_bytes()
    assert (tmp_path / "out/JPEGImages/480p/film/a.jpg").read_bytes() == original


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda e: e.name)
def test_what_exporters_say_of_their_files_and_pictures_is_true(exporter, make_source, tmp_path):
    seen, source = [], make_source(count=2)
    given = source.frame
    watched = replace(source, frame=lambda index: seen.append(index) or given(index))
    bare = replace(exporter, images=False) if hasattr(exporter, "images") else exporter
    result_of(bare.export(watched, tmp_path / "out"))
    assert exporter.own_folder == (tmp_path / "out" / "film").is_dir()
    assert exporter.shows_frames == bool(seen)
