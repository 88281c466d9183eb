"""Clean-ups of a project: what is shown changes, what is stored and what is asserted does not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cleaning import DEFAULT, NONE, Cleaning
from vosapp.project.cleanings import CleaningSpan, changed, frames_between
from vosapp.project.edit_cleanings import CleanUp, EraseArea, KeepRaw
from vosapp.project.edit_masks import SetMask
from vosapp.project.edit_ranges import CheckFrames, DeleteObject, MergeObjects, SplitObject
from vosapp.project.edits import LockObject
from vosapp.project.file import Options
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.project.recovery import salvage

SHRINK = Cleaning(grow=-1)
CORNER = ((0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0))


@pytest.fixture
def done(project, box, result):
    """Object 1 as a square everywhere, with a speck inside object 2; a keyframe on frame 10."""
    run = project.begin_propagation("fake")
    one, two = box(2, 2, 8, 8), box(2, 9, 10, 15)
    one[5, 12] = True
    project.put_results(run, [result(f, {2: two, 1: one}) for f in range(40)])
    project.do(SetMask(10, 1, one))
    project.one, project.two = one, two
    return project


def area(project, frame, object_id=1):
    return int((project.label_map(frame) == object_id).sum())


def test_only_propagated_masks_of_the_range_change(done, box):
    change = done.do(CleanUp(1, 5, 20, Cleaning(islands=4, grow=-1)))
    assert change.name == "Clean up Bear"
    assert change.frame_indices == tuple(range(5, 20)) and change.object_ids == (1,)
    for frame in range(40):
        cleaned = 5 <= frame < 20 and frame != 10
        wanted = box(3, 3, 7, 7) if cleaned else done.one
        assert ((done.label_map(frame) == 1) == wanted).all(), frame
    assert done.label_map(6)[5, 12] == 2, "the speck is what it lies in"
    assert all((done.cleaned_map(f, {}) == 1).sum() == 37 for f in range(40))
    assert done.state(6, 1) is FrameState.STALE, "as the keyframe has made it"


def test_undo_tells_which_frames_to_read_again(done):
    done.do(CleanUp(1, 5, 20, SHRINK))
    before = area(done, 6)
    assert done.undo().frame_indices == tuple(range(5, 20))
    assert area(done, 6) == 37 > before
    assert done.redo().frame_indices == tuple(range(5, 20))
    assert area(done, 6) == before


def test_only_frames_that_change_are_told(done):
    done.do(CleanUp(1, 5, 20, SHRINK))
    assert done.do(CleanUp(1, 15, 30, SHRINK)).frame_indices == tuple(range(20, 30))
    assert [(s.start, s.stop) for s in done.cleanings()] == [(5, 30)]
    assert done.do(CleanUp(1, 8, 12, SHRINK)).name == ""
    assert done.do(KeepRaw(1, 8, 12)).frame_indices == tuple(range(8, 12))
    assert done.do(KeepRaw(1)).name and done.cleanings() == ()


def test_an_area_is_erased_on_all_frames_and_other_settings_stay(done):
    done.do(CleanUp(1, 0, 20, SHRINK))
    done.do(EraseArea(1, 15, 30, CORNER))
    assert done.cleanings_on(16)[1] == Cleaning(grow=-1, erased=(CORNER,))
    assert not (done.label_map(25)[:4, :4] == 1).any() and area(done, 25) == 33
    done.do(CleanUp(1, 0, 40, DEFAULT))
    assert done.cleanings_on(16)[1].erased == (CORNER,)
    assert done.cleanings_on(3)[1].erased == ()
    assert (done.label_map(10) == 1).sum() == 37, "keyframes stay"


def test_what_is_shown_can_be_corrected_by_hand(done, box):
    done.do(CleanUp(1, 0, 40, Cleaning(islands=4)))
    done.do(SetMask(7, 1, done.label_map(7) == 1))
    assert done.state(7, 1) is FrameState.KEYFRAME and area(done, 7) == 36
    done.do(KeepRaw(1))
    assert area(done, 7) == 36 and area(done, 8) == 37


def test_results_that_come_later_are_cleaned_too(done, result, box):
    done.do(CleanUp(1, 0, 40, SHRINK))
    run = done.begin_propagation("fake")
    done.put_results(run, [result(3, {1: box(0, 0, 12, 16)})])
    assert area(done, 3) == 12 * 16, "what reaches the border goes on behind it"
    done.put_results(run, [result(3, {1: box(1, 1, 11, 15)})])
    assert area(done, 3) == 8 * 12


def test_kept_objects_gain_nothing_from_others(done):
    done.do(LockObject(2, locked=True))
    done.do(CheckFrames((2,), 3, 4))
    before = [(done.label_map(f) == 2) for f in range(6)]
    done.do(CleanUp(1, 0, 40, Cleaning(islands=4)))
    assert all(((done.label_map(f) == 2) == before[f]).all() for f in range(6))
    done.do(LockObject(2, locked=False))
    assert done.label_map(3)[5, 12] == 0 and done.label_map(4)[5, 12] == 2
    with pytest.raises(Exception, match="locked"):
        done.do(LockObject(1, locked=True)) and done.do(CleanUp(1, 0, 4, DEFAULT))


def test_clean_ups_go_with_their_objects(done):
    done.do(CleanUp(1, 0, 30, SHRINK))
    done.do(SplitObject(1, 20))
    assert [(s.object_id, s.start, s.stop) for s in done.cleanings()] == [(1, 0, 20), (3, 20, 30)]
    done.do(MergeObjects(3, 2))
    assert [s.object_id for s in done.cleanings()] == [1]
    done.do(DeleteObject(1))
    assert done.cleanings() == ()


def test_they_are_read_back_and_survive_damage(done, path, tmp_path):
    done.do(CleanUp(1, 5, 20, Cleaning(holes=7, smooth=2, feather=1.5)))
    done.do(EraseArea(2, 6, 9, ((0.125, 1 / 3), (4.0, 0.0), (4.0, 4.0))))
    spans, shown = done.cleanings(), done.label_map(7)
    done.close()
    with open_project(path, Options(read_only=True)) as opened:
        assert opened.cleanings() == spans and (opened.label_map(7) == shown).all()
        assert opened.cleanings_on(7)[2].erased == (((0.12, 0.33), (4.0, 0.0), (4.0, 4.0)),)
    found = salvage(path, tmp_path / "saved.vosapp")
    assert found.kept["cleanings"] == 2
    with open_project(found.path, Options(read_only=True)) as saved:
        assert saved.cleanings() == spans


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("settings", "'grow'"), ("settings", "7"), ("erased", "'[[1]]'"), ("erased", "'{}'")),
        *(("stop", "5"), ("stop", "'x'"), ("erased", "'[[[0,0],[1,1],[1e999,0]]]'")),
    ],
)
def test_nonsense_in_a_file_is_refused_and_left_out_of_what_is_saved(
    done, path, tmp_path, column, value
):
    from core.errors import ProjectFileError

    done.do(CleanUp(1, 5, 20, SHRINK))
    done._connection.execute(f"UPDATE cleanings SET {column} = {value}")
    done.close()
    with open_project(path) as opened, pytest.raises(ProjectFileError):
        opened.label_map(7)
    found = salvage(path, tmp_path / "saved.vosapp")
    assert found.kept["cleanings"] == 0
    assert any("cleanings" in sentence for sentence in found.lost)


def test_soft_labels_are_kept_with_results(project, box, result):
    from dataclasses import replace

    plane = np.full((3, 4), 128, np.uint8)
    plane[0, 0] = 2
    run = project.begin_propagation("fake")
    with_soft = replace(result(3, {1: box(0, 0, 4, 4)}), soft={1: plane, 7: plane})
    project.put_results(run, [with_soft])
    found = project.soft_labels(3, 1)
    assert found[0, 0] == 0 and (found.ravel()[1:] == 128).all()
    assert project.soft_labels(3, 2) is None and project.soft_labels(4, 1) is None
    project.do(SplitObject(1, 2))
    assert project.soft_labels(3, 1) is None and project.soft_labels(3, 3) is not None
    project.undo()
    project.put_results(run, [result(3, {1: box(0, 0, 5, 4)})])
    assert project.soft_labels(3, 1) is None


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 2)), max_size=6),
)
def test_ranges_say_of_each_frame_what_was_last_said(said):
    spans, wanted = (), dict.fromkeys(range(10), NONE)
    for start, stop, grow in said:
        before = spans
        if start < stop:
            new = Cleaning(grow=grow)
            spans = changed(spans, 1, range(start, stop), lambda _old, new=new: new)
            moved = {f for f in range(start, stop) if wanted[f] != new}
            wanted |= dict.fromkeys(range(start, stop), new)
            assert moved == frames_between(before, spans)
    found = dict.fromkeys(range(10), NONE)
    for span in spans:
        assert isinstance(span, CleaningSpan)
        found |= dict.fromkeys(range(span.start, span.stop), span.cleaning)
    assert found == wanted
    pairs = pairwise(spans)
    assert all(a.stop < b.start or a.cleaning != b.cleaning for a, b in pairs)
