"""What weights are worth on held-out clips, by a system that has none."""

from __future__ import annotations

import numpy as np
import pytest

from core.data.box_tables import DrawnBox
from core.jobs import CancelToken, result_of
from core.media.image_file import read_rgb
from core.media.label_map import read_label_map
from vosapp.services.training import scoring
from vosapp.services.training.data import sources_of, survey_labels
from vosapp.services.training.folder import RunFolder
from vosapp.services.training.staging import HeldClip, stage
from vosapp.services.training.views import picture


@pytest.fixture
def scorer_of(tmp_path):
    """Makes the scorer of a run on one project, whose last labeled frames are held out."""

    def make(project):
        found = result_of(survey_labels(sources_of(project), CancelToken()))
        data = result_of(stage(found, tmp_path / "data", CancelToken()))
        folder = RunFolder(tmp_path / "run")
        return scoring.HeldOutScorer("copy", "cpu", folder, data=data), folder

    return make


def test_masks_are_scored_by_overlap_and_boxes_by_agreement(scorer_of, write_project):
    for name, labels in (("masks", {"masks": range(0, 12, 2)}), ("boxes", {"boxes": range(12)})):
        scorer, _ = scorer_of(write_project(name, **labels))
        scored = result_of(scorer.score(None, CancelToken()))
        assert np.isnan(scored.boxes if name == "masks" else scored.j)
        assert 0 < scored.value < 1 and {one.clip for one in scored.shown} == {name}


def test_each_frame_is_told_and_one_is_kept_as_a_picture(scorer_of, write_project):
    scorer, folder = scorer_of(write_project("a", masks=range(0, 12, 2)))
    told = list(scorer.score(None, CancelToken()))
    assert [p.done for p in told] == list(range(1, len(told) + 1))
    assert told[-1].done == told[-1].total
    truth = read_label_map(folder.view / "truth.png").label_map
    assert truth.shape == read_rgb(folder.view / "frame.png").shape[:2] and (truth == 1).any()


def test_several_frames_are_shown_with_their_scores_the_last_one_first(scorer_of, write_project):
    scorer, folder = scorer_of(write_project("a", masks=range(12)))
    first, again = (result_of(scorer.score(None, CancelToken())) for _ in range(2))
    frames = [one.frame_index for one in first.shown]
    assert len(frames) > 1 and frames == sorted(frames, reverse=True)
    assert [one.frame_index for one in again.shown] == frames
    assert np.mean([one.score for one in first.shown]) == pytest.approx(first.j)
    pictures = [picture(folder, "truth", place=place) for place in range(len(frames) + 1)]
    assert [file.exists() for file in pictures] == [True] * len(frames) + [False]
    maps = [read_label_map(file).label_map for file in pictures[:-1]]
    assert any((one != maps[0]).any() for one in maps)


def test_an_object_begins_with_its_mask_and_else_with_its_box():
    """A box over a mask must not take its pixels."""
    truth = np.zeros((8, 8), np.uint8)
    truth[1:4, 1:3] = 1
    boxes = (DrawnBox("a", 0, 1, "", (1, 1, 4, 4)), DrawnBox("a", 0, 2, "", (2, 2, 4, 4)))
    clip = HeldClip("a", None, (0, 3))
    later = (DrawnBox("a", 3, 2, "", (0, 0, 4, 4)), DrawnBox("a", 3, 3, "", (4, 4, 8, 8)))
    plan = scoring._Plan(clip, (0, 3), boxes + later, {0: truth})
    first, second = scoring._keyframes(plan, (8, 8))
    assert (first.frame_index, first.object_ids) == (0, (1, 2))
    assert np.array_equal(first.label_map == 1, truth == 1)
    assert int((first.label_map == 2).sum()) == 2
    assert (second.frame_index, second.object_ids) == (3, (3,))
    assert np.unique(second.label_map).tolist() == [0, 3]
