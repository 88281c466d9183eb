"""Walks by global and instance embeddings: against the clips that train, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.nn.backbone import normalized_rgb
from core.ops.aggregate import aggregate
from core.systems.global_instance import reading
from core.systems.global_instance.build import for_tracking
from core.systems.global_instance.clips import ClipNetwork, read_clips
from core.systems.global_instance.config import SupportConfig
from core.systems.global_instance.support import Support, Walked
from core.systems.global_instance.tracker import GlobalInstanceTracker
from core.types import Direction, Keyframe

SIZE = (48, 64)


@pytest.fixture(scope="module")
def tracker(lively_global):
    """Builds a tracker, in the full form where nothing else is said."""

    def build(*, refine=True, **config):
        config = SupportConfig(SIZE[0], refine, **config)
        ready = for_tracking(lively_global(), torch.device("cpu"))
        return GlobalInstanceTracker(ready, config, torch.device("cpu"))

    return build


def film(count, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (count, *SIZE, 3)).astype(np.uint8)


def labels(*ids):
    """A label map with a box for each id, side by side in rows of three."""
    drawn = np.zeros(SIZE, np.uint8)
    for place, object_id in enumerate(ids):
        top, left = 2 + 15 * (place // 3), 2 + 20 * (place % 3)
        drawn[top : top + 12, left : left + 16] = object_id
    return drawn


def start(made, frames, *keyframes, at=Direction.FORWARD):
    for index, ids, drawn in keyframes:
        made.add_keyframe(Keyframe(index, ids, drawn), frames[index])
    made.start(at)
    return made


def walk(made, frames, ids, indices):
    return [made.step(index, frames[index], ids).probabilities for index in indices]


@torch.inference_mode()
def test_a_walk_is_what_clips_train(tracker, lively_global):
    """Where each query reads all cells, and the first frame is drawn on."""
    frames, drawn = film(4), labels(1, 2)
    images = normalized_rgb(torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255)[None]
    first = torch.from_numpy(np.stack([drawn == i for i in (1, 2)])).float()[None]
    made = start(tracker(support=5, top_k=10_000), frames, (0, (1, 2), drawn))
    got = walk(made, frames, (1, 2), range(4))[1:]
    plan = ((0,), (0, 1), (0, 1, 2))
    result = ClipNetwork(lively_global())(images, first, torch.ones(1, 2), plan)
    np.testing.assert_allclose(got, result.soft[0], atol=2e-4)


@torch.inference_mode()
def test_the_fast_form_answers_at_a_quarter_of_the_size(tracker, lively_global):
    frames, drawn, network = film(2), labels(1, 2), lively_global()
    images = normalized_rgb(torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255)
    first = torch.from_numpy(np.stack([drawn == i for i in (1, 2)])).float()[None]
    made = start(tracker(refine=False, top_k=10_000), frames, (0, (1, 2), drawn))
    (got,) = walk(made, frames, (1, 2), [1])
    look, asked = (network.encode_frame(images[t : t + 1]) for t in (0, 1))
    read = read_clips(network, asked, [network.encode_support(images[:1], look, first)])
    found = network.draw(asked, *read, refine=False)
    assert found.refined is None
    np.testing.assert_allclose(got, aggregate(found.masks((12, 16)))[0], atol=2e-4)


class TestOneAffinity:
    """However many objects there are."""

    @pytest.fixture
    def counted(self, monkeypatch):
        """How often similarities are computed, and how often the best cells are chosen."""
        calls = {"similarity": 0, "best": 0}

        def counting(name):
            real = getattr(reading, name)

            def call(*args, **kwargs):
                calls[name] += 1
                return real(*args, **kwargs)

            return call

        for name in calls:
            monkeypatch.setattr(reading, name, counting(name))
        return calls

    @pytest.mark.parametrize("count", [1, 2, 6, 9])
    def test_counted(self, counted, count, tracker):
        ids, frames = tuple(range(1, count + 1)), film(4)
        made = start(tracker(refine=False), frames, (0, ids, labels(*ids)))
        walk(made, frames, ids, range(1, 4))
        assert counted["similarity"] == 3
        # Of all frames of the support set, and of keyframes alone, for confidence; at first
        # these are the same.
        assert counted["best"] == 1 + 2 + 2

    def test_objects_that_are_known_elsewhere_share_it(self, counted, tracker):
        frames = film(4)
        keyframes = (0, (1, 2), labels(1, 2)), (3, (3,), labels(0, 0, 3))
        made = start(tracker(refine=False), frames, *keyframes)
        walk(made, frames, (1, 2, 3), [1])
        assert counted == {"similarity": 1, "best": 3}


class TestObjects:
    """What one object has to do with the others."""

    @pytest.mark.parametrize("refine", [True, False])
    def test_an_object_with_an_empty_label_changes_no_other(self, refine, tracker):
        frames, drawn = film(5), labels(1, 2)
        plain = start(tracker(refine=refine), frames, (0, (1, 2), drawn))
        more = start(tracker(refine=refine), frames, (0, (1, 2, 3), drawn))
        wanted, got = walk(plain, frames, (1, 2), range(5)), walk(more, frames, (1, 2, 3), range(5))
        for one, other in zip(wanted, got, strict=True):
            assert np.abs(one - other[:3]).max() < 1e-6
            assert other[3].max() == 0

    def test_an_object_that_is_gone_on_one_of_two_keyframes_takes_nothing(self, tracker):
        """It is known there as absent; with its probability 0 the others are as they were."""
        frames = film(3)
        made = start(tracker(), frames, (0, (1, 2), labels(1, 2)))
        found = made.step(1, frames[1], (1, 2))
        assert found.probabilities[1].max() > 0.05 and found.probabilities[2].max() > 0.05

    def test_groups_share_one_background(self, monkeypatch, tracker):
        ids, frames = tuple(range(1, 9)), film(4)
        together, apart = (start(tracker(), frames, (0, ids, labels(*ids))) for _ in range(2))
        for index in range(1, 4):
            found = []
            for made, size in ((together, 20), (apart, 3)):
                for module in ("model", "encoders"):
                    monkeypatch.setattr(f"core.systems.global_instance.{module}.AT_ONCE", size)
                found.append(made.step(index, frames[index], ids).probabilities)
            np.testing.assert_allclose(*found, atol=1e-5)
            np.testing.assert_allclose(found[0].sum(0), 1, atol=1e-5)

    def test_a_late_object_is_found_after_it_was_drawn_and_not_read_from_before(self, tracker):
        frames, late = film(8), labels(0, 0, 2)
        made = start(tracker(), frames, (0, (1,), labels(1)), (4, (2,), late))
        steps = [made.step(i, frames[i], (1,) if i < 4 else (1, 2)) for i in range(8)]
        assert [len(s.probabilities) for s in steps] == [2] * 4 + [3] * 4
        assert all(s.probabilities[2].max() > 0.05 for s in steps[5:])
        known = [one for one in made._walked.chosen() if 2 in one.objects]
        assert known and {one.frame_index for one in known} <= {5, 6, 7}
        assert set(made._stepped[4].objects) == {1, 2}, "as the walk sees it"

    def test_another_order_of_ids_is_another_order_of_results(self, tracker):
        frames, back = film(4), np.array([0, 3, 2, 1], np.uint8)
        first = start(tracker(), frames, (0, (1, 2, 3), labels(1, 2, 3)))
        other = start(tracker(), frames, (0, (1, 2, 3), back[labels(1, 2, 3)]))
        for index in range(1, 4):
            one, two = (m.step(index, frames[index], (1, 2, 3)) for m in (first, other))
            np.testing.assert_allclose(
                one.probabilities, two.probabilities[[0, 3, 2, 1]], atol=1e-5
            )


class TestSupport:
    """Which frames are read."""

    def test_keyframes_are_always_in_the_support_set(self, tracker):
        frames = film(8)
        keyframes = [(k, (1,), labels(1)) for k in (0, 5, 7)]
        for size in (1, 2, 5):
            for way in (Direction.FORWARD, Direction.BACKWARD):
                made = start(tracker(support=size), frames, *keyframes, at=way)
                for index in range(1, 5)[:: way.value]:
                    made.step(index, frames[index], (1,))
                    drawn = [one.frame_index for one in made._read.support[:3]]
                    assert drawn == [0, 5, 7]
                assert len(made._read.support) == 3 + min(3, size - 1)

    def test_a_keyframe_that_is_ahead_counts(self, tracker):
        frames = film(6)
        alone = start(tracker(), frames, (0, (1,), labels(1)))
        both = start(tracker(), frames, (0, (1,), labels(1)), (5, (1,), labels(0, 0, 1)))
        got, other = (m.step(2, frames[2], (1,)).probabilities for m in (both, alone))
        assert np.abs(got - other).max() > 1e-3

    def one(self, index):
        return Support(index, torch.zeros(1, 1), torch.zeros(1, 1), {})

    @pytest.mark.parametrize("wanted", [0, 1, 2, 4])
    def test_frames_of_the_walk_are_the_last_and_some_spread_over_it(self, wanted):
        walked = Walked(wanted)
        for index in range(1, 101):
            walked.add(self.one(index))
            found = [frame.frame_index for frame in walked.chosen()]
            assert len(found) == min(wanted, index) or index < 3
            assert found == sorted(set(found))
            assert not wanted or found[-1] == index
            assert len(walked._spread) <= max(0, 3 * (wanted - 1))
        if wanted == 4:
            gaps = np.diff([1, *found])
            assert gaps[1:].min() >= 3 and gaps.max() <= 48

    def test_void_cells_of_a_keyframe_are_not_remembered(self, tracker):
        frames, drawn = film(2), labels(1)
        drawn[:, 32:] = 255
        made = start(tracker(), frames, (0, (1,), drawn))
        assert np.isfinite(made.step(1, frames[1], (1,)).probabilities).all()
        assert len(made._read.support[0]) == 6

    def test_a_keyframe_that_says_nothing_is_left_out(self, tracker):
        frames = film(3)
        made = start(tracker(), frames, (0, (1,), labels(1)))
        made.add_keyframe(Keyframe(1, (1,), np.full(SIZE, 255, np.uint8)), frames[1])
        made.add_keyframe(Keyframe(2, (), np.zeros(SIZE, np.uint8)), frames[2])
        for index in range(3):
            assert np.isfinite(made.step(index, frames[index], (1,)).probabilities).all()

    def test_a_long_walk_takes_no_more_room(self, tracker):
        frames = film(3)
        made = start(tracker(refine=False), frames, (0, (1,), labels(1)))
        sizes = []
        for step in range(1, 40):
            made.step(step, frames[step % 3], (1,))
            sizes.append(len(made.save_state()))
        assert max(sizes[20:]) <= 1.01 * max(sizes[:20])


def test_what_is_no_saved_walk_is_refused(tracker):
    made = tracker()
    for state in (b"", b"nothing"):
        with pytest.raises(ValueError, match="saved walk"):
            made.load_state(state)
