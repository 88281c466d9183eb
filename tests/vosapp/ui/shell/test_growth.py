"""A window that is used for long grows no more than one that is used a little.

Objects of our own are counted, not bytes: one project that is kept keeps its masks and frames.
"""

from __future__ import annotations

import gc
import weakref
from collections import Counter

import av
import numpy as np
import psutil
import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from vosapp.project.opening import open_project

ROUNDS = 3
DIALOGS = ("file.export", "file.import", "edit.settings", "edit.shortcuts", "help.about",
           "help.palette", "propagate.choose", "propagate.tune", "file.open-video")  # fmt: skip


def settle():
    """Let Qt delete what waits for it, as its loop does in a running program."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


def census():
    """Objects by class: our own, and those of Qt that Python knows."""
    settle()
    kinds = (type(one) for one in gc.get_objects())
    ours = ("vosapp.", "core.", "PySide6.")
    names = (f"{kind.__module__}.{kind.__name__}" for kind in kinds)
    return Counter(name for name in names if name.startswith(ours))


def growth(act):
    """What there is more of after some rounds, of which each leaves at least one."""
    for _ in range(2):  # what is loaded and remembered once is none
        act()
    before = census()
    for _ in range(ROUNDS):
        act()
    return {name: more for name, more in (census() - before).items() if more >= ROUNDS}


@pytest.fixture
def clip(tmp_path):
    """A video file; its decoder has threads of its own."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.gop_size = 4
        for index in range(16):
            picture = np.full((48, 64, 3), index * 10, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def spoiled(clip):
    """A video that looks like one, and of which no frame can be decoded."""
    data = bytearray(clip.read_bytes())
    start = data.find(b"mdat") + 8
    end = data.find(b"moov", start) - 8
    data[start:end] = b"\x55" * (end - start)
    path = clip.with_name("spoiled.mp4")
    path.write_bytes(data)
    return path


def test_opening_propagating_and_closing_leaves_nothing(shell, drawn_project, open_in, qtbot):
    def act():
        workspace = open_in(shell, drawn_project)
        with qtbot.waitSignal(workspace.propagation.finished, timeout=60_000):
            workspace.propagation.start_over(0, 24)
        shell.actions.run("file.close")

    assert growth(act) == {}


def test_a_video_that_is_looked_through_leaves_no_thread(shell, clip, open_in, qtbot):
    def act():
        session = open_in(shell, clip).session
        for index in (15, 2, 9, 0):
            session.go_to(index)
            qtbot.waitUntil(lambda i=index: session.view.frame_index == i and session.view.exact)
        shell.actions.run("file.close")

    act()
    settle()
    before = psutil.Process().num_threads()
    assert growth(act) == {}
    # Qt's pool may have one more; five rounds would have left ten of a decoder.
    assert psutil.Process().num_threads() <= before + 2


def test_what_cannot_be_opened_leaves_nothing(shell, spoiled, qtbot):
    told = []
    shell.opener.failed.connect(told.append)

    def act():
        with qtbot.waitSignal(shell.opener.ended):
            shell.opener.open(spoiled)

    act()
    settle()
    before = psutil.Process().num_threads()
    more = growth(act)
    # The errors are held, here and in the log of the test, as by somebody who shows them.
    assert more.pop("core.errors.VideoOpenError") == ROUNDS and more == {}
    assert len(told) == 6 and "No frame" in told[0].message
    assert psutil.Process().num_threads() <= before + 2


def test_dialogs_that_were_closed_are_gone(desk, qtbot):
    def shown():
        return [w for w in QApplication.topLevelWidgets() if w.isVisible() and w != desk.window]

    def act():
        for name in DIALOGS:
            desk.actions.run(name)
            qtbot.waitUntil(lambda: bool(shown()))
            if name == "file.export":  # it looks at the masks, in a job
                qtbot.waitUntil(shown()[0].export_button.isEnabled)
            for one in shown():
                one.close()

    assert growth(act) == {}


def test_a_closed_project_holds_no_decoded_masks(drawn_project):
    """Also where somebody still has it: a job that is over, an error that is shown."""
    with open_project(drawn_project) as project:
        shown = weakref.ref(project.label_map(0))
        assert shown() is not None
    assert shown() is None
