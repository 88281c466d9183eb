from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.errors import MaskMismatch, MaskReadError
from core.media.annotations.options import ImportOptions
from core.media.keyframes import load_keyframes
from core.media.label_map import write_label_map
from core.types import VideoInfo

VIDEO = VideoInfo(Path("bear.mp4"), 20, 16, 12, Fraction(25))


def folder_info(*stems: str) -> VideoInfo:
    return VideoInfo(Path("frames"), len(stems), 16, 12, Fraction(24), stems)


def save(path: Path, *ids: int, size=(12, 16)) -> Path:
    label_map = np.zeros(size, np.uint8)
    for place, object_id in enumerate(ids):
        label_map[:, place] = object_id
    path.parent.mkdir(exist_ok=True, parents=True)
    write_label_map(path, label_map)
    return path


def frames_of(path: Path, info: VideoInfo) -> list[int]:
    return [k.frame_index for k in load_keyframes(path, info).keyframes]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("mask", 0),
        ("bear_mask", 0),
        ("bear2", 0),
        ("mask_1", 0),
        ("object_12", 0),
        ("00012", 12),
        ("00012_mask", 12),
        ("mask_00012", 12),
        ("frame_0000", 0),
        ("9" * 50, 0),
    ],
)
def test_one_mask_belongs_to_the_frame_its_name_says(name, index, tmp_path):
    found = load_keyframes(save(tmp_path / f"{name}.png", 1), VIDEO)
    assert [k.frame_index for k in found.keyframes] == [index]
    assert f"taken for frame {index}" in found.notes[0]


@pytest.mark.parametrize("name", ["12", "frame_12", "Frame0012", "frame_000012", "ab12cd34-img_12"])
def test_one_mask_that_can_be_counted_from_0_or_1_is_asked_about(name, tmp_path):
    path = save(tmp_path / "masks" / f"{name}.png", 1)
    for given in (path, path.parent):
        with pytest.raises(MaskMismatch, match=r"frame 12 or frame 11 .*both fit") as caught:
            load_keyframes(given, VIDEO)
        assert "--first-frame 0 or --first-frame 1" in caught.value.hint
        for first, index in ((0, 12), (1, 11), (5, 7)):
            found = load_keyframes(given, VIDEO, ImportOptions(first_frame=first))
            assert [k.frame_index for k in found.keyframes] == [index]
            assert f"counted from {first}" in found.notes[0]


def test_the_videos_own_name_may_stand_before_the_number(tmp_path):
    video = tmp_path / "bear.mp4"
    video.write_bytes(b"")
    info = VideoInfo(video, 20, 16, 12, Fraction(25))
    assert frames_of(save(tmp_path / "bear_00012.png", 1), info) == [12]
    assert frames_of(save(tmp_path / "bear12.png", 1), info) == [0]


@pytest.mark.parametrize(
    "name", ["00020", "20", "frame_25", "mask_00099", "bear_00020", "20240112", "999999999"]
)
def test_one_mask_beyond_the_end_is_refused_as_in_a_folder(name, tmp_path):
    video = tmp_path / "bear.mp4"
    video.write_bytes(b"")
    info = VideoInfo(video, 20, 16, 12, Fraction(25))
    path = save(tmp_path / "masks" / f"{name}.png", 1)
    for given in (path, path.parent):
        with pytest.raises(MaskMismatch, match=rf"{name}\.png .*out of range.* frames 0 to 19"):
            load_keyframes(given, info)


def test_one_mask_beyond_the_named_frames_is_refused(tmp_path):
    with pytest.raises(MaskMismatch, match="out of range"):
        load_keyframes(save(tmp_path / "0009.png", 1), folder_info("0001", "0002", "0003"))


@pytest.mark.parametrize(
    ("stems", "name", "index"),
    [
        (("a", "b", "c"), "b", 1),
        (("a", "b", "c"), "00002", 2),
        (("a1", "a2", "a3"), "mask", 0),
        (("0001", "0002", "0003"), "0002", 1),
        (("0001", "0002", "0003"), "2", 1),
        (("0001", "0002", "0003"), "0000", 0),
        (("10", "20", "30"), "00020", 1),
        (("frame_5", "frame_7"), "00007", 1),
    ],
)
def test_one_mask_for_a_folder_of_frames(stems, name, index, tmp_path):
    assert frames_of(save(tmp_path / f"{name}.png", 1), folder_info(*stems)) == [index]


def test_folder_by_stems(tmp_path):
    for name in ("shot_b", "shot_a"):
        save(tmp_path / f"{name}.png", 1)
    assert frames_of(tmp_path, folder_info("shot_a", "shot_b", "shot_c")) == [0, 1]


def test_folder_by_number_from_zero(tmp_path):
    for number in (10, 0, 5):
        save(tmp_path / f"{number:05d}.png", 1)
    assert frames_of(tmp_path, VIDEO) == [0, 5, 10]
    stems = tuple(f"{i:04d}" for i in range(1, 21))
    assert frames_of(tmp_path, folder_info(*stems)) == [0, 5, 10]


def test_folder_out_of_range_says_so(tmp_path):
    for number in range(15, 25):
        save(tmp_path / f"{number:05d}.png", 1)
    with pytest.raises(MaskMismatch) as caught:
        load_keyframes(tmp_path, VIDEO)
    message = caught.value.message
    assert "00020.png, 00021.png, 00022.png and 2 more" in message
    assert "out of range" in message and "frames 0 to 19" in message


def test_folder_counted_from_one_is_understood_and_said(tmp_path):
    for number in range(1, 21):
        save(tmp_path / f"{number:05d}.png", 1)
    assert frames_of(tmp_path, VIDEO) == list(range(20))
    assert "counted from 1" in load_keyframes(tmp_path, VIDEO).notes[0]


def test_empty_masks_are_absent_unless_said_otherwise(tmp_path):
    save(tmp_path / "00000.png", 1)
    save(tmp_path / "00004.png")
    save(tmp_path / "00008.png", 1)
    assert frames_of(tmp_path, VIDEO) == [0, 4, 8]
    found = load_keyframes(tmp_path, VIDEO)
    assert any("1 frame without any shape: objects seen before" in note for note in found.notes)
    found = load_keyframes(tmp_path, VIDEO, ImportOptions(unlabelled="open"))
    assert [k.frame_index for k in found.keyframes] == [0, 8]
    assert any("left open" in note for note in found.notes)


def test_masks_made_at_another_size_are_scaled_where_that_is_said(tmp_path):
    path = save(tmp_path / "00000.png", 1, 0, 2, size=(6, 8))
    found = load_keyframes(path, VIDEO, ImportOptions(image_size=(8, 6)))
    label_map = found.keyframes[0].label_map
    assert label_map.shape == (12, 16)
    assert label_map[0, :8].tolist() == [1, 1, 0, 0, 2, 2, 0, 0]
    assert any("Scaled from 8 x 6 to 16 x 12" in note for note in found.notes)


def test_folder_with_foreign_names(tmp_path):
    save(tmp_path / "00000.png", 1)
    for name in "abcde":
        save(tmp_path / f"cat_{name}.png", 1)
    with pytest.raises(MaskMismatch, match=r"cat_a\.png, cat_b\.png, cat_c\.png and 2 more"):
        load_keyframes(tmp_path, VIDEO)


def test_two_masks_of_one_frame(tmp_path):
    save(tmp_path / "00003.png", 1)
    save(tmp_path / "frame_3.png", 1)
    with pytest.raises(MaskMismatch, match="frame 3"):
        load_keyframes(tmp_path, VIDEO)


def test_folder_without_masks(tmp_path):
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(MaskReadError, match="no masks"):
        load_keyframes(tmp_path, VIDEO)


def test_missing_path(tmp_path):
    with pytest.raises(MaskReadError, match="gone"):
        load_keyframes(tmp_path / "gone", VIDEO)


def test_other_size_names_both(tmp_path):
    path = save(tmp_path / "0.png", 1, size=(6, 8))
    with pytest.raises(MaskMismatch, match=r"8 x 6 pixels.* 16 x 12") as caught:
        load_keyframes(path, VIDEO)
    assert "own size" in caught.value.hint


def test_turned_mask_gets_the_hint(tmp_path):
    path = save(tmp_path / "0.png", 1, size=(16, 12))
    with pytest.raises(MaskMismatch) as caught:
        load_keyframes(path, VIDEO)
    assert "turned" in caught.value.hint


@pytest.mark.parametrize("ids", [(), (255,)])
def test_no_object_in_any_mask(ids, tmp_path):
    save(tmp_path / "00000.png", *ids)
    save(tmp_path / "00001.png", *ids)
    with pytest.raises(MaskMismatch, match="no object in any mask"):
        load_keyframes(tmp_path, VIDEO)


def test_ids_are_unknown_before_and_absent_after_they_appear(tmp_path):
    save(tmp_path / "00000.png", 2)
    save(tmp_path / "00004.png", 1, 2)
    save(tmp_path / "00008.png", 7)
    save(tmp_path / "00009.png")
    found = load_keyframes(tmp_path, VIDEO).keyframes
    assert [k.object_ids for k in found] == [(2,), (1, 2), (1, 2, 7), (1, 2, 7)]
    assert [sorted(set(np.unique(k.label_map)) - {0}) for k in found] == [[2], [1, 2], [7], []]


def test_void_is_kept_and_no_object(tmp_path):
    (found,) = load_keyframes(save(tmp_path / "0.png", 3, 255), VIDEO).keyframes
    assert found.object_ids == (3,)
    assert found.label_map[0, 1] == 255


def test_empty_mask_before_the_first_object_says_nothing(tmp_path):
    save(tmp_path / "00000.png")
    save(tmp_path / "00002.png", 1)
    found = load_keyframes(tmp_path, VIDEO)
    assert [k.frame_index for k in found.keyframes] == [2]
    assert any("frames 0" in note for note in found.notes)


def test_mapped_masks_are_told(tmp_path):
    from PIL import Image

    for number in range(8):
        Image.new("L", (16, 12), 255).save(tmp_path / f"{number}.png")
    notes = load_keyframes(tmp_path, VIDEO).notes
    assert len(notes) == 7
    assert notes[1].startswith("0.png: gray 0 and 255") and "3 more" in notes[-1]
