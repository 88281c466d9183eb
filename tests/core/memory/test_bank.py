"""What is remembered, what is forgotten, and what a frame reads."""

from __future__ import annotations

import pytest
import torch

from core.memory.bank import MemoryBank, MemoryFrame

RECENT = (1, 3, 5)
SIXTH = 5


def memory_frame(index, ids=(1,), keys=None, *, reference=False):
    soft = torch.zeros(1 + len(ids), 2, 3)
    soft[0] = 1
    keys = torch.ones(4, 2, 3) if keys is None else keys
    return MemoryFrame(index, keys, soft, ids, reference)


def bank():
    return MemoryBank(recent=RECENT, anchors=(SIXTH,))


def walk(memory, steps, start=100, way=1):
    """What each step reads while it is added; step s labels frame start + way * s."""
    read = []
    for step in range(steps):
        read.append([(f.frame_index - start) * way for f in memory.recent(step)])
        memory.add_labeled(step, memory_frame(start + way * step))
    return read


@pytest.mark.parametrize("way", [1, -1])
def test_reads_the_sixth_and_the_three_distances(way):
    read = walk(bank(), 40, way=way)
    assert read[0] == []
    assert read[1] == [0]
    assert read[4] == [1, 3]
    assert read[5] == [0, 2, 4]
    assert read[6] == [1, 3, 5]
    for step in range(11, 40):
        assert read[step] == [SIXTH, step - 5, step - 3, step - 1]


def test_memory_is_bounded_and_keyframes_stay():
    memory = bank()
    for index in (3, 900, 1500):
        memory.add_keyframe(memory_frame(index))
    sizes = []
    for step in range(2000):
        memory.add_labeled(step, memory_frame(step))
        sizes.append(len(memory._labeled))
    assert max(sizes) <= max(RECENT) + 2
    assert [f.frame_index for f in memory.keyframes] == [3, 900, 1500]


def test_a_new_walk_forgets_labeled_frames_only():
    memory = bank()
    memory.add_keyframe(memory_frame(0))
    walk(memory, 10)
    memory.start_run()
    assert memory.recent(10) == ()
    assert len(memory.keyframes) == 1


def test_keyframe_is_not_read_as_a_recent_frame_too():
    memory = bank()
    walk(memory, 12, start=0)
    memory.add_keyframe(memory_frame(11))
    assert [f.frame_index for f in memory.recent(12)] == [5, 7, 9]


def test_keyframe_of_the_same_frame_is_replaced_and_can_be_removed():
    memory = bank()
    memory.add_keyframe(memory_frame(4, ids=(1,)))
    memory.add_keyframe(memory_frame(4, ids=(1, 2)))
    assert [f.object_ids for f in memory.keyframes] == [(1, 2)]
    memory.remove_keyframe(4)
    memory.remove_keyframe(4)
    assert memory.keyframes == ()


def test_keyframes_are_in_order_of_time():
    memory = bank()
    for index in (7, 2, 30, 11):
        memory.add_keyframe(memory_frame(index))
    assert [f.frame_index for f in memory.keyframes] == [2, 7, 11, 30]


@pytest.mark.parametrize(
    ("frame_index", "wanted"),
    [(0, [0, 10]), (5, [0, 10]), (15, [0, 10, 20]), (20, [0, 20, 30]), (45, [0, 40])],
)
def test_reads_first_and_both_neighbors(frame_index, wanted):
    """The keyframe at 25 looks away from the query: it is never the best match."""
    memory, query = bank(), torch.ones(4, 2, 3)
    for index in (0, 10, 20, 30, 40):
        memory.add_keyframe(memory_frame(index))
    read = [f.frame_index for f in memory.nearby_keyframes(frame_index, query, 1)]
    assert set(wanted) <= set(read)
    assert read == sorted(read)
    assert len(read) <= 4


def test_reads_the_best_match_besides():
    memory, query = bank(), torch.ones(4, 2, 3)
    for index in (0, 10, 20, 30, 40, 50):
        away = -torch.ones(4, 2, 3)
        memory.add_keyframe(memory_frame(index, keys=query if index == 40 else away))
    assert [f.frame_index for f in memory.nearby_keyframes(15, query, 1)] == [0, 10, 20, 40]


@pytest.mark.parametrize(
    ("references", "wanted"),
    [((30,), [0, 10, 20, 30, 40]), ((0,), [0, 10, 20, 40]), ((0, 30, 50), [0, 10, 20, 30, 40, 50])],
)
def test_references_are_read_always(references, wanted):
    """Besides the neighbors 10 and 20, the first that is none, and the best match 40."""
    memory, query = bank(), torch.ones(4, 2, 3)
    for index in (0, 10, 20, 30, 40, 50):
        keys = query if index == 40 else -query
        memory.add_keyframe(memory_frame(index, keys=keys, reference=index in references))
    assert [f.frame_index for f in memory.nearby_keyframes(15, query, 1)] == wanted


def test_reference_that_does_not_know_an_object_is_not_read_for_it():
    memory, query = bank(), torch.ones(4, 2, 3)
    memory.add_keyframe(memory_frame(3, ids=(2,), reference=True))
    memory.add_keyframe(memory_frame(9, ids=(1,)))
    assert [f.frame_index for f in memory.nearby_keyframes(6, query, 1)] == [9]


def test_without_keyframes_nothing_is_read():
    assert bank().nearby_keyframes(3, torch.ones(4, 2, 3), 1) == ()


def probabilities():
    """Background, object 3 and object 7 of two cells."""
    soft = torch.tensor([[0.1, 0.6], [0.7, 0.3], [0.2, 0.1]]).view(3, 1, 2)
    return MemoryFrame(0, torch.zeros(4, 1, 2), soft, (3, 7))


@pytest.mark.parametrize("ids", [(3, 7), (7, 3), (7,), (3,)])
def test_probabilities_come_in_the_order_asked_for(ids):
    rows = {3: [0.7, 0.3], 7: [0.2, 0.1]}
    got = probabilities().probabilities_of(ids)
    torch.testing.assert_close(got[:-1], torch.tensor([rows[i] for i in ids]))


def test_probabilities_are_cells_in_row_major_order():
    soft = torch.arange(12.0).view(2, 2, 3)
    got = MemoryFrame(0, torch.zeros(4, 2, 3), soft, (9,)).probabilities_of((9,))
    assert got[0].tolist() == [6, 7, 8, 9, 10, 11]


def test_void_states_nothing():
    soft = torch.tensor([[0.5, 0.0], [0.5, 0.25]]).view(2, 1, 2)
    got = MemoryFrame(0, torch.zeros(4, 1, 2), soft, (9,)).probabilities_of((9,))
    assert got.tolist() == [[0.5, 0.25], [1.0, 0.25]]


def test_keyframes_that_know_nothing_of_an_object_are_not_read_for_it():
    memory, query = bank(), torch.ones(4, 2, 3)
    for index, ids in ((0, (1, 2)), (3, (1, 2)), (5, (1,))):
        memory.add_keyframe(memory_frame(index, ids=ids))
    assert [f.frame_index for f in memory.nearby_keyframes(6, query, 2)] == [0, 3]
    assert [f.frame_index for f in memory.nearby_keyframes(6, query, 1)] == [0, 3, 5]


def test_a_frame_knows_its_ids_only():
    """Background is no object: id 0 is not known, nor what a later mask names."""
    assert [i for i in range(10) if probabilities().knows(i)] == [3, 7]


def test_probabilities_of_an_unknown_object_are_refused():
    """Its background may be that object: nothing true can be answered."""
    with pytest.raises(ValueError, match="tuple"):
        probabilities().probabilities_of((3, 5))


@pytest.mark.parametrize(("ids", "read"), [((1,), False), ((1, 2), True), ((2,), True)])
def test_keyframe_that_is_silent_on_an_object_is_read_as_a_recent_frame_too(ids, read):
    """The keyframe on frame 11 asserts object 1 alone; object 2 is known from the walk."""
    memory = bank()
    memory.add_keyframe(memory_frame(11, ids=(1,)))
    memory.add_labeled(0, memory_frame(11, ids=ids))
    assert [f.frame_index for f in memory.recent(1)] == ([11] if read else [])
