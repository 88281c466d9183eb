"""Running and scoring a small DAVIS tree with the baselines."""

from __future__ import annotations

import csv
import io
import json
import math

import cv2
import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.errors import DatasetError, MaskMismatch, OutputError
from core.eval.benchmark import (
    BenchmarkReport,
    SequenceRun,
    benchmark,
    make_benchmark_report,
)
from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs
from core.eval.benchmark_report import to_csv, to_dict, to_table
from core.eval.protocols import evaluate
from core.eval.records import Protocol, Report
from core.jobs import Cancelled, CancelToken, Progress, result_of
from core.media.label_map import write_label_map
from core.tracking.contract import TrackerRequest
from core.types import Quality

COUNT = 8
COPY = TrackerRequest("copy", Quality.FAST)
FLOW = TrackerRequest("flow", Quality.FAST)


def write(root, name, frames, label_maps, *, every=1):
    """A sequence in DAVIS layout; only every so many frames have a mask."""
    images, masks = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
    images.mkdir(parents=True)
    masks.mkdir(parents=True)
    for index, (frame, label_map) in enumerate(zip(frames, label_maps, strict=True)):
        cv2.imwrite(str(images / f"{index:05d}.jpg"), frame[..., ::-1])
        if index % every == 0:
            write_label_map(masks / f"{index:05d}.png", label_map)


@pytest.fixture
def root(tmp_path):
    """`pair` has two objects all the time; in `late` object 2 appears on frame 3."""
    frames, label_maps = moving_shapes(frame_count=COUNT)
    write(tmp_path / "set", "pair", frames, label_maps)
    later = label_maps.copy()
    later[:3][later[:3] == 2] = 0
    write(tmp_path / "set", "late", frames, later)
    return tmp_path / "set"


def collected(job):
    """All that a job yields, and what it returns."""
    items = []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            return items, end.value


def run(root, tracker=COPY, **settings):
    request = BenchmarkRequest(root, tracker, **settings)
    steps, report = collected(benchmark(request, CancelToken()))
    assert isinstance(report, BenchmarkReport)
    assert report.runs == tuple(step for step in steps if isinstance(step, SequenceRun))
    return report


def scores(report):
    return {(row.sequence, row.object_id): (row.j, row.f, row.frame_count) for row in report}


def evaluated(root, results, protocol):
    report = result_of(evaluate(root, results, protocol=protocol))
    assert isinstance(report, Report)
    return report


@pytest.mark.parametrize("tracker", [COPY, FLOW], ids=lambda tracker: tracker.system)
@pytest.mark.parametrize(
    ("late", "protocol"), [(False, Protocol.SEMI), (True, Protocol.YOUTUBE_VOS)]
)
def test_scores_are_those_of_evaluate(root, tmp_path, tracker, late, protocol):
    report = run(root, tracker, late_entries=late, out=tmp_path / "out")
    expected = evaluated(root, tmp_path / "out", protocol)
    assert scores(report.objects) == scores(expected.objects)
    assert report.by_object == expected.totals
    assert len(list((tmp_path / "out").rglob("*.png"))) == 2 * COUNT


def test_progress_counts_frames(root):
    request = BenchmarkRequest(root, COPY)
    steps = [s for s in benchmark(request, CancelToken()) if isinstance(s, Progress)]
    assert [step.done for step in steps] == list(range(2 * COUNT + 1))
    assert {step.total for step in steps} == {2 * COUNT}
    assert {step.text for step in steps} == {"late", "pair"}


def test_late_object_counts_only_where_it_is_given(root):
    assert set(scores(run(root).objects)) == {("late", 1), ("pair", 1), ("pair", 2)}
    report = run(root, late_entries=True)
    found = scores(report.objects)
    assert {key: value[2] for key, value in found.items()} == {
        ("late", 1): COUNT - 1,
        ("late", 2): COUNT - 4,
        ("pair", 1): COUNT - 1,
        ("pair", 2): COUNT - 1,
    }
    assert {r.score.name: r.keyframes for r in report.runs} == {"late": (0, 3), "pair": (0,)}
    assert found["late", 2][0].mean > 0.5


def test_corrected_frames_are_not_scored(root):
    report = run(root, keyframe_count=4, sequences=("pair",))
    assert report.runs[0].keyframes == (0, 2, 4, 6)
    assert report.runs[0].score.frame_count == 3  # frames 1, 3 and 5
    assert report.by_object.j.mean > run(root, sequences=("pair",)).by_object.j.mean
    assert any("4 evenly spaced" in note for note in report.notes)


def test_whole_masks_and_late_entries_together(root):
    request = BenchmarkRequest(root, COPY, keyframe_count=2, late_entries=True)
    job = next(job for job in plan_jobs(request) if job.plan.name == "late")
    keyframes = job.keyframes()
    assert [(k.frame_index, k.object_ids) for k in keyframes] == [(0, (1,)), (3, (2,)), (4, (1, 2))]
    assert set(np.unique(keyframes[1].label_map)) == {0, 2}
    assert list(job.scored) == [1, 2, 3, 5, 6, 7]


def test_objects_of_the_first_mask_are_all_that_is_given(root):
    request = BenchmarkRequest(root, COPY, keyframe_count=2, sequences=("late",))
    keyframes = plan_jobs(request)[0].keyframes()
    assert [(k.frame_index, k.object_ids) for k in keyframes] == [(0, (1,)), (4, (1,))]
    assert set(np.unique(keyframes[1].label_map)) == {0, 1}


def test_frames_without_a_mask_are_labeled_too(tmp_path):
    frames, label_maps = moving_shapes(frame_count=7)
    write(tmp_path / "set", "sparse", frames, label_maps, every=3)
    report = run(tmp_path / "set", out=tmp_path / "out")
    assert report.runs[0].frame_count == 7
    assert report.runs[0].score.frame_count == 1  # frame 3, between the first and the last mask
    assert len(list((tmp_path / "out/sparse").iterdir())) == 7


def test_times_and_memory_are_measured(root):
    for sequence in run(root, FLOW).runs:
        assert 0 < sequence.seconds_median < 5
        assert 0 < sequence.seconds_mean < 5
        assert sequence.peak_bytes > 10_000_000


def test_means_over_objects_and_over_sequences(root):
    report = run(root)
    rows = scores(report.objects)
    j = {key: value[0].mean for key, value in rows.items()}
    pair = (j["pair", 1] + j["pair", 2]) / 2
    assert report.by_object.j.mean == pytest.approx(sum(j.values()) / 3)
    assert report.by_sequence.j.mean == pytest.approx((pair + j["late", 1]) / 2)
    assert (report.by_object.object_count, report.by_sequence.object_count) == (3, 2)


def test_cancel_stops_between_frames(root):
    token = CancelToken()
    job = benchmark(BenchmarkRequest(root, COPY), token)
    next(job), next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)


def test_nothing_that_was_run_can_be_reported():
    report = make_benchmark_report([], BenchmarkRequest(None, COPY))
    assert math.isnan(report.by_object.j_and_f)
    assert "nan" not in "\n".join(to_table(report))
    assert json.dumps(to_dict(report), allow_nan=False)


def test_report_in_three_forms(root):
    report = run(root)
    table = to_table(report)
    assert [line.split()[0] for line in table if line[0].isalpha()][:3] == [
        "sequence",
        "late",
        "pair",
    ]
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    names = ["late", "pair", "mean of sequences", "mean of objects"]
    assert [row["sequence"] for row in rows] == names
    plain = json.loads(json.dumps(to_dict(report), allow_nan=False))
    assert [sequence["name"] for sequence in plain["sequences"]] == names[:2]
    for row, sequence in zip(rows, plain["sequences"], strict=False):
        assert float(row["j_and_f"]) == sequence["mean"]["j_and_f"]
        assert float(row["seconds_median"]) == sequence["seconds_per_frame"]["median"]
    assert float(rows[2]["f"]) == plain["mean_of_sequences"]["f"]["mean"]
    assert float(rows[3]["f"]) == plain["mean"]["f"]["mean"]


def test_what_is_wrong_with_a_tree_is_said_before_anything_runs(root, tmp_path):
    def refused(kind, match, **settings):
        job = benchmark(BenchmarkRequest(root, COPY, **settings), CancelToken())
        with pytest.raises(kind, match=match):
            next(job)

    refused(DatasetError, "zebra", sequences=("zebra",))
    refused(DatasetError, "nothing of late is scored", keyframe_count=COUNT)
    (tmp_path / "file").touch()
    refused(OutputError, "file", out=tmp_path / "file")
    refused(OutputError, "overwrite", out=root / "Annotations/480p")
    refused(OutputError, "overwrite", out=root / "JPEGImages/480p")
    masks = root / "Annotations/480p/pair"
    write_label_map(masks / "00099.png", np.ones((64, 96), np.uint8))
    refused(DatasetError, "00099.png")
    (masks / "00099.png").unlink()
    write_label_map(masks / "00000.png", np.ones((6, 9), np.uint8))
    refused(MaskMismatch, "9 x 6")
    for path in (root / "JPEGImages/480p/pair").iterdir():
        path.unlink()
    refused(DatasetError, "no frames")
