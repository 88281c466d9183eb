"""The places of the window, and the bar at its upper left by which one goes from one to another."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenuBar, QToolButton, QWidget

from vosapp.ui.actions.spec import Bar
from vosapp.ui.actions.table import ACTIONS

if TYPE_CHECKING:
    from vosapp.ui.actions.binding import Actions


class Place(Enum):
    """What the window can be about."""

    ANNOTATE = "annotate"
    """A video with its objects: canvas, objects, timeline."""
    TRAIN = "train"
    """Weights of one's own: data, recipe, run, result."""
    MODELS = "models"
    """All weights that there are."""


class PlaceBar(QWidget):
    """One button for each place, before the menus: it takes no height from the picture."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("places")
        self.setAccessibleName(self.tr("Places"))
        self.buttons: dict[Place, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 10, 0)
        row.setSpacing(0)
        for place in Place:
            button = QToolButton(self)
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setCheckable(True)
            self.buttons[place] = button
            row.addWidget(button)

    def set_actions(self, actions: Actions) -> None:
        """Let the buttons carry out the actions of the bar.

        Not as their default actions: the mouse often rests up here, and the status bar would show
        what a place is instead of what was said last.
        """
        for spec in ACTIONS:
            if spec.bar is Bar.PLACES:
                self._bind(self.buttons[Place(spec.id.partition(".")[2])], actions[spec.id])

    def set_busy(self, place: Place, *, busy: bool) -> None:
        """Show that something goes on in a place that is not seen."""
        button = self.buttons[place]
        if button.property("busy") != busy:
            button.setProperty("busy", busy)
            self._name(button, button.accessibleName().partition(",")[0])

    def event(self, event: QEvent) -> bool:
        """Ask for as much room as the texts take now."""
        done = super().event(event)
        menus = self.parentWidget()
        if event.type() is QEvent.Type.LayoutRequest and isinstance(menus, QMenuBar):
            # It looks at the size of what stands in its corner only when that is set.
            menus.setCornerWidget(self, Qt.Corner.TopLeftCorner)
        return done

    def _name(self, button: QToolButton, text: str) -> None:
        busy = bool(button.property("busy"))
        button.setText(f"{text} \u25cf" if busy else text)
        button.setAccessibleName(self.tr("{0}, running").format(text) if busy else text)

    def _bind(self, button: QToolButton, action: QAction) -> None:
        def show() -> None:
            self._name(button, action.text())
            button.setToolTip(action.toolTip())
            button.setChecked(action.isChecked())

        def act() -> None:
            action.trigger()
            show()

        action.changed.connect(show)
        button.clicked.connect(act)
        show()
