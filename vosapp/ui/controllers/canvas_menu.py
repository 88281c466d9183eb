"""The context menu of the picture: what can be done with the object there, and with the view."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from vosapp.ui.controllers.base import Controller
from vosapp.ui.plain import menu_text
from vosapp.ui.popup import Popup
from vosapp.ui.view_state import OverlayMode

OF_OBJECT = (
    ("edit.copy-mask", "edit.paste-mask"),
    ("objects.check", "objects.absent", "objects.reference"),
    ("objects.hide", "objects.solo", "objects.lock", "objects.rename", "objects.recolor"),
    ("objects.clear", "objects.delete"),
)
"""Actions on the object that was clicked, between lines."""
OF_VIEW = (
    ("objects.new", "edit.paste-mask"),
    ("view.fit", "view.actual", "view.zoom-object"),
    ("navigate.range-in", "navigate.range-out", "navigate.range-clear"),
)
"""Actions where no object is."""


class CanvasMenuController(Controller):
    """Opens the menu where the canvas asks for it.

    Attributes:
        menu: the one that was opened last.
    """

    def begin(self) -> None:
        """See `Controller`."""
        self.menu: Popup | None = None
        self.shell.panels.canvas.menuWanted.connect(self._open)

    def _open(self, place: QPoint, object_id: int) -> None:
        workspace = self.workspace
        if workspace is None:
            return
        if object_id:
            # What the menu says of an object must be done with this one.
            workspace.session.select_object(object_id)
        canvas = self.shell.panels.canvas
        self.menu = menu = Popup(self.tr("Picture"), canvas)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.aboutToHide.connect(self._forget)
        names = {one.object_id: one.shown_name for one in workspace.session.objects}
        head = menu.addAction(menu_text(names.get(object_id, self.tr("No object here"))))
        head.setEnabled(False)
        for group in OF_OBJECT if object_id else OF_VIEW:
            menu.addSeparator()
            for action_id in group:
                menu.addAction(self.shell.actions[action_id])
        menu.addSeparator()
        self._add_overlays(menu)
        if object_id:
            menu.addAction(self.shell.actions["view.zoom-object"])
            menu.addAction(self.shell.actions["view.fit"])
        menu.popup(place)

    def _forget(self) -> None:
        self.menu = None

    def _add_overlays(self, menu: QMenu) -> None:
        overlays = Popup(self.tr("Overlay"), menu)
        menu.addMenu(overlays)
        overlays.setIcon(self.shell.actions["view.overlay-next"].icon())
        for mode in OverlayMode:
            overlays.addAction(self.shell.actions[f"view.overlay-{mode.value}"])
        overlays.addSeparator()
        overlays.addAction(self.shell.actions["view.onion"])
