"""Zoom, overlay, docks, theme."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QWidget

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.theme import is_dark
from vosapp.ui.view_state import Ground, OverlayMode

OPACITY_STEP = 0.1
ZOOM_STEP = 1.25


class ViewController(Controller):
    """The View menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        canvas, state = self.shell.panels.canvas, self.shell.view_state
        modes = {
            f"view.overlay-{mode.value}": lambda m=mode: state.set_mode(m) for mode in OverlayMode
        }
        grounds = {f"view.ground-{g.value}": lambda g=g: self._show_ground(g) for g in Ground}
        return {
            **modes,
            **grounds,
            "view.dock-titles": self._unlock_docks,
            "view.fit": canvas.fit,
            "view.actual": lambda: canvas.zoom_to(1.0),
            "view.zoom-in": lambda: canvas.zoom_by(ZOOM_STEP),
            "view.zoom-out": lambda: canvas.zoom_by(1 / ZOOM_STEP),
            "view.zoom-object": canvas.zoom_to_object,
            "view.overlay-next": self._next_mode,
            "view.peek": lambda: None,
            "view.opacity-down": lambda: state.set_opacity(state.opacity - OPACITY_STEP),
            "view.opacity-up": lambda: state.set_opacity(state.opacity + OPACITY_STEP),
            "view.onion": lambda: state.set_onion(onion=not state.onion),
            "view.dock-objects": lambda: self._toggle("objects"),
            "view.dock-timeline": lambda: self._toggle("timeline"),
            "view.next-pane": self._next_pane,
            "view.theme": self._switch_theme,
            "view.full-screen": self._full_screen,
        }

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        state, window = self.shell.view_state, self.shell.window
        modes = {f"view.overlay-{m.value}": lambda m=m: state.mode is m for m in OverlayMode}
        grounds = {f"view.ground-{g.value}": lambda g=g: state.ground is g for g in Ground}
        return {
            **modes,
            **grounds,
            "view.dock-titles": lambda: window.docks_movable,
            "view.onion": lambda: state.onion,
            "view.dock-objects": lambda: not window.docks["objects"].isHidden(),
            "view.dock-timeline": lambda: not window.docks["timeline"].isHidden(),
            "view.full-screen": window.isFullScreen,
        }

    def begin(self) -> None:
        """See `Controller`."""
        for dock in self.shell.window.docks.values():
            dock.visibilityChanged.connect(self.shell.refresh)

    def _show_ground(self, ground: Ground) -> None:
        """Who chooses a background wants to see it."""
        self.shell.view_state.set_ground(ground)
        self.shell.view_state.set_mode(OverlayMode.CUTOUT)

    def _unlock_docks(self) -> None:
        window = self.shell.window
        window.set_docks_movable(movable=not window.docks_movable)

    def _next_mode(self) -> None:
        modes, state = list(OverlayMode), self.shell.view_state
        state.set_mode(modes[(modes.index(state.mode) + 1) % len(modes)])

    def _toggle(self, name: str) -> None:
        dock = self.shell.window.docks[name]
        dock.setVisible(dock.isHidden())

    def _next_pane(self) -> None:
        panels = self.shell.panels
        panes: list[QWidget] = [panels.canvas, panels.objects, panels.timeline]
        panes = [pane for pane in panes if pane.isVisible()]
        if not panes:
            return
        here = next((i for i, pane in enumerate(panes) if _has_focus(pane)), -1)
        target = panes[(here + 1) % len(panes)]
        inner: QWidget | None = target.focusProxy() or target
        if inner is not None:
            inner.setFocus()
        if not _has_focus(target):
            inner = target.nextInFocusChain()
            if inner is not None:
                inner.setFocus()

    def _switch_theme(self) -> None:
        self.shell.settings.set_value("theme", "light" if is_dark() else "dark")

    def _full_screen(self) -> None:
        window = self.shell.window
        if window.isFullScreen():
            window.showNormal()
        else:
            window.showFullScreen()


def _has_focus(pane: QWidget) -> bool:
    focus = pane.window().focusWidget()
    return focus is not None and (focus is pane or pane.isAncestorOf(focus))
