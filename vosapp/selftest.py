"""`vosapp --self-test`: the window's main job from a box to files, done by synthetic events.

It opens the bundled sample in a temporary project, draws a box with the mouse, propagates a few
frames with the real engine, corrects one with the brush, exports, and looks at the files.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent

from core.media.scratch import scratch_folder
from vosapp.cli.console import Console

if TYPE_CHECKING:
    from vosapp.session.session import Session
    from vosapp.ui.shell import Shell

FRAMES = 5
"""Propagated and exported."""
PATIENCE = 120.0
"""Seconds for one step; a slow machine needs some to load torch."""
BOX = (505.0, 140.0, 851.0, 385.0)
"""Around the horse of the sample at frame 0, in pixels of the video."""


class SelfTestFailed(Exception):
    """Something is not as it should be; says what."""


def self_test() -> int:
    """Do it, print one line, and return 0, or 1 where something is wrong."""
    if not _has_screen():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    began = time.monotonic()
    try:
        with scratch_folder() as folder:
            told = _run(folder)
    except Exception as error:
        Console().report(f"vosapp self-test failed: {type(error).__name__}: {error}")
        return 1
    seconds = time.monotonic() - began
    Console().report(f"vosapp self-test passed in {seconds:.0f} s: {told}")
    return 0


def _run(folder: Path) -> str:
    from vosapp.app import Hooks, make_application, make_shell
    from vosapp.session.places import Places

    app = make_application([])
    hooks = Hooks()
    problems: list[str] = []
    hooks.install()
    try:
        shell = make_shell(app, Places(folder / "config", folder / "data"), hooks)
        shell.crashed.connect(problems.append)
        hooks.crashed.connect(problems.append)
        hooks.failed.connect(lambda error: problems.append(str(error)))
        shell.opener.failed.connect(lambda error: problems.append(str(error)))
        try:
            return _Story(shell, folder, problems).run()
        finally:
            shell.window.close()
            shell.deleteLater()
    finally:
        hooks.remove()


class _Story:
    """What a person would do."""

    def __init__(self, shell: Shell, folder: Path, problems: list[str]) -> None:
        self._shell, self._folder, self._problems = shell, folder, problems

    def run(self) -> str:
        """Do all of it; returns what was done."""
        self._open()
        area = self._draw_box()
        frames = self._propagate()
        painted = self._correct()
        files = self._export()
        return (
            f"box of {area} pixels, {frames} frames propagated, {painted} pixels painted,"
            f" {files} files exported and read back"
        )

    def _open(self) -> None:
        self._shell.window.show()
        self._shell.opener.open_sample()
        self._wait(lambda: self._shell.workspace is not None, "the sample does not open")
        self._wait(lambda: self._session.view is not None, "the first frame does not come")
        self._spin(0.2)

    @property
    def _session(self) -> Session:
        workspace = self._shell.workspace
        if workspace is None:
            raise SelfTestFailed("nothing is open")
        self._check_notice()
        return workspace.session

    def _check_notice(self) -> None:
        notice = self._shell.window.notice.notice
        if notice is not None and notice.kind.value == "danger":
            raise SelfTestFailed(f"{notice.title}: {notice.text}")

    def _draw_box(self) -> int:
        from vosapp.ui.view_state import ToolId

        self._shell.view_state.set_tool(ToolId.BOX)
        self._drag(BOX[:2], BOX[2:])
        self._spin(0.2)
        workspace = self._shell.workspace
        self._wait(
            lambda: workspace is not None and not workspace.prompting.busy, "the box has no answer"
        )
        self._spin(0.1)
        self._shell.actions.run("tools.apply")
        self._wait(lambda: self._area(0) > 0, "the box gives no mask")
        area, box = self._area(0), (BOX[2] - BOX[0]) * (BOX[3] - BOX[1])
        if not 0.1 * box < area < box:
            raise SelfTestFailed(f"a box of {box:.0f} pixels gives a mask of {area}")
        return area

    def _propagate(self) -> int:
        workspace = self._shell.workspace
        if workspace is None:
            raise SelfTestFailed("nothing is open")
        self._session.set_range(0, FRAMES)
        ended: list[object] = []
        workspace.propagation.finished.connect(ended.append)
        self._shell.actions.run("propagate.open")
        self._wait(lambda: bool(ended), "the propagation does not end")
        self._wait(
            lambda: all(self._area(index) > 0 for index in range(FRAMES)),
            f"some of the first {FRAMES} frames have no mask",
        )
        return FRAMES - 1

    def _correct(self) -> int:
        from vosapp.project.model import FrameState
        from vosapp.ui.view_state import ToolId

        index = FRAMES - 2
        self._session.go_to(index)
        self._wait(self._shows(index), f"frame {index} does not come")
        before = self._area(index)
        self._shell.view_state.set_tool(ToolId.BRUSH)
        self._drag((120.0, 60.0), (200.0, 60.0))
        self._shell.actions.run("tools.apply")
        self._wait(lambda: self._area(index) > before, "the brush paints nothing")
        session = self._session
        self._wait(
            lambda: (
                (lane := session.lane(session.object_id)) is not None
                and lane.states[index] == FrameState.KEYFRAME
            ),
            "what was painted is no keyframe",
        )
        return self._area(index) - before

    def _export(self) -> int:
        from core.media.label_map import read_label_map
        from vosapp.ui.dialogs.export import RANGE, ExportDialog

        workspace = self._shell.workspace
        if workspace is None:
            raise SelfTestFailed("nothing is open")

        out = self._folder / "export"
        dialog = ExportDialog(workspace, self._shell.window)
        dialog.choose_frames(RANGE)
        dialog.folder.setText(str(out))
        dialog.show()
        self._wait(dialog.export_button.isEnabled, "the check of the export does not end")
        dialog.export_button.click()
        self._wait(dialog.show_button.isVisible, f"the export does not end: {dialog.state.text()}")
        dialog.close()
        masks = sorted(out.glob("Annotations/**/*.png"))
        if len(masks) != FRAMES:
            raise SelfTestFailed(f"{len(masks)} masks were exported instead of {FRAMES}")
        project = self._session.project
        for index, mask in enumerate(masks):
            if not np.array_equal(read_label_map(mask).label_map, project.label_map(index)):
                raise SelfTestFailed(f"{mask.name} is not what the project holds")
        return len([path for path in out.rglob("*") if path.is_file()])

    def _area(self, index: int) -> int:
        session = self._session
        if not session.object_id:
            return 0
        return int((session.project.label_map(index) == session.object_id).sum())

    def _shows(self, index: int) -> Callable[[], bool]:
        def shows() -> bool:
            view = self._session.view
            return view is not None and view.frame_index == index and view.exact

        return shows

    # Events

    def _drag(self, start: tuple[float, ...], end: tuple[float, ...]) -> None:
        no, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        steps = 8
        points = [
            (start[0] + (end[0] - start[0]) * i / steps, start[1] + (end[1] - start[1]) * i / steps)
            for i in range(steps + 1)
        ]
        self._mouse(QEvent.Type.MouseMove, points[0], (no, no))
        self._mouse(QEvent.Type.MouseButtonPress, points[0], (left, left))
        for point in points[1:]:
            self._mouse(QEvent.Type.MouseMove, point, (no, left))
        self._mouse(QEvent.Type.MouseButtonRelease, points[-1], (left, no))

    def _mouse(
        self,
        kind: QEvent.Type,
        point: tuple[float, float],
        buttons: tuple[Qt.MouseButton, Qt.MouseButton],
    ) -> None:
        target = self._shell.panels.canvas.viewport()
        place = self._place(point)
        everywhere = target.mapToGlobal(place)
        button, held = buttons
        event = QMouseEvent(
            kind,
            place,
            everywhere,
            button,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        QCoreApplication.sendEvent(target, event)
        self._spin(0.01)

    def _place(self, point: tuple[float, float]) -> QPointF:
        return QPointF(self._shell.panels.canvas.mapFromScene(QPointF(*point)))

    def _wait(self, done: Callable[[], bool], problem: str) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            if self._problems:
                raise SelfTestFailed(self._problems[0])
            if time.monotonic() > until:
                raise SelfTestFailed(problem)
            self._spin(0.02)

    def _spin(self, seconds: float) -> None:
        """Let the window live for a while, in a loop of its own."""
        loop = QEventLoop()
        QTimer.singleShot(max(1, round(seconds * 1000)), loop.quit)
        loop.exec()


def _has_screen() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
