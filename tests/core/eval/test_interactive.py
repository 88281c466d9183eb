"""The robot annotator on small films, with the baselines."""

from __future__ import annotations

import csv
import io
import json
import math

import cv2
import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.propagate import PropagationRequest, propagate
from core.engine.registry import build_tracker
from core.errors import DatasetError
from core.eval import interactive
from core.eval.benchmark import BenchmarkReport, benchmark
from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs
from core.eval.interactive import (
    InteractiveReport,
    InteractiveRequest,
    InteractiveRun,
    Pick,
    annotate,
    make_interactive_report,
    pick_frame,
)
from core.eval.interactive_figures import FrameMark
from core.eval.interactive_report import run_line, to_csv, to_dict, to_table
from core.eval.jf import score_frame
from core.jobs import Cancelled, CancelToken, Progress, result_of
from core.media.label_map import write_label_map
from core.media.video import open_video
from core.tracking.contract import TrackerRequest
from core.types import FrameResult, Keyframe, Quality

COUNT = 12
COPY = TrackerRequest("copy", Quality.FAST)
FLOW = TrackerRequest("flow", Quality.FAST)


def write(root, name, frames, label_maps):
    images, masks = root / "JPEGImages/480p" / name, root / "Annotations/480p" / name
    images.mkdir(parents=True)
    masks.mkdir(parents=True)
    for index, (frame, label_map) in enumerate(zip(frames, label_maps, strict=True)):
        cv2.imwrite(str(images / f"{index:05d}.jpg"), frame[..., ::-1])
        write_label_map(masks / f"{index:05d}.png", label_map)


@pytest.fixture
def root(tmp_path):
    """`pair` has two objects; `gap` has the ids 1 and 3, and id 2 turns up on frame 4."""
    frames, label_maps = moving_shapes(frame_count=COUNT)
    write(tmp_path / "set", "pair", frames, label_maps)
    gap = np.where(label_maps == 2, 3, label_maps).astype(np.uint8)
    gap[4:, :5, :5] = 2
    write(tmp_path / "set", "gap", frames, gap)
    return tmp_path / "set"


def collected(job):
    """All that a job yields, and what it returns."""
    items = []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            return items, end.value


def run(root, tracker=COPY, *, sequences=("pair",), late_entries=False, **settings):
    wanted = BenchmarkRequest(root, tracker, sequences=sequences, late_entries=late_entries)
    steps, report = collected(annotate(InteractiveRequest(wanted, **settings), CancelToken()))
    assert isinstance(report, InteractiveReport)
    assert report.runs == tuple(step for step in steps if isinstance(step, InteractiveRun))
    return report


class Watched:
    """Counts the steps of a tracker by frame."""

    def __init__(self, tracker):
        self.tracker = tracker
        self.steps = []

    def __getattr__(self, name):
        return getattr(self.tracker, name)

    def step(self, frame_index, frame, object_ids):
        self.steps.append(frame_index)
        return self.tracker.step(frame_index, frame, object_ids)


@pytest.fixture
def watched(monkeypatch):
    made = []

    def build(request):
        made.append(Watched(build_tracker(request)))
        return made[-1]

    monkeypatch.setattr(interactive, "build_tracker", build)
    return made


@pytest.mark.parametrize("tracker", [COPY, FLOW], ids=lambda tracker: tracker.system)
def test_round_0_is_the_plain_benchmark(root, tracker):
    names = ("gap", "pair")
    report = run(root, tracker, sequences=names, rounds=1)
    plain = result_of(benchmark(BenchmarkRequest(root, tracker, sequences=names), CancelToken()))
    assert isinstance(plain, BenchmarkReport)
    for mine, other in zip(report.runs, plain.runs, strict=True):
        totals = other.score.totals
        first = mine.rounds[Pick.TRUTH][0]
        assert first.corrected is None
        assert (first.j, first.f) == pytest.approx((totals.j.mean, totals.f.mean))
        assert (first.open_j, first.open_f) == (first.j, first.f)
        assert mine.scored_count == other.score.frame_count == COUNT - 2
        assert mine.object_count == len(other.score.objects)


def test_all_rounds_are_those_of_whole_new_runs(root):
    """Propagating only between neighbors gives what propagating everything gives."""
    rounds = run(root, FLOW, rounds=4).runs[0].rounds[Pick.TRUTH]
    job = plan_jobs(BenchmarkRequest(root, FLOW, sequences=("pair",)))[0]
    scored = range(1, COUNT - 1)
    truths = [job.read(path) for path in job.masks]
    given = [0]
    for figures in rounds:
        if figures.corrected is not None:
            given.append(figures.corrected)
        j = j_of_run(job, truths, sorted(given))
        assert figures.j == pytest.approx(np.mean([j[i] for i in scored]))
        left = [j[i] for i in scored if i not in given]
        assert figures.open_j == pytest.approx(np.mean(left))
        worst = min(left)
        following = rounds.index(figures) + 1
        if following < len(rounds):
            picked = rounds[following].corrected
            assert picked not in given
            assert j[picked] == worst


def test_with_late_entries_all_objects_are_given_and_scored(root):
    """Id 2 of `gap` turns up on frame 4; walks of the others go past that frame's keyframe."""
    rounds = run(root, FLOW, sequences=("gap",), late_entries=True, rounds=4).runs[0]
    assert (rounds.object_count, rounds.scored_count) == (3, COUNT - 1)
    wanted = BenchmarkRequest(root, FLOW, sequences=("gap",), late_entries=True)
    plain = result_of(benchmark(wanted, CancelToken()))
    first = rounds.rounds[Pick.TRUTH][0]
    assert first.j == first.open_j == pytest.approx(plain.by_sequence.j.mean)
    job = plan_jobs(wanted)[0]
    truths = [job.read(path) for path in job.masks]
    given, closed = {k.frame_index: k for k in job.keyframes()}, set()
    assert sorted(given) == [0, 4]
    for figures in rounds.rounds[Pick.TRUTH]:
        if (index := figures.corrected) is not None:
            closed.add(index)
            given[index] = Keyframe(index, (1, 2, 3), truths[index])
        scores = scores_of(
            job, truths, [given[k] for k in sorted(given)], entries={1: 0, 2: 4, 3: 0}
        )
        assert figures.j == pytest.approx(
            np.mean([np.mean([*j.values()]) for j in scores.values()])
        )
        left = [[x for i, x in j.items() if i not in closed] for j in scores.values()]
        assert figures.open_j == pytest.approx(np.mean([np.mean(j) for j in left]))
    assert len(closed) == 4


def test_confidence_is_that_of_scored_objects(root, monkeypatch):
    """Id 2 of `gap` is given on frame 4; what is said of it before does not count."""
    seen = {}
    usual = interactive.measure_doubt
    monkeypatch.setattr(interactive, "measure_doubt", lambda m: seen.update(m) or usual(m))
    run(root, FLOW, sequences=("gap",), late_entries=True, rounds=1)
    wanted = PropagationRequest(plan_jobs(BenchmarkRequest(
        root, FLOW, sequences=("gap",), late_entries=True))[0].keyframes(), 0, COUNT)  # fmt: skip
    with open_video(root / "JPEGImages/480p/gap") as video:
        found = [
            r for r in propagate(video, build_tracker(FLOW), wanted, CancelToken())
            if isinstance(r, FrameResult)
        ]  # fmt: skip
    for result in found[1:]:
        ids = (1, 3) if result.frame_index <= 4 else (1, 2, 3)
        assert set(seen[result.frame_index].scores) == set(ids)
        sure = np.mean([result.confidence.get(k, 1.0) for k in ids])
        assert seen[result.frame_index].confidence == pytest.approx(sure)


def scores_of(job, truths, keyframes, *, entries):
    """J of each object by frame, from the frame after its entry on."""
    request = PropagationRequest(tuple(keyframes), 0, COUNT)
    scores = {object_id: {} for object_id in entries}
    with open_video(job.folder) as video:
        for result in propagate(video, build_tracker(FLOW), request, CancelToken()):
            if isinstance(result, FrameResult):
                index = result.frame_index
                ids = [k for k, entry in entries.items() if index > entry]
                for object_id, score in score_frame(result.label_map, truths[index], ids).items():
                    scores[object_id][index] = score.j
    return scores


def j_of_run(job, truths, given):
    keyframes = tuple(Keyframe(i, (1, 2), truths[i]) for i in given)
    wanted = PropagationRequest(keyframes, 0, COUNT)
    with open_video(job.folder) as video:
        steps = propagate(video, build_tracker(FLOW), wanted, CancelToken())
        results = {s.frame_index: s.label_map for s in steps if isinstance(s, FrameResult)}
    scores = {i: score_frame(results[i], truths[i], (1, 2)).values() for i in results}
    return {i: float(np.mean([score.j for score in s])) for i, s in scores.items()}


@pytest.mark.parametrize("tracker", [COPY, FLOW], ids=lambda tracker: tracker.system)
def test_corrections_help(root, tracker):
    for rounds in run(root, tracker, rounds=5).runs[0].rounds.values():
        assert rounds[-1].j_and_f > rounds[0].j_and_f
        assert len({r.corrected for r in rounds}) == len(rounds) == 6
        for r in rounds:
            assert 0 < r.open_j_and_f <= r.j_and_f <= 1
        assert rounds[0].seconds > 0 and rounds[0].steps == COUNT


def test_with_every_frame_but_one_corrected_the_robot_stops(root):
    report = run(root, rounds=COUNT, picks=(Pick.TRUTH,))
    rounds = report.runs[0].rounds[Pick.TRUTH]
    assert len(rounds) - 1 == COUNT - 3  # of ten scored frames one stays open
    assert rounds[-1].open_j < 1
    assert "-" in "\n".join(to_table(report))
    assert math.isfinite(to_dict(report)["picks"]["truth"]["j_and_f"][COUNT - 3])
    assert to_dict(report)["picks"]["truth"]["j_and_f"][COUNT] is None


@pytest.mark.parametrize("name", ["pair", "gap"])
def test_only_the_span_around_the_correction_is_computed(root, watched, name, monkeypatch):
    """Where none is so close to an outer one that the walk to the end begins at it."""
    monkeypatch.setattr("core.engine.spans.LEAD_IN", 0)
    report = run(root, sequences=(name,), rounds=3, picks=(Pick.TRUTH,))
    steps = watched[0].steps
    assert len(watched) == 1
    keyframes, position = [0], COUNT - 1
    for figures in report.runs[0].rounds[Pick.TRUTH][1:]:
        new = figures.corrected
        before = max(k for k in keyframes if k < new)
        after = min([k for k in keyframes if k > new], default=COUNT)
        between = [*range(before + 1, new)] * 2
        behind = [*range(new + 1, after)] * (1 if after == COUNT else 2)
        expected = sorted([*between, *behind])
        assert sorted(steps[position : position + len(expected)]) == expected
        assert figures.steps == len(expected) + 1
        position += len(expected)
        keyframes.append(new)
    assert position == len(steps)


def test_both_picks_start_from_the_same_round(root, watched):
    both = run(root, FLOW, rounds=3).runs[0]
    again = [run(root, FLOW, rounds=3, picks=(pick,)).runs[0] for pick in Pick]
    assert len(watched) == 3
    for pick, alone in zip(Pick, again, strict=True):
        mine, other = both.rounds[pick], alone.rounds[pick]
        assert [(r.corrected, r.j, r.f, r.open_j) for r in mine] == [
            (r.corrected, r.j, r.f, r.open_j) for r in other
        ]
    assert both.rounds[Pick.TRUTH][0] == both.rounds[Pick.CONFIDENCE][0]


def test_frame_is_the_worst_one_that_is_open():
    values = {1: (0.5, 0.9), 2: (0.2, 0.1), 3: (0.3, 0.4), 4: (0.1, 0.8)}
    marks = {i: FrameMark({1: (j, 0.5)}, confidence) for i, (j, confidence) in values.items()}
    assert pick_frame(marks, (0,), (), by=Pick.TRUTH) == 4
    assert pick_frame(marks, (0, 4), {4}, by=Pick.TRUTH) == 2
    assert pick_frame(marks, (0,), (), by=Pick.CONFIDENCE) == 2
    assert pick_frame(marks, (0, 2), {2}, by=Pick.CONFIDENCE) == 3
    assert pick_frame(marks, (0, 1, 2), {1, 2}, by=Pick.TRUTH) == 4
    assert pick_frame(marks, (0, 1, 2, 3), {1, 2, 3}, by=Pick.TRUTH) is None
    assert pick_frame({}, (0,), (), by=Pick.TRUTH) is None


def test_of_equals_the_frame_farthest_from_a_keyframe():
    marks = {i: FrameMark({1: (0.5, 0.5)}, 1.0) for i in range(1, 20)}
    assert pick_frame(marks, (0,), (), by=Pick.CONFIDENCE) == 19
    assert pick_frame(marks, (0, 19), {19}, by=Pick.CONFIDENCE) == 9
    assert pick_frame(marks, (0, 4, 19), {4, 19}, by=Pick.CONFIDENCE) == 11


def test_without_an_opinion_there_is_nothing_to_correlate(root):
    doubt = run(root, rounds=1).runs[0].doubt
    assert math.isnan(doubt.spearman) and math.isnan(doubt.worst_found)


def test_progress_goes_to_the_end(root):
    wanted = InteractiveRequest(BenchmarkRequest(root, COPY), rounds=2)
    steps = [s for s in annotate(wanted, CancelToken()) if isinstance(s, Progress)]
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert set(done) == set(range(11)) and {step.total for step in steps} == {10}
    assert len(steps) > 2 * COUNT


def test_cancel_stops_between_frames(root):
    token = CancelToken()
    job = annotate(InteractiveRequest(BenchmarkRequest(root, COPY)), token)
    next(job), next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        list(job)


def test_bad_tree_is_said_before_anything_runs(root):
    wanted = BenchmarkRequest(root, COPY, sequences=("zebra",))
    with pytest.raises(DatasetError, match="zebra"):
        next(annotate(InteractiveRequest(wanted), CancelToken()))


def test_nothing_that_was_run_can_be_reported():
    report = make_interactive_report([], InteractiveRequest(BenchmarkRequest(None, COPY)))
    assert "nan" not in "\n".join(to_table(report))
    assert json.dumps(to_dict(report), allow_nan=False)


def test_report_in_three_forms(root):
    report = run(root, FLOW, sequences=("gap", "pair"), rounds=4)
    lines = to_table(report)
    table = "\n".join(lines)
    assert "nan" not in table
    for pick in Pick:
        assert f"picked by: {pick.value}" in table
    assert "open 3" in table and "open 4" in table and "open 5" not in table
    assert sum(line.startswith("pair ") for line in lines) == 3
    rows = list(csv.DictReader(io.StringIO(to_csv(report))))
    assert len(rows) == 2 * 2 * 5
    plain = json.loads(json.dumps(to_dict(report), allow_nan=False))
    first = plain["sequences"][1]["picks"]["confidence"]["rounds"][2]
    row = next(
        r
        for r in rows
        if (r["sequence"], r["pick"], r["corrections"]) == ("pair", "confidence", "2")
    )
    for key in ("j_and_f", "open_j", "steps", "seconds"):
        assert float(row[key]) == first[key]
    assert int(row["corrected_frame"]) == first["corrected_frame"]
    curve = plain["picks"]["truth"]["open_j_and_f"]
    both = [s["picks"]["truth"]["rounds"][3]["open_j_and_f"] for s in plain["sequences"]]
    assert curve[3] == pytest.approx(np.mean(both))
    assert run_line(report.runs[0]).startswith("gap: J&F by truth 0.")
