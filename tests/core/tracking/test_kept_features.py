"""Features of frames: computed once, and the same from a store, byte by byte."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from core.tracking import kept_features
from core.tracking.kept_features import FeatureCache

CPU = torch.device("cpu")


@dataclass(frozen=True, slots=True)
class Maps:
    keys: Tensor
    image: Tensor

    @property
    def nbytes(self):
        return self.keys.nbytes + self.image.nbytes

    def named(self):
        return {"keys": self.keys, "image": self.image}

    @classmethod
    def from_named(cls, tensors):
        return cls(tensors["keys"], tensors["image"])


class Shelf(dict):
    """A store in memory."""

    def put(self, frame_index, arrays):
        self[frame_index] = {name: array.copy() for name, array in arrays.items()}


@pytest.fixture
def made():
    return []


@pytest.fixture
def compute(made):
    def compute():
        made.append(1)
        image = torch.rand(1, 3, 4, 5).to(memory_format=torch.channels_last)
        return Maps(torch.rand(2, 3).half(), image)

    return compute


def cache(store=None):
    found = FeatureCache(Maps, ("keys", "image"), CPU)
    found.store = store
    return found


def test_what_is_remembered_is_not_computed_again(compute, made):
    features = cache()
    assert features.get(3, compute) is features.get(3, compute)
    features.get(4, compute)
    assert len(made) == 2


def test_another_cache_finds_the_same_in_a_store(compute, made, monkeypatch):
    shelf = Shelf()
    first = cache(shelf).get(3, compute)
    monkeypatch.setattr(kept_features, "FEATURE_BYTES", 0)
    second = cache(shelf).get(3, compute)
    assert len(made) == 1 and second is not first
    for one, other in zip(first.named().values(), second.named().values(), strict=True):
        assert torch.equal(one, other)
        assert (one.dtype, one.stride()) == (other.dtype, other.stride())


def test_a_store_that_lacks_a_part_is_written_anew(compute, made):
    shelf = Shelf()
    cache(shelf).get(3, compute)
    del shelf[3]["keys"]
    cache(shelf).get(3, compute)
    assert len(made) == 2 and "keys" in shelf[3]
