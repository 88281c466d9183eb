"""The panels of the window, made together around one view state."""

from __future__ import annotations

from dataclasses import dataclass
import importlib
from typing import Any

from PySide6.QtWidgets import QLabel, QWidget

from vosapp.ui.view_state import ViewState


@dataclass(frozen=True, slots=True)
class Panels:
    canvas: Any
    timeline: Any
    objects: Any
    references: Any

    def set_workspace(self, workspace: Any) -> None:
        for panel in (self.canvas, self.timeline, self.objects, self.references):
            if hasattr(panel, "set_workspace"):
                panel.set_workspace(workspace)


def make_panels(view_state: ViewState, parent: QWidget) -> Panels:
    def get(module: str, name: str, *args: Any) -> Any:
        try:
            return getattr(importlib.import_module(module), name)(*args)
        except (ImportError, AttributeError) as e:
            return QLabel(f"{name}: {e}")

    return Panels(
        get("vosapp.ui.canvas.view", "CanvasView", view_state),
        get("vosapp.ui.timeline.panel", "TimelinePanel", view_state),
        get("vosapp.ui.objects.panel", "ObjectsPanel", view_state),
        get("vosapp.ui.references", "ReferencesPanel"),
    )
