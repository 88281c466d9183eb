"""The window at 1080p: milliseconds from an event until the widget has painted its answer.

    python tests/benchmarks/bench_window.py canvas
    python tests/benchmarks/bench_window.py long

`canvas`: changes of frame (decoded already; not decoded, with key frames 30 apart) and moves of
the brush, three objects with ragged outlines over the picture. Aims: p95 of 25, 150 and 16 ms.
`long`: changes of frame in the whole window, 854 x 480, 20 objects; 300 frames and 10,000.
Nothing is asserted about time: figures say something only on a quiet machine. The processor time of
the window's thread and the load average are printed with them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from bench_timeline import fill, film
from films import encode
from PIL import Image

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.media.video import open_video
from core.types import FrameResult
from vosapp.app import make_application, make_shell
from vosapp.project.edits import AddObject
from vosapp.project.model import VideoRef
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref
from vosapp.session.places import Places
from vosapp.session.workspace import Workspace
from vosapp.ui.canvas.view import CanvasView
from vosapp.ui.view_state import ToolId, ViewState

HEIGHT, WIDTH, FRAMES = 1080, 1920, 24
CHANGES, MOVES = 120, 200
BRUSHES = (24, 120)
WINDOW = (1280, 760)


def say(text):
    sys.stdout.write(f"{text}\n")


def ragged_map(seed):
    """Three objects with contours as hair and leaves have them."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    label_map = np.zeros((HEIGHT, WIDTH), np.uint8)
    places = ((300, 400, 200), (600, 1200, 300), (800, 300, 150))
    for object_id, (top, left, size) in enumerate(places, start=1):
        angle = np.arctan2(y - top, x - left)
        wave = size * (1 + 0.1 * np.sin(7 * angle) + 0.03 * np.sin(31 * angle + seed))
        radius = wave + rng.normal(0, 1, (HEIGHT, WIDTH))
        label_map[(y - top) ** 2 + (x - left) ** 2 < radius**2] = object_id
    return label_map


class TimedCanvas(CanvasView):
    """Notes when it has painted."""

    painted = 0.0

    def paintEvent(self, event):
        super().paintEvent(event)
        self.painted = time.perf_counter()


def write_film(folder):
    """Noise of large grains, so that scaling and drawing have something to do."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    picture = np.asarray(Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    folder.mkdir()
    for index in range(FRAMES):
        shifted = np.roll(picture, index * 5, axis=1)
        Image.fromarray(shifted).save(folder / f"{index:05d}.png", compress_level=1)
    return folder


def write_video(path, count=150, gop=30):
    """The same grains as a file with a key frame now and then."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    picture = np.asarray(Image.fromarray(small).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    frames = (np.roll(picture, index * 5, axis=1) for index in range(count))
    return encode(path, frames, gop=gop)


def make_workspace(folder, film=None, **options):
    film, path = film or write_film(folder / "film"), folder / "bench.vosapp"
    with open_video(film, cache_bytes=0) as video:
        project = create_project(path, video_ref(video.info, path))
    for _ in range(3):
        project.do(AddObject())
    results = [FrameResult(i, ragged_map(i), (1, 2, 3)) for i in range(FRAMES)]
    project.put_results(project.begin_propagation("bench"), results)
    return Workspace(project, film, **options)


def until(holds):
    """Sleep until events come: a loop that spins would spend the time it is given on waiting."""
    end = time.perf_counter() + 20
    ticks = QTimer()
    ticks.start(100)
    while not holds():
        assert time.perf_counter() < end
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def report(name, took):
    took, own = np.array(took).T * 1000
    p50, p95 = np.percentile(took, (50, 95))
    load = os.getloadavg()[0]
    say(
        f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, max {took.max():.1f} ms;"
        f" processor of the window p50 {np.median(own):.1f} ms, p95 {np.percentile(own, 95):.1f} ms"
        f" (n {len(took)}, load {load:.1f})"
    )


def show_frame(canvas, session, index):
    """Go to a frame; seconds until it is painted, on the clock and of this thread."""
    begun, own = time.perf_counter(), time.thread_time()
    session.go_to(index)
    until(lambda: session.view.frame_index == index and session.view.exact)
    until(lambda: canvas.painted > begun)
    return canvas.painted - begun, time.thread_time() - own


def change_frames(canvas, session, name="frame change, cached, 1080p", *, warm=True, pause=0.02):
    if warm:
        for index in range(1, session.frame_count):
            show_frame(canvas, session, index)
    took = []
    for index in np.random.default_rng(1).integers(0, session.frame_count, CHANGES):
        if index != session.frame_index:
            took.append(show_frame(canvas, session, int(index)))
            time.sleep(pause)
    report(name, took)


def move_brush(canvas, size):
    canvas.view_state.set_tool(ToolId.BRUSH)
    canvas.view_state.set_brush_size(size)
    port, left, none = canvas.viewport(), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind, place, button, buttons):
        where = QPointF(*place)
        keys = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, where, port.mapToGlobal(where), button, buttons, keys)
        QApplication.sendEvent(port, event)

    place = np.array((300.0, 300.0))
    send(QEvent.Type.MouseButtonPress, place, left, left)
    rng, took = np.random.default_rng(0), []
    for _ in range(MOVES):
        place = np.clip(place + rng.normal(0, 12, 2), 60, 650)
        begun, own = time.perf_counter(), time.thread_time()
        send(QEvent.Type.MouseMove, place, none, left)
        until(lambda since=begun: canvas.painted > since)
        took.append((canvas.painted - begun, time.thread_time() - own))
    send(QEvent.Type.MouseButtonRelease, place, left, none)
    report(f"brush of {size} pixels, 1080p", took)


def run_canvas():
    """Measure the canvas alone."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = make_workspace(Path(folder))
        canvas = TimedCanvas(ViewState())
        canvas.resize(*WINDOW)
        canvas.show()
        canvas.set_workspace(workspace)
        until(lambda: workspace.session.view is not None and workspace.session.view.exact)
        change_frames(canvas, workspace.session)
        for size in BRUSHES:
            move_brush(canvas, size)
        canvas.set_workspace(None)
        workspace.close()
    with tempfile.TemporaryDirectory() as folder:
        video = write_video(Path(folder) / "film.mp4")
        # One frame fits: all others are decoded anew.
        workspace = make_workspace(Path(folder), video, cache_bytes=1)
        canvas.set_workspace(workspace)
        until(lambda: workspace.session.view is not None and workspace.session.view.exact)
        name = "frame change, not decoded, key frames 30 apart, 1080p"
        change_frames(canvas, workspace.session, name, warm=False, pause=0.1)
        canvas.set_workspace(None)
        workspace.close()


def run_long(app):
    """Measure frame changes in the whole window, in a short project and in a long one."""
    for count in (300, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            about = VideoRef("film", "film", 9, "ab", count, 854, 480, Fraction(25))
            project = create_project(home / "long.vosapp", about)
            workspace = Workspace(project, film(home / "film", count, (854, 480)))
            fill(workspace, 20)
            shell = make_shell(app, Places(home / "config", home / "data"))
            shell.set_workspace(workspace)
            shell.window.resize(1600, 900)
            shell.window.show()
            canvas, session = shell.panels.canvas, workspace.session
            canvas.painted = 0.0
            watch = PaintWatch(canvas)
            until(lambda s=session: s.view is not None and s.view.exact)
            time.sleep(1)
            name = f"frame change, whole window, {count} frames, 480p"
            change_frames(canvas, session, name, warm=False, pause=0.05)
            del watch
            shell.window.close()


class PaintWatch(QObject):
    """Notes when a canvas that is not a `TimedCanvas` has painted."""

    def __init__(self, canvas):
        super().__init__(canvas)
        self._canvas = canvas
        canvas.viewport().installEventFilter(self)

    def eventFilter(self, _watched, event):
        if event.type() == QEvent.Type.Paint:
            # Just after it: the event is on its way to the canvas now.
            QTimer.singleShot(0, self._note)
        return False

    def _note(self):
        self._canvas.painted = time.perf_counter()


def main():
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("canvas", "long"))
    wanted = parser.parse_args()
    app = make_application(sys.argv[:1])
    if wanted.what == "canvas":
        run_canvas()
    else:
        run_long(app)
    app.quit()


if __name__ == "__main__":
    main()
