"""The grouped selection against the plain one."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ops.topk import largest


@settings(deadline=None)
@given(
    rows=st.integers(1, 4),
    count=st.integers(1, 400),
    k=st.integers(1, 24),
    levels=st.integers(1, 9),
)
def test_values_are_those_of_the_plain_selection(rows, count, k, levels):
    """Few levels: nearly everything ties, which is where groups could lose an entry."""
    generator = torch.Generator().manual_seed(count * k)
    x = torch.randint(levels, (2, rows, count), generator=generator).float()
    values, indices = largest(x, k)
    wanted = x.topk(min(k, count), dim=-1).values
    assert values.shape == indices.shape == wanted.shape
    assert torch.equal(values, wanted)
    assert torch.equal(x.gather(-1, indices), values)
    assert all(len(set(row.tolist())) == len(row) for row in indices.flatten(0, 1))


@pytest.mark.parametrize("k", [2, 16])
@pytest.mark.parametrize("count", [1000, 1003, 1007])
def test_indices_are_those_of_the_plain_selection(count, k):
    """Without ties there is one answer; counts leave 0 to 7 entries that are in no group."""
    generator = torch.Generator().manual_seed(0)
    ascending = torch.arange(count)
    rows = [torch.randperm(count, generator=generator), ascending, ascending.flip(0)]
    x = torch.stack(rows).float()
    values, indices = largest(x, k)
    wanted = x.topk(k, dim=-1)
    assert torch.equal(values, wanted.values)
    assert torch.equal(indices, wanted.indices)
    loose = largest(x, k, ordered=False)[1]
    assert torch.equal(loose.sort(dim=-1).values, wanted.indices.sort(dim=-1).values)


def test_input_is_left_alone():
    x = torch.rand(3, 300)
    kept = x.clone()
    largest(x, 4)
    assert torch.equal(x, kept)
