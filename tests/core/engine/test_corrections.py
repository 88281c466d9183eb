"""Keyframes of real systems: corrected, late, absent, removed; and what that leaves untouched."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.propagate import BOTH, PropagationRequest, propagate
from core.engine.registry import trackers
from core.jobs import Cancelled, CancelToken
from core.types import VOID, Direction, FrameResult, Keyframe

pytestmark = pytest.mark.usefixtures("short_lead_in")
COUNT = 12
IDS = (1, 2)


@pytest.fixture(scope="module")
def shapes():
    return moving_shapes(frame_count=COUNT)


@pytest.fixture(scope="module")
def given(shapes):
    """A keyframe of the true label map; its mirror image where it is to be another one."""

    def make(index, ids=IDS, *, mirrored=False):
        label_map = np.where(np.isin(shapes[1][index], ids), shapes[1][index], 0)
        label_map = label_map[:, ::-1] if mirrored else label_map
        return Keyframe(index, ids, np.ascontiguousarray(label_map, np.uint8))

    return make


@pytest.fixture
def run(film, shapes, tiny_tracker):
    """Label maps and confidences by frame index, of a fresh tracker or of the one given."""

    def run(system, keyframes, span=(0, COUNT), *, tracker=None, ways=BOTH):
        asked = PropagationRequest(tuple(keyframes), *span, ways)
        tracker = tiny_tracker(system) if tracker is None else tracker
        items = propagate(film(COUNT, frames=shapes[0]), tracker, asked, CancelToken())
        return {r.frame_index: r for r in items if isinstance(r, FrameResult)}

    return run


def same(first, second, indices):
    """Whether all these frames have equal bytes and confidences."""
    return all(
        first[i].label_map.tobytes() == second[i].label_map.tobytes()
        and first[i].confidence == second[i].confidence
        for i in indices
    )


every_system = pytest.mark.parametrize("system", sorted(trackers()))

# Keyframes as (index, ids), which of them is changed, and the frames between its borders.
CHANGES = [
    pytest.param([(0, IDS), (4, IDS), (8, IDS)], 1, range(1, 8), id="border"),
    pytest.param([(0, IDS), (4, IDS), (8, IDS)], 2, range(5, COUNT), id="last border"),
    pytest.param([(2, IDS), (6, IDS), (9, IDS)], 0, range(6), id="first border"),
    pytest.param([(0, IDS), (3, (1,)), (5, (2,)), (8, IDS)], 1, range(1, 8), id="inside"),
    pytest.param([(2, IDS), (4, IDS), (9, IDS)], 1, range(9), id="close to the first border"),
]


def changed(given, rows, at):
    """The keyframes before and after one of them is changed."""
    old = [given(*row) for row in rows]
    return old, [given(*row, mirrored=i == at) for i, row in enumerate(rows)]


@every_system
@pytest.mark.parametrize(("rows", "at", "between"), CHANGES)
def test_span_alone_gives_the_bytes_of_the_whole_run(run, given, system, rows, at, between):
    _, new = changed(given, rows, at)
    part = run(system, new, (between.start, between.stop))
    assert sorted(part) == list(between), "other frames are not touched"
    assert same(part, run(system, new), between)


@every_system
@pytest.mark.parametrize(("rows", "at", "between"), CHANGES)
def test_other_spans_are_left_as_they_were(run, given, system, rows, at, between):
    before, after = (run(system, keyframes) for keyframes in changed(given, rows, at))
    assert same(before, after, {*range(COUNT)} - {*between})


@pytest.mark.parametrize("index", [0, 6])
def test_reference_is_read_in_other_spans(run, given, index):
    """By systems that compare frames with keyframes; a change of it changes the whole video."""
    others = [given(i) for i in (0, 3, 6, 9) if i != index]
    plain, marked, changed = (
        run("self_supervised", sorted([*others, own], key=lambda k: k.frame_index))
        for own in (
            given(index),
            replace(given(index), reference=True),
            replace(given(index, mirrored=True), reference=True),
        )
    )
    far = (4, 5, 10, 11) if index == 0 else (1, 2, 10, 11)
    assert not any(same(plain, marked, [i]) for i in far)
    assert not any(same(marked, changed, [i]) for i in far)


@every_system
@pytest.mark.parametrize("index", [0, 5, COUNT - 1])
def test_one_keyframe_gives_the_bytes_of_plain_walks(
    run, shapes, given, system, index, tiny_tracker
):
    """The rules about several keyframes cost a video with one keyframe nothing."""
    tracker, frames = tiny_tracker(system), shapes[0]
    tracker.add_keyframe(given(index), frames[index])
    wanted = {index: given(index).label_map}
    for way, rest in (
        (Direction.BACKWARD, range(index - 1, -1, -1)),
        (Direction.FORWARD, range(index + 1, COUNT)),
    ):
        tracker.start(way)
        for i in rest:
            probabilities = tracker.step(i, frames[i], IDS).probabilities
            wanted[i] = tracker.render(probabilities, frames[i], IDS)
    got = run(system, [given(index)])
    assert all(got[i].label_map.tobytes() == wanted[i].tobytes() for i in range(COUNT))


@every_system
@pytest.mark.parametrize(("rows", "at", "between"), CHANGES)
def test_a_changed_keyframe_is_followed(run, given, system, rows, at, between):
    before, after = (run(system, keyframes) for keyframes in changed(given, rows, at))
    assert not any(same(before, after, [i]) for i in between if abs(i - rows[at][0]) <= 1)


@every_system
def test_a_tracker_in_use_gives_what_a_fresh_one_does(run, given, system, tiny_tracker):
    """A correction replaces a keyframe of a tracker that has walked already."""
    old, new = changed(given, [(0, IDS), (4, IDS), (8, IDS)], 1)
    tracker = tiny_tracker(system)
    run(system, old, tracker=tracker)
    assert same(run(system, new, (1, 8), tracker=tracker), run(system, new), range(1, 8))


@every_system
def test_removed_keyframe_leaves_no_trace(run, given, system, tiny_tracker):
    """The caller need not tell the tracker: a run takes its keyframes back at its end."""
    tracker = tiny_tracker(system)
    wrong = given(6, mirrored=True)
    with_wrong = run(system, [given(0), wrong], tracker=tracker)
    got = run(system, [given(0)], tracker=tracker)
    assert same(got, run(system, [given(0)]), range(COUNT))
    assert not same(got, with_wrong, [7])


@every_system
@pytest.mark.parametrize("ids", [IDS, (1,), (2,)], ids=str)
@pytest.mark.parametrize("ways", [BOTH, (Direction.FORWARD,), (Direction.BACKWARD,)])
def test_keyframe_comes_out_as_it_is(run, given, system, ids, ways):
    """With noise that no edge would suggest, and void."""
    noise = np.random.default_rng(3).choice([0, *ids, VOID], (64, 96)).astype(np.uint8)
    keyframes = [given(0), Keyframe(5, ids, noise), given(9)]
    got = run(system, keyframes, ways=ways)[5]
    for object_id in ids:
        np.testing.assert_array_equal(got.label_map == object_id, noise == object_id)
        assert got.confidence[object_id] == 1
    assert got.is_keyframe
    assert set(np.unique(got.label_map)) <= {0, *IDS}


@every_system
def test_a_tracker_goes_on_after_a_cancelled_run(run, film, shapes, given, system, tiny_tracker):
    """Cancelled in the middle of the walk back."""
    tracker, token = tiny_tracker(system), CancelToken()
    keyframes = given(0), given(COUNT - 1)
    asked = PropagationRequest(keyframes, 0, COUNT)
    job = propagate(film(COUNT, frames=shapes[0]), tracker, asked, token)
    for _ in range(4):
        next(job)
    token.cancel()
    with pytest.raises(Cancelled):
        next(job)
    assert same(run(system, keyframes, tracker=tracker), run(system, keyframes), range(COUNT))


def jaccard(label_map, truth, object_id):
    first, second = label_map == object_id, truth == object_id
    return (first & second).sum() / (first | second).sum()


@pytest.mark.parametrize("system", ["copy", "flow"])
def test_late_object_is_labeled_on_both_sides_and_the_other_goes_on(run, shapes, given, system):
    plain = run(system, [given(0, (1,))])
    got = run(system, [given(0, (1,)), given(5, (2,))])
    for index in (4, 5, 6):
        assert got[index].object_ids == IDS
        assert jaccard(got[index].label_map, shapes[1][index], 2) > 0.6
        assert jaccard(got[index].label_map, plain[index].label_map, 1) > 0.8


@pytest.mark.parametrize("system", ["copy", "flow"])
def test_correction_of_one_object_leaves_the_other(run, shapes, given, system):
    plain = run(system, [given(0)])
    got = run(system, [given(0), given(4, (1,))])
    for index in (4, 5):
        assert jaccard(got[index].label_map, plain[index].label_map, 2) > 0.8
    np.testing.assert_array_equal(got[4].label_map == 1, shapes[1][4] == 1)


@pytest.mark.parametrize("system", ["copy", "flow"])
class TestCopyAndFlow:
    """On still pictures both baselines repeat keyframes, so results can be told exactly."""

    @pytest.fixture
    def still(self, film, tiny_tracker):
        def still(system, *keyframes, ways=(Direction.FORWARD,)):
            frames = np.zeros((COUNT, 24, 32, 3), np.uint8)
            asked = PropagationRequest(keyframes, 0, COUNT, ways)
            tracker = tiny_tracker(system)
            items = propagate(film(COUNT, frames=frames), tracker, asked, CancelToken())
            return {r.frame_index: r.label_map for r in items if isinstance(r, FrameResult)}

        return still

    def test_absent_object_stays_away_and_comes_back(self, still, system, keyframe, box):
        first = keyframe(0, (1, 2))
        gone, back = keyframe(4, (2,), box()), keyframe(8, (2,), box(0, 2))
        got = still(system, first, gone, back)
        assert all((got[i] == box(1, 2)).all() for i in (*range(4), *range(8, COUNT)))
        assert all((got[i] == box(1)).all() for i in range(4, 8))

    def test_absence_is_carried_back_too(self, still, system, keyframe, box):
        """Half way between where it is drawn and where it is absent, the object goes."""
        got = still(system, keyframe(0, (1, 2)), keyframe(6, (1, 2), box(1)), ways=BOTH)
        assert all((got[i] == box(1, 2)).all() for i in range(3))
        assert all((got[i] == box(1)).all() for i in range(4, COUNT))

    def test_correction_holds_until_half_way(self, still, system, keyframe, box):
        moved = keyframe(6, (1,), box(0, 0, 1))
        got = still(system, keyframe(0, (1, 2)), moved, ways=BOTH)
        assert all((got[i] == box(1, 2)).all() for i in range(3))
        assert all((got[i] == box(0, 2, 1)).all() for i in range(4, COUNT))

    def test_object_drawn_once_is_there_before_and_after(self, still, system, keyframe, box):
        got = still(system, keyframe(7, (1,)), keyframe(9, (2,), box(0, 2)), ways=BOTH)
        assert all((got[i] == box(1, 2)).all() for i in range(COUNT))


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5), (16, 200), (63, 64)])
def test_flow_takes_any_size(film, tiny_tracker, size):
    frames = np.random.default_rng(1).integers(0, 255, (3, *size, 3)).astype(np.uint8)
    asked = PropagationRequest((Keyframe(0, (1,), np.ones(size, np.uint8)),), 0, 3)
    items = propagate(film(3, frames=frames), tiny_tracker("flow"), asked, CancelToken())
    assert [item.label_map.shape for item in items] == [size] * 3
