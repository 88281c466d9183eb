"""Dataset and result trees are recognized in all their wrappings."""

from __future__ import annotations

import json

import pytest

from core.data.layouts import find_mask_tree, read_meta, read_split, read_tree
from core.errors import DatasetError


def touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@pytest.mark.parametrize(
    "wrapping", ["", "480p", "Annotations", "Annotations/480p", "Annotations/Full-Resolution"]
)
def test_mask_tree_is_found(tmp_path, wrapping):
    touch(tmp_path / wrapping, "bear/00000.png", "boat/00000.png")
    assert find_mask_tree(tmp_path) == tmp_path / wrapping


def test_davis_tree_has_frames_and_masks(tmp_path):
    touch(tmp_path / "Annotations/480p", "bear/00000.png", "bear/00001.png", "bear/notes.txt")
    touch(tmp_path / "JPEGImages/480p", "bear/00000.jpg", "bear/00001.jpg", "bear/00002.jpg")
    touch(tmp_path / "JPEGImages/1080p", "bear/00000.jpg")
    (sequence,) = read_tree(tmp_path)
    assert sequence.name == "bear"
    assert [path.name for path in sequence.masks] == ["00000.png", "00001.png"]
    assert [path.name for path in sequence.frames] == ["00000.jpg", "00001.jpg", "00002.jpg"]
    assert sequence.frames[0].parent == tmp_path / "JPEGImages/480p/bear"
    assert read_tree(tmp_path / "Annotations/480p") == (sequence,)


def test_youtube_tree_has_no_resolution(tmp_path):
    touch(tmp_path, "Annotations/0a/00000.png", "JPEGImages/0a/00000.jpg")
    (sequence,) = read_tree(tmp_path)
    assert sequence.frames == (tmp_path / "JPEGImages/0a/00000.jpg",)


def test_frames_in_another_resolution_are_found(tmp_path):
    touch(tmp_path, "Annotations/480p/bear/00000.png", "JPEGImages/1080p/bear/00000.jpg")
    assert read_tree(tmp_path)[0].frames == (tmp_path / "JPEGImages/1080p/bear/00000.jpg",)


def test_files_and_sequences_come_in_natural_order(tmp_path):
    touch(tmp_path, "clip10/1.png", "clip2/10.png", "clip2/9.png", "clip2/.hidden.png")
    sequences = read_tree(tmp_path)
    assert [sequence.name for sequence in sequences] == ["clip2", "clip10"]
    assert [path.name for path in sequences[0].masks] == ["9.png", "10.png"]
    assert sequences[0].frames == ()


def test_one_of_several_resolutions_is_chosen(tmp_path):
    touch(tmp_path / "Annotations", "480p/bear/00000.png", "1080p/bear/00000.png")
    assert find_mask_tree(tmp_path).name == "480p"
    assert find_mask_tree(tmp_path, resolution="1080p").name == "1080p"
    with pytest.raises(DatasetError, match="not in 720p"):
        find_mask_tree(tmp_path, resolution="720p")


def test_unclear_resolution_is_refused(tmp_path):
    touch(tmp_path / "Annotations", "720p/bear/00000.png", "1080p/bear/00000.png")
    with pytest.raises(DatasetError, match="1080p") as caught:
        find_mask_tree(tmp_path)
    assert caught.value.hint


def test_sequences_are_chosen_in_the_order_asked_for(tmp_path):
    touch(tmp_path, "a/0.png", "b/0.png", "c/0.png")
    assert [s.name for s in read_tree(tmp_path, sequences=["c", "a", "c"])] == ["c", "a"]
    with pytest.raises(DatasetError, match=r"No masks of d, e in") as caught:
        read_tree(tmp_path, sequences=["a", "d", "e"])
    assert "a, b, c" in caught.value.hint


def test_no_tree_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="does not exist"):
        find_mask_tree(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="no folders with PNG masks"):
        find_mask_tree(tmp_path)
    touch(tmp_path, "00000.png")
    with pytest.raises(DatasetError, match="no folders with PNG masks"):
        read_tree(tmp_path)
    with pytest.raises(DatasetError, match="is a file"):
        find_mask_tree(tmp_path / "00000.png")


def test_splits(tmp_path):
    for name, text in {"2016/val": "bear\n", "2017/val": "boat\nbus\n", "480p/all": ""}.items():
        path = tmp_path / f"ImageSets/{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert read_split(tmp_path, "2017/val") == ("boat", "bus")
    with pytest.raises(DatasetError, match=r"2 lists called val .*2016/val, 2017/val"):
        read_split(tmp_path, "val")
    with pytest.raises(DatasetError, match="0 lists called train") as caught:
        read_split(tmp_path, "train")
    assert "2016/val" in caught.value.hint
    with pytest.raises(DatasetError, match="lists no sequence"):
        read_split(tmp_path, "all")


def test_meta_names_objects_in_order_of_their_ids(tmp_path):
    objects = {"10": {"category": "cat", "frames": ["00005"]}, "2": {"category": "dog"}}
    (tmp_path / "meta.json").write_text(json.dumps({"videos": {"0a": {"objects": objects}}}))
    dog, cat = read_meta(tmp_path)["0a"]
    assert (dog.object_id, dog.category, dog.frames) == (2, "dog", ())
    assert (cat.object_id, cat.category, cat.frames) == (10, "cat", ("00005",))


def test_missing_meta_is_none(tmp_path):
    assert read_meta(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"videos": 3}',
        '{"videos": {"a": {}}}',
        '{"videos": {"a": {"objects": {"one": {}}}}}',
        '{"videos": {"a": {"objects": {"1": {"frames": "00000"}}}}}',
        '{"videos": ' * 100_000,
    ],
)
def test_damaged_meta_is_refused(tmp_path, text):
    (tmp_path / "meta.json").write_text(text)
    with pytest.raises(DatasetError, match=r"meta\.json"):
        read_meta(tmp_path)
