"""Working and long-term memory: sizes, who knows what, usage, and consolidation against loops."""

from __future__ import annotations

import math

import pytest
import torch

from core.memory.consolidation import consolidate
from core.memory.layers import LayeredMemory
from core.memory.layers_state import memory_to_arrays, restore_memory
from core.memory.limits import MemoryLimits
from core.memory.tokens import Tokens, alike

CELLS, KEY, VALUE = 12, 4, 3


def frame(seed, ids=(1,), *, cells=CELLS):
    """A frame of random cells that knows some objects."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    values = {i: draw(cells, VALUE) + 10 * i for i in ids}
    return Tokens(
        draw(cells, KEY), 1 + draw(cells).square(), torch.sigmoid(draw(cells, KEY)), values
    )


def ask(memory, permanent, seed, ids):
    query = frame(seed)
    return memory.read(permanent, query.key, query.selection, ids)


def sizes(memory):
    return len(memory.working), memory.long_term_size


def similarities(key, shrinkage, query, selection):
    """Equation 2, as a loop."""
    found = []
    for row, s in zip(key, shrinkage, strict=True):
        parts = zip(row, query, selection, strict=True)
        found.append(-float(s) * sum(float(e * (k - q) ** 2) for k, q, e in parts))
    return [x / math.sqrt(KEY) for x in found]


def softmax(row):
    top = max(row)
    every = [math.exp(x - top) for x in row]
    return [x / sum(every) for x in every]


def test_groups_those_known_in_most_places_first():
    places = frame(0, (2, 5)), frame(1, (1, 2, 5))
    assert alike((1, 2, 5), places) == [((2, 5), (True, True)), ((1,), (False, True))]


def test_consolidation_is_the_naive_one():
    frames, count = [frame(0, (1, 2)), frame(1, (1, 2)), frame(2, (1, 2))], 5
    used = torch.rand(3 * CELLS, generator=torch.Generator().manual_seed(9))
    (prototypes,) = consolidate(frames, used, count=count)
    cells = [(f, i) for f in frames for i in range(CELLS)]
    order = sorted(range(len(cells)), key=lambda n: -float(used[n]))[:count]
    keys = torch.cat([f.key for f in frames])
    shrinkages = torch.cat([f.shrinkage for f in frames])
    assert prototypes.selection is None and len(prototypes) == count
    for place, number in enumerate(order):
        owner, i = cells[number]
        assert torch.equal(prototypes.key[place], owner.key[i])
        weights = torch.tensor(
            softmax(similarities(keys, shrinkages, owner.key[i], owner.selection[i]))
        )
        torch.testing.assert_close(prototypes.shrinkage[place], weights @ shrinkages)
        for object_id in (1, 2):
            values = torch.cat([f.values[object_id] for f in frames])
            torch.testing.assert_close(prototypes.values[object_id][place], weights @ values)


def test_prototypes_of_frames_before_a_late_object_say_nothing_of_it():
    frames = [frame(0, (1,)), frame(1, (1, 2)), frame(2, (1, 2))]
    used = torch.rand(3 * CELLS, generator=torch.Generator().manual_seed(4))
    parts = consolidate(frames, used, count=10)
    assert sum(len(p) for p in parts) == 10
    (early,) = [p for p in parts if set(p.values) == {1}]
    (late,) = [p for p in parts if set(p.values) == {1, 2}]
    assert all(any(torch.equal(k, own) for own in frames[0].key) for k in early.key)
    keys, shrinkages = (
        torch.cat([getattr(f, name) for f in frames[1:]]) for name in ("key", "shrinkage")
    )
    selections = torch.cat([f.selection for f in frames])
    every = torch.cat([f.key for f in frames])
    for place in range(len(late)):
        number = int((every == late.key[place]).all(1).nonzero()[0, 0])
        row = softmax(similarities(keys, shrinkages, late.key[place], selections[number]))
        wanted = torch.tensor(row) @ torch.cat([f.values[2] for f in frames[1:]])
        torch.testing.assert_close(late.values[2][place], wanted)


def test_working_and_long_term_sizes():
    """T_max 10 and T_min 5 count the permanent frame; P cells go to the long-term memory."""
    memory = LayeredMemory(MemoryLimits(10, 5, 6, 1000), top_k=4)
    first, seen = [frame(100)], []
    for step in range(20):
        ask(memory, first, step, (1,))
        memory.add(frame(step))
        seen.append(sizes(memory))
    assert seen[:8] == [(n, 0) for n in range(1, 9)]
    assert seen[8] == (4, 6), "the tenth frame with the permanent one: five leave, five are left"
    assert seen[9:13] == [(n, 6) for n in range(5, 9)] and seen[13] == (4, 12)


def test_the_oldest_leave_and_the_permanent_stay():
    memory = LayeredMemory(MemoryLimits(4, 2, 3, 100), top_k=4)
    permanent, frames = [frame(50)], [frame(n) for n in range(3)]
    for each in frames:
        ask(memory, permanent, 7, (1,))
        memory.add(each)
    assert [cells.tokens for cells in memory.working] == [frames[2]]
    kept = memory.long_term[0].tokens.key
    assert all(any(torch.equal(k, own) for f in frames[:2] for own in f.key) for k in kept)


def test_usage_chooses_the_prototypes():
    """Cells that are read often are kept: the frame is asked for cells 2 and 5 of the first."""
    memory = LayeredMemory(MemoryLimits(4, 2, 2, 100), top_k=1)
    one = frame(0)
    memory.add(one)
    for _ in range(3):
        cells = torch.tensor([2, 5])
        memory.read([], one.key[cells], one.selection[cells], (1,))
    assert memory.working[0].used[[2, 5]].tolist() == [3, 3]
    assert float(memory.working[0].used.sum()) == 6
    memory.add(frame(1))
    memory.add(frame(2))
    kept = memory.long_term[0].tokens.key
    assert {tuple(k.tolist()) for k in kept} == {tuple(one.key[i].tolist()) for i in (2, 5)}


def test_rate_is_use_by_life():
    memory = LayeredMemory(MemoryLimits(), top_k=3)
    memory.add(frame(0))
    assert memory.working[0].rate.max() == 0
    ask(memory, [], 5, (1,))
    memory.add(frame(1))
    ask(memory, [], 6, (1,))
    first, second = memory.working
    assert first.life.tolist() == pytest.approx([2] * CELLS)
    assert second.life.tolist() == pytest.approx([1] * CELLS)
    total = float(first.used.sum() + second.used.sum())
    assert total == pytest.approx(2 * CELLS, rel=1e-5), "each query shares out 1"


def test_reading_is_the_naive_one_for_each_group():
    """Object 2 is late: it is read from the frames that know it, with a softmax of its own."""
    memory = LayeredMemory(MemoryLimits(), top_k=5)
    permanent = [frame(0, (1,)), frame(1, (1, 2))]
    memory.add(frame(2, (1, 2)))
    query = frame(3)
    got = memory.read(permanent, query.key, query.selection, (1, 2))
    for object_id, frames in (
        (1, [*permanent, frame(2, (1, 2))]),
        (2, [permanent[1], frame(2, (1, 2))]),
    ):
        keys, shrinkages = (
            torch.cat([getattr(f, name) for f in frames]) for name in ("key", "shrinkage")
        )
        values = torch.cat([f.values[object_id] for f in frames])
        for n in range(CELLS):
            row = similarities(keys, shrinkages, query.key[n], query.selection[n])
            order = sorted(range(len(row)), key=lambda j: -row[j])[:5]
            weights = torch.tensor(softmax([row[j] for j in order]))
            torch.testing.assert_close(got[object_id][n], weights @ values[order])


def test_usage_is_counted_for_the_first_group_that_reads_a_cell():
    memory = LayeredMemory(MemoryLimits(), top_k=4)
    memory.add(frame(0, (1,)))
    memory.add(frame(1, (2,)))
    ask(memory, [], 5, (1, 2))
    assert [float(c.used.sum()) for c in memory.working] == pytest.approx([CELLS, CELLS])


def test_many_queries_are_read_in_parts(monkeypatch):
    whole, parts = (LayeredMemory(MemoryLimits(), top_k=4) for _ in range(2))
    query = frame(9, cells=50)
    for memory in (whole, parts):
        memory.add(frame(0))
    wanted = whole.read([], query.key, query.selection, (1,))[1]
    monkeypatch.setattr("core.memory.reading.IN_CACHE", 4 * CELLS * 7)
    torch.testing.assert_close(parts.read([], query.key, query.selection, (1,))[1], wanted)
    torch.testing.assert_close(parts.working[0].used, whole.working[0].used)


def test_long_term_memory_never_exceeds_its_limit():
    limits = MemoryLimits(4, 2, 6, 20)
    memory, most = LayeredMemory(limits, top_k=3), 0
    for step in range(60):
        ask(memory, [frame(1000)], step, (1,))
        memory.add(frame(step))
        most = max(most, memory.long_term_size)
        assert len(memory.working) <= limits.most - 2
    assert 20 - 6 <= most <= 20


def test_the_least_used_prototypes_are_forgotten():
    memory = LayeredMemory(MemoryLimits(4, 2, 6, 20), top_k=3)
    for step in range(7):
        ask(memory, [frame(1000)], step, (1,))
        memory.add(frame(step))
    for cells in memory.long_term:
        cells.used = torch.arange(float(len(cells.tokens))) + 1
        cells.life = torch.ones(len(cells.tokens))
    before = torch.cat([cells.rate for cells in memory.long_term])
    memory._forget(7)
    left = torch.cat([cells.rate for cells in memory.long_term])
    border = before.sort().values[len(before) - 7 - 1]
    assert torch.equal(left, before[before > border])


def test_forgetting_works_with_objects_that_came_at_different_times():
    """The public program refuses it for more than one group of objects."""
    memory = LayeredMemory(MemoryLimits(4, 2, 6, 20), top_k=3)
    for step in range(40):
        ids = (1,) if step < 9 else (1, 2)
        ask(memory, [frame(1000, (1, 2))], step, ids)
        memory.add(frame(step, ids))
    assert memory.long_term_size <= 20
    for cells in memory.long_term:
        assert {len(v) for v in cells.tokens.values.values()} == {len(cells.tokens)}
    assert set(ask(memory, [], 3, (1, 2))) == {1, 2}


def test_saved_and_restored_without_loss():
    memory, other = (LayeredMemory(MemoryLimits(4, 2, 6, 20), top_k=3) for _ in range(2))
    for step in range(9):
        ask(memory, [frame(1000, (1, 3))], step, (1, 3))
        memory.add(frame(step, (1, 3) if step > 4 else (1,)))
    restore_memory(other, memory_to_arrays(memory), torch.device("cpu"))
    assert sizes(other) == sizes(memory)
    for step in range(9, 20):
        got, wanted = (ask(m, [frame(1000, (1, 3))], step, (1, 3)) for m in (other, memory))
        assert all(torch.equal(got[i], wanted[i]) for i in (1, 3))
        for each in (memory, other):
            each.add(frame(step, (1, 3)))


def test_a_saved_memory_that_lacks_something_is_refused():
    memory = LayeredMemory(MemoryLimits(), top_k=3)
    memory.add(frame(0))
    arrays = memory_to_arrays(memory)
    del arrays["working.0.used"]
    with pytest.raises(ValueError, match="lacks"):
        restore_memory(memory, arrays, torch.device("cpu"))


@pytest.mark.parametrize("limits", [(5, 5, 1, 10), (3, 0, 1, 10), (5, 2, 11, 10), (5, 2, 0, 10)])
def test_limits_that_leave_nothing_are_refused(limits):
    with pytest.raises(ValueError, match="nothing to remember"):
        MemoryLimits(*limits)
