"""Many clips: a DAVIS tree that goes on where it was stopped."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from core.data.layouts import read_tree
from core.engine.densify import job as job_module
from core.engine.densify.job import densify
from core.engine.densify.plan import DensifyRequest
from core.errors import AnnotationReadError, DatasetError, OutputError
from core.jobs import Cancelled, CancelToken
from core.media.label_map import read_label_map
from core.tracking.contract import TrackerRequest
from core.types import Quality


@pytest.fixture
def request_of(videos, boxes, tmp_path):
    def make(**changes):
        tracker = TrackerRequest("flow", Quality.FAST)
        return replace(DensifyRequest(boxes, videos, tmp_path / "out", tracker), **changes)

    return make


def run(request, token=None, *, stop_after=None):
    """The result, and the progress."""
    job, seen = densify(request, token or CancelToken()), []
    while True:
        try:
            seen.append(next(job))
        except StopIteration as end:
            return end.value, seen
        if len(seen) == stop_after:
            token.cancel()


def files(root):
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.suffix in (".png", ".jpg")
    }


def test_a_davis_tree_with_reports(request_of, shapes, tmp_path):
    found, seen = run(request_of())
    out = tmp_path / "out"
    sequences = {sequence.name: sequence for sequence in read_tree(out)}
    assert list(sequences) == ["boat", "car"]
    stems = [path.stem for path in sequences["boat"].masks]
    assert stems == [f"{index:05d}" for index in range(1, 8)], "from the first to the last box"
    truth = shapes["boat.mkv"][1][2] == 1
    mask = read_label_map(out / "Annotations/480p/boat/00002.png").label_map == 1
    assert (mask & truth).sum() / (mask | truth).sum() > 0.8
    first = found.records[0].objects[0]
    assert (first.object_id, first.name, first.boxes, first.absent) == (1, "shape 1", 3, 0)
    assert first.kept + first.refused == 7 and first.kept > 5
    assert found.resumed == 0 and found.problems == {}
    document = json.loads((out / "densify.json").read_text())
    assert document["totals"]["clips"] == 2
    assert 0 < document["totals"]["refused_share"] < 1
    assert document["clips"][0]["video"] == "boat.mkv"
    assert document["clips"][0]["frames"] == list(range(1, 8))
    rows = list(csv.DictReader((out / "report.csv").read_text().splitlines()))
    assert [(row["clip"], row["object_id"]) for row in rows[:3]] == [
        ("boat", "1"),
        ("boat", "2"),
        ("car", "1"),
    ]
    assert float(rows[0]["carried"]) == pytest.approx(first.carried, abs=1e-4)
    done = [step.done for step in seen]
    assert done == sorted(done)
    assert {step.total for step in seen} == {14} and done[-1] == 14


def test_frames_are_written_when_asked_for_and_every_nth_one(request_of, shapes, tmp_path):
    run(request_of(frames=True, step=2))
    sequence = read_tree(tmp_path / "out")[0]
    stems = [path.stem for path in sequence.masks]
    assert stems == ["00001", "00003", "00004", "00005", "00007"]
    assert [path.stem for path in sequence.frames] == stems
    from core.media.image_file import read_rgb

    shown = read_rgb(sequence.frames[1]).astype(int)
    assert np.abs(shown - shapes["boat.mkv"][0][3]).mean() < 12


def test_a_stopped_run_goes_on_to_the_same_bytes(request_of, tmp_path):
    run(request_of())
    wanted = files(tmp_path / "out")
    again = request_of(out=tmp_path / "again")
    _, seen = run(request_of(out=tmp_path / "whole"))
    half = next(n for n, step in enumerate(seen) if step.text == "car") + 4
    token = CancelToken()
    with pytest.raises(Cancelled):
        run(again, token, stop_after=half)
    assert [path.name for path in (tmp_path / "again/records").iterdir()] == ["boat.json"]
    (tmp_path / "again/Annotations/480p/car/00099.png").write_bytes(b"of another run")
    found, seen = run(again)
    assert found.resumed == 1 and len(found.records) == 2
    assert seen[0].done == 7
    assert files(tmp_path / "again") == wanted


def test_finished_clips_are_not_done_again_but_with_other_settings(request_of):
    run(request_of())
    found, seen = run(request_of())
    assert found.resumed == 2 and len(seen) == 1
    found, _ = run(request_of(threshold=0.3))
    assert found.resumed == 0


def test_a_clip_that_was_begun_with_other_settings_is_not_finished(request_of, tmp_path):
    run(request_of())
    token = CancelToken()
    with pytest.raises(Cancelled):
        run(request_of(threshold=0.3), token, stop_after=3)
    assert [path.name for path in (tmp_path / "out/records").iterdir()] == ["car.json"]


def test_other_boxes_of_one_clip_do_that_clip_again(request_of, boxes):
    run(request_of())
    moved = replace(boxes["car.mkv"][0], corners=(0.0, 0.0, 9.0, 9.0))
    boxes["car.mkv"] = (moved, *boxes["car.mkv"][1:])
    assert run(request_of(boxes=boxes))[0].resumed == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"objects": [{}]}', "[" * 9999, "\x00"])
def test_a_damaged_record_does_the_clip_again(request_of, tmp_path, text):
    run(request_of())
    (tmp_path / "out/records/car.json").write_text(text)
    assert run(request_of())[0].resumed == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [({"frame_index": 50}, "only 9 frames"), ({"corners": (900.0, 0, 910, 9)}, "lies outside")],
)
def test_a_clip_that_cannot_be_done_is_told_and_the_others_go_on(
    request_of, boxes, change, message
):
    rows = [row for row in boxes["boat.mkv"] if row.object_id == 1]
    boxes["boat.mkv"] = (replace(rows[0], **change), *rows[1:])
    found, seen = run(request_of(boxes=boxes))
    assert [record.clip for record in found.records] == ["car"]
    assert message in found.problems["boat"]
    assert [step.warning for step in seen].count(True) == 1


def test_a_video_that_cannot_be_read_is_told(request_of, videos, boxes, tmp_path):
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "car.mkv").symlink_to(videos / "car.mkv")
    (folder / "boat.mkv").write_bytes(b"no video")
    found, _ = run(request_of(videos=folder))
    assert set(found.problems) == {"boat"} and len(found.records) == 1


def test_clips_by_their_stems_and_one_video_without_clips(request_of, videos, boxes, tmp_path):
    found, _ = run(request_of(boxes={"boat": boxes["boat.mkv"]}))
    assert found.records[0].clip == "boat"
    request = request_of(boxes={"": boxes["car.mkv"]}, videos=videos / "car.mkv")
    assert run(request)[0].records[0].clip == "car"


def test_videos_that_are_missing_or_not_clear_are_refused_first(
    request_of, videos, boxes, tmp_path
):
    for names in (["ship.mkv"], [""]):
        with pytest.raises(DatasetError, match="0 videos"):
            run(request_of(boxes=dict.fromkeys(names, boxes["car.mkv"])))
    with pytest.raises(DatasetError, match="does not exist"):
        run(request_of(videos=tmp_path / "none"))
    with pytest.raises(DatasetError, match="Two clips"):
        run(request_of(boxes=boxes | {"car": boxes["car.mkv"]}))
    (tmp_path / "deep/er").mkdir(parents=True)
    for place in ("deep/car.mkv", "deep/er/car.mkv"):
        (tmp_path / place).symlink_to(videos / "car.mkv")
    with pytest.raises(DatasetError, match="2 videos"):
        run(request_of(videos=tmp_path / "deep", boxes={"car.mkv": boxes["car.mkv"]}))
    assert not (tmp_path / "out").exists()


def test_missing_rows_are_refused_first(request_of, boxes):
    boxes["car.mkv"] = boxes["car.mkv"][1:]
    with pytest.raises(AnnotationReadError, match="no row for object 1"):
        run(request_of(boxes=boxes))


def test_a_folder_that_cannot_be_made_is_told(request_of, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError):
        run(request_of())


def test_features_of_the_system_help_the_prompts(request_of, boxes, monkeypatch):
    asked = []
    monkeypatch.setattr(job_module, "feature_reader", lambda tracker: asked.append(tracker))
    run(request_of(boxes={"car.mkv": boxes["car.mkv"]}))
    assert [one.system for one in asked] == ["flow"]
