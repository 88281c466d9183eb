"""How quickly the timeline draws a long project, and follows a scrub.

    python tests/benchmarks/bench_timeline.py [--frames 10000] [--objects 20]

Draws offscreen, in the raster engine that windows use too. Says the load of the machine as well:
on a busy one the figures tell little.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from vosapp.project.edits import AddObject, Group
from vosapp.project.model import Assertion, Change, FrameState, VideoRef
from vosapp.project.opening import create_project
from vosapp.session.view import LaneView, ProjectUpdate
from vosapp.session.workspace import Workspace
from vosapp.ui.timeline.panel import TimelinePanel
from vosapp.ui.view_state import ViewState

WIDTH, HEIGHT = 1600, 700


def film(folder: Path, count: int, size: tuple[int, int] = (64, 48)) -> Path:
    """One image under as many names as there are frames."""
    folder.mkdir()
    first = folder / "0.png"
    rows = np.linspace(0, 255, size[1], dtype=np.uint8)[:, None, None]
    Image.fromarray(np.broadcast_to(rows, (size[1], size[0], 3)).copy()).save(first)
    for index in range(1, count):
        os.link(first, folder / f"{index}.png")
    return folder


def lane(count: int, rng: np.random.Generator) -> LaneView:
    """Long stretches of all states, a keyframe every 60 frames, a rough curve."""
    states = np.repeat(rng.integers(0, 4, count), rng.integers(5, 200, count))[:count]
    states = states.astype(np.uint8)
    states[rng.integers(0, count, count // 60)] = FrameState.KEYFRAME
    states[rng.integers(0, count, count // 300)] = FrameState.ABSENT
    confidence = 0.7 + 0.2 * np.sin(np.arange(count) / 50) + rng.normal(0, 0.1, count)
    return LaneView(states, np.clip(confidence, 0, 1).astype(np.float32))


def fill(workspace: Workspace, objects: int) -> None:
    """Put lanes into the session as if they had been read from the project."""
    session, rng = workspace.session, np.random.default_rng(1)
    session.do(Group((AddObject(),) * objects)).result()
    while len(session.objects) < objects:
        QTest.qWait(20)
    lanes = {o.object_id: lane(session.frame_count, rng) for o in session.objects}
    references = (Assertion(0, 1, 9, True),)
    update = ProjectUpdate(Change(""), session.objects, lanes, references)
    session._take_update(update)


def timed(deed: Callable[[int], None], times: int) -> np.ndarray:
    """Milliseconds of each call, on the clock and of the window's own thread."""
    spent = []
    for number in range(times):
        begun, own = time.perf_counter(), time.thread_time()
        deed(number)
        passed = time.perf_counter() - begun, time.thread_time() - own
        spent.append((passed[0] * 1000, passed[1] * 1000))
    return np.array(spent).T


def say(name: str, spent: np.ndarray) -> None:
    """Print median, 95th percentile and worst; the processor time beside."""
    (middle, high), (own, own_high) = (np.percentile(row, (50, 95)) for row in spent)
    print(  # noqa: T201
        f"{name:32} median {middle:6.2f}  p95 {high:6.2f}  max {spent[0].max():6.2f} ms"
        f" | processor: median {own:5.2f}  p95 {own_high:5.2f} ms"
        f"  (n {spent.shape[1]}, load {os.getloadavg()[0]:.1f})"
    )


def measure(panel: TimelinePanel, workspace: Workspace) -> None:
    """Print all figures."""
    view, session = panel.view, workspace.session
    viewport, count = view.viewport(), workspace.session.frame_count

    def anew(_number: int) -> None:
        view._picture.lanes.forget()
        viewport.repaint()

    def zoom(number: int) -> None:
        view.zoom(1.5 if number % 20 < 10 else 1 / 1.5, 400.0)
        viewport.repaint()

    def scrub(number: int) -> None:
        x = 180 + (number * 37) % (view.axis.width - 20)
        QTest.mouseMove(viewport, QPoint(x, 8))
        QApplication.sendPostedEvents()
        QApplication.instance().processEvents()

    fresh = [lane(count, np.random.default_rng(number)) for number in range(60)]

    def lanes(number: int) -> None:
        ids = {session.objects[0].object_id: fresh[number]}
        session._take_update(ProjectUpdate(Change(""), session.objects, ids, ()))
        QApplication.sendPostedEvents()
        QApplication.instance().processEvents()

    now = {o.object_id: fresh[place] for place, o in enumerate(session.objects)}

    def results(number: int) -> None:
        """What comes of a batch of results: eight frames of every lane are others."""
        for object_id, old in now.items():
            confidence = old.confidence.copy()
            confidence[8 * number : 8 * number + 8] = 0.31
            now[object_id] = LaneView(old.states, confidence)
        begun = time.perf_counter(), time.thread_time()
        session._take_update(ProjectUpdate(Change(""), session.objects, dict(now), ()))
        QApplication.sendPostedEvents()
        QApplication.instance().processEvents()
        took.append(
            (1000 * (time.perf_counter() - begun[0]), 1000 * (time.thread_time() - begun[1]))
        )

    took: list[tuple[float, float]] = []
    for number in range(40):
        results(number)
    say("results in all lanes", np.array(took[5:]).T)
    say("everything drawn anew", timed(anew, 100))
    say("everything from pictures", timed(lambda _n: viewport.repaint(), 100))
    say("zoom, every lane anew", timed(zoom, 100))
    view.fit()
    say("one lane changed", timed(lanes, 60))
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 8))
    say("scrub: mouse event to painted", timed(scrub, 400))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=QPoint(300, 8))


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--objects", type=int, default=20)
    wanted = parser.parse_args()
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        path = film(Path(folder) / "film", wanted.frames)
        about = VideoRef(str(path), "film", 9, "ab", wanted.frames, 64, 48, Fraction(25))
        project = create_project(Path(folder) / "long.vosapp", about)
        workspace = Workspace(project, path)
        panel = TimelinePanel(ViewState())
        panel.resize(WIDTH, HEIGHT)
        fill(workspace, wanted.objects)
        panel.set_workspace(workspace)
        panel.show()
        QTest.qWait(500)
        print(f"{wanted.frames} frames, {wanted.objects} objects, {WIDTH} x {HEIGHT}")  # noqa: T201
        measure(panel, workspace)
        panel.set_workspace(None)
        workspace.close()
        del panel
    del app


if __name__ == "__main__":
    main()
