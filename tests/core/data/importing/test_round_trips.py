"""Source -> format -> import gives the same label maps, or exactly the loss that was announced."""

from __future__ import annotations

import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.data.importing.formats import importer_named
from core.errors import AnnotationReadError
from core.jobs import result_of
from core.media import zip_file
from core.media.annotations.polygons import fill_ring, trace_outlines
from core.media.export.coco import Coco
from core.media.export.davis import Davis2017
from core.media.export.formats import EXPORTERS, exporter_named
from core.media.export.mots import MotsTxt
from core.media.export.yolo import YoloSegmentation
from core.media.export.youtube_vos import YouTubeVos
from core.media.label_map import encode_label_map
from core.types import VOID

EXACT = {
    "davis2017": ("masks", "Annotations/480p/film"),
    "youtube-vos": ("masks", ""),
    "masks": ("masks", ""),
    "davis-zip": ("masks", "film.zip"),
    "youtube-vos-zip": ("masks", "film.zip"),
    "object-masks": ("object-masks", ""),
    "coco": ("coco", "annotations/instances_film.json"),
    "ytvis": ("ytvis", "film.json"),
    "mots-png": ("mots-png", ""),
    "mots-txt": ("mots-txt", "film.txt"),
    "cvat-video": ("cvat", "film.xml"),
}
"""Formats that hold label maps without loss, what reads them, and what it reads."""


def round_trip(source, exporter, out, reader, place, mapping=None):
    result_of(exporter.export(source, out))
    path = out / place if place else out
    return result_of(importer_named(reader).read(path, source.video, mapping=mapping))


def maps_of(found):
    maps = {keyframe.frame_index: keyframe.label_map for keyframe in found.keyframes()}
    assert tuple(maps) == found.frames
    return maps


def says(losses, words):
    return any(words in sentence for sentence in losses)


@pytest.mark.parametrize("name", EXACT)
def test_label_maps_come_back(name, make_source, tmp_path):
    source = make_source(count=7, missing=(5,))
    exporter = exporter_named(name)
    found = round_trip(source, exporter, tmp_path, *EXACT[name])
    losses = exporter.announce_losses(source)
    maps = maps_of(found)
    wanted = {i: source.label_map(i) for i in source.frames if i != 5}
    if says(losses, "without any object look as if they were not labeled: 3"):
        del wanted[3]
    if says(losses, "without a label map look as if no object were there: 5"):
        wanted[5] = np.zeros_like(wanted[0])
    assert set(maps) == set(wanted)
    for index, label_map in wanted.items():
        assert np.array_equal(maps[index], label_map), index


@pytest.mark.parametrize("name", [name for name, (_, place) in EXACT.items() if place])
def test_the_folder_of_an_export_is_enough(name, make_source, tmp_path):
    """Whoever asks: the window has no other way to find the file than the command line."""
    source = make_source()
    reader, place = EXACT[name]
    found = round_trip(source, exporter_named(name), tmp_path, reader, "")
    again = importer_named(reader).read(tmp_path / place, source.video)
    assert found.frames and found.frames == result_of(again).frames


@pytest.mark.parametrize("name", EXACT)
def test_objects_come_back_or_their_loss_is_announced(name, make_source, tmp_path):
    source = make_source()
    exporter = exporter_named(name)
    found = round_trip(source, exporter, tmp_path, *EXACT[name])
    losses = exporter.announce_losses(source)
    assert [i.object_id for i in found.objects] == [1, 2, 5]
    if says(losses, "Not written: names"):
        assert [i.name for i in found.objects] == [""] * 3
    else:
        assert [i.name for i in found.objects] == [i.name for i in source.objects]
    if says(losses, "Not written: categories"):
        assert [i.category for i in found.objects] == [""] * 3
    else:
        assert [i.category for i in found.objects] == [i.category for i in source.objects]


def test_own_colors_come_back_from_cvat_and_are_announced_elsewhere(make_source, tmp_path):
    objects = tuple(replace(info, color=(9, 80, 255)) for info in make_source().objects)
    source = make_source(objects=objects)
    found = round_trip(source, exporter_named("cvat-video"), tmp_path, *EXACT["cvat-video"])
    assert {info.color for info in found.objects} == {(9, 80, 255)}
    for name in EXACT:
        announced = says(exporter_named(name).announce_losses(source), "colors")
        assert announced == (name != "cvat-video"), name


@pytest.mark.parametrize("name", EXACT)
def test_void_comes_back_or_its_loss_is_announced(name, make_source, tmp_path):
    source = make_source(count=2)
    maps = [source.label_map(0).copy(), source.label_map(1).copy()]
    maps[1][40:, :7] = VOID
    source = make_source(count=2, maps=maps)
    exporter = exporter_named(name)
    found = maps_of(round_trip(source, exporter, tmp_path, *EXACT[name]))
    lost = says(exporter.announce_losses(source), "Void pixels become background on frames 1.")
    assert lost == (name not in ("mots-png", "mots-txt"))
    wanted = np.where(maps[1] == VOID, 0, maps[1]) if lost else maps[1]
    assert np.array_equal(found[1], wanted)


def test_void_is_kept_by_davis_when_asked_for(make_source, tmp_path):
    label_map = np.full((49, 65), VOID, np.uint8)
    label_map[:9] = 1
    source = make_source(count=1, maps=[label_map])
    found = round_trip(source, Davis2017(void=True), tmp_path, *EXACT["davis2017"])
    assert np.array_equal(maps_of(found)[0], label_map)


@pytest.mark.parametrize("name", ["coco", "yolo-seg"])
def test_outlines_lose_what_they_announce(name, make_source, tmp_path):
    source = make_source()
    exporter = Coco(polygons=True) if name == "coco" else YoloSegmentation(by_object=True)
    reader = EXACT["coco"] if name == "coco" else ("yolo", "")
    found = maps_of(round_trip(source, exporter, tmp_path, *reader))
    holes = parts = 0
    for index in source.frames:
        expected = np.zeros((49, 65), np.uint8)
        for object_id in (1, 2, 5):
            lines = trace_outlines(source.label_map(index) == object_id)
            solid = [line for line in lines if not line.is_hole]
            holes += len(lines) - len(solid)
            parts += max(0, len(solid) - 1)
            for line in solid if name == "coco" else solid[:1]:
                expected[fill_ring(line.points, height=49, width=65)] = object_id
        if name != "coco":
            expected[expected == 5] = 3
        assert np.array_equal(found[index], expected), index
    losses = exporter.announce_losses(source)
    assert says(losses, "Ids are counted up without gaps: 5 becomes 3.") == (name != "coco")
    assert holes > 0
    assert parts > 0
    assert says(losses, f": {holes}")
    assert says(losses, f"parts of objects that are left out: {parts}") == (name != "coco")


def test_outlines_without_holes_and_parts_lose_nothing(make_source, tmp_path):
    label_map = np.zeros((49, 65), np.uint8)
    label_map[3:20, 5:30] = 1
    label_map[10:40, 31:60] = 2
    source = make_source(count=2, maps=[label_map] * 2)
    for exporter, reader in (
        (Coco(polygons=True), EXACT["coco"]),
        (exporter_named("yolo-seg"), ("yolo", "")),
    ):
        out = tmp_path / exporter.name
        found = maps_of(round_trip(source, exporter, out, *reader))
        assert np.array_equal(found[1], label_map)
        assert not says(exporter.announce_losses(source), "oles")


def test_davis_2016_merges_objects_as_announced(make_source, tmp_path):
    source = make_source()
    exporter = exporter_named("davis2016")
    found = maps_of(round_trip(source, exporter, tmp_path, "masks", "Annotations/480p/film"))
    assert says(exporter.announce_losses(source), "3 objects become one, called 1.")
    for index in source.frames:
        assert np.array_equal(found[index], source.label_map(index) > 0)


def test_davis_at_480_lines_announces_the_size(make_source, tmp_path):
    source = make_source()
    exporter = Davis2017(resize_480p=True)
    losses = exporter.announce_losses(source)
    assert says(losses, "resized from 65 x 49 to 636 x 480 pixels")
    result_of(exporter.export(source, tmp_path))
    large = replace(source.video, width=636, height=480)
    read = importer_named("masks").read(tmp_path / "Annotations/480p/film", large)
    found = maps_of(result_of(read))
    rows, columns = np.arange(480) * 49 // 480, np.arange(636) * 65 // 636
    for index in source.frames:
        nearest = source.label_map(index)[rows][:, columns]
        assert np.mean(found[index] == nearest) > 0.99
        assert set(np.unique(found[index])) <= set(np.unique(source.label_map(index)))


def test_youtube_vos_every_fifth_frame(make_source, tmp_path):
    source = make_source(count=12)
    exporter = YouTubeVos(every=5)
    found = maps_of(round_trip(source, exporter, tmp_path, "masks", ""))
    assert sorted(found) == [0, 5, 10]
    assert says(exporter.announce_losses(source), "Frames that are left out: 9.")


def test_a_range_of_frames_keeps_its_numbers(make_source, tmp_path):
    for name, (reader, place) in EXACT.items():
        source = make_source(count=9, frame_range=range(4, 7))
        found = round_trip(source, exporter_named(name), tmp_path / name, reader, place)
        assert found.frames == (4, 5, 6), name
        assert np.array_equal(maps_of(found)[5], source.label_map(5)), name


def test_stems_of_an_image_folder_come_back(make_source, tmp_path):
    stems = tuple(f"shot {c}" for c in "abcdef")
    for name, (reader, place) in EXACT.items():
        if name in ("mots-txt", "cvat-video"):
            continue
        source = make_source(stems=stems)
        found = round_trip(source, exporter_named(name), tmp_path / name, reader, place)
        assert np.array_equal(maps_of(found)[4], source.label_map(4)), name


def test_mots_txt_counted_from_one(make_source, tmp_path):
    source = make_source()
    found = round_trip(source, MotsTxt(first_frame=1), tmp_path, *EXACT["mots-txt"])
    assert np.array_equal(maps_of(found)[5], source.label_map(5))
    assert "Frames are counted from 1." in found.notes


def test_a_mapping_renames_merges_and_leaves_out(make_source, tmp_path):
    source = make_source()
    for name, (reader, place) in EXACT.items():
        first = round_trip(source, exporter_named(name), tmp_path / name, reader, place)
        labels = sorted(first.mapping, key=first.mapping.get)
        assert [first.mapping[label] for label in labels] == [1, 2, 5], name
        mapping = dict(zip(labels, (7, 7, 0), strict=True))
        path = tmp_path / name / place if place else tmp_path / name
        found = result_of(importer_named(reader).read(path, source.video, mapping=mapping))
        assert [i.object_id for i in found.objects] == [7]
        expected = np.where(np.isin(source.label_map(4), (1, 2)), 7, 0)
        assert np.array_equal(maps_of(found)[4], expected), name


def write_zip(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_zip_of_several_sequences(make_source, tmp_path):
    source = make_source(count=1)
    png = encode_label_map(source.label_map(0))
    other = encode_label_map(np.zeros((49, 65), np.uint8))
    masks = importer_named("masks")

    def read(members):
        path = write_zip(tmp_path / "a.zip", members)
        return maps_of(result_of(masks.read(path, source.video)))

    noise = {"__MACOSX/film/00000.png": b"x", "read.me": b"x", "film/.00000.png": b"x"}
    found = read({"film/00000.png": png, "bear/00000.png": other, **noise})
    assert np.array_equal(found[0], source.label_map(0))
    tree = {"JPEGImages/480p/film/00000.jpg": b"x", "Annotations/480p/film/00000.png": png}
    assert np.array_equal(read(tree)[0], source.label_map(0))
    with pytest.raises(AnnotationReadError, match="2 folders"):
        read({"fox/00000.png": png, "bear/00000.png": other})
    with pytest.raises(AnnotationReadError, match="no masks"):
        read({"read.me": b"x"})


@pytest.mark.parametrize("limit", [zipfile.ZIP_FILECOUNT_LIMIT, 50], ids=["short", "zip64"])
def test_a_zip_with_an_endless_list_is_refused(limit, make_source, tmp_path, monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", limit)
    path = write_zip(tmp_path / "a.zip", {f"film/{i:05d}.png": b"x" for i in range(99)})
    with zip_file.open_zip(path) as archive:
        assert len(archive.namelist()) == 99
    monkeypatch.setattr(zip_file, "MAX_DIRECTORY_BYTES", 99 * 40)
    with pytest.raises(AnnotationReadError, match="too many files"):
        result_of(importer_named("masks").read(path, make_source(count=99).video))


def test_every_exporter_is_covered_here_or_is_no_data_format():
    pictures = {"cut-outs", "overlay", "matte-png", "matte-prores", "matte-vp9"}
    pictures |= {"matte-png16", "matte-exr"}
    lossy = {"davis2016", "yolo-seg"}
    assert {e.name for e in EXPORTERS} == set(EXACT) | pictures | lossy


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_label_map_survives_every_exact_format(data, make_source, tmp_path_factory):
    values = st.sampled_from([0, 0, 1, 2, 5])
    label_map = data.draw(arrays(np.uint8, (13, 17), elements=values))
    label_map[0, 0] = 1  # a map without any object is not told from none in some formats
    source = make_source(count=1, size=(17, 13), maps=[label_map])
    for name, (reader, place) in EXACT.items():
        out = tmp_path_factory.mktemp("any")
        found = maps_of(round_trip(source, exporter_named(name), out, reader, place))
        assert np.array_equal(found[0], label_map), name
