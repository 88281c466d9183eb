"""What every system promises (ADR 0009), on a small film of moving shapes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine.registry import trackers
from core.tracking.contract import Resumable
from core.types import VOID, Direction, Keyframe

COUNT = 8
IDS = (1, 2)
SIZE = (64, 96)


def test_every_system_is_under_contract(build_system):
    assert set(build_system) - {"color", "target"} == set(trackers())


def frozen(array):
    """What a video source and a user's keyframe hand out: nobody may write to it."""
    array.flags.writeable = False
    return array


@pytest.fixture(scope="module")
def film():
    """Frames and label maps."""
    return tuple(frozen(array) for array in moving_shapes(frame_count=COUNT))


def keyframe(film, index, ids=IDS, *, drawn=None):
    """The truth of a frame; `drawn` are the objects that are not asserted to be absent."""
    drawn = ids if drawn is None else drawn
    label_map = np.where(np.isin(film[1][index], drawn), film[1][index], 0).astype(np.uint8)
    return Keyframe(index, ids, frozen(label_map))


def add(tracker, film, *indices, ids=IDS):
    for index in indices:
        tracker.add_keyframe(keyframe(film, index, ids), film[0][index])


def walk(tracker, film, indices, *, ids=IDS):
    """Steps through the given frames, in their order; `ids` may differ from frame to frame."""
    indices = list(indices)
    forward = len(indices) < 2 or indices[1] > indices[0]
    tracker.start(Direction.FORWARD if forward else Direction.BACKWARD)
    return [
        tracker.step(index, film[0][index], ids(index) if callable(ids) else ids)
        for index in indices
    ]


def equal(first, second):
    """Whether two rows of steps are the same to the last bit."""
    return len(first) == len(second) and all(
        a.probabilities.tobytes() == b.probabilities.tobytes()
        and (a.object_ids, a.confidence) == (b.object_ids, b.confidence)
        for a, b in zip(first, second, strict=True)
    )


def covered(label_map, size, ids=IDS):
    """K x h x w: the part of each cell that each object covers."""
    masks = [np.float32(label_map == object_id) for object_id in ids]
    return np.stack([cv2.resize(m, size[::-1], interpolation=cv2.INTER_AREA) for m in masks])


def label_map(tracker, step, film, index):
    return tracker.render(step.probabilities, film[0][index], step.object_ids)


def jaccard(first, second):
    return (first & second).sum() / max(1, (first | second).sum())


class TestStep:
    """Shapes, ids and ranges of what a step and a rendering return."""

    @pytest.mark.parametrize("ids", [(), (2,), (1, 2), (1, 2, 77)], ids=str)
    def test_probabilities(self, build, film, ids):
        tracker = build()
        add(tracker, film, 0)
        steps = walk(tracker, film, range(COUNT), ids=ids)
        assert len({step.probabilities.shape for step in steps}) == 1
        for step in steps:
            assert step.probabilities.dtype == np.float32
            assert step.probabilities.ndim == 3 and len(step.probabilities) == 1 + len(ids)
            assert step.probabilities.min() >= 0
            np.testing.assert_allclose(step.probabilities.sum(0), 1, atol=1e-5)
            assert step.object_ids == ids
            assert set(step.confidence) <= set(ids)
            assert all(0 <= value <= 1 for value in step.confidence.values())
            assert all(isinstance(value, float) for value in step.confidence.values())

    def test_rendering_has_the_size_of_the_frame(self, build, film):
        tracker = build()
        add(tracker, film, 0)
        for index, step in enumerate(walk(tracker, film, range(3))):
            got = label_map(tracker, step, film, index)
            assert (got.shape, got.dtype) == (SIZE, np.uint8)
            assert set(np.unique(got)) <= {0, *IDS}

    def test_rendering_knows_the_probabilities_alone(self, build, film):
        """Fused probabilities belong to no walk: any tracker renders them, at any time."""
        tracker = build()
        add(tracker, film, 0)
        steps = walk(tracker, film, range(4))
        late = label_map(tracker, steps[1], film, 1)
        np.testing.assert_array_equal(late, label_map(build(), steps[1], film, 1))
        assert label_map(tracker, steps[1], film, 1).tobytes() == late.tobytes()
        halves = np.zeros_like(steps[1].probabilities)
        halves[0], halves[2, :, : halves.shape[2] // 2] = 1, 1
        halves[0] -= halves[2]
        left = tracker.render(halves, film[0][1], (3, 254)) == 254
        assert left[:, :40].mean() > 0.95 and left[:, -40:].mean() < 0.05

    @pytest.mark.parametrize("size", [(61, 97), (33, 20), (16, 120)])
    def test_odd_sizes(self, build, size):
        height, width = size
        frames = np.random.default_rng(0).integers(0, 255, (3, *size, 3)).astype(np.uint8)
        labels = np.zeros((3, height, width), np.uint8)
        labels[:, height // 4 :, width // 2 :] = 1
        tracker = build()
        add(tracker, (frames, labels), 0, ids=(1,))
        for index, step in enumerate(walk(tracker, (frames, labels), range(3), ids=(1,))):
            assert label_map(tracker, step, (frames, labels), index).shape == size

    def test_ids_need_not_be_dense(self, build, film):
        high = np.array([0, 154, 254], np.uint8)
        tracker, plain = build(), build()
        given = Keyframe(0, (154, 254), high[film[1][0]])
        tracker.add_keyframe(given, film[0][0])
        add(plain, film, 0)
        got = walk(tracker, film, range(4), ids=(154, 254))
        wanted = walk(plain, film, range(4))
        for first, second in zip(got, wanted, strict=True):
            np.testing.assert_array_equal(first.probabilities, second.probabilities)
            assert [*first.confidence.values()] == [*second.confidence.values()]


class TestKeyframes:
    """What is asserted, and what is not."""

    @pytest.mark.parametrize("index", [0, 3])
    def test_step_on_a_keyframe_takes_it_over(self, build, film, index):
        """At the system's own size; the engine puts in the exact pixels."""
        tracker = build()
        add(tracker, film, 0, index)
        step = walk(tracker, film, range(5))[index]
        got = label_map(tracker, step, film, index)
        assert all(jaccard(got == i, film[1][index] == i) > 0.85 for i in IDS)
        wanted = covered(film[1][index], step.probabilities.shape[1:])
        np.testing.assert_allclose(step.probabilities[1:], wanted, atol=1e-3)

    def test_a_keyframe_says_nothing_of_where_it_is_void(self, build, film):
        """What is left is shared by what it does state."""
        drawn = film[1][0].copy()
        drawn[:10] = VOID
        tracker = build()
        tracker.add_keyframe(Keyframe(0, IDS, frozen(drawn)), film[0][0])
        probabilities = walk(tracker, film, range(1))[0].probabilities
        np.testing.assert_allclose(
            probabilities[1:], covered(drawn, probabilities.shape[1:]), atol=1e-3
        )

    def test_void_never_comes_out(self, build, film):
        drawn = film[1][0].copy()
        drawn[::3] = VOID
        tracker = build()
        tracker.add_keyframe(Keyframe(0, IDS, frozen(drawn)), film[0][0])
        for index, step in enumerate(walk(tracker, film, range(4))):
            assert VOID not in label_map(tracker, step, film, index)

    def test_correction_of_one_object_only(self, build, film):
        """Object 1 is redrawn elsewhere on frame 4, half over object 2, which keeps the rest."""
        here, there = (np.argwhere(film[1][t] == i).mean(0) for t, i in ((4, 1), (0, 2)))
        shift = (there - here + (0, 12)).astype(int)
        moved = np.roll(film[1][4] == 1, shift, axis=(0, 1)).astype(np.uint8)
        tracker, plain = build(), build()
        add(tracker, film, 0)
        add(plain, film, 0)
        tracker.add_keyframe(Keyframe(4, (1,), frozen(moved)), film[0][4])
        got, before = (walk(t, film, range(5))[4].probabilities for t in (tracker, plain))
        drawn = covered(moved, got.shape[1:], (1,))[0]
        np.testing.assert_allclose(got[1], drawn, atol=1e-3)
        assert np.abs(got[2] - np.minimum(before[2], 1 - drawn)).mean() < 0.02
        assert jaccard(before[2] > 0, drawn > 0) < 1, "something of object 2 was left to keep"

    def test_late_entry(self, follower, film):
        """Object 2 is drawn on frame 4 only; frames before say nothing of it."""
        tracker = follower()
        add(tracker, film, 0, ids=(1,))
        add(tracker, film, 4, ids=(2,))
        steps = walk(tracker, film, range(6), ids=lambda i: (1,) if i < 4 else IDS)
        assert [len(step.probabilities) for step in steps] == [2, 2, 2, 2, 3, 3]
        for index in (4, 5):
            got = label_map(tracker, steps[index], film, index)
            assert jaccard(got == 2, film[1][index] == 2) > 0.6
        last = label_map(tracker, steps[5], film, 5)
        earlier = label_map(tracker, steps[3], film, 3)
        assert (last == 1).sum() > 0.5 * (earlier == 1).sum()

    @pytest.mark.parametrize("index", [0, 4])
    def test_object_asserted_absent_has_no_probability(self, build, film, index):
        tracker = build()
        add(tracker, film, 0)
        absent = keyframe(film, index, drawn=(1,))
        tracker.add_keyframe(absent, film[0][index])
        steps = walk(tracker, film, range(5))
        assert steps[index].probabilities[2].max() == 0
        assert steps[index].probabilities[1].max() > 0.9
        assert index or all(step.probabilities[2].max() == 0 for step in steps), (
            "it was never drawn"
        )

    def test_keyframe_of_the_same_frame_is_replaced(self, build, film):
        tracker, plain = build(), build()
        tracker.add_keyframe(keyframe(film, 0, drawn=()), film[0][0])
        add(tracker, film, 0)
        add(plain, film, 0)
        assert equal(*(walk(t, film, range(4)) for t in (tracker, plain)))

    def test_removed_keyframe_is_forgotten(self, build, film):
        tracker, never = build(), build()
        add(tracker, film, 0, 4)
        add(never, film, 0)
        with_both = walk(tracker, film, range(COUNT))
        tracker.remove_keyframe(4)
        tracker.remove_keyframe(4)
        tracker.remove_keyframe(77)
        got = walk(tracker, film, range(COUNT))
        assert equal(got, walk(never, film, range(COUNT)))
        assert not equal(got, with_both)

    def test_without_a_keyframe_everything_is_background(self, build, film):
        tracker = build()
        assert all(step.probabilities[1:].max() == 0 for step in walk(tracker, film, range(2)))
        add(tracker, film, 0)
        tracker.remove_keyframe(0)
        assert all(step.probabilities[1:].max() == 0 for step in walk(tracker, film, range(2)))


class TestWalks:
    """A walk depends on the keyframes, its frames, and nothing else."""

    def test_equal_walks_give_equal_results(self, build, film):
        first, second = build(), build()
        for tracker in (first, second):
            add(tracker, film, 0, 5)
        wanted = walk(first, film, range(COUNT))
        assert equal(walk(first, film, range(COUNT)), wanted)
        assert equal(walk(second, film, range(COUNT)), wanted)

    @pytest.mark.parametrize("order", [(0, 3, 6), (6, 3, 0), (3, 6, 0)])
    def test_order_of_keyframes_does_not_matter(self, build, film, order):
        tracker, other = build(), build()
        add(tracker, film, 0, 3, 6)
        add(other, film, *order)
        for indices in (range(COUNT), range(COUNT - 1, -1, -1)):
            assert equal(walk(tracker, film, indices), walk(other, film, indices))

    def test_an_earlier_walk_leaves_no_trace(self, build, film):
        fresh, used = build(), build()
        for tracker in (fresh, used):
            add(tracker, film, 4)
        walk(used, film, [3, 2, 1, 0])
        walk(used, film, range(5, COUNT))
        assert equal(walk(used, film, range(4, COUNT)), walk(fresh, film, range(4, COUNT)))

    def test_a_walk_may_end_anywhere(self, build, film):
        short, long = build(), build()
        for tracker in (short, long):
            add(tracker, film, 0)
        assert equal(walk(short, film, range(4)), walk(long, film, range(COUNT))[:4])

    def test_rendering_does_not_disturb_a_walk(self, build, film):
        tracker, plain = build(), build()
        for each in (tracker, plain):
            add(each, film, 0)
        wanted = walk(plain, film, range(4))
        tracker.start(Direction.FORWARD)
        got = []
        for index in range(4):
            got.append(tracker.step(index, film[0][index], IDS))
            label_map(tracker, got[-1], film, index)
            label_map(tracker, got[0], film, 0)
        assert equal(got, wanted)

    def test_results_stay_as_they_were(self, build, film):
        """Later steps do not write into probabilities that were handed out."""
        tracker = build()
        add(tracker, film, 0)
        tracker.start(Direction.FORWARD)
        first = tracker.step(0, film[0][0], IDS)
        copy = first.probabilities.copy()
        for index in range(1, 4):
            tracker.step(index, film[0][index], IDS)
        np.testing.assert_array_equal(first.probabilities, copy)

    def test_backward_is_forward_on_the_film_reversed(self, build, film):
        last = COUNT - 1
        reverse = film[0][::-1], film[1][::-1]
        tracker, mirrored = build(), build()
        add(tracker, film, last)
        add(mirrored, reverse, 0)
        got = walk(tracker, film, range(last, -1, -1))
        assert equal(got, walk(mirrored, reverse, range(COUNT)))

    def test_a_walk_may_start_beside_the_keyframe(self, follower, film):
        """As every walk from a border does, in both directions."""
        tracker = follower()
        add(tracker, film, 4)
        for neighbor, way in ((3, range(3, -1, -1)), (5, range(5, COUNT))):
            got = label_map(tracker, walk(tracker, film, way)[0], film, neighbor)
            assert all(jaccard(got == i, film[1][neighbor] == i) > 0.5 for i in IDS)

    def test_keyframe_added_in_mid_walk_counts_from_there(self, build, film):
        tracker = build()
        add(tracker, film, 0)
        walk(tracker, film, range(3))
        add(tracker, film, 3)
        got = label_map(tracker, tracker.step(3, film[0][3], IDS), film, 3)
        assert all(jaccard(got == i, film[1][3] == i) > 0.85 for i in IDS)

    def test_keyframe_given_and_taken_back_in_mid_walk_leaves_no_trace(self, build, film):
        """The engine gives and takes keyframes as spans come and go."""
        tracker, plain = build(), build()
        for each in (tracker, plain):
            add(each, film, 0)
            each.start(Direction.FORWARD)
        got, wanted = [], []
        for index in range(5):
            got.append(tracker.step(index, film[0][index], IDS))
            wanted.append(plain.step(index, film[0][index], IDS))
            add(tracker, film, 6)
            tracker.remove_keyframe(6)
        assert equal(got, wanted)

    def test_confidence_is_of_all_objects_or_of_none(self, build, film):
        tracker = build()
        add(tracker, film, 0)
        steps = walk(tracker, film, range(4)) + walk(tracker, film, range(4, -1, -1), ids=(2,))
        told = {frozenset(step.confidence) == frozenset(step.object_ids) for step in steps}
        assert len(told) == 1
        assert told == {True} or not any(step.confidence for step in steps)


class TestSavedWalks:
    """A walk that is left and taken up, for trackers that can do it."""

    @pytest.mark.parametrize("way", [range(1, COUNT), range(COUNT - 2, -1, -1)], ids=str)
    @pytest.mark.parametrize("at", [1, 3])
    def test_goes_on_to_the_same_bytes(self, build, film, way, at):
        first, second = build(), build()
        if not isinstance(first, Resumable):
            pytest.skip("walks of this system begin anew")
        for tracker in (first, second):
            add(tracker, film, 0, 7)
        whole = walk(first, film, way)
        walk(first, film, way[: at + 1])
        for index in (0, 7):  # the engine takes keyframes back before it saves
            first.remove_keyframe(index)
        state = first.save_state()
        walk(second, film, [3, 2])
        second.load_state(state)
        rest = [second.step(index, film[0][index], IDS) for index in way[at + 1 :]]
        assert equal(rest, whole[at + 1 :])

    def test_saving_does_not_disturb_a_walk(self, build, film):
        tracker, plain = build(), build()
        if not isinstance(tracker, Resumable):
            pytest.skip("walks of this system begin anew")
        for each in (tracker, plain):
            add(each, film, 0)
            each.start(Direction.FORWARD)
        got = []
        for index in range(5):
            got.append(tracker.step(index, film[0][index], IDS))
            tracker.save_state()
        assert equal(got, [plain.step(index, film[0][index], IDS) for index in range(5)])
