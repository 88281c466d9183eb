"""A run that was stopped or killed goes on, and comes out byte by byte as if it had not been."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import cv2
import numpy as np
import pytest

from core.data.synthetic import moving_shapes
from core.engine import resumable
from core.engine.run_record import RunRecord
from core.media.label_map import write_label_map
from core.systems.baselines.flow import FlowTracker
from vosapp.cli.console import Console

COUNT = 9
STOPPED = 130
LONG = 150


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("keyframes", "direction"),
    [
        ((0,), "both"),
        ((4,), "both"),
        ((8,), "both"),
        ((0, 3, 8), "both"),
        ((2, 5), "both"),
        ((4,), "forward"),
        ((0, 3, 8), "forward"),
        ((2, 5), "backward"),
    ],
    ids=str,
)
def test_killed_after_any_frame(
    keyframes, direction, system, save_masks, resumable_run, kill, tmp_path
):
    masks = save_masks(*keyframes)
    options = [*system, "--direction", direction]
    _, whole, _ = resumable_run(masks, *options, out="whole")
    learned = system[1] == "self_supervised"  # it takes longer
    for count in range(2 if learned else 1, whole["frames"], 3 if learned else 1):
        out = f"out{count}"
        with kill(count):
            resumable_run(masks, *options, out=out)
        code, result, stderr = resumable_run(masks, *options, "--resume", out=out)
        assert (code, stderr.count("error")) == (0, 0)
        assert contents(tmp_path / out / "film") == contents(tmp_path / "whole/film")
        assert [path.name for path in (tmp_path / out).iterdir()] == ["film"]
        assert result["frames"] == whole["frames"]
        assert result["confidence"] == whole["confidence"]
        assert 0 <= result["resumed_frames"] <= count


def test_killed_again_and_again(system, save_masks, resumable_run, kill, tmp_path):
    masks = save_masks(0, 5)
    resumable_run(masks, *system, out="whole")
    counts = []
    for _ in range(20):
        try:
            with kill.perhaps(4):
                _, result, _ = resumable_run(masks, *system, "--resume")
            break
        except kill.error:
            counts.append(len(list((tmp_path / "out/film").glob("*.png"))))
    assert result["resumed_frames"] > 0
    assert counts == sorted(counts)
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")


def test_objects_that_enter_late(system, save_masks, resumable_run, kill, tmp_path):
    """The keyframe of the first object alone lies inside of a span."""
    masks = save_masks(0, ids=(1,))
    save_masks(4, ids=(1, 2))
    resumable_run(masks, *system, out="whole")
    for count in (1, 3, 6):
        with kill(count):
            resumable_run(masks, *system, out=f"out{count}")
        resumable_run(masks, *system, "--resume", out=f"out{count}")
        assert contents(tmp_path / f"out{count}/film") == contents(tmp_path / "whole/film")


@pytest.fixture
def steps(monkeypatch):
    """Counts which frames the flow is computed for."""
    counted = Counter()
    step = FlowTracker.step

    def count(self, frame_index, frame, object_ids):
        counted[frame_index] += 1
        return step(self, frame_index, frame, object_ids)

    monkeypatch.setattr(FlowTracker, "step", count)
    return counted


def test_finished_spans_are_not_computed_again(save_masks, resumable_run, kill, steps):
    masks = save_masks(0, 4, 8)
    with kill(6):  # 0 to 4, and 5
        resumable_run(masks, "--system", "flow")
    steps.clear()
    _, result, _ = resumable_run(masks, "--system", "flow", "--resume")
    assert result["resumed_frames"] == 6
    assert steps == {6: 1, 7: 1}, "the walk from the end is kept, the other one goes on"


def test_spans_of_few_frames_begin_anew(save_masks, resumable_run, kill, steps, monkeypatch):
    """They cost less than what would be kept of them."""
    monkeypatch.setattr(resumable, "CHECKPOINT_FRAMES", 3)
    masks = save_masks(0, 4, 8)
    with kill(6):
        resumable_run(masks, "--system", "flow")
    steps.clear()
    _, result, _ = resumable_run(masks, "--system", "flow", "--resume")
    assert result["resumed_frames"] == 5
    assert steps == {5: 2, 6: 2, 7: 2}


@pytest.mark.parametrize(
    ("keyframe", "written", "kept", "left"), [(0, 8, 7, (7, 8)), (8, 7, 6, (1, 0))]
)
def test_a_long_walk_goes_on_where_it_was(
    keyframe, written, kept, left, save_masks, resumable_run, kill, steps
):
    masks = save_masks(keyframe)
    with kill(written):
        resumable_run(masks, "--system", "flow")
    steps.clear()
    _, result, _ = resumable_run(masks, "--system", "flow", "--resume")
    assert result["resumed_frames"] == kept
    assert steps == dict.fromkeys(left, 1)


def test_ctrl_c_loses_no_frame(system, mask, resumable_run, steps, tmp_path, monkeypatch):
    resumable_run(mask, *system, out="whole")
    track = Console.track

    def stop_after_four(self, items, **options):
        for number, item in enumerate(track(self, items, **options), 1):
            if number == 4:
                self.token.cancel()
            yield item

    with monkeypatch.context() as patch:
        patch.setattr(Console, "track", stop_after_four)
        code, result, stderr = resumable_run(mask, *system)
    assert code == STOPPED and result["error"]["code"] == "cancelled"
    assert "4 finished frames" in stderr
    steps.clear()
    _, result, _ = resumable_run(mask, *system, "--resume")
    assert result["resumed_frames"] == 4
    assert sum(steps.values()) == (5 if system[1] == "flow" else 0)
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")


def test_stopped_again_before_it_goes_on(mask, resumable_run, kill, tmp_path, monkeypatch):
    with kill(5):
        resumable_run(mask, "--system", "flow")
    before = contents(tmp_path / "out/film")
    record = (tmp_path / "out/film.vosapp-run.json").read_bytes()
    made = Console.__init__

    def stop_at_once(self, **settings):
        made(self, **settings)
        self.token.cancel()

    with monkeypatch.context() as patch:
        patch.setattr(Console, "__init__", stop_at_once)
        code, _, stderr = resumable_run(mask, "--system", "flow", "--resume")
    assert code == STOPPED and "finished frames are in" in stderr
    del before[f".vosapp-{'ab' * 16}.tmp"]
    assert contents(tmp_path / "out/film") == before
    assert (tmp_path / "out/film.vosapp-run.json").read_bytes() == record


def test_results_of_another_run_are_not_taken_over(save_masks, resumable_run, kill, tmp_path):
    masks = save_masks(0, 5)
    resumable_run(masks, "--system", "flow", out="whole")
    resumable_run(masks, "--system", "copy")
    with kill(2):
        resumable_run(masks, "--system", "flow")
    _, result, _ = resumable_run(masks, "--system", "flow", "--resume")
    assert result["resumed_frames"] < COUNT
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")


def test_files_that_are_not_as_written_are_made_again(save_masks, resumable_run, kill, tmp_path):
    masks = save_masks(0, 4, 8)
    resumable_run(masks, "--system", "flow", out="whole")
    with kill(7):
        resumable_run(masks, "--system", "flow")
    (tmp_path / "out/film/00000.png").unlink()
    (tmp_path / "out/film/00002.png").write_bytes(b"")
    write_label_map(tmp_path / "out/film/00006.png", np.zeros((66, 98), np.uint8))
    _, result, _ = resumable_run(masks, "--system", "flow", "--resume")
    assert result["resumed_frames"] == 2  # frame 4, the keyframe between, and 5
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")


def test_without_resume_a_run_starts_anew(mask, resumable_run, kill):
    with kill(5):
        resumable_run(mask, "--system", "flow")
    assert resumable_run(mask, "--system", "flow")[1]["resumed_frames"] == 0


def test_nothing_to_resume_is_said(mask, resumable_run):
    for _ in range(2):  # the second time the run is complete, and forgotten
        code, result, stderr = resumable_run(mask, "--system", "copy", "--resume")
        assert (code, result["resumed_frames"], result["frames"]) == (0, 0, COUNT)
        assert "no unfinished run" in stderr


def test_all_frames_done_but_not_yet_recorded_as_complete(
    mask, resumable_run, monkeypatch, tmp_path
):
    with monkeypatch.context() as patch:
        patch.setattr(RunRecord, "remove", lambda self: None)
        _, whole, _ = resumable_run(mask, "--system", "copy")
    code, result, _ = resumable_run(mask, "--system", "copy", "--resume")
    assert (code, result["frames"], result["resumed_frames"]) == (0, COUNT, COUNT)
    assert result["confidence"] == whole["confidence"]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["film"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("keyframes", [(0,), (0, 148), (30, 31, 70, 120)], ids=str)
def test_sigkill_at_any_moment(keyframes, tmp_path):
    films, label_maps = moving_shapes(seed=5, width=98, height=66, frame_count=LONG, objects=2)
    frames, masks = tmp_path / "frames", tmp_path / "masks"
    frames.mkdir()
    masks.mkdir()
    for index, frame in enumerate(films):
        cv2.imwrite(str(frames / f"{index:05d}.png"), frame)
        if index in keyframes:
            write_label_map(masks / f"{index:05d}.png", label_maps[index])
    given = [sys.executable, "-m", "vosapp", "propagate", str(frames), "--masks", str(masks)]
    given += ["--system", "flow", "--quality", "fine", "--quiet", "--json", "--resume", "-o"]
    whole = json.loads(
        subprocess.run([*given, tmp_path / "whole"], check=True, capture_output=True).stdout
    )
    rng = random.Random(7)
    out, killed = tmp_path / "out", 0
    for _ in range(4):
        before = len(list((out / "frames").glob("*.png")))
        process = subprocess.Popen([*given, out], stdout=subprocess.DEVNULL)
        wait_for_more(out / "frames", before, process)
        time.sleep(rng.uniform(0, whole["seconds"] / 5))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    done = subprocess.run([*given, out], check=True, capture_output=True)
    assert killed > 0
    assert contents(out / "frames") == contents(tmp_path / "whole/frames")
    assert [path.name for path in out.iterdir() if path.suffix != ".tmp"] == ["frames"]
    assert json.loads(done.stdout)["confidence"] == whole["confidence"]


def wait_for_more(folder, count, process):
    """Wait until the process has written a frame more, or for a short while."""
    end = time.monotonic() + 3
    while len(list(folder.glob("*.png"))) <= count and process.poll() is None:
        if time.monotonic() > end:
            return
        time.sleep(0.005)


def test_a_run_goes_on_with_as_many_threads_as_it_began_with(mask, resumable_run, kill, tmp_path):
    """Another number may give other masks; one that is given is compared like other settings."""
    before = cv2.getNumThreads()
    try:
        resumable_run(mask, "--system", "flow", "--threads", "1", out="whole")
        with kill(5):
            resumable_run(mask, "--system", "flow", "--threads", "1")
        cv2.setNumThreads(2)
        given = ["--system", "flow", "--resume"]
        code, _, stderr = resumable_run(mask, *given, "--threads", "2")
        assert code == 2 and "threads 1, now 2" in stderr
        assert resumable_run(mask, *given)[0] == 0
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(before)
    assert contents(tmp_path / "out/film") == contents(tmp_path / "whole/film")
