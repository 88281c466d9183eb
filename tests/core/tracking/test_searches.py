"""What a frame reads where little is searched is what it would read of everything."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.memory.bank import MemoryFrame
from core.ops.matching import (
    Candidates,
    distance_handicap,
    in_rows,
    read,
    search_frames,
    search_windows,
)
from core.tracking import quick_look
from core.tracking import searches as module
from core.tracking.config import TrackingConfig
from core.tracking.found import BlocksFound, FoundBefore
from core.tracking.quick_look import NOBODYS
from core.tracking.searches import Searches, time_losses

SIZE = (37, 43)
CONFIG = TrackingConfig(48, 3)
BLOCKS = 5 * 6
PLACES = torch.stack(torch.meshgrid(*(torch.linspace(-1, 1, side) for side in SIZE), indexing="ij"))


def keys_of(seed, moved=0.0):
    """Keys that tell the place on a frame, the more or less; of two frames alike."""
    waves = torch.randn(16, 2, generator=torch.Generator().manual_seed(5)) * 4
    places = PLACES.clone()
    places[1] += moved
    base = torch.sin(torch.einsum("cd,dhw->chw", waves, places)) * 2
    noise = torch.randn(base.shape, generator=torch.Generator().manual_seed(seed))
    return base + 0.1 * noise


def frame(index, *objects, tail=0.0, reference=False):
    """A memory frame with disks (row, column, radius), and something of each object everywhere."""
    rows, columns = torch.meshgrid(*(torch.arange(side) for side in SIZE), indexing="ij")
    planes = [
        (1.2 - ((rows - y) ** 2 + (columns - x) ** 2).sqrt() / r).clamp(tail, 1)
        for y, x, r in objects
    ]
    planes = torch.stack(planes) if planes else torch.zeros(0, *SIZE)
    soft = torch.cat([(1 - planes.sum(0, keepdim=True)).clamp(min=0), planes])
    ids = tuple(range(1, 1 + len(objects)))
    return MemoryFrame(index, keys_of(index, index / 400), soft, ids, reference)


def searches(index, *, before=None, config=CONFIG):
    before = FoundBefore(1 << 24) if before is None else before
    return Searches(index, keys_of(1000 + index, index / 400), config, before=before)


def everything(index, keyframes, recent, ids):
    """3 x K x h x w, of searches of all cells in all that may be read."""
    keys, k = keys_of(1000 + index, index / 400), CONFIG.reading.top_k
    handicap = distance_handicap(
        *SIZE, reach=CONFIG.reach, limit=CONFIG.handicap, device=keys.device
    )
    found, values = [], []
    losses = time_losses(index, keyframes, CONFIG.other_side)
    for memory, loss in zip(keyframes, losses, strict=True):
        own = in_rows(search_frames(keys, [memory.keys], handicap=handicap, k=k), *SIZE)
        found.append(Candidates(own.similarity - loss, own.cell))
        values.append(memory.probabilities_of(ids))
    if recent:
        near = search_windows(keys, [m.keys for m in recent], radius=CONFIG.radius, k=k)
        found.append(in_rows(near, *SIZE))
        values.append(torch.cat([m.probabilities_of(ids) for m in recent], dim=1))
    count = len(keyframes)
    ways = [slice(None)] * 3
    if count and recent:
        ways = [slice(None), slice(0, count), slice(count, None)]
    said = [read(found[w], values[w], k=k, temperature=CONFIG.reading.temperature) for w in ways]
    return torch.stack([one[:-1] / one[-1:].clamp(min=1e-6) for one in said]).view(3, -1, *SIZE)


@pytest.fixture
def searched(monkeypatch):
    """How many blocks are searched, by the name of the search; quick looks left out."""
    noted = []

    def watch(name):
        real = getattr(module, name)

        def search(query, keys, *, k, blocks=None, **how):
            if blocks is not None:
                noted.append((name, len(keys), len(blocks)))
            return real(query, keys, k=k, blocks=blocks, **how)

        monkeypatch.setattr(module, name, search)

    watch("search_frames")
    watch("search_windows")
    return noted


ONE, TWO = ((9, 10, 3),), ((9, 10, 3), (30, 30, 2))
AWAY = ((28, 12, 3),)


@pytest.mark.parametrize(
    ("keyframes", "recent"),
    [
        ([frame(0, *ONE)], []),
        ([frame(0, *ONE)], [frame(3, *ONE), frame(5, *ONE)]),
        ([frame(0, *TWO), frame(10, *TWO)], [frame(4, *TWO), frame(5, *TWO)]),
        ([frame(0, *ONE), frame(10, *AWAY)], [frame(5, *ONE)]),
        ([frame(0, *ONE)], [frame(5, *AWAY)]),
        ([frame(0, *ONE), frame(10), frame(20, *ONE, reference=True)], [frame(5, *ONE)]),
        ([], [frame(5, *ONE)]),
        ([frame(0, (18, 20, 30))], [frame(5, (18, 20, 30))]),
    ],
)
def test_what_is_read_is_what_a_search_of_everything_reads(keyframes, recent, searched):
    keyframes = [k for k in keyframes if k.object_ids]
    ids = (keyframes or recent)[0].object_ids
    wanted = everything(6, keyframes, recent, ids)
    found = searches(6).read(keyframes, recent, ids)
    torch.testing.assert_close(found, wanted, atol=1e-6, rtol=0)
    assert torch.equal(found == 0, wanted == 0)
    large = (keyframes or recent)[0].soft[1].mean() > 0.5
    for _, _, blocks in searched:
        assert blocks == BLOCKS if large else 0 < blocks < BLOCKS // 2


def test_where_nobody_is_nothing_is_searched(searched):
    gone = replace(frame(0, *ONE), soft=frame(0, (-99, -99, 3)).soft)
    late = replace(frame(5, *ONE), soft=frame(5, (-99, -99, 3)).soft)
    assert not searches(6).read([gone], [late], (1,)).any()
    assert not searched


def test_less_than_a_twentieth_of_an_object_is_nobodys(searched):
    """What walks leave of an object everywhere is no reason to search everything."""
    tail = NOBODYS / 2
    keyframes, recent = [frame(0, *ONE)], [frame(5, *ONE, tail=tail)]
    wanted = everything(6, keyframes, recent, (1,))
    found = searches(6).read(keyframes, recent, (1,))
    assert 0 < (found - wanted).abs().max() < NOBODYS
    assert max(blocks for _, _, blocks in searched) < BLOCKS // 2


def test_recent_frames_are_searched_where_an_object_may_be_found(searched):
    """Not wherever their windows show one."""
    config = replace(CONFIG, radius=12)
    searches(6, config=config).read([], [frame(5, *ONE)], (1,))
    assert [0 < blocks <= BLOCKS // 4 for _, _, blocks in searched] == [True]


def test_a_little_beside_void_is_read_whole():
    """What is void states nothing: the twenty-fifth of a cell that is left is all that it says."""
    void = frame(0, *ONE)
    void = replace(void, soft=void.soft / 25)
    wanted = everything(6, [void], [], (1,))
    found = searches(6).read([void], [], (1,))
    assert wanted.max() > 0.5
    torch.testing.assert_close(found, wanted, atol=NOBODYS, rtol=0)


def test_the_latest_frame_tells_what_is_nobodys(monkeypatch):
    """The first one is from where the camera was once."""
    looks, real = [], quick_look.kth_around

    def look(query, keys, **how):
        looks.append(keys)
        return real(query, keys, **how)

    monkeypatch.setattr(quick_look, "kth_around", look)
    recent = [frame(1, *AWAY), frame(5, *ONE)]
    searches(6).read([], recent, (1,))
    assert [keys is recent[1].keys for keys in looks] == [True]


def test_more_is_read_than_a_look_sees():
    config = replace(CONFIG, reading=replace(CONFIG.reading, top_k=200))
    keyframes = [frame(0, *ONE)]
    assert searches(6, config=config).read(keyframes, [], (1,)).count_nonzero() > 1000


def test_each_frame_is_searched_once_for_all_objects(searched):
    frames, recent = [frame(i, *TWO) for i in (0, 10, 20)], [frame(i, *TWO) for i in (4, 5)]
    search = searches(6)
    for some in (frames, frames[:2], frames[1:]):
        for ids in ((1,), (2,), (1, 2)):
            search.read(some, recent, ids)
    most = {name: [blocks for n, _, blocks in searched if n == name] for name, _, _ in searched}
    assert sum(most["search_frames"]) <= 3 * BLOCKS // 2
    assert sum(most["search_windows"]) <= BLOCKS // 2


def test_the_second_walk_takes_what_the_first_has_found(searched):
    """Bit by bit, of the same frame in the same keyframes, and searches what is missing."""
    frames, before = [frame(i, *ONE) for i in (0, 10)], FoundBefore(1 << 24)
    searches(6, before=before).read(frames, [frame(5, *ONE)], (1,))
    searched.clear()
    recent = [frame(7, *ONE), frame(9, *AWAY)]
    again = searches(6, before=before).read(frames, recent, (1,))
    more = [blocks for name, _, blocks in searched if name == "search_frames"]
    fresh = searches(6).read(frames, recent, (1,))
    whole = [blocks for name, _, blocks in searched if name == "search_frames"][len(more) :]
    assert torch.equal(again, fresh)
    assert 0 < sum(more) < sum(whole)


def test_what_keyframes_say_may_change(searched):
    before = FoundBefore(1 << 24)
    searches(6, before=before).read([frame(0, *ONE)], [], (1,))
    moved = [replace(frame(0, *AWAY), keys=frame(0).keys)]
    before.keyframes_change()
    found = searches(6, before=before).read(moved, [], (1,))
    torch.testing.assert_close(found, everything(6, moved, [], (1,)), atol=1e-6, rtol=0)
    assert found.any() and len(searched) == 2


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (1, [0, 0.4, 0.45]),
        (5, [0, 0, 0.25]),
        (10, [0.5, 0, 0.5]),
        (14, [5 / 18, 0, 1 / 10]),
        (25, [0, 0, 0]),
        (20, [0, 0, 0]),
    ],
)
def test_the_keyframe_that_is_nearer_in_time_is_preferred(index, expected):
    frames = [frame(i) for i in (0, 10, 20)]
    assert time_losses(index, frames, 0.5) == pytest.approx(expected)
    asked = [replace(f, reference=f.frame_index == 20) for f in frames]
    assert time_losses(index, asked, 0.5) == pytest.approx([*expected[:2], 0])
    assert time_losses(index, [], 0.5) == []


def test_what_blocks_have_found():
    def some(*values):
        cell = torch.tensor(values)[:, None, None].expand(-1, 4, 3)
        return Candidates(cell.float() / 2, cell)

    nothing = BlocksFound.nothing(6, torch.device("cpu"))
    asked = torch.tensor([1, 3, 4])
    assert nothing.missing(asked).tolist() == [1, 3, 4]
    one = nothing.added(torch.tensor([1, 4]), some(7, 9))
    both = one.added(torch.tensor([3]), some(8))
    assert (nothing.missing(asked).tolist(), one.missing(asked).tolist()) == ([1, 3, 4], [3])
    assert both.missing(asked).tolist() == []
    assert both.get(asked).cell[:, 0, 0].tolist() == [7, 8, 9]
    assert both.get(asked).similarity[:, 0, 0].tolist() == [3.5, 4, 4.5]
    assert nothing.nbytes < one.nbytes < both.nbytes
    with pytest.raises(KeyError):
        nothing.get(asked)
