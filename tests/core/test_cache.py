"""What is kept stays within its budget, the values used last the longest."""

from __future__ import annotations

import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.cache import LruCache, bytes_of

SIZE = 40
"""Bytes of one entry here."""


def features(index):
    return torch.full((10,), float(index))


def held(cache, indices=range(10)):
    return [i for i in indices if i in cache]


def test_what_is_kept_comes_back_as_it_is():
    cache = LruCache(10 * SIZE, bytes_of)
    kept = features(3)
    cache.put(3, kept)
    assert cache.get(3) is kept
    assert cache.get(4) is None


def test_the_one_unused_for_longest_makes_room():
    cache = LruCache(3 * SIZE, bytes_of)
    for index in (0, 1, 2):
        cache.put(index, features(index))
    cache.get(0)
    cache.put(3, features(3))
    assert held(cache) == [0, 2, 3]
    cache.put(4, features(4))
    assert held(cache) == [0, 3, 4]


def test_putting_again_counts_once_and_keeps_the_last():
    cache = LruCache(2 * SIZE, bytes_of)
    for _ in range(5):
        cache.put(0, features(0))
    last = cache.put(0, features(2))
    cache.put(1, features(1))
    assert held(cache) == [0, 1] and cache.used == 2 * SIZE
    assert cache.get(0) is last


@pytest.mark.parametrize("budget", [-1, 0, SIZE - 1])
def test_too_small_a_budget_keeps_nothing(budget):
    cache = LruCache(budget, bytes_of)
    for index in range(3):
        cache.put(index, features(index))
        assert cache.get(index) is None
    assert held(cache) == []


def test_one_above_the_budget_makes_nothing_else_go():
    cache = LruCache(2 * SIZE, bytes_of)
    cache.put(0, features(0))
    cache.put(1, features(1))
    large = torch.zeros(100)
    assert cache.put(1, large) is large
    assert held(cache) == [0] and cache.used == SIZE


def test_what_is_kept_may_have_another_form():
    cache = LruCache(10, len, str.upper)
    assert (cache.put("a", "word"), cache.get("a")) == ("WORD", "WORD")
    assert cache.put("b", "longer than that") == "longer than that"


def test_dropping_and_clearing():
    cache = LruCache(3 * SIZE, bytes_of)
    for index in range(3):
        cache.put(index, features(index))
    cache.drop(1)
    cache.drop(7)
    assert (cache.keys, len(cache), cache.used) == ((0, 2), 2, 2 * SIZE)
    cache.clear()
    assert (len(cache), cache.used) == (0, 0)


def test_several_threads_count_right():
    cache = LruCache(5, lambda _: 1)

    def work(first):
        for index in range(2000):
            cache.put((first + index) % 11, index)
            cache.get(index % 7)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.used == len(cache) == 5


def test_bytes_are_those_of_the_type():
    cache = LruCache(2 * SIZE, bytes_of)
    for index in range(5):
        cache.put(index, features(index).half())
    assert held(cache) == [1, 2, 3, 4]


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 7), st.integers(1, 9))),
    st.integers(0, 20),
)
def test_never_over_the_budget_and_never_another_frame(uses, budget):
    cache = LruCache(budget * 4, bytes_of)
    for puts, index, length in uses:
        if puts:
            cache.put(index, torch.full((length,), float(index)))
        got = cache.get(index)
        assert got is None or (got == index).all()
        total = sum(value.nbytes for key in cache.keys if (value := cache.get(key)) is not None)
        assert total == cache.used <= budget * 4
