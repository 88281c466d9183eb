"""The rules of state, without a file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.ops.label_maps import merge_keyframe
from core.types import Keyframe
from vosapp.project import rules
from vosapp.project.model import FrameState

MAPS = hnp.arrays(np.uint8, (4, 5), elements=st.integers(0, 4))
IDS = st.frozensets(st.integers(1, 4))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(None, None, (0, 9)), (2, None, (3, 9)), (None, 5, (0, 5)), (2, 5, (3, 5)), (2, 3, (3, 3))],
)
def test_span_reaches_to_the_neighbors(before, after, expected):
    assert rules.span(before, after, 9) == expected


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20))))
def test_joined_spans_cover_the_same_frames(spans):
    joined = rules.join(spans)
    assert {f for a, b in joined for f in range(a, b)} == {f for a, b in spans for f in range(a, b)}
    assert all(a < b for a, b in joined)
    assert all(one[1] < other[0] for one, other in zip(joined, joined[1:], strict=False))


def test_only_propagated_becomes_stale():
    stored = np.array([0, 1, 2, 3], np.uint8)
    assert rules.after_edit(stored).tolist() == [0, FrameState.STALE, 2, 3]


@pytest.mark.parametrize("state", FrameState)
@pytest.mark.parametrize("locked", [False, True])
def test_what_a_propagation_may_write(state, locked):
    allowed = {FrameState.EMPTY, FrameState.PROPAGATED, FrameState.STALE}
    assert rules.may_write(state, locked=locked) == (state in allowed and not locked)


def test_visible_state():
    assert rules.visible_state(2, None) is FrameState.STALE
    assert rules.visible_state(2, 7) is FrameState.KEYFRAME
    assert rules.visible_state(2, 0) is FrameState.ABSENT


@given(MAPS, MAPS, IDS, IDS)
def test_merge_of_results(stored, result, writable, kept):
    kept -= writable
    merged = rules.merge_results(stored, result, writable=writable, kept=kept)
    for old, new, now in zip(stored.flat, result.flat, merged.flat, strict=True):
        if old in kept and old:
            assert now == old
        elif new in writable:
            assert now == new
        elif old in writable:
            assert now == 0
        else:
            assert now == old


@given(MAPS, MAPS, IDS)
def test_what_is_shown_is_what_the_engine_gives_out(results, keyframe_map, ids):
    own = np.where(rules.isin(keyframe_map, ids), keyframe_map, 0).astype(np.uint8)
    keyframe = Keyframe(0, tuple(sorted(ids)), own)
    assert (rules.compose(results, own, ids) == merge_keyframe(results, keyframe)).all()


@given(hnp.arrays(np.uint8, (3, 7)), st.frozensets(st.integers(0, 255), max_size=12))
def test_isin_as_numpy(label_map, ids):
    assert (rules.isin(label_map, ids) == np.isin(label_map, list(ids))).all()


@pytest.mark.parametrize(
    ("one", "other", "merged"),
    [(0, 0, 0), (0, 3, 3), (1, 0, 1), (1, 2, 2), (3, 1, 1), (3, 3, 3), (2, 3, 2)],
)
def test_merged_states(one, other, merged):
    pair = np.array([one], np.uint8), np.array([other], np.uint8)
    assert rules.merge_states(*pair) == merged == rules.merge_states(*pair[::-1])
