"""Which keyframes a tracker knows while a span is walked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.engine.conditioning import Conditioning, changed, governing
from core.engine.propagate import PropagationRequest, propagate
from core.engine.spans import cut
from core.errors import VideoDecodeError
from core.jobs import Cancelled, CancelToken

pytestmark = pytest.mark.usefixtures("short_lead_in")
COUNT = 20
ROWS = ((0, (1, 2)), (4, (1,)), (8, (1, 2)), (12, (1, 2)), (15, (2,)), (17, (1,)))


@pytest.fixture
def keyframes(keyframe):
    def make(*references):
        return tuple(replace(keyframe(*row), reference=row[0] in references) for row in ROWS)

    return make


@pytest.mark.parametrize(
    ("references", "wanted"),
    [
        ((), [[0, 4, 8], [8, 12], [12, 15, 17]]),
        ((0,), [[0, 4, 8], [0, 8, 12], [0, 12, 15, 17]]),
        ((8, 17), [[0, 4, 8, 17], [8, 12, 17], [8, 12, 15, 17]]),
    ],
    ids=str,
)
def test_governing(keyframes, references, wanted):
    every = keyframes(*references)
    found = [[k.frame_index for k in governing(span, every)] for span in cut(every, COUNT)]
    assert found == wanted


@pytest.mark.parametrize(
    ("absent", "wanted"),
    [
        ((10,), [[2], [2, 6], [6, 10], [6, 10]]),
        ((6, 10), [[2], [2, 6], [6, 10], [2, 10]]),
        ((2,), [[2, 6], [2, 6], [6, 10], [10]]),
        ((2, 6, 10), [[2], [2, 6], [6, 10], [10]]),
    ],
    ids=str,
)
def test_absent_object_is_known_where_it_may_come_back(keyframe, box, absent, wanted):
    """At the ends of the video; between two keyframes that say it is absent it stays away."""
    every = tuple(
        keyframe(index, (1, 2), box(1) if index in absent else None) for index in (2, 6, 10)
    )
    found = [[k.frame_index for k in governing(span, every)] for span in cut(every, COUNT)]
    assert found == wanted


@pytest.mark.parametrize(
    ("hides", "wanted"),
    [
        ({10: 8}, [[2], [2, 6], [6, 10]]),
        ({6: 7, 10: 8}, [[2], [2, 6], [2, 6, 10]]),
        ({2: 5}, [[2, 6], [6, 10], [10]]),
        ({10: 9.5}, [[2], [2, 6], [6, 10], [10]]),
    ],
    ids=str,
)
def test_what_an_outer_keyframe_hides_is_known_from_the_nearest_that_shows_it(
    keyframe, box, hides, wanted
):
    """Beyond it no walk comes from the other side."""

    def shown(index):
        label_map = box(1, 2, width=12)
        label_map[:, round(hides.get(index, 12)) : 12] = 0
        return label_map

    every = tuple(keyframe(index, (1, 2), shown(index)) for index in (2, 6, 10))
    found = [[k.frame_index for k in governing(span, every)] for span in cut(every, COUNT)]
    assert found == wanted


def test_an_object_of_its_own_keyframe_is_compared_with_the_ones_that_assert_it(keyframe, box):
    whole, part = box(1, 2), box(0, 2)
    part[6:9, 1:9] = 1
    every = (keyframe(2, (1, 2), whole), keyframe(6, (1, 2), whole), keyframe(9, (1,), part))
    last = cut(every, COUNT)[-1]
    assert [k.frame_index for k in governing(last, every)] == [6, 9]
    fewer = (every[0], keyframe(6, (1, 2), part), every[2])
    last = cut(fewer, COUNT)[-1]
    assert [k.frame_index for k in governing(last, fewer)] == [2, 6, 9]


def test_keyframes_close_to_an_outer_border_govern_beyond_it(keyframe):
    """But not between two borders; and references, as ever, once."""
    rows = (1, (1, 2)), (2, (1,)), (3, (1, 2)), (5, (1, 2)), (12, (1, 2)), (14, (1, 2))
    every = tuple(replace(keyframe(*row), reference=row[0] == 14) for row in rows)
    found = [[k.frame_index for k in governing(span, every)] for span in cut(every, COUNT)]
    assert found == [[1, 2, 3, 14], [1, 2, 3, 14], [3, 5, 14], [5, 12, 14], [12, 14], [12, 14]]


def test_what_a_keyframe_close_to_others_changes(keyframe):
    """The walk to an end that passes it; nothing beyond its neighbors down a dense chain."""
    old = tuple(keyframe(index, (1, 2)) for index in (2, 4, 6, 8, 10, 12, 14))

    def other(at):
        return tuple(keyframe(k.frame_index, (1, 2)) if k.frame_index == at else k for k in old)

    assert changed(old, other(2), COUNT) == range(4)
    assert changed(old, other(4), COUNT) == range(6)
    assert changed(old, other(6), COUNT) == range(5, 8)
    assert changed(old, other(8), COUNT) == range(7, 10)
    assert changed(old, other(12), COUNT) == range(11, COUNT)
    assert changed(old, (*old[:6], keyframe(13, (1, 2)), old[6]), COUNT) == range(13, COUNT)


def test_what_a_new_keyframe_changes(keyframe, box):
    """Its own spans; and the end where the last keyframe hides something."""
    half = box(1, 2)
    half[:, :5] = 0
    old = tuple(keyframe(index, (1, 2)) for index in (2, 8, 14))
    assert changed(old, (*old[:2], keyframe(11, (1, 2)), old[2]), COUNT) == range(9, 14)
    assert changed(old, (*old, keyframe(17, (1, 2))), COUNT) == range(15, COUNT)
    assert changed(old, (*old, keyframe(17, (1, 2), half)), COUNT) == range(15, COUNT)
    assert changed(old, (old[0], keyframe(8, (1, 2), half), old[2]), COUNT) == range(3, 14)
    assert changed(old, old, COUNT) == range(0)
    hides = (*old, keyframe(17, (1, 2), half))
    more = (*hides[:3], keyframe(15, (1, 2)), hides[3])
    assert changed(hides, more, COUNT) == range(15, COUNT)
    assert changed(hides, (*hides[:2], keyframe(11, (1, 2)), *hides[2:]), COUNT) == range(9, 14)


@pytest.fixture
def known(film, walk_tracker):
    """Propagate; yield each item with the keyframes the tracker knows then."""

    def known(tracker, keyframes, *, start=0, stop=COUNT, token=None, damaged=None):
        request = PropagationRequest(keyframes, start, stop)
        video = film(COUNT, damaged=damaged)
        for item in propagate(video, tracker, request, token or CancelToken()):
            yield item, set(tracker.keyframes)

    return known


def test_each_keyframe_is_added_once(known, keyframes, walk_tracker):
    tracker = walk_tracker()
    most = max(len(now) for _, now in known(tracker, keyframes()))
    assert tracker.added == [(index, index) for index, _ in ROWS]
    assert most == 3


def test_only_the_spans_that_are_wanted_cost_keyframes(known, keyframes, walk_tracker):
    tracker = walk_tracker()
    list(known(tracker, keyframes(), start=9, stop=12))
    assert [index for index, _ in tracker.added] == [8, 12]


def test_references_stay_to_the_end(known, keyframes, walk_tracker):
    tracker = walk_tracker()
    seen = [now for _, now in known(tracker, keyframes(4))]
    assert all(4 in now for now in seen[1:]), "the first item is the keyframe at 0 itself"
    assert [index for index, _ in tracker.added].count(4) == 1


@pytest.mark.parametrize("items", [1, 4, 100])
def test_tracker_is_left_without_keyframes(known, keyframes, walk_tracker, items):
    """At the end, and where the run is given up in the middle."""
    tracker = walk_tracker()
    job = known(tracker, keyframes(8))
    for _ in zip(range(items), job, strict=False):
        pass
    job.close()
    assert not tracker.keyframes


def test_also_after_an_error_or_a_cancel(known, keyframes, walk_tracker):
    tracker, token = walk_tracker(), CancelToken()
    with pytest.raises(VideoDecodeError):
        list(known(tracker, keyframes(), damaged=8))
    assert not tracker.keyframes
    with pytest.raises(Cancelled):
        for count, _ in enumerate(known(tracker, keyframes(), token=token)):
            if count == 5:
                token.cancel()
    assert not tracker.keyframes


def test_cancel_is_seen_between_keyframes(film, keyframes, walk_tracker):
    tracker, token = walk_tracker(), CancelToken()
    every = keyframes()
    token.cancel()
    with Conditioning(film(COUNT), tracker, keyframes=every, token=token) as conditioning:
        with pytest.raises(Cancelled):
            conditioning.turn_to(cut(every, COUNT)[0])
        assert not tracker.added
