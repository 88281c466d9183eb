"""One search of each frame for all objects finds what a search for each finds."""

from __future__ import annotations

import pytest
import torch

from core.memory.bank import MemoryFrame
from core.ops.matching import read
from core.tracking import searches as module
from core.tracking.config import TrackingConfig
from core.tracking.searches import FoundBefore, Searches

SIZE = (9, 12)
CONFIG = TrackingConfig(48, 3)


def frame(index, seed):
    torch.manual_seed(seed)
    soft = torch.rand(2, *SIZE).softmax(0)
    return MemoryFrame(index, torch.randn(8, *SIZE), soft, (1,))


def searches(index, keys, *, apart, before=None):
    before = FoundBefore(1 << 20) if before is None else before
    return Searches(index, keys, CONFIG, apart=apart, before=before)


def joint(found):
    """What is read of an object from all that was found."""
    values = [
        torch.cat([memory.probabilities_of((1,)) for memory in frames], dim=1)
        for frames, _ in found
    ]
    candidates = [one for _, one in found]
    return read(candidates, values, k=CONFIG.reading.top_k, temperature=1.0)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_apart_or_together_the_same_cells_are_read(count):
    frames = [frame(10 * i, i) for i in range(count)]
    keys = frame(5, 99).keys
    together = searches(5, keys, apart=False).keyframes(frames)
    apart = searches(5, keys, apart=True).keyframes(frames)
    assert len(together) == 1 and len(apart) == count
    assert torch.allclose(joint(together), joint(apart), atol=1e-6)


def test_each_frame_is_searched_once_for_all_objects(monkeypatch):
    searched = []

    def noted(name):
        real = getattr(module, name)

        def search(query, keys, **options):
            searched.append((name, len(keys)))
            return real(query, keys, **options)

        monkeypatch.setattr(module, name, search)

    noted("search_frames")
    noted("search_windows")
    frames, recent = [frame(i, i) for i in (0, 10, 20)], [frame(i, i) for i in (4, 5)]
    search = searches(6, frame(6, 6).keys, apart=True)
    for some in (frames, frames[:2], frames[1:]):
        search.keyframes(some)
        search.recent(recent)
    assert sorted(searched) == [("search_frames", 1)] * 3 + [("search_windows", 2)]
    assert search.keyframes([]) == search.recent([]) == []


@pytest.mark.parametrize("apart", [False, True])
def test_the_second_walk_takes_what_the_first_has_found(monkeypatch, apart):
    """Bit by bit, and only of the same frame in the same keyframes."""
    frames, keys, before = [frame(i, i) for i in (0, 10)], frame(6, 6).keys, FoundBefore(1 << 20)
    first = searches(6, keys, apart=apart, before=before).keyframes(frames)
    real, asked = module.search_frames, []
    monkeypatch.setattr(
        module, "search_frames", lambda *args, **how: (asked.append(1), real(*args, **how))[1]
    )
    again = searches(6, keys, apart=apart, before=before).keyframes(frames)
    assert not asked
    for (_, one), (_, other) in zip(first, again, strict=True):
        assert torch.equal(one.similarity, other.similarity) and torch.equal(one.cell, other.cell)
    searches(7, keys, apart=apart, before=before).keyframes(frames)
    searches(6, keys, apart=apart, before=before).keyframes([*frames, frame(20, 20)])
    assert len(asked) == (3 if apart else 2)
