"""What is remembered, what is forgotten, and what a frame reads."""

from __future__ import annotations

import pytest
import torch

from core.memory.bank import MemoryBank, MemoryFrame, thin_background

RECENT = (1, 3, 5)
SIXTH = 5


def memory_frame(index, ids=(1,), keys=None):
    soft = torch.zeros(1 + len(ids), 2, 3)
    soft[0] = 1
    return MemoryFrame(index, torch.ones(4, 2, 3) if keys is None else keys, soft, ids)


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
    read = [f.frame_index for f in memory.nearby_keyframes(frame_index, query)]
    assert set(wanted) <= set(read)
    assert read == sorted(read)
    assert len(read) <= 4


def test_reads_the_best_match_besides():
    memory, query = bank(), torch.ones(4, 2, 3)
    for index in (0, 10, 20, 30, 40, 50):
        away = -torch.ones(4, 2, 3)
        memory.add_keyframe(memory_frame(index, keys=query if index == 40 else away))
    assert [f.frame_index for f in memory.nearby_keyframes(15, query)] == [0, 10, 20, 40]


def test_without_keyframes_nothing_is_read():
    assert bank().nearby_keyframes(3, torch.ones(4, 2, 3)) == ()


def shares():
    """Background, object 3 and object 7 of two cells."""
    soft = torch.tensor([[0.1, 0.6], [0.7, 0.3], [0.2, 0.1]]).view(3, 1, 2)
    return MemoryFrame(0, torch.zeros(4, 1, 2), soft, (3, 7))


def test_known_ids_come_in_the_order_asked_for():
    got = shares().labels_for((3, 7))
    torch.testing.assert_close(got, torch.tensor([[0.1, 0.6], [0.7, 0.3], [0.2, 0.1]]))
    torch.testing.assert_close(shares().labels_for((7,)), torch.tensor([[0.1, 0.6], [0.2, 0.1]]))


def test_unknown_id_makes_background_no_statement():
    """The background of this frame may be object 5; what is object 3 is no object 5."""
    got = shares().labels_for((3, 5, 7))
    wanted = torch.tensor([[0.0, 0.0], [0.7, 0.3], [0.0, 0.0], [0.2, 0.1]])
    torch.testing.assert_close(got, wanted)
    assert shares().labels_for((5,)).abs().max() == 0


def blob():
    """32 x 40 cells with an object of 4 x 5 cells; keys carry the number of their cell."""
    soft = torch.zeros(2, 32, 40)
    soft[1, 10:14, 20:25] = 1
    soft[0] = 1 - soft[1]
    keys = torch.arange(32 * 40).view(1, 32, 40).float()
    return MemoryFrame(9, keys, soft, (1,))


def test_thinning_keeps_all_cells_near_objects():
    thin = thin_background(blob(), step=4, margin=3)
    kept = set(thin.keys[0].int().tolist())
    near = {40 * y + x for y in range(7, 17) for x in range(17, 28)}
    assert near <= kept
    assert len(kept) < 0.2 * 32 * 40
    far = sorted(kept - near)
    assert len(far) >= 32 * 40 / 16 - len(near)
    assert (thin.frame_index, thin.object_ids) == (9, (1,))


def test_thinning_keeps_keys_and_labels_together():
    frame = blob()
    thin = thin_background(frame, step=4, margin=3)
    assert thin.keys.shape[1] == thin.soft.shape[1]
    cells = thin.keys[0].long()
    torch.testing.assert_close(thin.labels_for((1,)), frame.labels_for((1,))[:, cells])
    assert thin.labels_for((1,))[1].sum() == 20


def test_thinning_with_step_one_keeps_everything():
    assert thin_background(blob(), step=1, margin=0).keys.shape == (1, 32 * 40)
