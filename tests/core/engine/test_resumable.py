"""Runs that are stopped at any moment, also between the two walks of a span."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from core.data.synthetic import moving_shapes
from core.engine import resumable
from core.engine.output import ResultFolder
from core.engine.propagate import PropagationRequest
from core.engine.resumable import ResumableRun
from core.engine.run_record import RunRecord
from core.errors import OutputError
from core.jobs import Cancelled, CancelToken
from core.types import LEAD_IN, Direction, Keyframe

COUNT = 12
IDS = (1, 2)
SETTINGS = {"system": "any"}
KEYFRAMES = {
    "two borders": [(0, IDS), (11, IDS)],
    "three borders": [(1, IDS), (6, IDS), (10, IDS)],
    "one inside": [(0, IDS), (5, (1,)), (11, IDS)],
    "all inside": [(2, (1,)), (8, (2,))],
    "one": [(4, IDS)],
}


@pytest.fixture(scope="module")
def shapes():
    return moving_shapes(frame_count=COUNT)


class Counted:
    """A tracker whose steps are counted."""

    def __init__(self, tracker):
        self._tracker = tracker
        self.steps = Counter()

    def __getattr__(self, name):
        return getattr(self._tracker, name)

    def step(self, frame_index, frame, object_ids):
        self.steps[frame_index] += 1
        return self._tracker.step(frame_index, frame, object_ids)

    def save_state(self):
        return self._tracker.save_state()

    def load_state(self, state):
        self._tracker.load_state(state)


@pytest.fixture
def run(film, shapes, tiny_tracker, tmp_path, monkeypatch):
    """Run, or resume; stop after so many items, by a cancel or as a kill would.

    Returns the results as bytes, the tracker, and the number of frames that were kept.
    """
    monkeypatch.setattr(resumable, "CHECKPOINT_FRAMES", 2)

    def run(rows, system="copy", *, out, resume=False, items=None, kill=False, wanted=(0, COUNT)):
        masks = [shapes[1][index] * (shapes[1][index] <= max(ids)) for index, ids in rows]
        given = tuple(
            Keyframe(*row, m * (m >= min(row[1]))) for row, m in zip(rows, masks, strict=True)
        )
        request = PropagationRequest(given, *wanted)
        video = film(COUNT, frames=shapes[0])
        folder = ResultFolder(tmp_path / out, video.info)
        record = RunRecord(folder.path, SETTINGS)
        if resume:
            record.load()
        tracker, token = Counted(tiny_tracker(system)), CancelToken()
        with folder:
            job = ResumableRun(request, folder, record, COUNT)
            results = job.write(video, tracker, token)
            for number, _ in enumerate(results, 1):
                if number == items and kill:
                    shutil.copytree(tmp_path / out, tmp_path / f"{out} killed")
                    results.close()
                    shutil.rmtree(tmp_path / out)
                    shutil.move(tmp_path / f"{out} killed", tmp_path / out)
                    break
                if number == items:
                    token.cancel()
                    with pytest.raises(Cancelled):
                        next(results)
        files = {path.name: path.read_bytes() for path in folder.path.glob("*.png")}
        return files, tracker, job.kept

    return run


@pytest.mark.parametrize("kill", [False, True], ids=["cancelled", "killed"])
@pytest.mark.parametrize("rows", KEYFRAMES.values(), ids=KEYFRAMES)
@pytest.mark.parametrize("system", ["flow", "self_supervised"])
def test_stopped_after_any_item(run, system, rows, kill, tmp_path):
    whole, tracker, _ = run(rows, system, out="whole")
    steps = tracker.steps.total()
    for items in range(1, steps, 1 if system == "flow" else 6):
        out = f"out{items}"
        _, first, _ = run(rows, system, out=out, items=items, kill=kill)
        files, second, _ = run(rows, system, out=out, resume=True)
        assert files == whole
        assert [path.name for path in (tmp_path / out).iterdir()] == ["film"]
        if rows != KEYFRAMES["all inside"] and items > 2:
            again = first.steps.total() + second.steps.total() - steps
            most = (3 if kill else 0) + (LEAD_IN if rows == KEYFRAMES["three borders"] else 0)
            assert again <= most, "no more than since the last checkpoint, or than lies before"


@pytest.mark.parametrize("items", [16, 20, 22, 24])
def test_a_walk_is_no_other_one_that_passes_its_frames(run, items, tmp_path):
    """Walks of two spans begin at one keyframe; each goes on where it was left itself."""
    rows = [(2, IDS), (4, IDS), (10, IDS)]
    whole, *_ = run(rows, "flow", out="whole")
    run(rows, "flow", out="out", items=items)
    (tmp_path / "out" / "film" / "00001.png").write_bytes(b"")
    files, *_ = run(rows, "flow", out="out", resume=True)
    assert files == whole


def test_first_walk_is_kept(run):
    """The walk from the end has come to frame 3; it is not walked again."""
    rows = KEYFRAMES["two borders"]
    run(rows, "flow", out="out", items=1 + 8)
    _, tracker, kept = run(rows, "flow", out="out", resume=True)
    assert kept == 1, "frame 0, the keyframe"
    assert tracker.steps == {**dict.fromkeys(range(1, 3), 2), **dict.fromkeys(range(3, 11), 1)}


def test_range_without_a_keyframe_is_kept_before_its_first_result(run):
    rows, wanted = KEYFRAMES["two borders"], (4, 9)
    whole, *_ = run(rows, "flow", out="whole", wanted=wanted)
    run(rows, "flow", out="out", items=6, wanted=wanted)
    files, tracker, kept = run(rows, "flow", out="out", resume=True, wanted=wanted)
    assert (files, kept) == (whole, 0)
    assert tracker.steps[10] == tracker.steps[5] - 1 == 0


def test_stopped_again_and_again(run):
    rows = KEYFRAMES["two borders"]
    whole, tracker, _ = run(rows, "flow", out="whole")
    total = tracker.steps.total()
    _, tracker, _ = run(rows, "flow", out="out", items=4)
    steps = tracker.steps.total()
    for items in (3, 9, 14, 12):  # in the walk back twice, then in the walk forth
        _, tracker, _ = run(rows, "flow", out="out", resume=True, items=items)
        steps += tracker.steps.total()
    files, tracker, _ = run(rows, "flow", out="out", resume=True)
    assert files == whole
    assert steps + tracker.steps.total() == total


@pytest.mark.parametrize("items", [6, 15])
@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "of another run"])
def test_damaged_log_costs_only_time(run, items, damage, tmp_path):
    rows = KEYFRAMES["two borders"]
    whole, *_ = run(rows, "flow", out="whole")
    run(rows, "flow", out="out", items=items)
    log = tmp_path / "out/film.vosapp-run.walk"
    data = log.read_bytes()
    log.write_bytes(
        {
            "gone": b"",
            "cut": data[: len(data) // 2],
            "flipped": data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
            "of another run": data.replace(b"any", b"one"),
        }[damage]
    )
    files, tracker, _ = run(rows, "flow", out="out", resume=True)
    assert files == whole
    assert tracker.steps[10] == 2 or (items == 15 and tracker.steps[10] == 1)


def test_without_resume_nothing_is_taken_over(run):
    rows = KEYFRAMES["two borders"]
    run(rows, "flow", out="out", items=15)
    _, tracker, kept = run(rows, "flow", out="out")
    assert kept == 0
    assert set(tracker.steps.values()) == {2}


def test_full_disk_in_the_first_walk(run, monkeypatch, tmp_path):
    """One clear error; what was written by then is kept, and the run goes on later."""
    rows = KEYFRAMES["three borders"]
    whole, *_ = run(rows, "flow", out="whole")
    put = resumable.WalkLog.put

    def full(self, frame_index, step):
        if frame_index == 8:
            raise OutputError("The disk is full.", "Free some space.")
        put(self, frame_index, step)

    with monkeypatch.context() as patch:
        patch.setattr(resumable.WalkLog, "put", full)
        with pytest.raises(OutputError, match="full"):
            run(rows, "flow", out="out")
    files, tracker, kept = run(rows, "flow", out="out", resume=True)
    assert files == whole
    assert kept == 7 and tracker.steps[4] == 0


def test_one_direction_needs_no_log(run, tmp_path):
    _, tracker, _ = run([(0, IDS)], "flow", out="out", items=5)
    assert not (tmp_path / "out/film.vosapp-run.walk").exists()
    assert Direction.FORWARD.value == 1 and tracker.steps.total() == 4
