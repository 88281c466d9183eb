"""What a benchmark plays and gives: back and forth, and nothing that was trained on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.errors import UsageError
from core.eval.benchmark import BACK_AND_FORTH, SEEN, SequenceRun, benchmark
from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs, trained_on
from core.eval.scores_file import given_name
from core.jobs import CancelToken, result_of
from core.media.label_map import read_label_map
from core.nn.checkpoints import CheckpointInfo, save_weights
from core.systems.baselines.copy import CopyTracker
from core.tracking.contract import StepResult, TrackerRequest
from core.types import Quality

COPY = TrackerRequest("copy", Quality.FAST)
COUNT = 5


@pytest.fixture
def root(tmp_path, write_davis):
    return write_davis(tmp_path / "davis")


def there_and_back(root, **more):
    return BenchmarkRequest(root, COPY, ("bear",), back_and_forth=True, **more)


def test_frames_and_masks_are_played_three_times(root):
    (job,) = plan_jobs(there_and_back(root))
    (once,) = plan_jobs(BenchmarkRequest(root, COPY, ("bear",)))
    assert job.info.frame_count == 3 * COUNT
    order = [0, 1, 2, 3, 4, 4, 3, 2, 1, 0, 0, 1, 2, 3, 4]
    with job.open(cache_bytes=0) as played, once.open(cache_bytes=0) as video:
        assert played.info.frame_count == 15
        for index, source in enumerate(order):
            np.testing.assert_array_equal(played.frame(index), video.frame(source))
    for place, index in enumerate(job.frame_indices):
        assert job.masks[place].stem == f"{order[index]:05d}"
    assert len(job.keyframes()) == 1
    assert sorted(job.scored) == list(range(1, 14)), "but for the very first and last"
    for frame, truth in job.scored.items():
        assert job.plan.truths[truth].stem == f"{order[frame]:05d}"


def test_masks_on_some_frames_only(root):
    for index in (1, 3):
        (root / f"Annotations/480p/bear/{index:05d}.png").unlink()
    (job,) = plan_jobs(there_and_back(root))
    assert job.frame_indices == (0, 2, 4, 5, 7, 9, 10, 12, 14)
    assert sorted(job.scored) == [2, 4, 5, 7, 9, 10, 12]


def test_objects_that_enter_late(root):
    """They are given once, where they first appear, and count ever after."""
    bear = root / "Annotations/480p/bear"
    maps = [read_label_map(path).label_map for path in sorted(bear.iterdir())]
    assert {*np.unique(maps[0])} == {0, 1, 2}
    from core.media.label_map import write_label_map

    for index in range(COUNT - 1):
        write_label_map(bear / f"{index:05d}.png", np.where(maps[index] == 2, 0, maps[index]))
    (job,) = plan_jobs(there_and_back(root, late_entries=True))
    assert [k.frame_index for k in job.keyframes()] == [0, COUNT - 1]
    assert sorted(job.scored) == list(range(1, 15))
    assert job.plan.active(job.scored[4]) == (1,)
    assert job.plan.active(job.scored[5]) == (1, 2)


class Walker(CopyTracker):
    """Knows the true masks by frame, and writes down what it was shown."""

    def __init__(self, truths):
        super().__init__()
        self.truths, self.shown = truths, []

    def step(self, frame_index, frame, object_ids):
        self.shown.append(frame_index)
        found = np.stack([self.truths[frame_index] == i for i in (0, *object_ids)])
        return StepResult(
            found.astype(np.float32), object_ids, dict.fromkeys(object_ids, 1.0), frozenset()
        )

    def render(self, probabilities, frame, object_ids):
        return np.array([0, *object_ids], np.uint8)[probabilities.argmax(0)]


def test_each_pass_is_scored_by_its_own_truth(root):
    truths = [
        read_label_map(path).label_map
        for path in sorted((root / "Annotations/480p/bear").iterdir())
    ]
    walker = Walker([*truths, *truths[::-1], *truths])
    job = benchmark(there_and_back(root), CancelToken(), make_tracker=lambda _: walker)
    items = []
    while True:
        try:
            items.append(next(job))
        except StopIteration as end:
            report = end.value
            break
    (run,) = [item for item in items if isinstance(item, SequenceRun)]
    assert run.frame_count == 15 and run.score.frame_count == 13
    assert run.score.totals.j_and_f == 1
    assert walker.shown == list(range(1, 15))
    assert BACK_AND_FORTH in report.notes
    assert given_name(there_and_back(root)) == "the first mask; played back and forth"


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "w.safetensors"
    training = {"sequences": ["boat", "elsewhere", 7]}
    save_weights(path, torch.nn.Linear(1, 1), CheckpointInfo("copy", "none", {}, training))
    return path


def test_sequences_that_were_trained_on_are_refused_unless_told(root, weights):
    tracker = TrackerRequest("copy", Quality.FAST, weights=weights)
    assert trained_on(weights, ["bear", "boat"]) == ("boat",)
    with pytest.raises(UsageError, match="trained on boat") as caught:
        plan_jobs(BenchmarkRequest(root, tracker))
    assert "--allow-seen" in caught.value.hint
    assert len(plan_jobs(BenchmarkRequest(root, tracker, ("bear",)))) == 1
    seen = BenchmarkRequest(root, tracker, seen=True)
    job = benchmark(seen, CancelToken(), make_tracker=lambda _: CopyTracker())
    assert SEEN.format("boat") in result_of(job).notes


def test_weights_without_header_say_nothing(tmp_path):
    (tmp_path / "XMem.pth").write_bytes(b"of another program")
    assert trained_on(tmp_path / "XMem.pth", ["bear"]) == ()
    assert trained_on(None, ["bear"]) == ()
