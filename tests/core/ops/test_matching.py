"""Search in memory against dense similarities with masks."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from core.ops import matching
from core.ops.matching import (
    BLOCK,
    HIDDEN,
    Candidates,
    block_grid,
    distance_handicap,
    in_rows,
    kth_around,
    read,
    search_everywhere,
    search_frames,
    search_windows,
)
from core.ops.windows import query_blocks


def found_in_windows(query, keys, **how):
    """N x k, row by row."""
    return in_rows(search_windows(query, keys, **how), *query.shape[1:])


def found_in_frames(query, keys, **how):
    """N x k, row by row."""
    return in_rows(search_frames(query, keys, **how), *query.shape[1:])


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def dense_windows(query, keys, radius):
    """N x (T N) similarities, -inf where a cell is out of the window of the query."""
    channels, height, width = query.shape
    stacked = torch.stack(keys).flatten(2)
    similarity = torch.einsum("cn,tcm->ntm", query.flatten(1), stacked) / math.sqrt(channels)
    rows, columns = torch.arange(height * width) // width, torch.arange(height * width) % width
    near = (rows[:, None] - rows).abs() <= radius
    near &= (columns[:, None] - columns).abs() <= radius
    return similarity.masked_fill(~near[:, None], -math.inf).flatten(1)


@pytest.mark.parametrize(("radius", "k"), [(1, 3), (3, 12)])
def test_what_queries_find_at_least_around_their_block(radius, k):
    """Cell by cell: the window of the block, less what distance takes."""
    (height, width), loss = (13, 21), torch.linspace(0, 2, BLOCK + radius)
    query, keys = draw(6, height, width), draw(6, height, width, seed=1)
    columns = block_grid(height, width)[1]
    blocks = torch.tensor([0, 1, 5])
    found = kth_around(query, keys, radius=radius, loss=loss, k=k, blocks=blocks)
    for row, block in enumerate(blocks.tolist()):
        top, left = (BLOCK * place for place in divmod(block, columns))
        for y in range(top, min(top + BLOCK, height)):
            for x in range(left, min(left + BLOCK, width)):
                rows = range(max(0, top - radius), min(height, top + BLOCK + radius))
                cells = range(max(0, left - radius), min(width, left + BLOCK + radius))
                around = [
                    float(query[:, y, x] @ keys[:, i, j]) / math.sqrt(6)
                    - float(loss[max(abs(i - y), abs(j - x))])
                    for i in rows
                    for j in cells
                ]
                wanted = sorted(around)[-k]
                got = float(found[row, (y - top) * BLOCK + x - left])
                assert got == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("height", "width", "frames", "radius", "k"),
    [(8, 8, 1, 2, 4), (9, 11, 2, 3, 7), (5, 17, 3, 1, 5), (3, 4, 2, 6, 3), (45, 37, 1, 2, 3)],
)
def test_windows_find_what_the_dense_search_finds(height, width, frames, radius, k):
    query = draw(6, height, width)
    keys = [draw(6, height, width, seed=1 + t) for t in range(frames)]
    found = found_in_windows(query, keys, radius=radius, k=k)
    wanted = dense_windows(query, keys, radius).topk(k, dim=1)
    real = wanted.values > -math.inf
    assert found.similarity.shape == found.cell.shape == (height * width, k)
    torch.testing.assert_close(found.similarity[real], wanted.values[real], atol=1e-5, rtol=0)
    assert torch.equal(found.cell[real], wanted.indices[real])


def test_the_search_is_cut_into_parts():
    """The largest size above has several rows of blocks; else rounds would go untested."""
    assert min(math.ceil(45 / BLOCK), math.ceil(37 / BLOCK)) > 1


@pytest.mark.parametrize("size", [1, 2])
def test_parts_of_a_row_find_what_whole_rows_find(monkeypatch, size):
    """Five blocks in a row, compared one or two at a time."""
    query, keys = draw(6, 17, 37), [draw(6, 17, 37, seed=1), draw(6, 17, 37, seed=2)]
    whole = found_in_windows(query, keys, radius=2, k=5)
    monkeypatch.setattr(matching, "IN_CACHE", size * 4 * BLOCK**2 * (BLOCK + 4) ** 2 * 2)
    parts = found_in_windows(query, keys, radius=2, k=5)
    torch.testing.assert_close(whole.similarity, parts.similarity, atol=1e-5, rtol=0)
    assert torch.equal(whole.cell, parts.cell)


@pytest.mark.parametrize("k", [10, 50, 10_000])
def test_more_candidates_than_cells_are_hidden_ones(k):
    query, keys = draw(4, 5, 6), [draw(4, 5, 6, seed=1), draw(4, 5, 6, seed=2)]
    found = found_in_windows(query, keys, radius=1, k=k)
    near = dense_windows(query, keys, 1) > -math.inf
    shown = found.similarity > HIDDEN / 2
    assert torch.equal(shown.sum(1), near.sum(1).clamp(max=k))
    for row in range(30):
        cells = found.cell[row][shown[row]]
        assert len(cells.unique()) == len(cells)
        assert near[row, cells].all()


def test_cells_outside_the_frame_are_never_chosen():
    """Every similarity inside is far below 0, the similarity of the padding."""
    query, keys = torch.full((4, 5, 6), 10.0), torch.full((4, 5, 6), -10.0)
    found = found_in_windows(query, [keys], radius=2, k=9)
    torch.testing.assert_close(found.similarity, torch.full((30, 9), -200.0))
    labels = torch.arange(30.0)[None]
    read_out = read([found], [labels], k=9, temperature=1.0)
    assert ((read_out >= 0) & (read_out <= 29)).all()


@pytest.mark.parametrize(("cells", "k"), [(40, 5), (7, 7), (7, 30), (1, 4)])
def test_everywhere_finds_what_the_dense_search_finds(cells, k):
    query, keys = draw(6, 9, 11), draw(6, cells, seed=3)
    found = search_everywhere(query, keys, k=k)
    dense = query.flatten(1).T @ keys / math.sqrt(6)
    wanted = dense.topk(min(k, cells), dim=1)
    torch.testing.assert_close(found.similarity, wanted.values, atol=1e-5, rtol=0)
    assert torch.equal(found.cell, wanted.indices)


def test_everywhere_takes_more_queries_than_one_chunk(monkeypatch):
    query, keys = draw(3, 25, 30), draw(3, 200, seed=3)
    monkeypatch.setattr(matching, "IN_CACHE", 4 * 200 * 100)
    found = search_everywhere(query, keys, k=2)
    wanted = (query.flatten(1).T @ keys / math.sqrt(3)).topk(2, dim=1)
    torch.testing.assert_close(found.similarity, wanted.values, atol=1e-5, rtol=0)
    assert torch.equal(found.cell, wanted.indices)


def dense_frames(query, keys, reach, limit):
    """N x (T N) similarities less what distance takes, reckoned pair by pair."""
    channels, height, width = query.shape
    similarity = query.flatten(1).T @ torch.cat([k.flatten(1) for k in keys], 1)
    places = [(y, x) for y in range(height) for x in range(width)]
    loss = torch.tensor(
        [
            [min(limit, (max(abs(y - v), abs(x - u)) / reach) ** 2) for v, u in places]
            for y, x in places
        ]
    )
    return similarity / math.sqrt(channels) - loss.repeat(1, len(keys))


@pytest.mark.parametrize(
    ("height", "width", "frames", "k"),
    [(8, 8, 1, 4), (5, 13, 2, 7), (13, 5, 3, 3), (1, 1, 1, 1), (1, 7, 2, 5), (3, 3, 1, 50)],
)
def test_frames_find_what_the_dense_search_finds(height, width, frames, k):
    query = draw(6, height, width)
    keys = [draw(6, height, width, seed=1 + t) for t in range(frames)]
    handicap = distance_handicap(height, width, reach=0.5, limit=2.0, device=query.device)
    found = found_in_frames(query, keys, handicap=handicap, k=k)
    dense = dense_frames(query, keys, 0.5 * min(height, width), 2.0)
    wanted = dense.topk(min(k, dense.shape[1]), dim=1)
    torch.testing.assert_close(found.similarity, wanted.values, atol=1e-5, rtol=0)
    assert torch.equal(found.cell, wanted.indices)


@pytest.mark.parametrize("blocks", [[0], [1, 2, 3], [2, 4, 5, 9, 11], list(range(12))], ids=str)
@pytest.mark.parametrize("size", [1, 2, 1000])
def test_some_blocks_find_what_they_find_among_all(monkeypatch, blocks, size):
    """Bit by bit in whole frames: what was found once serves whoever asks for other blocks."""
    query, keys = draw(6, 20, 30), [draw(6, 20, 30, seed=1), draw(6, 20, 30, seed=2)]
    assert block_grid(20, 30) == (3, 4)
    chosen = torch.tensor(blocks)
    handicap = distance_handicap(20, 30, reach=0.4, limit=0.5, device=query.device)
    whole = search_frames(query, keys, handicap=handicap, k=5)
    some = search_frames(query, keys, handicap=handicap, k=5, blocks=chosen)
    assert torch.equal(some.similarity, whole.similarity[chosen])
    assert torch.equal(some.cell, whole.cell[chosen])
    whole = search_windows(query, keys, radius=2, k=5)
    monkeypatch.setattr(matching, "IN_CACHE", size * 4 * BLOCK**2 * (BLOCK + 4) ** 2 * 2)
    some = search_windows(query, keys, radius=2, k=5, blocks=chosen)
    torch.testing.assert_close(some.similarity, whole.similarity[chosen], atol=1e-5, rtol=0)
    inside = in_rows(Candidates(whole.similarity, whole.cell), 20, 30).cell
    assert inside.shape == (600, 5)
    real = torch.zeros(12, BLOCK**2, dtype=torch.bool)
    real[chosen] = query_blocks(torch.ones(1, 1, 20, 30), BLOCK)[chosen, :, 0] > 0
    assert torch.equal(some.cell[real[chosen]], whole.cell[real])


def test_without_handicap_frames_are_searched_everywhere():
    query, keys = draw(6, 9, 11), [draw(6, 9, 11, seed=1), draw(6, 9, 11, seed=2)]
    nothing = distance_handicap(9, 11, reach=0.5, limit=0.0, device=query.device)
    found = found_in_frames(query, keys, handicap=nothing, k=5)
    wanted = search_everywhere(query, torch.cat([k.flatten(1) for k in keys], 1), k=5)
    torch.testing.assert_close(found.similarity, wanted.similarity, atol=1e-5, rtol=0)
    assert torch.equal(found.cell, wanted.cell)


def test_of_two_alike_the_near_one_is_found_and_a_far_one_if_it_is_alone():
    """The cell that the query shows stands at both ends of a line, or at the far end only."""
    query = torch.zeros(4, 1, 9)
    query[0, 0, 0] = 6.0
    both, far = torch.zeros(4, 1, 9), torch.zeros(4, 1, 9)
    both[0, 0, [1, 8]] = far[0, 0, 8] = 6.0
    handicap = distance_handicap(1, 9, reach=4.0, limit=2.0, device=query.device)
    for keys, place, loss in ((both, 1, (1 / 4) ** 2), (far, 8, 2.0)):
        found = found_in_frames(query, [keys], handicap=handicap, k=1)
        assert found.cell[0].item() == place
        assert found.similarity[0].item() == pytest.approx(18.0 - loss)


def test_order_of_frames_does_not_matter_to_what_is_read():
    query = draw(4, 9, 10)
    keys = [draw(4, 9, 10, seed=1 + t) for t in range(3)]
    values = [draw(2, 90, seed=10 + t) for t in range(3)]
    results = []
    for order in ([0, 1, 2], [2, 0, 1]):
        found = found_in_windows(query, [keys[t] for t in order], radius=2, k=6)
        stacked = torch.cat([values[t] for t in order], dim=1)
        results.append(read([found], [stacked], k=6, temperature=1.0))
    torch.testing.assert_close(results[0], results[1], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("k", "temperature"), [(1, 1.0), (5, 1.0), (5, 0.25), (12, 2.0)])
def test_read_is_the_softmax_of_the_joint_best(k, temperature):
    """One search over a keyframe, one over the windows of two recent frames."""
    query, keyframe = draw(4, 7, 9), draw(4, 30, seed=1)
    recent = [draw(4, 7, 9, seed=2), draw(4, 7, 9, seed=3)]
    values = [draw(3, 30, seed=4), draw(3, 126, seed=5)]
    found = [
        search_everywhere(query, keyframe, k=k),
        found_in_windows(query, recent, radius=2, k=k),
    ]
    got = read(found, values, k=k, temperature=temperature)
    everywhere = query.flatten(1).T @ keyframe / 2
    dense = torch.cat([everywhere, dense_windows(query, recent, 2)], dim=1)
    best = dense.topk(k, dim=1)
    hidden = torch.full_like(dense, -math.inf).scatter(1, best.indices, best.values)
    wanted = torch.cat(values, dim=1) @ (hidden / temperature).softmax(1).T
    assert got.shape == (3, 63)
    torch.testing.assert_close(got, wanted, atol=1e-5, rtol=0)


def test_hidden_candidates_have_no_weight():
    found = Candidates(torch.tensor([[-300.0, HIDDEN]]), torch.tensor([[0, 1]]))
    got = read([found], [torch.tensor([[0.25, 1e30]])], k=2, temperature=1.0)
    assert got.item() == 0.25


def test_still_video_with_one_candidate_returns_its_labels():
    """Keys of one length are most alike to themselves."""
    keys = F.normalize(draw(8, 9, 13), dim=0)
    near_first = distance_handicap(9, 13, reach=0.4, limit=0.5, device=keys.device)
    labels = torch.rand(3, 9 * 13, generator=torch.Generator().manual_seed(2))
    for found in (
        found_in_windows(keys, [keys], radius=4, k=1),
        search_everywhere(keys, keys.flatten(1), k=1),
        found_in_frames(keys, [keys], handicap=near_first, k=1),
    ):
        assert torch.equal(read([found], [labels], k=1, temperature=1.0), labels)


def test_sizes_do_not_disturb_one_another():
    """The tables of a size are kept; another size in between must not change the answer."""
    query, keys = draw(4, 6, 10), draw(4, 6, 10, seed=1)
    first = found_in_windows(query, [keys], radius=3, k=4)
    found_in_windows(draw(4, 10, 6), [draw(4, 10, 6)], radius=3, k=4)
    found_in_windows(query, [keys], radius=2, k=4)
    again = found_in_windows(query, [keys], radius=3, k=4)
    assert torch.equal(first.cell, again.cell)
    assert torch.equal(first.similarity, again.similarity)
