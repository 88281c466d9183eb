"""A whole session in the window, from the first box to the exported masks, and through a kill."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget

from core.media.label_map import read_label_map
from vosapp.jobs.outcome import Done, Stopped
from vosapp.jobs.propagation import Engine
from vosapp.project.model import FrameState
from vosapp.session.places import Places
from vosapp.ui.dialogs.export import ExportDialog
from vosapp.ui.shell import Shell

PERSON = Path(__file__).with_name("window_person.py")


def _load_person():
    spec = importlib.util.spec_from_file_location("window_person", PERSON)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


story = _load_person()
fakes = story.load_fakes()


@pytest.fixture
def film(tmp_path):
    return fakes.write_film(tmp_path / "boxes")


@pytest.fixture
def sit_down(qtbot, tmp_path):
    """Show a window to a person; it is closed and nothing has crashed at the end."""
    made = []
    before = set(threading.enumerate())

    def sit():
        gate = threading.Semaphore(0)
        engine = Engine(make_tracker=lambda _request: fakes.FakeTracker(gate=gate))
        shell = Shell(Places(tmp_path / "config", tmp_path / "data"), engine)
        shell.crashes = []
        shell.crashed.connect(shell.crashes.append)
        shell.window.show()
        qtbot.waitExposed(shell.window)
        person = story.Person(shell, gate)
        made.append(person)
        return person

    yield sit
    for person in made:
        person.gate.release(1000)
        person.shell.window.close()
        person.shell.window.deleteLater()
        person.shell.deleteLater()
        assert person.shell.crashes == []
    left = set(threading.enumerate()) - before
    assert not {one for one in left if not isinstance(one, threading._DummyThread)}


def draw_and_begin(person, film):
    """Two boxes, each begun with nothing selected."""
    person.open(film)
    person.box(story.RED_BOX)
    person.box(story.YELLOW_BOX)
    assert [item.name for item in person.session.objects] == ["Object 1", "Object 2"]
    assert person.session.object_id == 2
    first = person.project.label_map(0)
    assert np.array_equal(first == 1, fakes.mask_of(0, 1)) and (first == 2).sum() > 50
    return first


def run_stop_and_go_on(person):
    """Results come while one scrubs; a stop keeps them, and the rest follows."""
    person.start()
    person.run_until(lambda: person.propagated(1) >= 4)
    person.scrub(1, 12, 20, 3)
    assert person.session.frame_index == 3 and person.shell.workspace.propagation.running
    person.wait(lambda: person.session.view.frame_index == 3)
    assert {1, 2} <= set(np.unique(person.session.view.label_map))
    person.key(Qt.Key.Key_Period, story.CTRL)
    person.gate.release(2)
    person.wait(lambda: person.ended)
    assert isinstance(person.ended[0], Stopped)
    person.settle()
    kept = person.maps()
    done = int((person.states(1) == FrameState.PROPAGATED).sum())
    assert 4 <= done < 23 and kept[1:4].any(axis=(1, 2)).all() and not kept[-1].any()
    while person.gate.acquire(blocking=False):
        pass
    person.propagate()
    assert isinstance(person.ended[0], Done)
    maps = person.maps()
    assert np.array_equal(maps[: done + 1], kept[: done + 1])
    for index, label_map in enumerate(maps):
        assert np.array_equal(label_map == 1, fakes.mask_of(index, 1)), index


def correct(person, frame, tool, stroke):
    """Mend object 1 on a frame and compute what hangs on it."""
    person.go(frame)
    person.key(Qt.Key.Key_1)
    person.key(tool)
    before = person.maps()
    person.draw(*stroke)
    person.settle()
    assert not np.array_equal(person.project.label_map(frame), before[frame])
    assert person.states(1)[frame] == FrameState.KEYFRAME
    person.propagate()
    return before, person.maps()


def export(person, folder):
    """Through the dialog, to the DAVIS format."""
    person.key(Qt.Key.Key_E, story.CTRL)
    (dialog,) = person.shell.window.findChildren(ExportDialog)
    person.wait(dialog.isVisible)
    dialog.folder.selectAll()
    QTest.keyClicks(dialog.folder, str(folder))
    person.wait(dialog.export_button.isEnabled)
    QTest.mouseClick(dialog.export_button, story.LEFT)
    person.wait(dialog.show_button.isVisible)
    QTest.mouseClick(dialog.close_button, story.LEFT)
    return sorted(folder.glob("Annotations/480p/boxes/*.png"))


def test_from_the_first_box_to_the_exported_masks(sit_down, film, tmp_path):
    person = sit_down()
    first = draw_and_begin(person, film)
    run_stop_and_go_on(person)

    _before, mended = correct(person, 8, Qt.Key.Key_W, [(40, 5), (46, 5), (50, 6)])
    assert np.array_equal(mended[0], first) and mended[8][5, 46] == 1
    assert (mended[12] == 1).sum() > (fakes.mask_of(12, 1)).sum(), "the correction goes on"

    before, after = correct(person, 16, Qt.Key.Key_E, [(20, 14), (40, 14)])
    assert after[:9].tobytes() == before[:9].tobytes(), "nothing before the keyframe changes"
    assert not np.array_equal(after[17:], before[17:])
    assert np.array_equal(after == 2, before == 2), "the other object is not touched"
    stale = [person.states(i) == FrameState.STALE for i in (1, 2)]
    assert not np.any(stale)

    steps = person.undo_all()
    assert person.session.objects == () and not person.maps().any()
    assert person.redo_all() == steps >= 6
    assert person.maps().tobytes() == after.tobytes()

    masks = export(person, tmp_path / "out")
    assert len(masks) == 24
    for mask, label_map in zip(masks, after, strict=True):
        assert np.array_equal(read_label_map(mask).label_map, label_map)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_everything_is_there_after_a_kill(sit_down, film, tmp_path, repo_root):
    report = tmp_path / "seen.npz"
    command = [sys.executable, str(PERSON), str(film), str(tmp_path), str(report)]
    path = os.pathsep.join(filter(None, (str(repo_root), os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}, text=True
    ) as other:
        said = other.stdout.readline()
        other.send_signal(signal.SIGKILL)
    assert said == "ready\n" and other.returncode == -signal.SIGKILL
    with np.load(report) as seen:
        maps, red, yellow = seen["maps"], seen["red"], seen["yellow"]

    person = sit_down()
    recent = person.shell.window.welcome.findChild(QListWidget)
    assert recent.count() == 1
    place = recent.visualItemRect(recent.item(0)).center()
    QTest.mouseClick(recent.viewport(), story.LEFT, pos=place)
    person.wait_open()
    assert [item.name for item in person.session.objects] == ["Object 1", "Object 2"]
    now, states = person.maps(), person.states(1)
    assert np.array_equal(person.states(2), yellow) and np.array_equal(now == 2, maps == 2)
    assert states[0] == states[8] == FrameState.KEYFRAME
    fresh = (red == FrameState.STALE) & (states != FrameState.STALE)
    assert 2 <= fresh.sum() < 22, "what was computed before the kill is kept"
    assert np.array_equal(now[~fresh], maps[~fresh])

    person.propagate()
    assert not (person.states(1) == FrameState.STALE).any()
    assert np.array_equal(person.maps()[fresh], now[fresh])
    assert person.undo_all() >= 4
    assert person.session.objects == () and not person.maps().any()
