"""YOLO as predictors and trackers write it, and datasets found from their roots."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.importing.formats import importer_named
from core.errors import AnnotationReadError
from core.jobs import result_of
from core.media.annotations.options import ImportOptions

BOX = "0 .5 .5 .2 .5"
OUTLINE = "0 .1 .25 .5 .25 .5 .75 .1 .75"


@pytest.fixture
def read_lines(tmp_path, info):
    """Read lines, one text for each frame, from a folder of labels."""

    def read(*texts, names=""):
        (tmp_path / "labels").mkdir()
        for number, text in enumerate(texts):
            (tmp_path / "labels" / f"{number:05d}.txt").write_text(text)
        if names:
            (tmp_path / "data.yaml").write_text(names)
        return result_of(importer_named("yolo").read(tmp_path, info))

    return read


def boxes(found):
    return [
        (b.frame_index, b.object_id, *np.round((b.left, b.top, b.right, b.bottom), 6))
        for b in found.boxes
    ]


@pytest.mark.parametrize(
    ("texts", "tracks"),
    [
        ((BOX,), None),
        ((BOX + " 0.91",), None),
        ((BOX + " 0.91", BOX + " 1"), None),
        ((BOX + " 7", BOX + " 7"), ["track 7"]),
        ((BOX + " 1",), ["track 1"]),
        ((BOX + " 0.91 1",), ["track 1"]),
        ((BOX + " 0.91 12", BOX + " 1e-05 12"), ["track 12"]),
        ((BOX + " 0.91 3", BOX + " 0.5"), ["track 3", "class 0"]),
    ],
)
def test_boxes_of_predictors_and_trackers(texts, tracks, read_lines):
    found = read_lines(*texts)
    assert [b[0] for b in boxes(found)] == list(range(len(texts)))
    assert {b[2:] for b in boxes(found)} == {(8.0, 3.0, 12.0, 9.0)}
    assert list(found.mapping) == (tracks or ["class 0"])


@pytest.mark.parametrize("more", ["", " 0.91", " 7", " 1", " 0.91 1", " 0.33 7"])
def test_outlines_of_predictors_and_trackers(more, read_lines):
    found = read_lines(OUTLINE + more, OUTLINE + more)
    expected = np.zeros((12, 20), bool)
    expected[3:9, 2:10] = True
    for keyframe in found.keyframes():
        assert np.array_equal(keyframe.label_map > 0, expected)
    assert not found.boxes
    last = more.split()[-1:]
    tracks = [f"track {last[0]}"] if last and "." not in last[0] else ["class 0"]
    assert list(found.mapping) == tracks


def test_tracks_are_objects_across_classes_and_order(read_lines):
    found = read_lines(
        "0 .5 .5 .2 .5 9 3\n".replace(" 9 ", " 0.9 ") + "0 .2 .5 .2 .5 0.8 4\n",
        "0 .2 .5 .2 .5 0.8 4\n1 .5 .5 .2 .5 0.9 3\n",
        names="names: [car, van]\n",
    )
    assert dict(found.mapping) == {"track 3": 3, "track 4": 4}
    assert [(b[0], b[1], b[2]) for b in boxes(found)] == [
        *((0, 3, 8.0), (0, 4, 2.0), (1, 3, 8.0), (1, 4, 2.0)),
    ]
    assert [i.category for i in found.objects] == ["car", "car"]


def test_outlines_that_end_on_the_lower_edge_are_outlines(read_lines):
    found = read_lines("0 .2 .5 .6 .5 .6 1 .2 1", "0 .25 .5 .6 .5 .65 1 .25 1")
    assert list(found.mapping) == ["class 0"]
    first, _ = found.keyframes()
    assert first.label_map[6:, 4:12].all() and first.label_map.sum() == 48


def test_a_line_that_makes_no_sense_is_told_and_the_rest_is_read(read_lines):
    found = read_lines(OUTLINE, f"{OUTLINE}\n1 5 5 2 2\n", "1 .1 .1 .2 .1 .2 .3")
    assert found.frames == (0, 1, 2)
    (note,) = (note for note in found.notes if "not understood" in note)
    assert "00001.txt, line 2: coordinates are not fractions" in note
    assert [k.object_ids for k in found.keyframes()] == [(1,), (1,), (1, 2)]


def test_other_objects_are_not_absent_where_a_line_makes_no_sense(read_lines):
    found = read_lines(f"{OUTLINE}\n1 .6 .1 .8 .1 .8 .3", f"{OUTLINE}\n1 5 5 2 2\n")
    assert [k.object_ids for k in found.keyframes()] == [(1, 2), (1,)]


NAMES = {
    "list": "names: ['car', \"dog\"]  # two\n",
    "comment behind": "names: [car, dog] # [no, names]\n",
    "lines": "names:\n  - car # the first\n  # none\n\n  - dog\nnc: 2\n",
    "numbers": "# names: x\nnames: # below\n  0: car # one\n  1: 'dog'\nroboflow:\n  2: no\n",
    "braces": "names: {0: car, 1: 'dog'}\n",
    "brackets over lines": "names: [\n  car, # a, b\n  dog,\n]\n",
    "no indent": "nc: 2\nnames:\n- car\n- dog\ntest: x\n",
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_in_yaml(kind, read_lines):
    found = read_lines("0 .5 .5 .2 .5\n1 .5 .5 .2 .5", names=NAMES[kind])
    assert list(found.mapping) == ["car", "dog"]


def test_a_hash_or_comma_in_quotes_is_a_name(read_lines):
    found = read_lines("0 .5 .5 .2 .5\n1 .5 .5 .2 .5", names="names: ['a #1', \"b, c\"]\n")
    assert list(found.mapping) == ["a #1", "b, c"]


ROOTS = {
    "cvat 1.1": ("obj_train_data/0.txt", "obj.names", "car\ndog\n"),
    "cvat 1.1 in folders": ("obj_train_data/film/0.txt", "obj.names", "car\ndog\n"),
    "cvat 1.1 subset": ("obj_Validation_data/0.txt", "obj.names", "car\ndog\n"),
    "ultralytics": ("labels/train/0.txt", "data.yaml", "names:\n  0: car\n  1: dog\n"),
    "ultralytics in folders": ("labels/val/film/0.txt", "data.yaml", "names: [car, dog]"),
    "roboflow": ("train/labels/0.txt", "data.yaml", "names: ['car', 'dog']\n"),
    "roboflow valid": ("valid/labels/0.txt", "data.yaml", "names:\n- car\n- dog\n"),
    "label studio": ("labels/0.txt", "classes.txt", "car\ndog\n"),
    "label studio notes": (
        "labels/0.txt",
        "notes.json",
        '{"categories": [{"id": 0, "name": "car"}, {"id": 1, "name": "dog"}]}',
    ),
}


@pytest.mark.parametrize("deeper", [False, True])
@pytest.mark.parametrize("kind", ROOTS)
def test_roots_of_datasets(kind, deeper, tmp_path, info):
    labels, names, text = ROOTS[kind]
    file = tmp_path / "set" / labels
    file.parent.mkdir(parents=True)
    file.write_text("1 .5 .5 .2 .5\n")
    (tmp_path / "set" / names).write_text(text)
    for name in ("train.txt", "README.roboflow.txt", "README.dataset.txt"):
        (tmp_path / "set" / name).write_text("images/0.png\n")
    path = file.parent if deeper else tmp_path / "set"
    found = result_of(importer_named("yolo").read(path, info))
    assert list(found.mapping) == ["car", "dog"]
    assert [b[:2] for b in boxes(found)] == [(0, 2)]


def test_several_folders_of_labels_are_named(tmp_path, info):
    for part in ("train", "val"):
        (tmp_path / "labels" / part).mkdir(parents=True)
        (tmp_path / "labels" / part / "0.txt").write_text(BOX)
    with pytest.raises(AnnotationReadError, match="2 folders of labels") as caught:
        result_of(importer_named("yolo").read(tmp_path, info))
    assert "labels/train" in caught.value.hint


def pose(rng, more=""):
    points = rng.uniform(0.42, 0.58, (17, 2))
    cells = [f"{x:g} {y:g} {rng.choice([0, 1, 2])}" for x, y in points]
    return " ".join(["0 .5 .5 .2 .5", *cells]) + more


@pytest.mark.parametrize(
    ("more", "track"), [("", 0), (" 0.9", 0), (" 7", 7), (" 0.9 7", 7), (" 0.91 1", 1)]
)
def test_key_points_behind_boxes(more, track, read_lines):
    rng = np.random.default_rng(0)
    found = read_lines(pose(rng, more), pose(rng, more))
    assert {b[2:] for b in boxes(found)} == {(8.0, 3.0, 12.0, 9.0)}
    assert list(found.mapping) == [f"track {track}" if track else "class 0"]


@pytest.mark.parametrize("more", ["", " 0.9", " 0.9 7"])
def test_key_points_that_data_yaml_tells(more, read_lines):
    lines = [f"{BOX} .4 .4 .6 .6 .5 .5{more}"] * 2
    found = read_lines(*lines, names="kpt_shape: [3, 2]\nnames: [car]\n")
    assert len(found.boxes) == 2
    assert not any(keyframe.label_map.any() for keyframe in found.keyframes())


@pytest.mark.parametrize("numbers", [[1], [1, 2, 3], [4, 7], [1, 10]])
def test_frames_of_a_video_that_yolo_has_named_are_counted_from_one(numbers, tmp_path, info):
    for number in numbers:
        (tmp_path / f"film_{number}.txt").write_text(BOX)
    found = result_of(importer_named("yolo").read(tmp_path, info))
    assert [b[0] for b in boxes(found)] == [number - 1 for number in numbers]
    assert any("counts from 1" in note for note in found.notes)
    options = ImportOptions(first_frame=0)
    if 10 not in numbers:
        found = result_of(importer_named("yolo").read(tmp_path, info, options=options))
        assert [b[0] for b in boxes(found)] == numbers


def test_frames_that_are_counted_from_zero_stay(tmp_path, info):
    for number in (0, 3):
        (tmp_path / f"film_{number}.txt").write_text(BOX)
    assert [b[0] for b in boxes(result_of(importer_named("yolo").read(tmp_path, info)))] == [0, 3]
