"""What sources hold, what cannot be used and why, and what is held out."""

from __future__ import annotations

import pytest

from core.errors import UsageError
from core.jobs import Cancelled, CancelToken, result_of
from vosapp.services.training.data import require_trainable, sources_of, survey
from vosapp.services.training.values import Kind, Part, Reason, Survey


def look(*paths, **options):
    sources = [source for path in paths for source in sources_of(path, **options)]
    return result_of(survey(sources, CancelToken()))


def test_boxes_and_masks_of_a_project_are_counted(write_project):
    found = look(write_project("a", boxes=(0, 6), masks=(3,), interpolate=True))
    counted = found.counted
    assert (counted.boxes, counted.masks, counted.frames, counted.objects) == (2, 1, 3, 1)
    assert counted.interpolated > 0 and counted.minutes == pytest.approx(1 / 60)
    assert found.unusable == ()


def test_one_of_several_videos_is_held_out_always_the_same(write_project):
    paths = [write_project(name, seed=n, boxes=(0, 6)) for n, name in enumerate("abc")]
    first, again = look(*paths), look(*reversed(paths))
    assert [clip.part for clip in first.clips].count(Part.HELD_OUT) == 1
    assert {c.name for c in first.held_out} == {c.name for c in again.held_out}


def test_of_the_only_video_the_last_frames_are_held_out(write_project):
    (clip,) = look(write_project("a", boxes=(0, 2, 5, 8))).clips
    assert (clip.part, clip.held_frames) == (Part.BOTH, (5, 8))


def test_two_projects_on_one_video_stay_on_one_side(write_project, tmp_path):
    one = write_project("a", boxes=(0, 6))
    two = tmp_path / "again.vosapp"
    two.write_bytes(one.read_bytes())
    other = write_project("b", seed=1, boxes=(0, 6))
    parts = {clip.source.path: clip.part for clip in look(one, two, other).clips}
    assert parts[one] is parts[two] is not parts[other]


def test_held_out_clips_of_vosapp_itself_stay_held_out(write_project):
    paths = [write_project("inf6804_golf1_268724_00", boxes=(0, 6))]
    paths += [write_project(name, seed=n, boxes=(0, 6)) for n, name in enumerate("abcdefg")]
    assert [clip.name for clip in look(*paths).held_out] == ["inf6804_golf1_268724_00"]


def test_footage_of_a_labeled_video_counts_once(write_project, tmp_path):
    project = write_project("a", boxes=(0, 6))
    found = look(tmp_path / "a.mp4", project)
    assert [clip.source.kind for clip in found.clips] == [Kind.PROJECT]


@pytest.mark.parametrize(
    ("labels", "reason"),
    [({}, Reason.NO_LABELS), ({"boxes": (3,)}, Reason.FEW_LABELS)],
)
def test_too_few_labels_are_told_and_the_footage_stays(write_project, labels, reason):
    found = look(write_project("a", **labels))
    (one,) = found.unusable
    assert (one.reason, one.path.name) == (reason, "a.vosapp") and one.hint
    assert [clip.part for clip in found.clips] == [Part.FOOTAGE]
    with pytest.raises(UsageError, match="no labels"):
        require_trainable(found, needs_labels=True)
    require_trainable(found, needs_labels=False)


def test_boxes_are_no_masks(write_project):
    boxes = look(write_project("a", boxes=(0, 6)))
    require_trainable(boxes, needs_labels=True)
    with pytest.raises(UsageError, match="no masks"):
        require_trainable(boxes, needs_labels=True, needs_masks=True)
    masks = look(write_project("b", masks=(0, 6)))
    require_trainable(masks, needs_labels=True, needs_masks=True)


def test_a_missing_video_is_told(write_project, tmp_path):
    project = write_project("a", boxes=(0, 6))
    (tmp_path / "a.mp4").unlink()
    found = look(project)
    assert [one.reason for one in found.unusable] == [Reason.VIDEO_MISSING]
    assert found.clips == () and "a.mp4" in found.unusable[0].text


def test_another_video_in_its_place_is_told(write_project, write_film):
    project = write_project("a", boxes=(0, 6))
    write_film("a", seed=5)
    assert [one.reason for one in look(project).unusable] == [Reason.VIDEO_OTHER]


def test_a_file_that_is_no_project_is_told(tmp_path):
    (tmp_path / "x.vosapp").write_text("no")
    assert [one.reason for one in look(tmp_path / "x.vosapp").unusable] == [Reason.NOT_OPENED]


def test_a_folder_of_projects_gives_each(write_project, tmp_path):
    write_project("a", boxes=(0, 6))
    write_project("b", seed=1, boxes=(0, 6))
    assert [source.kind for source in sources_of(tmp_path)] == [Kind.PROJECT] * 2


def test_a_data_set_gives_masks(write_davis, tmp_path):
    found = look(write_davis(tmp_path / "set"))
    assert [clip.name for clip in found.clips] == ["bear", "boat"]
    assert found.counted.masks > 5 and len(found.held_out) == 1


def test_a_table_of_boxes_needs_its_videos(write_film, tmp_path):
    write_film("a")
    table = tmp_path / "t.csv"
    table.write_text("clip,frame,object,x,y,w,h\na.mp4,0,1,1,1,9,9\na,3,1,,,,\nb,0,1,1,1,5,5\n")
    found = look(table, videos=tmp_path)
    assert [one.reason for one in found.unusable if one.reason is Reason.VIDEO_MISSING]
    late = tmp_path / "late.csv"
    late.write_text("clip,frame,object,x,y,w,h\na,99,1,1,1,9,9\na,3,1,1,1,5,5\n")
    assert [one.reason for one in look(late).unusable] == [Reason.VIDEO_OTHER]


def test_nothing_to_learn_from_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for path in (tmp_path / "notes.txt", tmp_path / "gone", tmp_path):
        with pytest.raises(UsageError):
            sources_of(path)
    with pytest.raises(UsageError, match="no video"):
        require_trainable(Survey(), needs_labels=False)


def test_it_can_be_cancelled(write_project):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        result_of(survey(sources_of(write_project("a", boxes=(0, 6))), token))
