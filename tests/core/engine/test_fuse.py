"""Two opinions on a frame become one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engine.fuse import ABSENCE_TRUST, Opinion, fuse

SIZE = (2, 3)


def opinion(planes, *, distance=1, trust=1.0):
    """An opinion whose objects cover every cell by the given probabilities."""
    ids = tuple(sorted(planes))
    objects = np.stack([np.full(SIZE, planes[i], np.float32) for i in ids])
    probabilities = np.concatenate([1 - objects.sum(0, keepdims=True), objects])
    return Opinion(ids, probabilities, dict.fromkeys(ids, trust), dict.fromkeys(ids, distance))


@pytest.mark.parametrize("index", range(11))
def test_weights_are_linear_in_time_where_confidences_tie(index):
    first, second = opinion({1: 0.9}, distance=index), opinion({1: 0.1}, distance=10 - index)
    got = fuse(first, second).plane(1)
    np.testing.assert_allclose(got, 0.9 + (0.1 - 0.9) * index / 10, atol=1e-6)


@pytest.mark.parametrize("trust", [0.0, 0.3, 1.0])
def test_at_a_keyframe_only_its_side_counts(trust):
    first, second = opinion({1: 0.8}, distance=0, trust=trust), opinion({1: 0.1}, distance=5)
    np.testing.assert_allclose(fuse(first, second).plane(1), 0.8, atol=1e-6)
    np.testing.assert_allclose(fuse(second, first).plane(1), 0.8, atol=1e-6)


def test_both_at_a_keyframe_count_half():
    got = fuse(opinion({1: 0.8}, distance=0), opinion({1: 0.4}, distance=0))
    np.testing.assert_allclose(got.plane(1), 0.6, atol=1e-6)


def test_confidence_shifts_the_weights():
    """c b / (c b + c' a) with c = 0.9, c' = 0.1 and both keyframes equally far."""
    got = fuse(opinion({1: 1}, distance=4, trust=0.9), opinion({1: 0}, distance=4, trust=0.1))
    np.testing.assert_allclose(got.plane(1), 0.9, atol=1e-6)


def test_object_of_one_side_is_taken_from_it():
    """Object 2 is unknown to the first; its background there is no statement about it."""
    first, second = opinion({1: 0.5}, distance=1), opinion({1: 0.5, 2: 0.5}, distance=9, trust=0.4)
    got = fuse(first, second)
    assert got.object_ids == (1, 2)
    np.testing.assert_allclose(got.plane(2), 0.5, atol=1e-6)
    assert got.confidence[2] == pytest.approx(0.4)
    assert got.distance == {1: 1, 2: 9}


def test_disagreement_is_what_the_two_do_not_share():
    """Planes of 0.8 and 0.2 everywhere share a quarter; object 2 is known to one side alone."""
    got = fuse(opinion({1: 0.8}), opinion({1: 0.2, 2: 0.5}))
    assert got.disagreement == {1: pytest.approx(0.75, abs=1e-6)}
    assert fuse(opinion({1: 0.4}), opinion({1: 0.4})).disagreement == {1: pytest.approx(0)}
    assert opinion({1: 0.4}).disagreement == {}


def test_probabilities_that_exceed_one_are_scaled_down():
    got = fuse(opinion({1: 0.75}), opinion({2: 0.75}))
    np.testing.assert_allclose(got.probabilities[:, 0, 0], [0, 0.5, 0.5], atol=1e-6)


def test_confidence_is_weighted_and_falls_with_disagreement():
    same = fuse(opinion({1: 1}, trust=0.8), opinion({1: 1}, trust=0.8))
    assert same.confidence[1] == pytest.approx(0.8)
    half = fuse(opinion({1: 0.4}, trust=0.8), opinion({1: 0.8}, trust=0.8))
    assert half.confidence[1] == pytest.approx(0.8 * 0.5)
    apart = opinion({1: 1}), opinion({1: 1})
    apart[0].probabilities[:, :, 0], apart[1].probabilities[:, :, 1:] = [[1], [0]], np.float32(0)
    apart[1].probabilities[0, :, 1:] = 1
    assert fuse(*apart).confidence[1] == 0


def test_both_say_absent():
    got = fuse(opinion({1: 0}), opinion({1: 0}))
    assert (got.plane(1) == 0).all()
    assert got.confidence[1] == 1


def test_an_object_without_confidence_counts_as_certain():
    bare = opinion({1: 1}, distance=2)
    bare.confidence.clear()
    doubtful = opinion({1: 0}, distance=2, trust=0.25)
    np.testing.assert_allclose(fuse(bare, doubtful).plane(1), 0.8, atol=1e-6)


def gone(distance=1):
    return Opinion((1,), opinion({1: 0}).probabilities, {1: 0.1}, {1: distance}, frozenset({1}))


def test_absent_where_both_find_it_so():
    got = fuse(gone(), gone())
    assert got.absent == {1}
    assert got.confidence[1] == pytest.approx(0.1)


@pytest.mark.parametrize(("trust", "absent"), [(ABSENCE_TRUST + 0.1, False), (0.1, True)])
def test_absence_of_one_side_against_a_mask_of_the_other(trust, absent):
    for got in (
        fuse(gone(), opinion({1: 1}, trust=trust)),
        fuse(opinion({1: 1}, trust=trust), gone()),
    ):
        assert (got.absent == {1}) is absent
        assert (got.plane(1).max() > 0.5) is not absent


def test_absence_weighs_by_distance():
    assert fuse(gone(1), opinion({1: 1}, distance=9)).absent == {1}
    assert fuse(gone(9), opinion({1: 1}, distance=1)).absent == frozenset()


def test_no_opinion_on_either_side_stays_none():
    bare, other = opinion({1: 1}), opinion({1: 1})
    bare.confidence.clear()
    assert fuse(bare, other).confidence[1] == 1
    other.confidence.clear()
    assert fuse(bare, other).confidence == {}


def test_nothing_known_on_either_side():
    """A keyframe may assert nothing at all."""
    empty = Opinion((), np.ones((1, *SIZE), np.float32), {}, {})
    got = fuse(empty, empty)
    assert got.object_ids == ()
    np.testing.assert_array_equal(got.probabilities, empty.probabilities)


@st.composite
def opinions(draw):
    ids = tuple(sorted(draw(st.sets(st.integers(1, 4), min_size=1))))
    seed = draw(st.integers(0, 2**20))
    probabilities = np.random.default_rng(seed).dirichlet(np.full(1 + len(ids), 0.3), SIZE)
    trust = {i: draw(st.floats(0, 1)) for i in ids}
    distance = {i: draw(st.integers(0, 50)) for i in ids}
    return Opinion(ids, np.moveaxis(probabilities, -1, 0).astype(np.float32), trust, distance)


@given(opinions(), opinions())
def test_probabilities_sum_to_one_and_order_does_not_matter(first, second):
    got, other = fuse(first, second), fuse(second, first)
    assert got.object_ids == tuple(sorted({*first.object_ids, *second.object_ids}))
    assert got.probabilities.dtype == np.float32
    assert got.probabilities.shape == (1 + len(got.object_ids), *SIZE)
    assert got.probabilities.min() >= 0
    np.testing.assert_allclose(got.probabilities.sum(0), 1, atol=1e-5)
    np.testing.assert_allclose(got.probabilities, other.probabilities, atol=1e-6)
    assert all(0 <= value <= 1 for value in got.confidence.values())
    assert got.confidence == pytest.approx(other.confidence)
