"""Sliders for what the tool in hand is set to, and for how masks are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QSlider, QToolButton, QWidget

from vosapp.ui.actions.binding import Actions
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


class ToolOptions(QWidget):
    """At the right end of the main bar: size or tolerance of the tool, overlay, opacity."""

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
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 4, 0)
        row.setSpacing(8)
        row.addStretch(1)
        for widget in (self.limit, self.size_slider, self.tolerance, self.overlay, self.opacity):
            row.addWidget(widget)
        view_state.changed.connect(self._refresh)
        view_state.toolChanged.connect(self._refresh)
        self._refresh()

    def set_actions(self, actions: Actions) -> None:
        """Fill the menus of overlay modes and of what painting is limited to."""
        limits = QMenu(self.tr("Paint Over"), self)
        for limit in PaintLimit:
            limits.addAction(actions[f"tools.paint-{limit.value}"])
        self._limits = {limit: actions[f"tools.paint-{limit.value}"] for limit in PaintLimit}
        self.limit.setMenu(limits)
        self.limit.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.limit.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.limit.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.limit.setToolTip(self.tr("Whose pixels are painted over (Shift+X: the next)"))
        menu = QMenu(self.tr("Overlay"), self)
        for mode in OverlayMode:
            menu.addAction(actions[f"view.overlay-{mode.value}"])
        menu.addSeparator()
        menu.addAction(actions["view.onion"])
        self.overlay.setMenu(menu)
        self.overlay.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.overlay.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.overlay.setAccessibleName(self.tr("Overlay"))
        self.overlay.setToolTip(self.tr("How masks are drawn over the picture"))
        self.refresh_theme()
        self._refresh()

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        self.overlay.setIcon(icon("layers-outline"))
        self.limit.setIcon(icon("select-compare"))
        for slider in (self.size_slider, self.tolerance, self.opacity):
            slider.refresh_theme()

    def _refresh(self, *_ignored: object) -> None:
        state = self._state
        self.size_slider.setVisible(state.tool in SIZED)
        self.tolerance.setVisible(state.tool is ToolId.FILL)
        self.limit.setVisible(state.tool in PAINTING and state.positive)
        if self._limits:
            name = self._limits[state.paint_limit].text().replace("&", "")
            self.limit.setText(name)
            self.limit.setAccessibleName(self.tr("Paint over: {0}").format(name))
        size = min(state.brush_size, LARGEST_BRUSH)
        self.size_slider.set_value(math.log(size, LARGEST_BRUSH), state.brush_size)
        self.tolerance.set_value(state.tolerance / 100, state.tolerance)
        self.opacity.set_value(state.opacity, state.opacity)
