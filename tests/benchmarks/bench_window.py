"""The window at 1080p: milliseconds from an event until the widget has painted its answer.

    python tests/benchmarks/bench_window.py canvas

`canvas`: changes of frame (decoded already) and moves of the brush, three objects with ragged
outlines over the picture. Aims: p95 of 25 ms and 16 ms. Nothing is asserted about time: figures
say something only on a quiet machine, and the load average is printed with them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.media.video import open_video
from core.types import FrameResult
from vosapp.project.edits import AddObject
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref
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


def make_workspace(folder):
    film, path = write_film(folder / "film"), folder / "bench.vosapp"
    with open_video(film, cache_bytes=0) as video:
        project = create_project(path, video_ref(video.info, path))
    for _ in range(3):
        project.do(AddObject())
    results = [FrameResult(i, ragged_map(i), (1, 2, 3)) for i in range(FRAMES)]
    project.put_results(project.begin_propagation("bench"), results)
    return Workspace(project, film)


def until(holds):
    """Sleep until events come: a loop that spins would spend the time it is given on waiting."""
    end = time.perf_counter() + 20
    ticks = QTimer()
    ticks.start(100)
    while not holds():
        assert time.perf_counter() < end
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def report(name, took):
    took = np.array(took) * 1000
    p50, p95 = np.percentile(took, (50, 95))
    load = os.getloadavg()[0]
    say(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, max {took.max():.1f} ms (load {load:.1f})")


def change_frames(canvas, session):
    def show(index):
        begun = time.perf_counter()
        session.go_to(index)
        until(lambda: session.view.frame_index == index and session.view.exact)
        until(lambda: canvas.painted > begun)
        return canvas.painted - begun

    for index in range(1, FRAMES):
        show(index)
    took = []
    for index in np.random.default_rng(1).integers(0, FRAMES, CHANGES):
        if index != session.frame_index:
            took.append(show(int(index)))
            time.sleep(0.02)
    report("frame change, cached, 1080p", took)


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
        begun = time.perf_counter()
        send(QEvent.Type.MouseMove, place, none, left)
        until(lambda since=begun: canvas.painted > since)
        took.append(canvas.painted - begun)
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


def main():
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("canvas",))
    parser.parse_args()
    app = QApplication(sys.argv)
    run_canvas()
    app.quit()


if __name__ == "__main__":
    main()
