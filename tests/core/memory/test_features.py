"""Features are kept within a budget, the ones used last the longest."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.memory.features import FeatureCache

SIZE = 40
"""Bytes of one entry here."""


def features(index):
    return torch.full((10,), float(index))


def held(cache, indices=range(10)):
    return [i for i in indices if i in cache._entries]


def test_what_is_kept_comes_back_as_it_is():
    cache = FeatureCache(10 * SIZE)
    kept = features(3)
    cache.put(3, kept)
    assert cache.get(3) is kept
    assert cache.get(4) is None


def test_the_one_unused_for_longest_makes_room():
    cache = FeatureCache(3 * SIZE)
    for index in (0, 1, 2):
        cache.put(index, features(index))
    cache.get(0)
    cache.put(3, features(3))
    assert held(cache) == [0, 2, 3]
    cache.put(4, features(4))
    assert held(cache) == [0, 3, 4]


def test_putting_again_counts_once_and_keeps_the_first():
    cache = FeatureCache(2 * SIZE)
    first = features(0)
    cache.put(0, first)
    for _ in range(5):
        cache.put(0, features(0))
    cache.put(1, features(1))
    assert held(cache) == [0, 1]
    assert cache.get(0) is first


@pytest.mark.parametrize("budget", [0, SIZE - 1])
def test_too_small_a_budget_keeps_nothing(budget):
    cache = FeatureCache(budget)
    for index in range(3):
        cache.put(index, features(index))
        assert cache.get(index) is None
    assert held(cache) == []


def test_bytes_are_those_of_the_type():
    cache = FeatureCache(2 * SIZE)
    for index in range(5):
        cache.put(index, features(index).half())
    assert held(cache) == [1, 2, 3, 4]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 7), st.integers(1, 9))),
    st.integers(0, 20),
)
def test_never_over_the_budget_and_never_another_frame(uses, budget):
    cache = FeatureCache(budget * 4)
    for puts, index, length in uses:
        if puts:
            cache.put(index, torch.full((length,), float(index)))
        got = cache.get(index)
        assert got is None or (got == index).all()
        total = sum(entry.nbytes for entry in cache._entries.values())
        assert total == cache._bytes <= budget * 4
