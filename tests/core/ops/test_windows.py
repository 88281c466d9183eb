"""Cutting maps into blocks and windows, and joining them again."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ops.windows import (
    framed,
    inside_mask,
    join_blocks,
    memory_windows,
    query_blocks,
    window_mask,
    window_row,
)

SIZES = st.integers(1, 20)
BLOCKS = st.integers(1, 9)
RADII = st.integers(0, 6)


def numbered(batch, channels, height, width):
    count = batch * channels * height * width
    return torch.arange(1, count + 1).view(batch, channels, height, width)


@settings(deadline=None)
@given(batch=st.integers(1, 3), channels=st.integers(1, 3), h=SIZES, w=SIZES, block=BLOCKS)
def test_blocks_join_to_the_map_they_were_cut_from(batch, channels, h, w, block):
    x = numbered(batch, channels, h, w)
    blocks = query_blocks(x, block)
    count = batch * -(-h // block) * -(-w // block)
    assert blocks.shape == (count, block * block, channels)
    assert torch.equal(join_blocks(blocks, h, w, block), x)


@settings(max_examples=40, deadline=None)
@given(h=SIZES, w=SIZES, block=BLOCKS, radius=RADII)
def test_windows_hold_the_neighbors_of_their_block(h, w, block, radius):
    x = numbered(1, 1, h, w)
    windows = memory_windows(x, block, radius)
    side, columns = block + 2 * radius, -(-w // block)
    assert windows.shape == (-(-h // block) * columns, 1, side * side)
    for place, window in enumerate(windows[:, 0].view(-1, side, side)):
        top, left = place // columns * block - radius, place % columns * block - radius
        wanted = torch.zeros(side, side, dtype=x.dtype)
        rows = range(max(0, top), min(h, top + side))
        cells = slice(max(0, left), min(w, left + side))
        for row in rows:
            wanted[row - top, cells.start - left : cells.stop - left] = x[0, 0, row, cells]
        assert torch.equal(window, wanted)
        assert torch.equal(inside_mask(h, w, block, radius)[place].view(side, side), wanted > 0)


@settings(max_examples=20, deadline=None)
@given(h=SIZES, w=SIZES, block=BLOCKS, radius=RADII)
def test_gradients_of_a_cell_are_those_of_all_its_windows(h, w, block, radius):
    x = torch.zeros(1, 1, h, w, dtype=torch.float64, requires_grad=True)
    windows = memory_windows(x, block, radius)
    weights = numbered(1, *windows.shape).view_as(windows).double()
    windows.backward(weights)
    places = memory_windows(numbered(1, 1, h, w), block, radius).flatten()
    wanted = torch.zeros(1 + h * w, dtype=torch.float64).index_add(0, places, weights.flatten())
    assert torch.equal(x.grad.flatten(), wanted[1:])


@settings(deadline=None)
@given(block=BLOCKS, radius=RADII)
def test_window_mask_is_the_square_around_each_query(block, radius):
    side = block + 2 * radius
    mask = window_mask(block, radius).view(block, block, side, side)
    assert torch.equal(mask.sum(dim=(2, 3)), torch.full((block, block), (2 * radius + 1) ** 2))
    for y, x in ((0, 0), (block - 1, 0), (block // 2, block - 1)):
        assert mask[y, x, y : y + 2 * radius + 1, x : x + 2 * radius + 1].all()


def test_windows_keep_batch_and_channels_apart():
    x = numbered(2, 3, 5, 7)
    together = memory_windows(x, 4, 1)
    apart = torch.cat([memory_windows(x[i : i + 1], 4, 1) for i in range(2)])
    assert torch.equal(together, apart)
    one = memory_windows(x[:1, 1:2], 4, 1)
    assert torch.equal(together[: len(one), 1:2], one)


@settings(max_examples=40, deadline=None)
@given(h=SIZES, w=SIZES, block=BLOCKS, radius=RADII, frames=st.integers(1, 3))
def test_rows_of_windows_are_the_windows_in_another_order(h, w, block, radius, frames):
    x = numbered(frames, 2, h, w)
    side, rows, columns = block + 2 * radius, -(-h // block), -(-w // block)
    wanted = memory_windows(x, block, radius).view(frames, rows, columns, 2, side, side)
    maps = framed(list(x), block, radius)
    for row in range(rows):
        got = window_row(maps, row, block, radius).view(columns, side, frames, side, 3)
        got = got.permute(2, 0, 4, 3, 1)
        assert torch.equal(got[:, :, :2], wanted[:, row])
        assert torch.equal(got[:, :, 2] == 0, wanted[:, row, :, 0] > 0)
