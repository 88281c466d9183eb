"""Make the pictures of the window in the README: `make pictures`.

Everything in them is real: the bundled sample, masks from boxes that are drawn with mouse events,
and what the engine makes of them. Takes a few minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QT_SCALE_FACTOR"] = "1"

from PIL import Image
from PySide6.QtCore import (
    QBuffer,
    QEvent,
    QEventLoop,
    QIODevice,
    QPointF,
    QSize,
    Qt,
    QTimer,
    qInstallMessageHandler,
)
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from core.media.image_file import open_image
from core.media.palette import DAVIS_COLORS
from vosapp.app import log_qt_message, make_application, make_shell
from vosapp.project.edits import RenameObject
from vosapp.session.places import Places
from vosapp.session.session import Session
from vosapp.session.workspace import Workspace
from vosapp.ui.dialogs.export import ExportDialog
from vosapp.ui.shell import Shell
from vosapp.ui.theme import tones
from vosapp.ui.view_state import ToolId

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
SIZE = QSize(1200, 760)
BOXES = {
    "Horse": ((500, 138), (853, 382)),
    "Cow": ((40, 163), (341, 316)),
    "Fox": ((0, 317), (270, 450)),
}
"""On frame 0 of the sample, in its pixels."""
STROKES = (
    (20, ((720, 191), (795, 191), (826, 208), (840, 238))),
    (30, ((800, 176), (852, 184), (852, 240))),
    (14, ((684, 282), (730, 282))),
)
"""Where the horse's box takes too much: brush sizes, and ways of the eraser."""
PATIENCE = 900.0
COLORS, KEPT = 256, 96
"""Of a picture; so many of them exactly as they are in the window, by how often they occur."""
LARGEST = 1_500_000
"""Bytes of all pictures together."""


class Photographer:
    """Uses a window and takes pictures of it."""

    def __init__(self, shell: Shell, folder: Path) -> None:
        self._shell, self._folder = shell, folder
        self.bytes = 0

    @property
    def workspace(self) -> Workspace:
        """What is open."""
        if self._shell.workspace is None:
            raise RuntimeError("nothing is open")
        return self._shell.workspace

    @property
    def session(self) -> Session:
        """Of what is open."""
        return self.workspace.session

    def open_sample(self) -> None:
        """Show the bundled film."""
        self._shell.window.resize(SIZE)
        self._shell.window.show()
        self._shell.opener.open_sample()
        self.wait(lambda: self._shell.workspace is not None and self.session.view is not None)
        self.rest()

    def box(self, corners: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """Draw a box with nothing selected, and wait for its mask."""
        self.session.select_object(0)
        self._shell.view_state.set_tool(ToolId.BOX)
        self._drag(corners)
        self.wait(lambda: not self.workspace.prompting.busy)
        self.rest()

    def take(self, name: str) -> None:
        """Take what the tool proposes, as an object of this name."""
        known = len(self.session.objects)
        self._shell.actions.run("tools.apply")
        self.wait(lambda: len(self.session.objects) > known and not self.session.changing)
        self.session.do(RenameObject(self.session.objects[-1].object_id, name))
        self.rest()

    def erase(self, size: float, way: tuple[tuple[int, int], ...]) -> None:
        """Take something away from the current object."""
        self._shell.view_state.set_tool(ToolId.ERASER)
        self._shell.view_state.set_brush_size(size)
        self._drag(way)
        self.rest()

    def propagate(self) -> None:
        """Let the engine make the other masks."""
        ended: list[object] = []
        self.workspace.propagation.finished.connect(ended.append)
        self._shell.actions.run("propagate.open")
        self.wait(lambda: bool(ended))

    def go_to(self, frame_index: int) -> None:
        """Show a frame."""
        self.session.go_to(frame_index)
        self.rest()

    def paint(self, theme: str) -> None:
        """Show other colors."""
        self._shell.settings.set_value("theme", theme)
        self.rest()

    def shoot(self, name: str, widget: QWidget | None = None) -> None:
        """Write a picture of the window, or of a dialog."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        (widget or self._shell.window).grab().save(buffer, "PNG")
        path = self._folder / f"{name}.png"
        path.with_suffix(".tmp").write_bytes(bytes(buffer.data().data()))
        with open_image(path.with_suffix(".tmp")) as picture:
            few_colors(picture.convert("RGB")).save(path, optimize=True)
        path.with_suffix(".tmp").unlink()
        self.bytes += path.stat().st_size
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")

    def wait(self, done: Callable[[], bool]) -> None:
        """Let the window live until something is so."""
        until = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > until:
                raise TimeoutError("the window does not come to rest")
            live(20)

    def rest(self) -> None:
        """Let everything be read and painted."""
        live(150)
        session = self.session
        self.wait(
            lambda: (
                not session.changing
                and session.view is not None
                and session.view.exact
                and session.view.frame_index == session.frame_index
            )
        )
        live(250)

    def _drag(self, way: tuple[tuple[int, int], ...]) -> None:
        none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        self._mouse(QEvent.Type.MouseButtonPress, way[0], button=left, held=left)
        for place in way[1:]:
            self._mouse(QEvent.Type.MouseMove, place, button=none, held=left)
        self._mouse(QEvent.Type.MouseButtonRelease, way[-1], button=left, held=none)

    def _mouse(
        self,
        kind: QEvent.Type,
        place: tuple[int, int],
        *,
        button: Qt.MouseButton,
        held: Qt.MouseButton,
    ) -> None:
        port = self._shell.panels.canvas.viewport()
        where = QPointF(self._shell.panels.canvas.mapFromScene(QPointF(*place)))
        plain = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, where, port.mapToGlobal(where), button, held, plain)
        QApplication.sendEvent(port, event)


def live(milliseconds: int) -> None:
    """Let the window live; unlike `QTest.qWait` this lets other threads have the interpreter."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def few_colors(picture: Image.Image) -> Image.Image:
    """Return a picture with a palette: frequent colors and those of the theme stay as they are."""
    counted = picture.getcolors(picture.width * picture.height) or []
    often = [color for _count, color in sorted(counted, key=lambda pair: -pair[0])[:KEPT]]
    named = [QColor(tone).getRgb()[:3] for tone in asdict(tones()).values()]
    exact = list(dict.fromkeys([*often, *named, *DAVIS_COLORS[1 : len(BOXES) + 1]]))
    rest = picture.quantize(COLORS - len(exact)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(value for color in exact for value in color), *rest])
    return picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)


def take_pictures(camera: Photographer) -> None:
    """From the first box to the export."""
    camera.open_sample()
    for name, corners in BOXES.items():
        camera.box(corners)
        if name == "Fox":
            camera.shoot("window-box")
        camera.take(name)
        for size, way in STROKES if name == "Horse" else ():
            camera.erase(size, way)
    camera.propagate()
    camera.go_to(18)
    camera.shoot("window-light")
    camera.paint("dark")
    camera.go_to(46)
    camera.shoot("window-dark")


def take_dialog(camera: Photographer, window: QWidget) -> None:
    """The export dialog, once it has looked at everything."""
    camera.paint("light")
    dialog = ExportDialog(camera.workspace, window)
    dialog.folder.setText("~/meadow export")
    dialog.show()
    camera.wait(dialog.export_button.isEnabled)
    camera.rest()
    camera.shoot("window-export", dialog)
    dialog.close()


def main() -> int:
    """Write all pictures to `docs/images`."""
    app = make_application([])
    qInstallMessageHandler(log_qt_message)
    with tempfile.TemporaryDirectory() as home:
        shell = make_shell(app, Places(Path(home) / "config", Path(home) / "data"))
        shell.settings.set_value("theme", "light")
        camera = Photographer(shell, FOLDER)
        try:
            take_pictures(camera)
            take_dialog(camera, shell.window)
        finally:
            shell.window.close()
            shell.deleteLater()
    if camera.bytes > LARGEST:
        print(f"{camera.bytes} bytes are too much for a README")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
