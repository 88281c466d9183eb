"""`vosapp propagate P.vosapp`: what is computed, what stays, what a stop leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from core.engine import adapted
from core.engine.span_run import SpanRun
from core.errors import OutputError, VideoDecodeError
from core.types import FrameResult
from vosapp.cli.main import main
from vosapp.project.edit_masks import MarkAbsent, Paint
from vosapp.project.edit_ranges import CheckFrames
from vosapp.project.edits import LockObject
from vosapp.project.file import Options
from vosapp.project.model import FrameState
from vosapp.project.opening import open_project
from vosapp.project.store import Project
from vosapp.services import propagate as propagation
from vosapp.services import work

COUNT = 9
MANY = 2000
PATIENCE_SECONDS = 60


@pytest.fixture
def project(call, film, save_masks, tmp_path):
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", save_masks(0, 6), "-o", path)
    return path


def test_the_same_masks_as_into_a_folder(
    call, project, film, save_masks, tmp_path, read_results, system
):
    call("propagate", film, "--masks", save_masks(0, 6), "-o", tmp_path / "out", *system)
    wanted = read_results(tmp_path / "out" / "film")
    told = call("propagate", project, *system)
    assert (told["frames"], told["keyframes"], told["object_ids"]) == (7, [0, 6], [1, 2])
    assert told["states"] == {
        **dict.fromkeys(("empty", "stale", "checked", "absent"), 0),
        "propagated": 14,
        "keyframe": 4,
    }
    with open_project(project) as opened:
        for i in range(COUNT):
            assert np.array_equal(opened.label_map(i), wanted[f"{i:05d}"])
        assert opened.run_of(1).system == system[1]
        assert ("sha256:" in opened.run_of(1).weights) == (system[1] == "self_supervised")
        assert [entry.name for entry in opened.history()][-1] == "Propagate"
        assert opened.undo().name == "Propagate"
        assert opened.counts()[FrameState.EMPTY] == 14


def test_nothing_to_do_and_all(call, project):
    call("propagate", project, "--system", "copy")
    assert call("propagate", project, "--system", "flow")["frames"] == 0
    assert call("info", project)["runs"] == [{"system": "copy", "weights": "", "masks": 14}]
    assert call("propagate", project, "--system", "flow", "--all")["frames"] == 7
    assert call("info", project)["runs"] == [{"system": "flow", "weights": "", "masks": 14}]


def test_only_the_span_of_an_edit_is_computed_again(call, project):
    call("propagate", project, "--system", "copy")
    with open_project(project) as opened:
        opened.do(Paint(6, 1, 2, 2, np.ones((4, 4), bool)))
        stale = np.flatnonzero(opened.states(1) == FrameState.STALE).tolist()
        opened.do(CheckFrames((1,), 7, 9))
    assert stale == [1, 2, 3, 4, 5, 7, 8]
    told = call("propagate", project, "--system", "flow")
    assert told["frames"] == 5 and told["left"] == []
    with open_project(project) as opened:
        assert opened.run_of(int(opened.lane(2).runs[3])).system == "flow"
        assert opened.run_of(int(opened.lane(2).runs[7])).system == "copy"


def test_keyframes_and_checked_masks_stay(call, project):
    call("propagate", project, "--system", "copy")
    with open_project(project) as opened:
        opened.do(CheckFrames((1, 2), 2, 4))
        opened.do(MarkAbsent(2, 5, 6))
        before = [opened.label_map(i).copy() for i in range(COUNT)]
    told = call("propagate", project, "--system", "flow", "--all")
    assert told["states"]["checked"] == 4 and told["states"]["absent"] == 1
    with open_project(project) as opened:
        for i in (0, 2, 3, 6):
            assert np.array_equal(opened.label_map(i), before[i])
        assert not (opened.label_map(5) == 2).any()
        assert not np.array_equal(opened.label_map(1), before[1])


def test_range_and_direction(call, project):
    told = call("propagate", project, "--system", "copy", "--range", "2:4")
    assert told["frames"] == 2 and told["states"]["propagated"] == 4
    told = call("propagate", project, "--system", "copy", "--direction", "forward")
    assert told["left"] == [] and told["states"]["empty"] == 0


def test_cells_out_of_reach_are_not_tried_again(call, film, save_masks, tmp_path):
    path = tmp_path / "p.vosapp"
    call("new", film, "--masks", save_masks(3, ids=(1,)), "-o", path)
    call("import", path, save_masks(5, folder="late"), "--format", "masks")
    way = ("--system", "copy", "--direction", "forward")
    told = call("propagate", path, *way)
    assert told["states"]["empty"] == 3 + 5 and told["left"] == []
    assert call("propagate", path, *way)["frames"] == 0
    told = call("propagate", path, "--system", "copy")
    assert told["states"]["empty"] == 0 and told["left"] == []


def test_stored_in_transactions_of_some_frames(call, project, monkeypatch):
    sizes = []
    put = Project.put_results

    def count(self, propagation, results, *, begun):
        sizes.append(len(list(results)))
        return put(self, propagation, results, begun=begun)

    monkeypatch.setattr(Project, "put_results", count)
    monkeypatch.setattr(propagation, "MOST", 4)
    told = call("propagate", project, "--system", "copy")
    assert sizes == [4, 4] and told["frames"] == 7


def test_a_stop_keeps_what_is_done_and_the_next_run_goes_on(
    call, project, film, save_masks, tmp_path, read_results, system, monkeypatch
):
    from vosapp.cli.console import Console

    track = Console.track

    def stop_in_the_middle(self, items, **options):
        for done, item in enumerate(track(self, items, **options), 1):
            if done == 9:
                self.token.cancel()
            yield item

    with monkeypatch.context() as patch:
        patch.setattr(Console, "track", stop_in_the_middle)
        told = call("propagate", project, *system, code=130)
    assert "frames are stored in" in told["error"]["hint"]
    with open_project(project) as opened:
        stored = int((opened.states(1) == FrameState.PROPAGATED).sum())
        assert 0 < stored < 7 and opened.problems() == ()
    told = call("propagate", project, "--system", "copy")
    assert told["left"] == [] and told["states"]["propagated"] == 14


def test_an_error_keeps_what_is_done(call, project, monkeypatch):
    def break_off(video, tracker, request, token, **how):
        for item in propagate(video, tracker, request, token, **how):
            yield item
            if isinstance(item, FrameResult) and item.frame_index == 3:
                raise VideoDecodeError("The film breaks off.", "Repair it.")

    propagate = adapted.propagate_by
    monkeypatch.setattr(adapted, "propagate_by", break_off)
    told = call("propagate", project, "--system", "copy", code=2)["error"]
    assert told["code"] == "video-decode"
    assert told["hint"] == f"3 frames are stored in {project}. Repair it."
    with open_project(project) as opened:
        assert opened.counts()[FrameState.PROPAGATED] == 6
        opened.undo()
        assert opened.counts()[FrameState.PROPAGATED] == 0


@pytest.mark.parametrize("options", [(), ("--no-cache",)])
def test_a_run_that_broke_off_goes_on_from_what_is_kept(call, project, monkeypatch, options):
    """No frame is walked twice, and masks that are there are not made again."""
    taken, real = [], SpanRun._frames_from

    def noted(*args):
        for index, frame in real(*args):
            if len(taken) == 5:
                raise VideoDecodeError("The film breaks off.", "Repair it.")
            taken.append(index)
            yield index, frame

    def walked(*more, code=0):
        taken.clear()
        taken.extend([None] * (0 if code else 6))
        call("propagate", project, "--system", "flow", *options, *more, code=code)
        with open_project(project) as opened:
            maps = [opened.label_map(i).tobytes() for i in range(opened.video.frame_count)]
        return len([i for i in taken if i is not None]), maps

    monkeypatch.setattr(SpanRun, "_frames_from", noted)
    broken, _ = walked(code=2)
    rest, got = walked()
    whole, wanted = walked("--all")
    if not options:
        assert whole == 0, "all of it was walked before"
        whole, wanted = walked("--all", "--no-cache")
    assert got == wanted and broken == 5
    assert (broken + rest == whole) == (not options)


def test_locked_objects_stay_and_are_not_tried(call, project):
    call("propagate", project, "--system", "copy")
    with open_project(project) as opened:
        opened.do(Paint(6, 1, 2, 2, np.ones((4, 4), bool)))
        opened.do(LockObject(1, locked=True))
    told = call("propagate", project, "--system", "flow")
    assert (told["frames"], told["locked"]) == (0, [1])


def test_it_is_said_which_objects_are_left_out(call, project, capfd):
    assert call("propagate", project, "--system", "copy", "--range", "1:3")["locked"] == []
    with open_project(project) as opened:
        opened.do(LockObject(2, locked=True))
    assert main(["propagate", str(project), "--system", "copy"]) == 0
    told = capfd.readouterr()
    assert "Left out, since locked: Object 2 (2)." in told.err and "Object 1" not in told.err
    assert main(["propagate", str(project), "--system", "copy"]) == 0
    assert "Nothing else is empty or stale" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--masks", "m"], "--masks"),
        (["-o", "out"], "-o"),
        (["--resume"], "--resume"),
        (["--range", "5:99"], "5:99"),
    ],
)
def test_options_that_do_not_fit_a_project(call, project, options, words):
    told = call("propagate", project, "--system", "copy", *options, code=2)
    assert told["error"]["code"] == "usage" and words in told["error"]["message"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "--masks and -o"),
        (["--masks", "m"], "-o must"),
        (["--masks", "m", "-o", "out", "--all"], "--all"),
    ],
)
def test_options_that_a_video_needs(call, film, options, words):
    told = call("propagate", film, *options, code=2)
    assert told["error"]["code"] == "usage" and words in told["error"]["message"]


def test_projects_that_cannot_be_propagated(call, film, project, tmp_path):
    empty = tmp_path / "empty.vosapp"
    call("new", film, "-o", empty)
    assert "no keyframe" in call("propagate", empty, code=2)["error"]["message"]
    none = call("propagate", tmp_path / "none.vosapp", code=2)
    assert none["error"]["code"] == "project-file"
    with open_project(project):
        told = call("propagate", project, "--system", "copy", code=2)
    assert told["error"]["code"] == "project-locked"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c(call, shapes, mask, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    first = folder / "00000.png"
    cv2.imwrite(str(first), shapes[0][0])
    for index in range(1, MANY):
        (folder / f"{index:05d}.png").hardlink_to(first)
    path = tmp_path / "p.vosapp"
    call("new", folder, "--masks", mask, "-o", path)
    command = [sys.executable, "-m", "vosapp", "propagate", str(path), "--system", "flow"]
    process = subprocess.Popen(
        [*command, "--quality", "fine", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_results(path, process)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert json.loads(stdout)["error"]["code"] == "cancelled"
    with open_project(path) as opened:
        states = opened.states(1)
        stored = int((states == FrameState.PROPAGATED).sum())
        assert 7 <= stored < MANY - 1 and opened.label_map(stored).any()
        assert (states[1 : stored + 1] == FrameState.PROPAGATED).all()
        assert opened.undo().name == "Propagate"
    assert f"{stored} frames are stored in {path}" in stderr


def wait_for_results(path, process):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        with open_project(path, Options(read_only=True)) as opened:
            if (opened.states(1) == FrameState.PROPAGATED).any():
                return
        time.sleep(0.02)
    raise AssertionError("nothing was stored")


@pytest.mark.parametrize("batches", [0, 2])
def test_a_full_disk_is_told_with_what_is_stored_and_no_more(call, project, monkeypatch, batches):
    real, left = Project.put_results, [batches]

    def put_results(*args, **options):
        if not left[0]:
            raise OutputError("the disk is full", "Free some space.")
        left[0] -= 1
        return real(*args, **options)

    monkeypatch.setattr(Project, "put_results", put_results)
    monkeypatch.setattr(work.run_work, "__kwdefaults__", {"fewest": 3, "patience": 0.0})
    told = call("propagate", project, "--system", "copy", code=2)["error"]
    assert told["message"] == "the disk is full"
    stored = len(call("info", project)["runs"]) and call("info", project)["runs"][0]["masks"] // 2
    assert stored == (0, 5)[batches > 0]
    if stored:
        assert f"{stored} frames are stored in" in told["hint"]
    else:
        assert told["hint"] == "Free some space."
