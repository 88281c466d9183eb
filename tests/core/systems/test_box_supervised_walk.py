"""Walks of the memory network, against a plain program written from the paper, and its limits.

The plain program keeps every cell by itself and computes distances as in equation 2; it knows one
group of objects with consolidation, and late objects without.
"""

from __future__ import annotations

import math

import numpy as np
import psutil
import pytest
import torch

from core.memory.limits import MemoryLimits
from core.systems.box_supervised.build import for_tracking
from core.systems.box_supervised.config import PRESETS, MemoryTrackingConfig
from core.systems.box_supervised.model import MemoryNetwork
from core.systems.box_supervised.tracker import BoxSupervisedTracker
from core.tracking.padded import padded_frame
from core.types import Direction, Keyframe

SIZE = (44, 60)
SMALL = MemoryLimits(most=5, least=3, prototypes=7, long_term=200)


def network():
    """Random values; batch norm has the statistics of noise, so that nothing fades away."""
    torch.manual_seed(5)
    made = MemoryNetwork(PRESETS["tiny"])
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.uniform_(0.05, 0.3)
    # Masks that depend on what is read, and similarities that many cells share.
    made.decoder.pred.weight.data.mul_(2)
    made.key_proj.key_proj.weight.data.mul_(0.3)
    return made.eval()


def film(count, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (count, *SIZE, 3)).astype(np.uint8)


def labels(*boxes):
    """A label map of boxes (id, top, left)."""
    drawn = np.zeros(SIZE, np.uint8)
    for object_id, top, left in boxes:
        drawn[top : top + 14, left : left + 16] = object_id
    return drawn


def tracker(**config):
    made = for_tracking(network(), torch.device("cpu"))
    config = {"every": 2, "top_k": 6, "memory": SMALL} | config
    return BoxSupervisedTracker(made, MemoryTrackingConfig(44, **config), torch.device("cpu"))


def start(made, frames, *keyframes, at=Direction.FORWARD):
    for index, ids, drawn in keyframes:
        made.add_keyframe(Keyframe(index, ids, drawn), frames[index])
    made.start(at)
    return made


def soft_labels(masks):
    """Aggregation of K x H x W probabilities."""
    background = torch.stack([1 - m for m in masks]).prod(0)
    every = torch.cat([background[None], masks]).clamp(1e-7, 1 - 1e-7)
    odds = every / (1 - every)
    return odds / odds.sum(0)


class Plain:
    """Cells are (key, shrinkage, selection, value by object, [use, life]), oldest first."""

    def __init__(self, every=2, top_k=6, limits=SMALL):
        self.net, self.every, self.top_k, self.limits = network(), every, top_k, limits
        self.frames, self.long, self.sensory, self.last, self.now = [], [], {}, 0, -1

    @torch.inference_mode()
    def step(self, frame, masks=None):
        """Probabilities of background and objects, whose ids ascend."""
        self.now += 1
        image, padding = padded_frame(frame, 44, stride=16)
        features = self.net.encode_frame(image)
        due = masks is not None or self.now - self.last >= self.every
        soft, ids = None, tuple(self.sensory)
        if ids and not (masks and set(ids) <= set(masks)):
            read = self.read(features, ids)
            hidden = torch.stack([self.sensory[i] for i in ids])[None]
            logits, hidden = self.net.decode(features, read, hidden, update=not due)
            soft = soft_labels(torch.sigmoid(logits[0]))
            if not due:
                self.sensory = dict(zip(ids, hidden[0], strict=True))
        answer = soft
        if masks is not None:
            planes = {i: padding.pad(torch.from_numpy(m).float()) for i, m in masks.items()}
            covered = sum(planes.values()) > 0.5
            for row, i in enumerate(ids):
                planes.setdefault(
                    i, soft[1 + row].masked_fill(covered, 0) if soft is not None else 0
                )
            ids = tuple(sorted(planes))
            soft = soft_labels(torch.stack([planes[i] for i in ids]))
            answer = soft if answer is None else answer
        if due:
            zero = torch.zeros_like(self.net.new_sensory(features, 1)[0, 0])
            hidden = torch.stack([self.sensory.get(i, zero) for i in ids])[None]
            value, hidden = self.net.encode_masks(image, features, hidden, soft[None, 1:])
            self.sensory = dict(zip(ids, hidden[0], strict=True))
            self.memorize(features, dict(zip(ids, value[0], strict=True)))
            self.last = self.now
        return padding.crop(answer).numpy()

    def cells(self):
        return self.long + [cell for frame in self.frames for cell in frame]

    def similarity(self, query, chosen, cell):
        distance = (chosen * (cell[0] - query) ** 2).sum()
        return float(-cell[1] * distance / math.sqrt(len(query)))

    def read(self, features, ids):
        """One query after another; the usage is counted for the first object."""
        key, chosen = (x[0].flatten(1).T.double() for x in (features.key, features.selection))
        found = {i: [] for i in ids}
        use = {}
        for query, selection in zip(key, chosen, strict=True):
            for i in ids:
                known = [c for c in self.cells() if i in c[3]]
                scores = [self.similarity(query, selection, c) for c in known]
                order = sorted(range(len(known)), key=lambda n: -scores[n])[: self.top_k]
                weights = [math.exp(scores[n] - scores[order[0]]) for n in order]
                weights = [w / sum(weights) for w in weights]
                found[i].append(
                    sum(w * known[n][3][i].double() for w, n in zip(weights, order, strict=True))
                )
                if i == ids[0]:
                    for w, n in zip(weights, order, strict=True):
                        use[id(known[n])] = use.get(id(known[n]), 0) + w
        for cell in self.cells():
            cell[4][0] += use.get(id(cell), 0)
            cell[4][1] += 1
        size = features.key.shape[-2:]
        return torch.stack([torch.stack(found[i]).T.unflatten(1, size) for i in ids])[None].float()

    def memorize(self, features, values):
        key, chosen = (x[0].flatten(1).T.double() for x in (features.key, features.selection))
        shrinkage = features.shrinkage.flatten().double()
        rows = {i: v.flatten(1).T for i, v in values.items()}
        self.frames.append(
            [
                (key[n], shrinkage[n], chosen[n], {i: v[n] for i, v in rows.items()}, [0, 1e-7])
                for n in range(len(key))
            ]
        )
        limits = self.limits
        if len(self.frames) < limits.most:
            return
        size = limits.long_term - limits.prototypes
        if len(self.long) >= size and len(self.long) > size:
            border = sorted(c[4][0] / c[4][1] for c in self.long)[len(self.long) - size - 1]
            self.long = [c for c in self.long if c[4][0] / c[4][1] > border]
        count = limits.most - limits.least
        leaving = [cell for frame in self.frames[1 : 1 + count] for cell in frame]
        self.frames = [self.frames[0], *self.frames[1 + count :]]
        best = sorted(leaving, key=lambda c: -c[4][0] / c[4][1])[: limits.prototypes]
        for cell in best:
            scores = torch.tensor([self.similarity(cell[0], cell[2], c) for c in leaving])
            weights = scores.double().softmax(0)
            kept = {
                i: sum(w * c[3][i].double() for w, c in zip(weights, leaving, strict=True))
                for i in cell[3]
            }
            shrunk = sum(w * c[1] for w, c in zip(weights, leaving, strict=True))
            self.long.append((cell[0], shrunk, None, kept, [0, 1e-7]))


def masks_of(drawn, *ids):
    return {i: drawn == i for i in ids}


class TestAgainstThePlainProgram:
    """Every answer agrees to 1e-5."""

    def test_two_objects_with_consolidation(self):
        frames, drawn = film(17), labels((1, 4, 5), (2, 20, 30))
        plain, made = Plain(), start(tracker(), frames, (0, (1, 2), drawn))
        for index, frame in enumerate(frames):
            wanted = plain.step(frame, masks_of(drawn, 1, 2) if index == 0 else None)
            got = made.step(index, frame, (1, 2)).probabilities
            if index:
                np.testing.assert_allclose(got, wanted, atol=1e-5)
        assert len(plain.long) == made._walk.memory.long_term_size == 3 * SMALL.prototypes
        assert got[1:].max() > 0.5 > got[1:].min(), "the comparison means something"

    def test_a_walk_that_begins_beside_the_keyframe(self):
        """As the engine does: the border itself is not stepped on."""
        frames, drawn = film(9), labels((1, 4, 5))
        plain, made = Plain(), start(tracker(), frames, (0, (1,), drawn))
        plain.step(frames[0], masks_of(drawn, 1))
        for index in range(1, 9):
            got = made.step(index, frames[index], (1,)).probabilities
            np.testing.assert_allclose(got, plain.step(frames[index]), atol=1e-5)

    def test_backward(self):
        frames, drawn = film(9), labels((1, 4, 5))
        plain = Plain()
        made = start(tracker(), frames, (8, (1,), drawn), at=Direction.BACKWARD)
        plain.step(frames[8], masks_of(drawn, 1))
        for index in range(7, -1, -1):
            got = made.step(index, frames[index], (1,)).probabilities
            np.testing.assert_allclose(got, plain.step(frames[index]), atol=1e-5)

    def test_late_object(self):
        limits = MemoryLimits()
        frames, first, late = film(11), labels((1, 4, 5)), labels((2, 20, 30))
        plain = Plain(limits=limits)
        made = start(tracker(memory=limits), frames, (0, (1,), first), (5, (2,), late))
        for index, frame in enumerate(frames):
            given = {0: masks_of(first, 1), 5: masks_of(late, 2)}.get(index)
            wanted = plain.step(frame, given)
            got = made.step(index, frame, (1,) if index < 5 else (1, 2)).probabilities
            if index not in (0, 5):
                np.testing.assert_allclose(got, wanted, atol=1e-5)


@torch.inference_mode()
def test_objects_are_decoded_a_few_at_a_time(monkeypatch):
    frames = film(4)
    drawn = labels(*((i, 2 + 10 * (i // 3), 3 + 18 * (i % 3)) for i in range(1, 7)))
    ids = tuple(range(1, 7))
    together = start(tracker(), frames, (0, ids, drawn))
    apart = start(tracker(), frames, (0, ids, drawn))
    for index in range(1, 4):
        monkeypatch.setattr("core.systems.box_supervised.propagation.AT_ONCE", 10)
        wanted = together.step(index, frames[index], ids).probabilities
        monkeypatch.setattr("core.systems.box_supervised.propagation.AT_ONCE", 4)
        got = apart.step(index, frames[index], ids).probabilities
        np.testing.assert_allclose(got, wanted, atol=1e-5)


class TestMemory:
    """Sizes, and what is never diluted."""

    def test_sizes_are_those_of_the_paper(self):
        """T_max 10, T_min 5 with the permanent frame; 12 cells a frame; P 128 more than leave."""
        frames, drawn = film(4), labels((1, 4, 5))
        made = start(tracker(every=1, memory=MemoryLimits()), frames, (0, (1,), drawn))
        seen = []
        for step in range(1, 25):
            made.step(step, frames[step % 4], (1,))
            memory = made._walk.memory
            seen.append((len(memory.working), memory.long_term_size))
        assert [n for n, _ in seen[:10]] == [1, 2, 3, 4, 5, 6, 7, 8, 4, 5]
        assert seen[7][1] == 0 and seen[8][1] == 5 * 12, "fewer than P cells leave: all are kept"
        assert max(n for n, _ in seen) == 8

    def test_what_is_asserted_is_never_consolidated(self):
        frames = film(30)
        given = [(0, (1,), labels((1, 4, 5))), (9, (1,), labels((1, 10, 20)))]
        made = start(tracker(), frames, *given)
        before = [made._keyframes.get(k).tokens for k in (0, 9)]
        for index, frame in enumerate(frames):
            made.step(index, frame, (1,))
        for index, tokens in zip((0, 9), before, strict=True):
            own = made._keyframes.permanent(made._walk.stepped)
            assert any(torch.equal(tokens.values[1], each.values[1]) for each in own), index
        keys = torch.cat([c.tokens.key for c in made._walk.memory.long_term])
        for tokens in before:
            assert not (keys[:, None] == tokens.key[None]).all(2).any()

    def test_a_correction_counts_in_both_directions(self):
        """A keyframe that is ahead is read from, too."""
        frames, drawn = film(6), labels((1, 4, 5))
        alone = start(tracker(), frames, (0, (1,), drawn))
        both = start(tracker(), frames, (0, (1,), drawn), (5, (1,), labels((1, 25, 35))))
        got, other = (m.step(2, frames[2], (1,)).probabilities for m in (both, alone))
        assert np.abs(got - other).max() > 1e-3

    def test_an_object_that_leaves_the_request_comes_back_as_it_was_known(self):
        frames, drawn = film(8), labels((1, 4, 5), (2, 20, 30))
        made = start(tracker(), frames, (0, (1, 2), drawn))
        for index in range(8):
            ids = (1,) if 3 <= index < 6 else (1, 2)
            step = made.step(index, frames[index], ids)
            assert step.object_ids == ids and len(step.probabilities) == 1 + len(ids)
            assert np.isfinite(step.probabilities).all()

    def test_void_cells_of_a_keyframe_are_not_remembered(self):
        frames, drawn = film(1), labels((1, 4, 5))
        drawn[:, 30:] = 255
        made = start(tracker(), frames, (0, (1,), drawn))
        (tokens,) = made._keyframes.permanent(made._walk.stepped)
        assert 0 < len(tokens) < 12

    def test_a_keyframe_that_is_void_all_over_says_nothing(self):
        frames = film(3)
        made = start(tracker(), frames, (0, (1,), labels((1, 4, 5))))
        made.add_keyframe(Keyframe(1, (1,), np.full(SIZE, 255, np.uint8)), frames[1])
        for index in range(3):
            assert np.isfinite(made.step(index, frames[index], (1,)).probabilities).all()

    @pytest.mark.slow
    def test_a_thousand_frames_take_no_more_memory_than_some(self, monkeypatch):
        monkeypatch.setattr("core.tracking.kept_features.FEATURE_BYTES", 1 << 20)
        frames, drawn = film(7), labels((1, 4, 5), (2, 20, 30))
        limits = MemoryLimits(10, 5, 16, 200)
        made = start(tracker(every=2, memory=limits), frames, (0, (1, 2), drawn))
        process, resident, saved = psutil.Process(), {}, {500: 0, 1000: 0}
        for step in range(1, 1001):
            made.step(step, frames[step % 7], (1, 2))
            assert made._walk.memory.long_term_size <= 200
            assert len(made._walk.memory.working) <= 8
            if step % 20 == 0:
                half = 500 if step <= 500 else 1000
                saved[half] = max(saved[half], len(made.save_state()))
                resident[step] = process.memory_info().rss
        assert saved[1000] <= 1.05 * saved[500]
        assert resident[1000] - resident[300] < 8 << 20
