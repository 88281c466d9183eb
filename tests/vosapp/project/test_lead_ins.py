"""Masks that become stale with a keyframe close to others (ADR 0058), and what the engine says."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine.conditioning import governing
from core.engine.spans import cut
from core.types import Keyframe
from vosapp.project import rules
from vosapp.project.edit_masks import MarkAbsent, Paint, SetMask
from vosapp.project.edit_ranges import ClearMasks
from vosapp.project.lead_ins import led, neighbors
from vosapp.project.model import FrameState

COUNT = 40


@pytest.fixture
def fresh(project, box, result):
    """The project with keyframes of both objects, and masks that are up to date."""

    def make(*frames, absent=(), alone=(), half=()):
        for frame in sorted({*frames, *alone}):
            project.do(SetMask(frame, 1, box(0, 0, 2 if frame in half else 4, 4)))
            if frame not in alone:
                project.do(SetMask(frame, 2, box(6, 6, 9, 9)))
        for frame in absent:
            project.do(MarkAbsent(2, frame, frame + 1))
        masks = {1: box(0, 0, 4, 4), 2: box(6, 6, 9, 9)}
        run = project.begin_propagation("fake")
        project.put_results(run, [result(frame, masks) for frame in range(COUNT)])
        assert not stale(project)
        return project

    return make


def stale(project, object_id=1):
    return np.flatnonzero(project.states(object_id) == FrameState.STALE).tolist()


def between(*ranges):
    return [frame for first, stop in ranges for frame in range(first, stop)]


@pytest.fixture
def dot(box):
    return box(0, 0, 1, 1)


def test_a_keyframe_counts_beyond_an_outer_one_that_is_close(fresh, dot):
    """In both directions; for the object alone that was changed."""
    project = fresh(10, 18)
    project.do(Paint(10, 1, 5, 5, dot))
    assert stale(project) == between((0, 10), (11, 18), (19, 40)) and not stale(project, 2)
    project.do(Paint(18, 2, 10, 10, dot))
    assert stale(project, 2) == between((0, 10), (11, 18), (19, 40))


def test_between_two_borders_it_ends_at_the_neighbors(fresh, dot):
    """However close the next keyframes are."""
    project = fresh(2, 8, 14, 17, 20, 26, 32)
    project.do(Paint(17, 1, 5, 5, dot))
    assert stale(project) == between((15, 17), (18, 20))


def test_the_last_but_one_may_be_the_border(fresh, dot):
    """Where the last one hides something: that is not looked at for each object."""
    project = fresh(2, 8, 14, 20, 26)
    project.do(Paint(14, 1, 5, 5, dot))
    assert stale(project) == between((3, 8), (9, 14), (15, 20), (21, 26))


def test_it_ends_at_a_keyframe_that_is_far(fresh, dot):
    project = fresh(10, 19, 30)
    project.do(Paint(19, 1, 5, 5, dot))
    assert stale(project) == between((11, 19), (20, 30))


def test_a_keyframe_that_is_new_or_gone_counts_too(fresh, box, result):
    project = fresh(10, 30)
    project.do(SetMask(25, 1, box(0, 0, 4, 4)))
    assert stale(project) == between((11, 25), (26, 30)), "walks begin where all is asserted"
    project.do(SetMask(25, 2, box(6, 6, 9, 9)))
    assert stale(project, 2) == between((11, 25), (26, 30), (31, 40))
    masks = {1: box(0, 0, 4, 4), 2: box(6, 6, 9, 9)}
    run = project.begin_propagation("fake")
    project.put_results(run, [result(frame, masks) for frame in range(COUNT)])
    project.do(ClearMasks(1, 25, 26))
    assert stale(project) == between((11, 25), (26, 30), (31, 40))


def test_a_keyframe_of_some_objects_counts_where_a_walk_has_passed_it(fresh, dot):
    project = fresh(10, 16, alone=(12,))
    project.do(Paint(12, 1, 5, 5, dot))
    assert stale(project) == between((0, 10), (11, 12), (13, 16), (17, 40))


def test_nothing_counts_beyond_a_keyframe_where_an_object_is_absent(fresh, dot):
    project = fresh(10, 14, absent=(14,))
    project.do(Paint(10, 1, 5, 5, dot))
    assert stale(project) == between((0, 10), (11, 14))


def test_walks_that_pass_the_last_keyframe_have_begun_before_their_border(fresh, dot):
    project = fresh(10, 14, 30, half=(30,))
    project.do(Paint(10, 1, 5, 5, dot))
    assert stale(project)[-9:] == between((31, 40))


def test_results_that_come_after_such_a_change_are_stale(fresh, dot, result, box):
    project = fresh(10, 14)
    run = project.begin_propagation("fake")
    project.do(Paint(10, 1, 5, 5, dot))
    project.put_results(run, [result(20, {1: box(0, 0, 4, 4)})])
    assert project.state(20, 1) is FrameState.STALE


@st.composite
def rows(draw):
    """Keyframes of both objects, by frame whether the second one is absent; one is changed."""
    found = draw(st.dictionaries(st.integers(0, COUNT - 1), st.booleans(), min_size=3, max_size=9))
    return found, draw(st.sampled_from(sorted(found)))


@settings(max_examples=60, deadline=None)
@given(rows(), st.sampled_from(["changed", "new", "gone"]))
def test_what_is_stale_is_what_the_engine_computes_from_other_keyframes(given_rows, kind):
    """Where an outer keyframe hides nothing; see `test_states.py` for the other case.

    The last but one may be the border: so what lies between these two may be told, too. Beyond
    outer keyframes where an object is absent it is told by `open_ends`.
    """
    found, at = given_rows
    keyframes = {index: keyframe(index, absent=absent) for index, absent in found.items()}
    old = dict(keyframes) if kind != "new" else {i: k for i, k in keyframes.items() if i != at}
    new = {**keyframes, at: keyframe(at, absent=found[at])}
    if kind == "gone":
        del new[at]
    wanted = computed(old) ^ computed(new)
    changed = {i for first, last, _ in wanted for i in range(first, last + 1)} - set(new)
    outer = sorted(new)
    connection = database(new)
    own = rules.span(*neighbors(connection, 1, at), COUNT)
    told = set(between(own, *led(connection, 1, [at], frame_count=COUNT))) - set(new)
    if any(found.values()):
        assert changed & set(range(outer[0], outer[-1])) <= told
    else:
        assert changed <= told
    unchanged = set(range(outer[0], outer[1])) | set(range(outer[-2], outer[-1]))
    assert told - changed <= unchanged


def keyframe(index, *, absent):
    label_map = np.array([[1, 0 if absent else 2]], np.uint8)
    return Keyframe(index, (1, 2), label_map)


def computed(keyframes):
    """The spans, each with the keyframes that govern it."""
    every = tuple(keyframes[index] for index in sorted(keyframes))
    spans = cut(every, COUNT)
    return {(s.first, s.last, tuple(id(k) for k in governing(s, every))) for s in spans}


def database(keyframes):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE objects (object_id)")
    connection.execute("CREATE TABLE assertions (frame_index, object_id, area)")
    connection.executemany("INSERT INTO objects VALUES (?)", [(1,), (2,), (3,)])
    cells = [
        (k.frame_index, i, int((k.label_map == i).sum()))
        for k in keyframes.values()
        for i in (1, 2)
    ]
    connection.executemany("INSERT INTO assertions VALUES (?, ?, ?)", cells)
    return connection
