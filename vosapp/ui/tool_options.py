"""Sliders for what the tool in hand is set to, and for how masks are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QHideEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vosapp.ui.actions.binding import Actions
from vosapp.ui.popup import KeyMenu, fit_content, settle
from vosapp.ui.theme import icon
from vosapp.ui.view_state import OverlayMode, PaintLimit, ToolId, ViewState

STEPS = 200
LARGEST_BRUSH = 400.0
"""Of the slider; keys and wheel go further."""
SIZED = frozenset({ToolId.BRUSH, ToolId.ERASER})
PAINTING = frozenset({ToolId.BRUSH, ToolId.LASSO, ToolId.POLYGON, ToolId.FILL})


class LabeledSlider(QWidget):
    """An icon, a slider and its value.

    Args:
        name: read out, and the head of the tooltip.
        symbol: name of the icon.
        take: gets a new value as the user moves it.
        show: writes a value.
    """

    def __init__(
        self,
        name: str,
        symbol: str,
        *,
        take: Callable[[float], None],
        show: Callable[[float], str],
    ) -> None:
        super().__init__()
        self._symbol, self._take, self._show = symbol, take, show
        self._picture, self._value = QLabel(self), QLabel(self)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, STEPS)
        self.slider.setMinimumWidth(40)
        self.slider.setMaximumWidth(96)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(name)
        self._value.setFixedWidth(46)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._picture.setToolTip(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 0, 0, 0)
        row.setSpacing(6)
        for part in (self._picture, self.slider, self._value):
            row.addWidget(part)
        self.slider.valueChanged.connect(lambda step: self._take(step / STEPS))
        self.refresh_theme()

    def set_value(self, share: float, value: float) -> None:
        """Show a value that stands at a share, 0..1, of the slider."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(share * STEPS))
        self.slider.blockSignals(False)
        self._value.setText(self._show(value))

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        self._picture.setPixmap(icon(self._symbol, "muted").pixmap(QSize(18, 18)))


class Drawer(QFrame):
    """Holds widgets while it pops up, and gives them back.

    Args:
        parent: what it belongs to.
        give_back: gets the widgets once it is closed.
    """

    def __init__(self, parent: QWidget, give_back: Callable[[tuple[QWidget, ...]], None]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("drawer")
        self.setAccessibleName(self.tr("More options"))
        self._column, self._give_back = QVBoxLayout(self), give_back
        self._held: tuple[QWidget, ...] = ()

    def open(self, parts: Sequence[QWidget], button: QWidget) -> None:
        """Show widgets below a button."""
        self._held = tuple(parts)
        for part in parts:
            self._column.addWidget(part)
            part.show()
        fit_content(self)
        corner = button.mapToGlobal(button.rect().bottomRight())
        self.move(corner.x() - self.width(), corner.y() + 2)
        self.show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Give the widgets back."""
        super().hideEvent(event)
        held, self._held = self._held, ()
        if held:
            self._give_back(held)


class ToolOptions(QWidget):
    """At the right end of the main bar: size or tolerance of the tool, overlay, opacity.

    What a narrow window has no room for is behind a button.

    Attributes:
        more: that button; hidden where there is room for all.
    """

    def __init__(self, view_state: ViewState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = view_state
        self._limits: dict[PaintLimit, QAction] = {}
        self.size_slider = LabeledSlider(
            self.tr("Brush size"),
            "circle-medium",
            take=lambda share: view_state.set_brush_size(LARGEST_BRUSH**share),
            show=lambda value: self.tr("{0:.0f} px").format(value),
        )
        self.tolerance = LabeledSlider(
            self.tr("Tolerance: how much colors may differ"),
            "format-color-fill",
            take=lambda share: view_state.set_tolerance(100 * share),
            show=lambda value: f"{value:.0f}",
        )
        self.opacity = LabeledSlider(
            self.tr("Opacity of masks"),
            "circle-opacity",
            take=view_state.set_opacity,
            show=lambda value: f"{value * 100:.0f} %",
        )
        self.overlay = QToolButton(self)
        self.limit = QToolButton(self)
        parts = (self.limit, self.size_slider, self.tolerance, self.overlay, self.opacity)
        self._parts: tuple[QWidget, ...] = parts
        self._shown: frozenset[QWidget] = frozenset()
        self.more = QToolButton(self)
        self._row, self._drawer = QHBoxLayout(self), Drawer(self, self._give_back)
        self._lay_out()
        view_state.changed.connect(self._refresh)
        view_state.toolChanged.connect(self._refresh)
        self._refresh()

    def minimumSizeHint(self) -> QSize:
        """As much as the button for the rest needs."""
        return QSize(self.more.sizeHint().width() + 4, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show what there is room for."""
        super().resizeEvent(event)
        self._share()

    def set_actions(self, actions: Actions) -> None:
        """Fill the menus of overlay modes and of what painting is limited to."""
        limits = KeyMenu(self.tr("Paint Over"), self)
        for limit in PaintLimit:
            limits.addAction(actions[f"tools.paint-{limit.value}"])
        self._limits = {limit: actions[f"tools.paint-{limit.value}"] for limit in PaintLimit}
        self.limit.setMenu(limits)
        self.limit.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.limit.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.limit.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.limit.setToolTip(self.tr("Whose pixels are painted over (Shift+X: the next)"))
        menu = KeyMenu(self.tr("Overlay"), self)
        for mode in OverlayMode:
            menu.addAction(actions[f"view.overlay-{mode.value}"])
        menu.addSeparator()
        menu.addAction(actions["view.onion"])
        self.overlay.setMenu(menu)
        self.overlay.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.overlay.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.overlay.setAccessibleName(self.tr("Overlay"))
        self.overlay.setToolTip(self.tr("How masks are drawn over the picture"))
        for button, shown in ((self.limit, limits), (self.overlay, menu)):
            shown.aboutToHide.connect(lambda b=button: settle(b))
        self.refresh_theme()
        self._refresh()

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        self.overlay.setIcon(icon("layers-outline"))
        self.limit.setIcon(icon("select-compare"))
        self.more.setIcon(icon("chevron-double-right"))
        for slider in (self.size_slider, self.tolerance, self.opacity):
            slider.refresh_theme()

    def _lay_out(self) -> None:
        self._row.setContentsMargins(0, 0, 4, 0)
        self._row.setSpacing(8)
        # Else the bar would hide all of it where one part has no room.
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self._row.addStretch(1)
        for widget in (*self._parts, self.more):
            self._row.addWidget(widget)
        self.more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.more.setAccessibleName(self.tr("More options"))
        self.more.setToolTip(self.tr("Options that have no room here"))
        self.more.clicked.connect(self._open)

    def _share(self) -> None:
        """Show the parts of the tool in hand, the last ones first in a drawer, if need be."""
        if self._drawer.isVisible():
            return
        wanted = [part for part in self._parts if part in self._shown]
        space, end = self._row.spacing(), self._row.contentsMargins().right()
        needs = {part: part.minimumSizeHint().width() + space for part in wanted}
        room = self.width() - end
        seen = list(wanted)
        if sum(needs.values()) > room:
            room -= self.more.sizeHint().width() + space
            for part in self._dropped_first():
                if part in seen and sum(needs[one] for one in seen) > room:
                    seen.remove(part)
        for one in self._parts:
            one.setVisible(one in seen)
        self.more.setVisible(len(seen) < len(wanted))

    def _dropped_first(self) -> tuple[QWidget, ...]:
        """The tool's own setting is used most, and stays for longest."""
        return self.limit, self.opacity, self.overlay, self.tolerance, self.size_slider

    def _open(self) -> None:
        parts = [part for part in self._parts if part in self._shown and part.isHidden()]
        self._drawer.open(parts, self.more)

    def _give_back(self, parts: tuple[QWidget, ...]) -> None:
        for part in parts:
            self._row.insertWidget(1 + self._parts.index(part), part)
        settle(self.more)
        self._share()

    def _refresh(self, *_ignored: object) -> None:
        state = self._state
        shown: set[QWidget] = {self.overlay, self.opacity}
        shown |= {self.size_slider} if state.tool in SIZED else set()
        shown |= {self.tolerance} if state.tool is ToolId.FILL else set()
        shown |= {self.limit} if state.tool in PAINTING and state.positive else set()
        self._shown = frozenset(shown)
        if self._limits:
            name = self._limits[state.paint_limit].text().replace("&", "")
            self.limit.setText(name)
            self.limit.setAccessibleName(self.tr("Paint over: {0}").format(name))
        size = min(state.brush_size, LARGEST_BRUSH)
        self.size_slider.set_value(math.log(size, LARGEST_BRUSH), state.brush_size)
        self.tolerance.set_value(state.tolerance / 100, state.tolerance)
        self.opacity.set_value(state.opacity, state.opacity)
        self._share()
