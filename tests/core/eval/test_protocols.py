"""Every protocol on small trees: what counts, what is refused, and how the error names it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from PIL import Image

from core.errors import DatasetError, MaskMismatch, MaskReadError
from core.eval.jf import contour_accuracy, region_similarity
from core.eval.protocols import COMPAT, NO_SEEN_LIST, NO_UNSEEN, evaluate
from core.eval.records import Protocol, Report
from core.jobs import Cancelled, CancelToken, Progress, mapped, result_of


def run(gt, results, protocol=Protocol.SEMI, **options) -> Report:
    steps: list[Progress] = []
    job = evaluate(gt, results, protocol=protocol, **options)
    report = result_of(mapped(job, steps.append))
    assert [step.done for step in steps] == list(range(len(steps)))
    assert {step.total for step in steps} == {len(steps) - 1}
    return report


@pytest.fixture
def trees(tmp_path):
    return tmp_path / "gt", tmp_path / "results"


def swapped(label_map):
    return np.array([0, 2, 1], np.uint8)[label_map]


@pytest.mark.parametrize("protocol", list(Protocol))
def test_truth_against_itself_is_perfect(trees, write_masks, two_objects, protocol):
    gt, results = trees
    for name in ("bear", "boat"):
        write_masks(gt / "Annotations/480p" / name, two_objects)
        write_masks(results / name, two_objects)
    report = run(gt, results, protocol)
    assert report.totals.j_and_f == 1
    assert report.totals.object_count == (2 if protocol is Protocol.DAVIS16 else 4)
    assert [sequence.name for sequence in report.sequences] == ["bear", "boat"]
    frames = {Protocol.UNSUPERVISED: 6, Protocol.YOUTUBE_VOS: 5}.get(protocol, 4)
    assert {row.frame_count for row in report.objects} == {frames}


def test_semi_does_not_need_the_first_and_last_frame(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", two_objects)
    for index in (0, 5):
        (results / f"bear/{index:05d}.png").unlink()
    assert run(gt, results).totals.j_and_f == 1


def test_semi_values_are_those_of_j_and_f(trees, write_masks, two_objects):
    gt, results = trees
    moved = [np.roll(label_map, 3, axis=1) for label_map in two_objects]
    write_masks(gt / "bear", two_objects)
    write_masks(results / "Annotations/480p/bear", moved)
    for row in run(gt, results).objects:
        pairs = [
            (m == row.object_id, t == row.object_id)
            for m, t in zip(moved[1:-1], two_objects[1:-1], strict=True)
        ]
        assert row.j.mean == pytest.approx(np.mean([region_similarity(*p) for p in pairs]))
        assert row.f.mean == pytest.approx(np.mean([contour_accuracy(*p) for p in pairs]))
        assert 0 < row.j_and_f < 1


def test_mean_is_over_objects_not_sequences(trees, write_masks, two_objects, paint):
    gt, results = trees
    write_masks(gt / "one", [paint(_1=(5, 5))] * 3)
    write_masks(results / "one", [paint()] * 3)
    write_masks(gt / "two", two_objects)
    write_masks(results / "two", two_objects)
    assert run(gt, results).totals.j.mean == pytest.approx(2 / 3)


def test_semi_scores_an_object_missing_from_the_results_as_empty(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", [np.where(m == 2, 0, m).astype(np.uint8) for m in two_objects])
    first, second = run(gt, results).objects
    assert first.j_and_f == 1
    assert (second.j.mean, second.f.mean, second.j.recall) == (0, 0, 0)


def test_semi_scores_an_object_gone_from_both_as_right(trees, write_masks, paint):
    gt, results = trees
    frames = [paint(_1=(5, 5)), paint(_1=(5, 5)), paint(), paint()]
    write_masks(gt / "bear", frames)
    write_masks(results / "bear", frames)
    assert run(gt, results).totals.j_and_f == 1


def test_semi_takes_void_for_background(trees, write_masks, paint):
    gt, results = trees
    truth = paint(_1=(5, 5))
    truth[5:17, 19:33] = 255
    prediction = paint(_1=(5, 5), _2=(40, 0))
    prediction[:] = np.where(truth > 0, 1, 0)
    write_masks(gt / "bear", [truth] * 3)
    write_masks(results / "bear", [prediction] * 3)
    assert run(gt, results).totals.j.mean == pytest.approx(0.5)
    assert run(gt, results, Protocol.DAVIS16).totals.j.mean == pytest.approx(0.5)
    assert run(gt, results, Protocol.UNSUPERVISED).totals.j_and_f == 1


def test_late_object_is_no_object_in_semi(trees, write_masks, paint):
    gt, results = trees
    late = [paint(_1=(5, 5)), paint(_1=(5, 5), _2=(30, 30)), paint(_1=(5, 5), _2=(30, 30))]
    write_masks(gt / "bear", late)
    write_masks(results / "bear", late)
    with pytest.raises(MaskMismatch, match=r"bear/00001\.png has ids 2, .* has 1\."):
        run(gt, results)


def test_ids_absent_from_the_first_frame_are_noted(trees, write_masks, paint):
    gt, results = trees
    write_masks(gt / "bear", [paint(_3=(5, 5))] * 3)
    write_masks(results / "bear", [paint(_3=(5, 5))] * 3)
    report = run(gt, results)
    assert report.totals.object_count == 3
    assert "bear: ids 1, 2" in report.notes[0]


def test_first_frame_without_object_is_refused(trees, write_masks, paint):
    gt, results = trees
    write_masks(gt / "bear", [paint(), paint(_1=(5, 5)), paint()])
    write_masks(results / "bear", [paint()] * 3)
    with pytest.raises(DatasetError, match=r"bear/00000\.png shows no object"):
        run(gt, results)


def test_two_frames_leave_nothing_to_score(trees, write_masks, paint):
    gt, results = trees
    write_masks(gt / "bear", [paint(_1=(5, 5))] * 2)
    write_masks(results / "bear", [paint(_1=(5, 5))] * 2)
    with pytest.raises(DatasetError, match="bear has 2 frames"):
        run(gt, results)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_void_in_results_is_refused(trees, write_masks, two_objects, protocol):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", two_objects)
    spoilt = two_objects[3].copy()
    spoilt[0, 0] = 255
    write_masks(results / "spare", [spoilt])
    (results / "spare/00000.png").replace(results / "bear/00003.png")
    with pytest.raises(MaskMismatch, match=r"bear/00003\.png .*255") as caught:
        run(gt, results, protocol)
    assert caught.value.hint


def test_size_mismatch_names_the_file(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", [label_map[:, :60] for label_map in two_objects])
    with pytest.raises(MaskMismatch, match=r"bear/00001\.png is 60x48 .* 64x48"):
        run(gt, results)


def test_missing_frames_are_named(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", two_objects[:3])
    with pytest.raises(DatasetError, match=r"lacks 2 .*bear/00003\.png, bear/00004\.png"):
        run(gt, results)


def test_missing_sequences_are_named_and_can_be_left_out(trees, write_masks, two_objects):
    gt, results = trees
    for name in ("bear", "boat", "bus"):
        write_masks(gt / name, two_objects)
    write_masks(results / "boat", two_objects)
    with pytest.raises(DatasetError, match="no results for 2 of 3 sequences: bear, bus"):
        run(gt, results)
    report = run(gt, results, sequences=("boat",))
    assert [sequence.name for sequence in report.sequences] == ["boat"]
    with pytest.raises(DatasetError, match="No masks of cow"):
        run(gt, results, sequences=("cow",))
    with pytest.raises(DatasetError, match="No sequence"):
        run(gt, results, sequences=())


def test_damaged_result_is_refused(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", two_objects)
    (results / "bear/00002.png").write_bytes(b"no image")
    with pytest.raises(MaskReadError, match=r"bear/00002\.png"):
        run(gt, results)


def test_davis16_takes_all_ids_together(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", [swapped(label_map) for label_map in two_objects])
    assert run(gt, results).totals.j.mean == 0
    (row,) = run(gt, results, Protocol.DAVIS16).objects
    assert (row.object_id, row.j_and_f) == (1, 1)


def test_davis16_reads_gray_masks_and_says_so(trees, write_masks, paint):
    gt, results = trees
    write_masks(gt / "bear", [paint(_1=(5, 5))] * 3)
    (results / "bear").mkdir(parents=True)
    for index in range(3):
        gray = Image.fromarray(paint(_1=(5, 5)) * np.uint8(255))
        gray.save(results / f"bear/{index:05d}.png")
    report = run(gt, results, Protocol.DAVIS16)
    assert report.totals.j_and_f == 1
    assert "00001.png" in report.notes[0]


def test_colors_mean_the_same_id_on_all_frames_and_in_the_truth(trees, paint):
    gt, results = trees
    colors = np.array([(0, 0, 0), (200, 30, 40), (90, 90, 220)], np.uint8)
    frames = [paint(_1=(5, 5), _2=(30, 30)), paint(_2=(30, 30)), paint(_2=(30, 30))]
    for folder in (gt / "bear", results / "bear"):
        folder.mkdir(parents=True)
        for index, label_map in enumerate(frames):
            Image.fromarray(colors[label_map]).save(folder / f"{index:05d}.png")
    report = run(gt, results)
    assert report.totals.object_count == 2
    assert report.totals.j_and_f == 1


def test_unsupervised_matches_permuted_ids(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", [np.array([0, 9, 4], np.uint8)[m] for m in two_objects])
    report = run(gt, results, Protocol.UNSUPERVISED)
    assert [(row.object_id, row.result_id) for row in report.objects] == [(1, 9), (2, 4)]
    assert report.totals.j_and_f == 1


def test_unsupervised_prefers_its_own_annotations(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "Annotations/480p/bear", [swapped(m) for m in two_objects])
    write_masks(gt / "Annotations_unsupervised/480p/bear", two_objects)
    write_masks(results / "bear", two_objects)
    report = run(gt, results, Protocol.UNSUPERVISED)
    assert [row.result_id for row in report.objects] == [1, 2]
    assert [row.j.mean for row in run(gt, results).objects] == [0, 0]


def test_unsupervised_allows_twenty_proposals(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    crowded = [label_map.copy() for label_map in two_objects]
    for index in range(18):
        crowded[4][-1, index] = 100 + index
    write_masks(results / "bear", crowded)
    assert run(gt, results, Protocol.UNSUPERVISED).totals.j.mean == 1
    crowded[5][-1, 0] = 200
    write_masks(results / "bear", crowded)
    with pytest.raises(MaskMismatch, match=r"bear/00005\.png .* 21 proposals; at most 20 are"):
        run(gt, results, Protocol.UNSUPERVISED)


def test_youtube_scores_late_objects_after_their_first_frame(trees, write_masks, paint):
    gt, results = trees
    truth = [paint(_1=(5, 5))] * 2 + [paint(_1=(5, 5), _2=(30, 30))] * 3
    # On the frame where object 2 appears its result is wrong, which must not count.
    prediction = [*truth[:2], paint(_1=(5, 5), _2=(30, 5)), *truth[3:]]
    write_masks(gt / "Annotations/0a", truth)
    write_masks(results / "Annotations/0a", prediction)
    (results / "Annotations/0a/00000.png").unlink()
    report = run(gt, results, Protocol.YOUTUBE_VOS)
    assert [row.frame_count for row in report.objects] == [4, 2]
    assert report.totals.j_and_f == 1
    assert report.categories.g == 1
    assert NO_SEEN_LIST in report.notes


def test_youtube_counts_a_ghost_of_a_hidden_object(trees, write_masks, paint):
    gt, results = trees
    write_masks(gt / "0a", [paint(_1=(5, 5)), paint(_1=(5, 5)), paint()])
    write_masks(results / "0a", [paint(_1=(5, 5))] * 3)
    assert run(gt, results, Protocol.YOUTUBE_VOS).totals.j.mean == 0.5


def test_youtube_refuses_unknown_ids(trees, write_masks, paint):
    gt, results = trees
    write_masks(gt / "0a", [paint(_1=(5, 5))] * 3)
    write_masks(results / "0a", [paint(_1=(5, 5), _7=(30, 30))] * 3)
    with pytest.raises(MaskMismatch, match=r"0a/00001\.png has ids 7"):
        run(gt, results, Protocol.YOUTUBE_VOS)


def test_youtube_notes_objects_that_come_too_late(trees, write_masks, paint):
    gt, results = trees
    frames = [paint(_1=(5, 5))] * 2 + [paint(_1=(5, 5), _2=(30, 30))]
    write_masks(gt / "0a", frames)
    write_masks(results / "0a", frames)
    report = run(gt, results, Protocol.YOUTUBE_VOS)
    assert [row.object_id for row in report.objects] == [1]
    assert "0a: objects 2 appear too late to be scored." in report.notes
    write_masks(gt / "0b", [paint(), paint(_1=(5, 5))])
    write_masks(results / "0b", [paint(), paint(_1=(5, 5))])
    with pytest.raises(DatasetError, match="0b has no frame to score"):
        run(gt, results, Protocol.YOUTUBE_VOS)


def write_meta(gt, **objects):
    """Objects given as `_1=("person", [0, 2])`: category and frame numbers."""
    entries = {
        name.removeprefix("_"): {"category": category, "frames": [f"{i:05d}" for i in frames]}
        for name, (category, frames) in objects.items()
    }
    (gt / "meta.json").write_text(json.dumps({"videos": {"0a": {"objects": entries}}}))


def test_youtube_meta_names_frames_and_categories(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "Annotations/0a", two_objects)
    write_masks(gt / "Annotations/unnamed", two_objects)
    half = [np.where((m == 2) & (np.arange(64) < 99), 0, m).astype(np.uint8) for m in two_objects]
    write_masks(results / "0a", half)
    (results / "0a/00003.png").unlink()
    write_meta(gt, _1=("person", [0, 2, 4]), _2=("whale", [2, 4, 5]))
    report = run(gt, results, Protocol.YOUTUBE_VOS, seen_categories={"person"})
    assert [(row.category, row.seen, row.frame_count) for row in report.objects] == [
        ("person", True, 3),
        ("whale", False, 2),
    ]
    assert report.categories.seen.j.mean == 1
    assert report.categories.unseen.f.mean == 0
    assert report.categories.g == 0.5
    assert report.notes == ()
    everything = run(gt, results, Protocol.YOUTUBE_VOS, seen_categories={"person", "whale"})
    assert everything.categories.unseen is None
    assert everything.notes == (NO_UNSEEN,)


def test_youtube_meta_without_frames_falls_back_to_the_masks(trees, write_masks, paint):
    gt, results = trees
    frames = [paint(_1=(5, 5))] * 2 + [paint(_1=(5, 5), _2=(30, 30))] * 2
    write_masks(gt / "Annotations/0a", frames)
    write_masks(results / "0a", frames)
    write_meta(gt, _1=("person", []), _2=("whale", []))
    report = run(gt, results, Protocol.YOUTUBE_VOS)
    assert [row.frame_count for row in report.objects] == [3, 1]


def test_youtube_meta_must_agree_with_the_masks(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "Annotations/0a", two_objects)
    write_masks(results / "0a", two_objects)
    write_meta(gt, _1=("person", [0, 7, 8]))
    with pytest.raises(DatasetError, match="frames of 0a without masks: 00007, 00008"):
        run(gt, results, Protocol.YOUTUBE_VOS)
    (gt / "meta.json").write_text('{"videos": {}}')
    with pytest.raises(DatasetError, match="No sequence"):
        run(gt, results, Protocol.YOUTUBE_VOS)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_stability_is_measured_when_asked_for(trees, write_masks, two_objects, protocol):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", two_objects)
    assert run(gt, results, protocol).totals.stability is None
    report = run(gt, results, protocol, stability=True)
    # Boxes that only move are stable.
    assert report.totals.stability == pytest.approx(0, abs=1e-3)
    assert any("lower is better" in note for note in report.notes)


def test_compat_has_the_tools_decay(trees, write_masks, paint):
    gt, results = trees
    truth, wrong = paint(_1=(5, 5)), paint(_1=(30, 30))
    count = 302
    write_masks(gt / "bear", [truth] * count)
    write_masks(results / "bear", [truth] * 200 + [wrong] * (count - 200))
    assert run(gt, results).totals.j.decay == 1
    report = run(gt, results, compat=True)
    assert math.isnan(report.totals.j.decay)
    assert COMPAT in report.notes


def test_cancel_stops_between_frames(trees, write_masks, two_objects):
    gt, results = trees
    write_masks(gt / "bear", two_objects)
    write_masks(results / "bear", two_objects)
    token = CancelToken()
    steps = evaluate(gt, results, protocol=Protocol.SEMI, token=token)
    assert next(steps) == Progress(0, 4, "bear")
    assert next(steps) == Progress(1, 4, "bear")
    token.cancel()
    with pytest.raises(Cancelled):
        next(steps)
