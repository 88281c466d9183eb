"""The data of a run: what trains and what is held out never meet."""

from __future__ import annotations

import pytest

from core.data.box_tables import read_box_table
from core.data.raw_video import find_videos
from core.errors import TrainingError
from core.jobs import CancelToken, result_of
from core.media.label_map import read_label_map
from vosapp.services.training.data import sources_of, survey_labels
from vosapp.services.training.staging import DataFolder, stage


def lay_out(folder, *paths):
    sources = [source for path in paths for source in sources_of(path)]
    found = result_of(survey_labels(sources, CancelToken()))
    return found.survey, result_of(stage(found, folder, CancelToken()))


def test_held_out_videos_are_not_among_those_that_train(write_project, tmp_path):
    paths = [write_project(n, seed=k, boxes=(0, 6), masks=(3,)) for k, n in enumerate("abc")]
    found, data = lay_out(tmp_path / "data", *paths)
    (held,) = found.held_out
    names = {path.stem for path in find_videos(data.videos)}
    assert names == {"a", "b", "c"} - {held.name} == read_box_table(data.boxes).keys()
    assert {folder.name for folder in data.masks.iterdir()} == names
    assert [clip.name for clip in data.held()] == [held.name]
    assert read_box_table(data.held_boxes).keys() == {held.name}
    mask = read_label_map(data.held_masks / held.name / "00003.png").label_map
    assert set(mask.ravel().tolist()) == {0, 1}


def test_held_out_frames_of_the_only_video_are_in_no_table_that_trains(write_project, tmp_path):
    _, data = lay_out(tmp_path / "data", write_project("a", boxes=(0, 2), masks=(5, 8)))
    trained = {box.frame_index for box in read_box_table(data.boxes)["a"]}
    held = {box.frame_index for box in read_box_table(data.held_boxes)["a"]}
    assert (trained, held) == ({0, 2}, {5, 8})
    assert not data.masks.exists()


def test_images_of_a_data_set_become_videos(write_davis, tmp_path):
    found, data = lay_out(tmp_path / "data", write_davis(tmp_path / "set"))
    trained = ({"bear", "boat"} - {clip.name for clip in found.held_out}).pop()
    assert [path.name for path in find_videos(data.videos)] == [f"{trained}.images"]
    assert len(list((data.masks / trained).iterdir())) == 5


def test_a_damaged_folder_is_told(tmp_path):
    with pytest.raises(TrainingError):
        DataFolder(tmp_path).held()
    (tmp_path / "clips.json").write_text('{"held": [{"name": 1}]}')
    with pytest.raises(TrainingError):
        DataFolder(tmp_path).held()
