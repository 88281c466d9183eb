"""CVAT files: tracks, images, interpolation, z order."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from core.data.importing import reading
from core.data.importing.formats import importer_named
from core.errors import AnnotationReadError, MaskMismatch
from core.jobs import result_of
from core.media.annotations.options import ImportOptions

BOX = (
    '<box frame="{}" outside="{}" keyframe="1" xtl="{}" ytl="1" xbr="{}" ybr="6" occluded="0"'
    ' z_order="0"/>'
)
SQUARE = "1,1;5,1;5,5;1,5"


def document(*tracks, size="<width>20</width><height>12</height>"):
    meta = f"<meta><task><original_size>{size}</original_size></task></meta>"
    return f"<annotations><version>1.1</version>{meta}{''.join(tracks)}</annotations>"


def track(*shapes, number=0, label="car", more=""):
    return f'<track id="{number}" label="{label}" {more}>{"".join(shapes)}</track>'


def polygon(frame, points=SQUARE, outside=0, z=0):
    return f'<polygon frame="{frame}" outside="{outside}" points="{points}" z_order="{z}"/>'


def maps(found):
    return {k.frame_index: k.label_map for k in found.keyframes()}


def test_boxes_are_interpolated_until_they_leave(read):
    boxes = [BOX.format(2, 0, 0, 4), BOX.format(6, 0, 8, 12), BOX.format(8, 1, 8, 12)]
    found = read("cvat", document(track(*boxes)), file="a.xml")
    assert [(b.frame_index, b.left, b.right) for b in found.boxes] == [
        *((2, 0, 4), (3, 2, 6), (4, 4, 8), (5, 6, 10), (6, 8, 12), (7, 8, 12)),
    ]
    assert found.frames == ()
    assert (found.objects[0].object_id, found.objects[0].category) == (1, "car")


def test_polygons_of_a_track_and_where_it_is_gone(read):
    shapes = (polygon(0), polygon(1, "2,2;6,2;6,6;2,6"), polygon(3, outside=1))
    found = read("cvat", document(track(*shapes)), file="a.xml")
    keyframes = list(found.keyframes())
    assert [k.frame_index for k in keyframes] == [0, 1, 3]
    assert keyframes[0].label_map[1:5, 1:5].all()
    assert keyframes[1].label_map.sum() == 16
    assert (keyframes[2].object_ids, keyframes[2].label_map.any()) == ((1,), False)


def test_z_order_decides_what_is_on_top(read):
    lower, upper = track(polygon(0, z=5)), track(polygon(0, z=1), number=1)
    found = read("cvat", document(lower, upper), file="a.xml")
    assert maps(found)[0][2, 2] == 1
    assert any("higher z order" in note for note in found.notes)
    found = read("cvat", document(track(polygon(0)), track(polygon(0), number=1)), file="a.xml")
    assert maps(found)[0][2, 2] == 2


def test_masks_are_tracks_of_one_frame_told_apart_by_group(read):
    mask = (
        '<mask frame="{}" outside="0" rle="1, 3, 2" left="4" top="2" width="3" height="2"'
        ' z_order="0"/>'
    )
    tracks = [track(mask.format(i), number=i, more=f'group_id="{g}"') for i, g in ((0, 4), (1, 4))]
    found = read("cvat", document(*tracks), file="a.xml")
    assert dict(found.mapping) == {"group 4": 4}
    assert [tuple(p) for p in np.argwhere(maps(found)[1])] == [(2, 5), (2, 6), (3, 4)]
    tracks = [track(mask.format(i), number=i) for i in (0, 0, 1)]
    assert dict(read("cvat", document(*tracks), file="a.xml").mapping) == {"car": 1, "car #2": 2}


def test_images_with_every_shape(read):
    shapes = (
        f'<polygon label="a" points="{SQUARE}" z_order="0"/>'
        '<ellipse label="b" cx="12" cy="6" rx="3" ry="2" z_order="0"/>'
        '<box label="c" xtl="1" ytl="1" xbr="3" ybr="3" z_order="0"/>'
        '<points label="d" points="1,1"/><tag label="e"/>'
    )
    text = f'<image id="3" name="x/frame_000003.png" width="20" height="12">{shapes}</image>'
    found = read("cvat", document(text), file="a.xml")
    assert {i.category for i in found.objects} == {"a", "b", "c"}
    assert found.frames == (3,)
    assert abs(int((maps(found)[3] == 2).sum()) - np.pi * 6) < 2
    assert len(found.boxes) == 1
    assert any("left out: 1." in note for note in found.notes)


def test_a_zip_is_read_without_unpacking(read, tmp_path):
    with zipfile.ZipFile(tmp_path / "task.zip", "w") as archive:
        archive.writestr("annotations.xml", document(track(polygon(0))))
        archive.writestr("../../evil.txt", "no")
    data = (tmp_path / "task.zip").read_bytes()
    before = set(tmp_path.rglob("*"))
    assert read("cvat", data, file="task.zip").frames == (0,)
    assert set(tmp_path.rglob("*")) == before
    assert not (tmp_path.parent.parent / "evil.txt").exists()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (document(track(BOX.format(2, 0, "nan", 4))), "xtl is 'nan'"),
        (document(track(BOX.format(2, 0, "1e999", 4))), "xtl is '1e999'"),
        (document(track(BOX.format("-1", 0, 1, 4))), "frame is '-1'"),
        (document(track(BOX.format("9" * 5000, 0, 1, 4))), "frame is '999"),
        (document(track(polygon(0, "1,2;3"))), "pairs"),
        (document(track(polygon(0, ""))), "points is ''"),
        ("<annotations>", "no XML"),
        ("<other/>", "starts with <other>"),
        ("<annotations/>", "no annotation"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations>&b;</annotations>', "document type"),
        ("<a>" * 100 + "</a>" * 100, "too deeply"),
    ],
)
def test_damaged_files(text, error, read):
    with pytest.raises(AnnotationReadError, match=error):
        read("cvat", text, file="a.xml")


def test_a_document_type_is_seen_in_every_encoding(read):
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY b "c">]><annotations/>'
    with pytest.raises(AnnotationReadError, match="document type"):
        read("cvat", text.encode("utf-16"), file="a.xml")


def test_a_document_type_without_entities_is_refused_too(read):
    text = '<!DOCTYPE annotations SYSTEM "file:///etc/passwd"><annotations/>'
    with pytest.raises(AnnotationReadError, match="document type"):
        read("cvat", text, file="a.xml")


def test_files_and_members_of_zips_have_a_limit(read, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", bytes(2 << 20))
    with pytest.raises(AnnotationReadError, match="more than 1 MB"):
        read("cvat", (tmp_path / "z.zip").read_bytes(), file="a.zip")
    with pytest.raises(AnnotationReadError, match="more than 1 MB"):
        read("cvat", bytes(2 << 20), file="a.xml")


def test_other_videos(read):
    with pytest.raises(MaskMismatch, match="frame 10"):
        read("cvat", document(track(BOX.format(10, 0, 1, 4))), file="a.xml")
    with pytest.raises(MaskMismatch, match="30 x 12"):
        size = "<width>30</width><height>12</height>"
        read("cvat", document(track(polygon(0)), size=size), file="a.xml")
    wide = '<mask frame="0" rle="1" left="15" top="0" width="10" height="1"/>'
    with pytest.raises(MaskMismatch, match="reaches out"):
        read("cvat", document(track(wide)), file="a.xml")


def test_runs_that_do_not_fit_their_box(read):
    bad = '<mask frame="0" rle="3,3" left="1" top="0" width="10" height="1"/>'
    with pytest.raises(AnnotationReadError, match="add up to 6, not to 10"):
        read("cvat", document(track(bad)), file="a.xml")
    found = read("cvat", document(track(bad), track(polygon(0), number=1)), file="a.xml")
    assert any("Line 1, mask on frame 0" in note for note in found.notes)


def ellipse(angle, rx=6, ry=2):
    return f'<ellipse label="a" cx="10" cy="6" rx="{rx}" ry="{ry}" rotation="{angle}" z_order="0"/>'


@pytest.mark.parametrize("angle", [0, 90, 180, 270, 359.5, 30, 45.5, 120, -60, 450])
def test_turned_ellipses_as_by_the_definition(angle, read):
    text = f'<image id="0" name="0.png" width="20" height="12">{ellipse(angle)}</image>'
    found = read("cvat", document(text), file="a.xml")
    turn = np.radians(angle)
    expected = np.zeros((12, 20), bool)
    for y in range(12):
        for x in range(20):
            offset = complex(x + 0.5 - 10, y + 0.5 - 6) * np.exp(-1j * turn)
            expected[y, x] = (offset.real / 6) ** 2 + (offset.imag / 2) ** 2 <= 1 + 1e-9
    assert np.array_equal(maps(found)[0] == 1, expected)


TURNED = '<box frame="{}" outside="{}" xtl="5" ytl="4" xbr="15" ybr="8" rotation="{}" z_order="0"/>'


@pytest.mark.parametrize(
    ("angle", "corners"),
    [(0, (5, 4, 15, 8)), (90, (8, 1, 12, 11)), (180, (5, 4, 15, 8)), (270, (8, 1, 12, 11))],
)
def test_turned_boxes_are_the_boxes_around_them(angle, corners, read):
    found = read("cvat", document(track(TURNED.format(2, 0, angle))), file="a.xml")
    (box,) = found.boxes
    assert (box.left, box.top, box.right, box.bottom) == corners
    assert any("Turned boxes" in note for note in found.notes) == (angle % 180 == 90)


def test_a_turn_between_keyframes_goes_the_shorter_way(read):
    boxes = [TURNED.format(0, 0, 350), TURNED.format(2, 0, 10), TURNED.format(3, 1, 10)]
    found = read("cvat", document(track(*boxes)), file="a.xml")
    middle = next(box for box in found.boxes if box.frame_index == 1)
    assert (middle.left, middle.top, middle.right, middle.bottom) == pytest.approx((5, 4, 15, 8))


def test_swapped_corners_are_put_right(read):
    found = read("cvat", document(track(BOX.format(2, 0, 9, 4))), file="a.xml")
    assert [(b.left, b.right) for b in found.boxes] == [(4, 9)]
    assert any("swapped" in note for note in found.notes)


def test_one_shape_that_is_not_understood_is_told_with_its_line(read):
    shapes = (polygon(0), polygon(3, "1,2;3"), polygon(5))
    found = read(
        "cvat", document("\n\n", track(*shapes), track(polygon(5), number=1)), file="a.xml"
    )
    assert found.frames == (0, 5)
    (note,) = (note for note in found.notes if "not understood" in note)
    assert "left out: 1." in note and "a.xml" in note and "Line 3, polygon on frame 3" in note


def test_nothing_is_said_of_an_object_whose_shape_is_not_understood(read):
    first = track(polygon(0), polygon(5, "1,nan;3,4"))
    found = read("cvat", document(first, track(polygon(5), number=1)), file="a.xml")
    assert [k.object_ids for k in found.keyframes()] == [(1,), (2,)]


def test_an_unzipped_folder(read, tmp_path, info):
    read("cvat", document(track(polygon(0))), file="task/annotations.xml")
    found = result_of(importer_named("cvat").read(tmp_path / "task", info))
    assert found.frames == (0,)


def project_file(*elements, names=("other", "film"), by="name"):
    tasks = "".join(
        f"<task><id>{7 + n}</id><{by}>{name}</{by}>"
        "<original_size><width>20</width><height>12</height></original_size></task>"
        for n, name in enumerate(names)
    )
    meta = f"<meta><project><tasks>{tasks}</tasks></project></meta>"
    return f"<annotations>{meta}{''.join(elements)}</annotations>"


def task_tracks():
    """Track 0 of each of two tasks, at other places."""
    other = track(polygon(0), polygon(3), more='task_id="7"')
    mine = track(polygon(0, "8,1;12,1;12,5;8,5"), polygon(5, SQUARE), more='task_id="8"')
    return other, mine


@pytest.mark.parametrize("by", ["name", "source"])
@pytest.mark.parametrize("only", ["", "film", "8", "other"])
def test_of_a_project_only_the_task_of_this_video_is_read(by, only, read):
    text = project_file(*task_tracks(), names=("other.mp4", "film.mp4"), by=by)
    found = read("cvat", text, file="a.xml", options=ImportOptions(only=only))
    assert found.frames == ((0, 3) if only == "other" else (0, 5))
    assert len(found.objects) == 1
    assert any("left out, since they are of another task: 1." in note for note in found.notes)


@pytest.mark.parametrize(
    ("names", "only"), [(("a", "b"), ""), (("film", "film"), ""), (("a", "film"), "c")]
)
def test_a_project_without_this_video_or_with_two_of_its_name(names, only, read):
    with pytest.raises(MaskMismatch, match=r"2 tasks, \d of them called .* --only NAME"):
        text = project_file(*task_tracks(), names=names)
        read("cvat", text, file="a.xml", options=ImportOptions(only=only))


def test_images_of_several_tasks_are_not_mixed(read):
    shape = f'<polygon label="a" points="{SQUARE}"/>'
    images = [
        f'<image id="{n}" name="frame_{n:06d}" task_id="{task}" width="20" height="12">{shape}'
        "</image>"
        for task, n in ((7, 0), (7, 1), (8, 0), (8, 4))
    ]
    assert read("cvat", project_file(*images), file="a.xml").frames == (0, 4)


def test_only_for_a_file_of_one_task(read):
    text = document(track(polygon(2))).replace("<task>", "<task><id>3</id><name>job a</name>")
    assert read("cvat", text, file="a.xml").notes == ()
    assert read("cvat", text, file="a.xml", options=ImportOptions(only="job a")).frames == (2,)
    with pytest.raises(MaskMismatch, match="called job b"):
        read("cvat", text, file="a.xml", options=ImportOptions(only="job b"))


def test_two_tracks_of_one_number_are_two_objects(read):
    other = polygon(0, "8,1;12,1;12,5;8,5")
    text = document(track(polygon(0), polygon(1)), track(other, polygon(1, outside=1)))
    found = read("cvat", text, file="a.xml")
    assert list(found.mapping) == ["track 0", "track 0 #2"]
    assert set(np.unique(maps(found)[0])) == {0, 1, 2}


def test_regions_to_be_ignored_become_void(read):
    ignored = track(polygon(0), polygon(1), label="ignore", number=4)
    boxes = [BOX.format(frame, 0, 10, 14) for frame in (0, 1)]
    regions = track(*boxes, label="Ignore Regions", number=5)
    found = read("cvat", document(ignored, regions, track(polygon(1))), file="a.xml")
    assert (len(found.objects), found.boxes) == (1, ())
    assert maps(found)[0][2, [2, 11]].tolist() == [255, 255]


def test_frames_of_tracks_are_counted_as_was_said(read):
    text = document(track(polygon(100), polygon(103)))
    found = read("cvat", text, file="a.xml", options=ImportOptions(first_frame=100))
    assert found.frames == (0, 3)
    for first in (101, 0):
        with pytest.raises(MaskMismatch, match="annotations on frame 100"):
            read("cvat", text, file="a.xml", options=ImportOptions(first_frame=first))
