"""How keyframes cut a video into spans, and what a walk through one knows."""

from __future__ import annotations

from core.engine.spans import borders, cut
from core.types import Direction

FORWARD, BACKWARD = Direction.FORWARD, Direction.BACKWARD


def rows(spans):
    """First, last, both borders and what is inside, as frame indices."""

    def index(border):
        return None if border is None else border.frame_index

    return [
        (s.first, s.last, index(s.before), index(s.after), [k.frame_index for k in s.inside])
        for s in spans
    ]


def test_borders_cut_and_are_in_no_span(keyframe):
    keyframes = keyframe(2, (1, 2)), keyframe(6, (1, 2))
    assert rows(cut(keyframes, 10)) == [
        (0, 1, None, 2, []),
        (3, 5, 2, 6, []),
        (7, 9, 6, None, []),
    ]


def test_no_span_between_borders_that_touch_or_at_the_ends(keyframe):
    keyframes = tuple(keyframe(i, (1,)) for i in (0, 1, 4))
    assert rows(cut(keyframes, 5)) == [(2, 3, 1, 4, [])]
    assert cut(tuple(keyframe(i, (1,)) for i in range(3)), 3) == ()


def test_keyframe_of_some_objects_lies_inside(keyframe):
    keyframes = keyframe(0, (1, 2)), keyframe(3, (2,)), keyframe(5, (1,)), keyframe(8, (1, 2))
    assert rows(cut(keyframes, 10)) == [(1, 7, 0, 8, [3, 5]), (9, 9, 8, None, [])]


def test_an_object_more_unmakes_borders(keyframe):
    keyframes = keyframe(2, (1,)), keyframe(5, (1,))
    assert len(cut(keyframes, 8)) == 3
    late = keyframe(6, (7,))
    assert rows(cut((*keyframes, late), 8)) == [(0, 7, None, None, [2, 5, 6])]


def test_absent_counts_as_asserted(keyframe, box):
    keyframes = keyframe(0, (1, 2)), keyframe(4, (1, 2), box())
    assert rows(cut(keyframes, 6)) == [(1, 3, 0, 4, []), (5, 5, 4, None, [])]


def test_an_outer_keyframe_that_hides_something_is_passed(keyframe, box):
    """From the border before it; where nothing lies beyond, or all is absent, it cuts as any."""
    half = box(1, 2)
    half[:, :5] = 0
    first, middle, last = keyframe(2, (1, 2)), keyframe(6, (1, 2)), keyframe(8, (1, 2), half)
    keyframes = first, middle, last
    assert rows(cut(keyframes, 10)) == [
        (0, 1, None, 2, []),
        (3, 5, 2, 6, []),
        (7, 9, 6, None, [8]),
    ]
    assert [k.frame_index for k in borders(keyframes, 10)] == [2, 6]
    assert rows(cut(keyframes, 9))[-1] == (7, 7, 6, 8, [])
    gone = keyframe(8, (1, 2), box())
    assert rows(cut((first, middle, gone), 10))[-1] == (9, 9, 8, None, [])
    hidden = keyframe(2, (1, 2), half), middle
    assert rows(cut(hidden, 10)) == [(0, 5, None, 6, [2]), (7, 9, 6, None, [])]
    assert rows(cut((keyframe(0, (1, 2), half), middle), 10))[0] == (1, 5, 0, 6, [])
    other = box(1, 2)
    other[:, 15:] = 0
    either = keyframe(2, (1, 2), half), keyframe(6, (1, 2), other)
    assert rows(cut(either, 10)) == [(0, 9, None, None, [2, 6])]
    (whole,) = cut(either, 10)
    assert (whole.origin(FORWARD), whole.origin(BACKWARD)) == (2, 6)


NO_LEADS = ([], [], [], [])


def leads(span):
    """Keyframes at which its walks begin, and the frames that they pass, forward and backward."""
    found = ([k.frame_index for k in span.lead_before], [k.frame_index for k in span.lead_after])
    return *found, *([*span.lead_in(way)] for way in (FORWARD, BACKWARD))


def test_walks_to_an_end_begin_at_keyframes_close_to_their_border(keyframe):
    """At the farthest within eight frames, in both directions; the border is passed last."""
    keyframes = tuple(keyframe(i, (1,)) for i in (3, 6, 11, 20, 25, 28, 29))
    start, *between, end = cut(keyframes, 40)
    assert leads(start) == ([], [6, 11], [], [*range(10, 2, -1)])
    assert leads(end) == ([25, 28], [], [26, 27, 28, 29], [])
    assert [k.frame_index for k in start.keyframes] == [3, 6, 11]
    assert [k.frame_index for k in end.keyframes] == [25, 28, 29]
    far = cut(tuple(keyframe(i, (1,)) for i in (1, 10, 19)), 25)
    assert [leads(span) for span in far] == [NO_LEADS] * 4
    assert [leads(span) for span in between] == [NO_LEADS] * 5


def test_walks_between_two_borders_begin_beside_them(keyframe):
    """However close keyframes lie: what one border hides the walk from the other side knows."""
    keyframes = tuple(keyframe(i, (1, 2)) for i in range(0, 66, 3))
    spans = cut(keyframes, 64)
    assert len(spans) == 21 and all(leads(span) == NO_LEADS for span in spans)


def test_walks_begin_where_all_is_asserted_and_pass_the_rest(keyframe):
    rows_of = (1, (1,)), (3, (1, 2)), (4, (2,)), (6, (1, 2)), (7, (1,))
    start, between, end = cut(tuple(keyframe(*row) for row in rows_of), 30)
    assert leads(start) == ([], [4, 6], [], [5, 4, 3])
    assert leads(between) == NO_LEADS
    assert leads(end) == ([3, 4], [], [4, 5, 6], [])


def test_no_walk_begins_before_a_border_where_an_object_is_absent(keyframe, box):
    """Else what was seen before it might come back."""
    seen = [keyframe(i, (1, 2)) for i in (1, 4, 7)]
    start, *_, end = cut((*seen[:2], keyframe(7, (1, 2), box(1))), 12)
    assert (leads(start)[1], leads(end)) == ([4, 7], NO_LEADS)
    start, *_, end = cut((seen[0], keyframe(4, (1, 2), box(1)), seen[2]), 12)
    assert (leads(start)[1], leads(end)[0]) == ([4, 7], [1, 4]), "it is passed"


def test_an_outer_keyframe_that_is_passed_is_begun_at(keyframe, box):
    half = box(1, 2)
    half[:, :5] = 0
    keyframes = keyframe(2, (1, 2), half), keyframe(6, (1, 2)), keyframe(30, (1, 2), half)
    first, last = cut(keyframes, 40)
    assert (first.first, first.last, leads(first)) == (0, 5, NO_LEADS)
    assert (last.first, last.last, leads(last)) == (7, 39, ([2], [], [3, 4, 5, 6], []))


def test_walks_start_beside_a_border_or_on_a_keyframe_inside(keyframe):
    start, middle, end = cut((keyframe(3, (1,)), keyframe(6, (1,))), 9)
    assert (start.origin(FORWARD), start.origin(BACKWARD)) == (None, 2)
    assert (middle.origin(FORWARD), middle.origin(BACKWARD)) == (4, 5)
    assert (end.origin(FORWARD), end.origin(BACKWARD)) == (7, None)
    (open_span,) = cut((keyframe(2, (1,)), keyframe(5, (2,))), 9)
    assert (open_span.origin(FORWARD), open_span.origin(BACKWARD)) == (2, 5)


def test_known_objects_carry_the_distance_to_the_nearest_assertion_on_the_way(keyframe):
    keyframes = keyframe(0, (1, 2)), keyframe(3, (2,)), keyframe(5, (2,)), keyframe(8, (1, 2))
    span = cut(keyframes, 9)[0]
    assert span.known(1, FORWARD) == {1: 1, 2: 1}
    assert span.known(3, FORWARD) == {1: 3, 2: 0}
    assert span.known(4, FORWARD) == {1: 4, 2: 1}
    assert span.known(7, FORWARD) == {1: 7, 2: 2}
    assert span.known(7, BACKWARD) == {1: 1, 2: 1}
    assert span.known(5, BACKWARD) == {1: 3, 2: 0}
    assert span.known(4, BACKWARD) == {1: 4, 2: 1}
    assert span.known(1, BACKWARD) == {1: 7, 2: 2}


def test_known_objects_in_a_span_without_borders(keyframe):
    (span,) = cut((keyframe(2, (5,)), keyframe(4, (1,))), 7)
    assert span.known(3, FORWARD) == {5: 1}
    assert span.known(3, BACKWARD) == {1: 1}
    assert list(span.known(4, FORWARD)) == [1, 5], "ascending by id"
    assert span.known(1, FORWARD) == {}
