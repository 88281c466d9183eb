"""Walks that go on where they stopped, and orders of work: always the bytes of a plain run."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.data.synthetic import moving_shapes
from core.engine.adapted import either_by
from core.engine.kept_room import KeptRoom
from core.engine.kept_work import KeptWork, checksum
from core.engine.manner import Manner
from core.engine.propagate import BOTH, PropagationRequest, propagate, propagate_by, step_count
from core.engine.registry import systems
from core.jobs import Cancelled, CancelToken, Progress
from core.tracking.contract import Adaptation, KeepsFeatures
from core.tracking.kept_features import FeatureCache
from core.types import LEAD_IN, Direction, FrameDraft, FrameResult, Keyframe

COUNT = 12
IDS = (1, 2)
BUDGET = 64 << 20
every_system = pytest.mark.parametrize(
    "system", sorted(name for name, spec in systems().items() if spec.tracks)
)
RANDOM = settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Counting:
    """A tracker that counts its steps, and frames that it computes features of."""

    def __init__(self, tracker):
        self._tracker, self.steps = tracker, 0

    def __getattr__(self, name):
        return getattr(self._tracker, name)

    def step(self, *args):
        self.steps += 1
        return self._tracker.step(*args)


@pytest.fixture(scope="module")
def shapes():
    return moving_shapes(frame_count=COUNT)


@pytest.fixture(scope="module")
def true(shapes):
    def make(index, ids=IDS, *, mirrored=False, reference=False):
        label_map = np.where(np.isin(shapes[1][index], ids), shapes[1][index], 0)
        label_map = label_map[:, ::-1] if mirrored else label_map
        return Keyframe(index, ids, np.ascontiguousarray(label_map, np.uint8), reference)

    return make


@pytest.fixture
def room(tmp_path):
    return KeptRoom(tmp_path / "kept", BUDGET)


@pytest.fixture
def run(film, shapes, tiny_tracker, room):
    """Results by frame of a run with a fresh tracker; `items` after which it is stopped."""

    def run(
        system,
        asked,
        *,
        near=None,
        drafts=False,
        keep=True,
        items=None,
        by="close",
        have=(),
        name="",
    ):
        tracker, token, found = Counting(tiny_tracker(system)), CancelToken(), []
        where = room if keep else replace_budget(room)
        with where.entry({"system": system, "name": name}) as entry:
            kept = None if entry is None else KeptWork(entry)
            if kept is not None and isinstance(tracker._tracker, KeepsFeatures):
                tracker.keep_features(kept.features)
            manner = Manner(near, drafts, kept, frozenset(have))
            job = propagate_by(
                film(COUNT, frames=shapes[0]), tracker, asked, token, keep=None, manner=manner
            )
            try:
                for item in job:
                    found.append(item)
                    if items is not None and len(found) >= items:
                        if by == "close":
                            break
                        token.cancel()
            except Cancelled:
                pass
            job.close()
        run.steps, run.items = tracker.steps, found
        return {r.frame_index: r for r in found if isinstance(r, FrameResult)}

    return run


def replace_budget(room):
    return KeptRoom(room.folder, 0)


def same(first, second):
    assert sorted(first) == sorted(second)
    for index, result in first.items():
        other = second[index]
        assert result.label_map.tobytes() == other.label_map.tobytes(), index
        assert result.confidence == other.confidence and result.absent == other.absent, index
        assert result.object_ids == other.object_ids


def asked_of(*keyframes, start=0, stop=COUNT, ways=BOTH):
    return PropagationRequest(tuple(keyframes), start, stop, ways)


@pytest.fixture(scope="module")
def requests(true):
    return {
        "one": asked_of(true(0)),
        "middle": asked_of(true(5)),
        "borders": asked_of(true(0), true(6), true(11)),
        "close": asked_of(true(0), true(1, (2,)), true(2), true(4, mirrored=True)),
        "inside": asked_of(true(0), true(4, (1,)), true(7, (2,), mirrored=True), true(11)),
        "late": asked_of(true(2, (1,)), true(8, (2,))),
        "reference": asked_of(true(0), true(3, reference=True), true(6), true(9)),
        "range": asked_of(true(0), true(9), start=2, stop=7),
        "forward": asked_of(true(0), true(9), ways=(Direction.FORWARD,)),
    }


NAMES = ["one", "middle", "borders", "close", "inside", "late", "reference", "range", "forward"]


@every_system
@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_work_changes_no_byte(run, requests, system, name):
    asked = requests[name]
    plain = run(system, asked, keep=False)
    for near in (0, 6, 11):
        same(run(system, asked, near=near, drafts=True, keep=False), plain)
        counted = [i for i in run.items if isinstance(i, FrameResult | Progress)]
        assert len(counted) == step_count(asked, COUNT)


@every_system
@RANDOM
@given(
    st.sampled_from(NAMES),
    st.lists(st.integers(1, 26), max_size=3),
    st.sampled_from([None, 0, 4, 6, 11]),
    st.sampled_from(["close", "cancel"]),
)
def test_a_run_that_goes_on_gives_the_bytes_of_an_unbroken_one(
    run, requests, room, system, name, stops, near, by
):
    """Stopped anywhere and any number of times; everything is taken from what is kept."""
    room.clear()
    asked = requests[name]
    plain = run(system, asked, keep=False)
    unbroken = run.steps
    spent = 0
    for items in stops:
        partly = run(system, asked, near=near, drafts=True, items=items, by=by)
        assert all(partly[i].label_map.tobytes() == plain[i].label_map.tobytes() for i in partly)
        spent += run.steps
    same(run(system, asked, near=near), plain)
    if name != "inside":  # where looks at a correction are walked besides
        # Nothing is kept of what lies before a border.
        passed = LEAD_IN * len(stops) if name in {"close", "reference"} else 0
        assert spent + run.steps <= unbroken + passed, "what was walked is not walked again"


@every_system
@pytest.mark.parametrize("name", ["close", "inside"])
def test_a_second_run_steps_nowhere(run, requests, system, name):
    asked = requests[name]
    first = run(system, asked)
    assert run.steps > 0
    same(run(system, asked), first)
    assert run.steps == 0


@every_system
def test_other_ranges_and_ways_take_what_is_exact_enough(run, requests, true, system):
    """What the backward walk says is kept rounded where it is fused: not enough for it alone."""
    both = requests["borders"]
    run(system, both)
    for ways in ((Direction.FORWARD,), (Direction.BACKWARD,)):
        for start, stop in ((0, COUNT), (2, 5), (7, 8)):
            asked = replace(both, ways=ways, start=start, stop=stop)
            same(run(system, asked), run(system, asked, keep=False))
    same(run(system, both), run(system, both, keep=False))


@every_system
def test_step_by_step_forward_costs_a_step_each(run, true, system):
    for index in range(1, 6):
        asked = asked_of(true(0), start=index, stop=index + 1, ways=(Direction.FORWARD,))
        got = run(system, asked)
        assert run.steps == 1 and list(got) == [index]
        same(got, run(system, asked, keep=False))


def test_a_walk_that_is_through_leaves_no_state(run, requests, room):
    """States are large; a log that comes to the end of its span stands for the walk."""
    run("self_supervised", requests["borders"], items=7)
    assert len(list(room.folder.rglob("*.state"))) == 1
    run("self_supervised", requests["borders"])
    assert not list(room.folder.rglob("*.state"))


@every_system
def test_a_correction_finds_nothing_old_and_its_undo_everything(run, true, system):
    before = asked_of(true(0), true(11))
    after = asked_of(true(0), true(5, (1,), mirrored=True), true(11))
    old = run(system, before)
    same(run(system, after, near=5, drafts=True), run(system, after, keep=False))
    same(run(system, before), old)
    assert run.steps == 0
    moved = asked_of(true(0), replace(true(5, (1,), mirrored=True), reference=True), true(11))
    same(run(system, moved), run(system, moved, keep=False))


@pytest.mark.parametrize("system", ["copy", "self_supervised"])
def test_a_correction_close_to_a_border_counts_beyond_it(run, true, system, short_lead_in):
    """A span is named by all that its walks have passed; one that is farther away is found."""
    rows = [true(index) for index in (0, 2, 4, 6)]
    before, changed = asked_of(*rows), asked_of(*rows[:2], true(4, mirrored=True), rows[3])
    old = run(system, before)
    assert run.steps == 2 + 2 + 2 + 7
    new = run(system, changed)
    assert run.steps == 2 + 2 + 7, "the spans on both sides, and the one beyond the border at 6"
    same(new, run(system, changed, keep=False))
    same(run(system, before), old)
    assert run.steps == 0


@pytest.mark.parametrize("system", ["box_supervised", "global_instance", "self_supervised"])
def test_features_are_computed_once(run, requests, system, monkeypatch, true):
    """A second tracker, and a correction, cost matching only."""
    made, real = [], FeatureCache._computed

    def counted(self, index, compute):
        made.append(index)
        return real(self, index, compute)

    monkeypatch.setattr(FeatureCache, "_computed", counted)
    run(system, asked_of(true(0), true(11)))
    assert sorted(made) == list(range(COUNT))
    corrected = asked_of(true(0), true(5, mirrored=True), true(11))
    again = run(system, corrected, near=5, drafts=True)
    assert sorted(made) == list(range(COUNT))
    monkeypatch.undo()
    same(again, run(system, corrected, keep=False))


@pytest.mark.parametrize("system", ["box_supervised", "self_supervised"])
@pytest.mark.parametrize("damage", ["cut", "flip", "gone"])
def test_what_is_damaged_is_made_again(run, requests, room, system, damage):
    asked = requests["inside"]
    plain = run(system, asked, keep=False)
    run(system, asked, items=9)
    for path in sorted(room.folder.rglob("*")):
        if path.is_file() and path.name != "lock":
            data = bytearray(path.read_bytes())
            if damage == "gone":
                path.unlink()
            elif data:
                data[len(data) // 2] ^= 0xFF
                path.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    same(run(system, asked), plain)
    same(run(system, asked), plain)


@every_system
def test_other_settings_find_nothing(run, requests, system):
    run(system, requests["one"])
    run(system, requests["one"], name="other")
    assert run.steps == COUNT - 1


def test_a_full_budget_keeps_what_fits_and_changes_nothing(
    film, shapes, requests, tiny_tracker, tmp_path
):
    video, asked = film(COUNT, frames=shapes[0]), requests["inside"]
    plain = list(propagate(video, tiny_tracker("self_supervised"), asked, CancelToken()))
    wanted = {r.frame_index: r for r in plain if isinstance(r, FrameResult)}
    for budget in (100, 5_000, 50_000, 200_000, 400_000):
        room = KeptRoom(tmp_path / f"{budget}", budget)
        for _ in range(2):
            tracker = tiny_tracker("self_supervised")
            with room.entry({}) as entry:
                kept = KeptWork(entry)
                tracker.keep_features(kept.features)
                job = propagate_by(
                    video, tracker, asked, CancelToken(), keep=None, manner=Manner(kept=kept)
                )
                same({r.frame_index: r for r in job if isinstance(r, FrameResult)}, wanted)
            assert room.used() <= budget + 20_000


def test_what_was_made_is_known_by_its_checksum(run, requests, room):
    asked = requests["borders"]
    got = run("copy", asked, items=14)
    with room.entry({"system": "copy", "name": ""}) as entry:
        made = KeptWork(entry).results(asked, COUNT)
    inner = {i: checksum(r.label_map) for i, r in got.items() if not r.is_keyframe}
    assert made == inner and inner
    have = set(inner)
    rest = run("copy", asked, have=have)
    assert set(rest) == set(range(COUNT)) - have
    assert len([i for i in run.items if isinstance(i, FrameResult | Progress)]) == step_count(
        asked, COUNT
    )


@pytest.mark.parametrize("near", [0, 4, 5, 6, 7])
def test_drafts_come_outward_before_any_second_walk(run, true, near):
    """The spans beside or around what is looked at; each frame has its draft before its result."""
    asked = asked_of(true(0), true(6), true(11))
    run("self_supervised", asked, near=near, drafts=True, keep=False)
    drafts = [i.frame_index for i in run.items if isinstance(i, FrameDraft)]
    results = [i.frame_index for i in run.items if isinstance(i, FrameResult)]
    wanted = {
        0: [1, 2, 3, 4, 5, 7, 8, 9, 10],
        4: [5, 4, 3, 2, 1, 7, 8, 9, 10],
        5: [5, 4, 3, 2, 1, 7, 8, 9, 10],
        6: [5, 4, 3, 2, 1, 7, 8, 9, 10],
        7: [7, 8, 9, 10, 5, 4, 3, 2, 1],
    }
    assert drafts == wanted[near]
    order = [type(i) for i in run.items if isinstance(i, FrameDraft | FrameResult)]
    near_ones = 9 if near == 6 else (5 if near < 6 else 4)
    first = next(i for i in results if i not in {0, 6, 11})
    before = order.index(FrameResult)
    assert order[:before] == [FrameDraft] * near_ones, "all drafts of the spans that are looked at"
    assert results[-3:] == [0, 6, 11]
    assert first in (1, 5, 7, 10)


def test_a_correction_inside_a_span_is_seen_at_once(run, true, monkeypatch):
    """Its own objects first, outward; the walks that come from afar do not replace these drafts."""
    monkeypatch.setattr("core.engine.outward.AROUND", 2)
    asked = asked_of(true(0), true(5, (2,), mirrored=True), true(11))
    got = run("self_supervised", asked, near=5, drafts=True, keep=False)
    drafts = [i for i in run.items if isinstance(i, FrameDraft)]
    assert [i.frame_index for i in drafts] == [6, 7, 4, 3, 1, 2, 5, 8, 9, 10]
    assert all(i.object_ids == (2,) for i in drafts[:4])
    assert all(i.object_ids == IDS for i in drafts[4:])
    same(got, run("self_supervised", asked, keep=False))
    run("self_supervised", asked, near=5, keep=False)
    assert not any(isinstance(i, FrameDraft) for i in run.items), "nobody asked for drafts"


def test_drafts_say_nothing_of_what_they_do_not_know(run, true):
    late = asked_of(true(2, (1,)), true(8, (2,)))
    run("copy", late, near=2, drafts=True, keep=False)
    for draft in (i for i in run.items if isinstance(i, FrameDraft)):
        assert set(np.unique(draft.label_map)) <= {0, *draft.object_ids}


def test_a_run_that_adapts_learns_the_same_in_any_order(film, shapes, tiny_tracker, true, room):
    """Lessons come from all frames of the first pass, whichever was walked first."""
    asked = asked_of(true(0), true(5, (1,)), true(11))
    adaptation, found = Adaptation(iterations=2), []
    for near, items in ((None, None), (5, 9), (5, None)):
        with room.entry({"near": str(near)}) as entry:
            job = either_by(
                film(COUNT, frames=shapes[0]),
                tiny_tracker("self_supervised"),
                asked,
                CancelToken(),
                adaptation=adaptation,
                pieces=(asked,),
                manner=Manner(near, drafts=True, kept=KeptWork(entry)),
            )
            made = list(itertools.islice(job, items))
            job.close()
        results = [r for r in made if isinstance(r, FrameResult) and not r.is_draft]
        found.append({r.frame_index: r for r in results})
    same(found[0], found[2])
