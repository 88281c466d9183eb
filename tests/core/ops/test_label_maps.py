"""Operations on label maps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ops.label_maps import asserted_map, largest_label, merge_keyframe, one_hot
from core.types import VOID, Keyframe


def row(*values):
    return np.array([values], np.uint8)


def test_merge_leaves_what_is_not_asserted():
    """Asserted 2 and 4 are as drawn; 1 and 3 stay where nothing is drawn over them; void is 0."""
    given_keyframe = Keyframe(0, (2, 4), row(0, 0, 4, VOID, 2, VOID))
    merged = merge_keyframe(row(1, 2, 3, 3, 0, 2), given_keyframe)
    assert merged.tolist() == [[1, 0, 4, 3, 2, 0]]
    assert merged.dtype == np.uint8


def test_merge_does_not_write_to_what_it_is_given():
    label_map, drawn = row(1, 2, 0), row(0, 0, 2)
    for array in (label_map, drawn):
        array.flags.writeable = False
    assert merge_keyframe(label_map, Keyframe(0, (2,), drawn)).tolist() == [[1, 0, 2]]


def test_absent_object_is_taken_away():
    assert merge_keyframe(row(1, 2, 2), Keyframe(0, (2,), row(0, 0, 0))).tolist() == [[1, 0, 0]]


def test_keyframe_that_asserts_nothing_changes_nothing():
    assert merge_keyframe(row(1, 2, 0), Keyframe(0, (), row(0, 0, 0))).tolist() == [[1, 2, 0]]


def test_asserted_map_shows_void_as_background():
    assert asserted_map(Keyframe(0, (2, 254), row(0, 2, VOID, 254))).tolist() == [[0, 2, 0, 254]]


def test_one_hot_of_the_objects_asked_for():
    """What is not asked for counts as background."""
    planes = one_hot(row(0, 3, 7, 9), (3, 9))
    assert planes.dtype == np.float32
    assert planes.tolist() == [[[1, 0, 1, 0]], [[0, 1, 0, 0]], [[0, 0, 0, 1]]]


def test_one_hot_of_no_object_is_background():
    assert one_hot(row(0, 3), ()).tolist() == [[[1, 1]]]


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [
        ([0.2, 0.5, 0.3], 3),
        ([0.2, 0.3, 0.5], 200),
        ([0.4, 0.4, 0.2], 0),
        ([0.2, 0.4, 0.4], 3),
        ([0, 0, 0], 0),
    ],
)
def test_largest_label_and_its_ties(probabilities, label):
    planes = np.array(probabilities, np.float32).reshape(3, 1, 1)
    found = largest_label(planes, (3, 200))
    assert found.tolist() == [[label]]
    assert found.dtype == np.uint8


maps = st.lists(st.sampled_from([0, 1, 5, 254]), min_size=1, max_size=30).map(lambda x: row(*x))


@given(maps)
def test_largest_label_undoes_one_hot(label_map):
    ids = (1, 5, 254)
    assert (largest_label(one_hot(label_map, ids), ids) == label_map).all()
    assert (one_hot(label_map, ids).sum(0) == 1).all()


@given(maps, st.sets(st.sampled_from([1, 5, 254])), st.integers(0, 99))
def test_merge_keeps_every_assertion_and_every_other_object(label_map, ids, seed):
    ids = tuple(sorted(ids))
    rng = np.random.default_rng(seed)
    drawn = rng.choice([0, *ids, VOID], label_map.shape).astype(np.uint8)
    merged = merge_keyframe(label_map, Keyframe(0, ids, drawn))
    for object_id in ids:
        assert ((merged == object_id) == (drawn == object_id)).all()
    free = ~np.isin(drawn, ids)
    for other in {1, 5, 254} - set(ids):
        assert ((merged == other) == ((label_map == other) & free)).all()
    assert VOID not in merged
    assert (merge_keyframe(merged, Keyframe(0, ids, drawn)) == merged).all()
