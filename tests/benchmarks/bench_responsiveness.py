"""How late the window's event loop is while the engine computes beside it.

    python tests/benchmarks/bench_responsiveness.py --size 854x480 --frames 90

Propagates one object through a film at `fast`, tunes weights to it (`--tune`), or trains on its box
labels in a process of its own (`--train`), while the current frame is moved at random, or a stroke
of the brush is drawn (`--brush`). Prints the lateness of a 10 ms timer, milliseconds from a move of
the brush until it is painted, and the engine's frames a second. Without `--bare` the whole window
is shown; `--look` shows the run with its curves in it. Nothing is asserted about time: figures say
something only on a quiet machine, so the processor time of the window's thread and of the whole
process is printed beside.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from films import encode

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.data.synthetic import moving_shapes
from core.media.video import open_video
from core.types import Quality
from vosapp.app import make_shell
from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_boxes import PutBox
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref
from vosapp.session.choice import RunChoice
from vosapp.session.places import Places
from vosapp.session.workspace import Workspace
from vosapp.ui.canvas.view import CanvasView
from vosapp.ui.shell import Shell
from vosapp.ui.view_state import ToolId

TICK_MS = 10
SCRUB_MS = 150
MOVE_MS = 25


class Lateness(QObject):
    """Notes how much later than asked a timer fires."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []
        self.begun = (0.0, 0.0, 0.0)
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self.begun = clocks()
        self._last = time.perf_counter()
        self._timer.start(TICK_MS)

    def stop(self) -> None:
        self._timer.stop()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.values.append(max(0.0, 1000 * (now - self._last) - TICK_MS))
        self._last = now


def main() -> int:
    args = arguments()
    app = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        workspace = prepare(Path(folder), args)
        shell = None if args.bare else show(app, workspace, Path(folder))
        if shell is not None and args.train:
            train(app, shell, args.train)
        measure(app, workspace, args, shell)
        if shell is None:
            workspace.close()
        else:
            if args.train:
                shell.training.runs.stop()
                wait(app, lambda: shell.training.runs.alive is None)
            # It puts the workspace away, too.
            shell.window.close_now()
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=size, default=(854, 480), metavar="WxH")
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--quality", choices=[q.value for q in Quality], default="fast")
    parser.add_argument("--bare", action="store_true", help="the session without the window")
    parser.add_argument("--idle", action="store_true", help="without the engine, for comparison")
    parser.add_argument("--tune", type=float, metavar="MINUTES", help="tune, and do not propagate")
    parser.add_argument(
        "--train", type=float, metavar="MINUTES", help="train beside it, and do not propagate"
    )
    parser.add_argument("--look", action="store_true", help="with --train: the run is shown")
    parser.add_argument("--brush", action="store_true", help="draw a stroke, and move no frames")
    parser.add_argument("--seconds", type=float, default=15, help="with --train and --idle (15)")
    parser.add_argument("--switch-ms", type=float, default=0, help="sys.setswitchinterval")
    return parser.parse_args()


def size(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(width), int(height)


def prepare(folder: Path, args: argparse.Namespace) -> Workspace:
    """A project of a film of moving shapes whose first mask is given."""
    width, height = args.size
    frames, label_maps = moving_shapes(
        width=width, height=height, frame_count=args.frames, objects=1
    )
    film = encode(folder / "film.mp4", frames)
    path = folder / "film.vosapp"
    with open_video(film, cache_bytes=0) as video:
        project = create_project(path, video_ref(video.info, path))
    project.do(AddObject(name="Shape"))
    project.do(SetMask(0, 1, np.asarray(label_maps[0] == 1)))
    return Workspace(project, film)


def show(app: QApplication, workspace: Workspace, folder: Path) -> Shell:
    """The window on this workspace."""
    shell = make_shell(app, Places(folder / "config", folder / "data"))
    shell.set_workspace(workspace)
    shell.window.resize(1280, 800)
    shell.window.show()
    return shell


def train(app: QApplication, shell: Shell, minutes: float) -> None:
    """Begin a training on the film's box labels; return when it takes its steps."""
    hub, project = shell.training, shell.workspace.session.project
    for frame in range(0, project.video.frame_count, 8):
        width, height = project.video.width / 4, project.video.height / 4
        project.do(PutBox(BoxLabel(frame, 1, width, height, width, height)))
    hub.plan.learn_offers()
    hub.data.add([project.path])
    wait(app, lambda: bool(hub.plan.offers) and hub.data.survey is not None)
    hub.plan.set_plan(replace(hub.plan.plan, minutes=minutes, device="cpu"))
    hub.runs.start(hub.plan.request())
    wait(app, lambda: hub.runs.status is not None and hub.runs.status.step > 2)


def wait(app: QApplication, done: Callable[[], bool], seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not done() and time.monotonic() < until:
        app.processEvents()
        time.sleep(0.01)


class Stroke(QObject):
    """Moves the brush over a canvas, and notes when each move was painted."""

    def __init__(self, canvas: CanvasView) -> None:
        super().__init__(canvas)
        self.values: list[float] = []
        self._canvas, self._port, self._since = canvas, canvas.viewport(), 0.0
        self._chance, self._place = random.Random(1), [300.0, 200.0]
        canvas.view_state.set_tool(ToolId.BRUSH)
        self._send(QEvent.Type.MouseButtonPress, Qt.MouseButton.LeftButton)
        self._port.installEventFilter(self)

    def move(self) -> None:
        """Move a little, unless the last move is not painted yet."""
        if self._since:
            return
        sides = (self._port.width(), self._port.height())
        moved = [v + self._chance.gauss(0, 12) for v in self._place]
        self._place = [min(max(v, 40.0), s - 40.0) for v, s in zip(moved, sides, strict=True)]
        self._since = time.perf_counter()
        self._send(QEvent.Type.MouseMove, Qt.MouseButton.NoButton)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._since:
            # Just after it: the event is on its way to the canvas now.
            QTimer.singleShot(0, self._note)
        return False

    def _note(self) -> None:
        if self._since:
            self.values.append(1000 * (time.perf_counter() - self._since))
        self._since = 0.0

    def _send(self, kind: QEvent.Type, button: Qt.MouseButton) -> None:
        where, left = QPointF(*self._place), Qt.MouseButton.LeftButton
        keys = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, where, self._port.mapToGlobal(where), button, left, keys)
        QApplication.sendEvent(self._port, event)


def measure(
    app: QApplication, workspace: Workspace, args: argparse.Namespace, shell: Shell | None
) -> None:
    lateness, chance = Lateness(), random.Random(0)
    session, propagation = workspace.session, workspace.propagation
    scrub, stroke = QTimer(), None
    if args.look and shell is not None:
        shell.actions.run("place.train")
        shell.window.stack.currentWidget().show_run()
    if args.brush and shell is not None:
        wait(app, lambda: session.view is not None and session.view.exact)
        stroke = Stroke(shell.panels.canvas)
        scrub.timeout.connect(stroke.move)
    else:
        scrub.timeout.connect(lambda: session.go_to(chance.randrange(session.frame_count)))
    propagation.set_choice(RunChoice(quality=Quality(args.quality)))
    propagation.finished.connect(lambda _outcome: app.quit())

    def begin() -> None:
        lateness.start()
        scrub.start(MOVE_MS if stroke else SCRUB_MS)

    if args.switch_ms:
        sys.setswitchinterval(args.switch_ms / 1000)
    if args.idle or args.train:
        QTimer.singleShot(500, begin)
        QTimer.singleShot(round(1000 * args.seconds), app.exit)  # to quit would ask
    elif args.tune:
        workspace.finetuning.finished.connect(lambda _outcome: app.quit())
        workspace.finetuning.start(args.tune)
        workspace.finetuning.stateChanged.connect(
            lambda state: begin() if state.step and not lateness.values else None
        )
    else:
        propagation.start()
        once = propagation.frameDone
        once.connect(lambda _index: None if lateness.values else begin())
    app.exec()
    scrub.stop()
    lateness.stop()
    spent = [now - then for now, then in zip(clocks(), lateness.begun, strict=True)]
    report(np.array(lateness.values), propagation.state.frames_per_second, spent)
    if stroke is not None and stroke.values:
        p50, p95 = np.percentile(stroke.values, (50, 95))
        moves = f"brush, {len(stroke.values)} moves"
        sys.stdout.write(
            f"{moves}: p50 {p50:.1f}  p95 {p95:.1f}  max {max(stroke.values):.1f} ms\n"
        )


def clocks() -> tuple[float, float, float]:
    """Seconds: on the clock, of this thread, of all threads."""
    return time.perf_counter(), time.thread_time(), time.process_time()


def report(late: np.ndarray, rate: float, spent: list[float]) -> None:
    p50, p95, p99 = np.percentile(late, (50, 95, 99))
    wall, own, process = spent
    load = os.getloadavg()[0]
    sys.stdout.write(
        f"ticks {late.size}, load average {load:.1f}, frames a second {rate:.2f}\n"
        f"processor: window {100 * own / wall:.0f} %, all threads {100 * process / wall:.0f} %\n"
        f"late by ms: p50 {p50:.1f}  p95 {p95:.1f}  p99 {p99:.1f}  max {late.max():.1f}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
