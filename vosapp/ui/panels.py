"""The panels of the window, made together around one view state."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from vosapp.session.workspace import Workspace
from vosapp.ui.canvas.view import CanvasView
from vosapp.ui.objects.panel import ObjectsPanel
from vosapp.ui.references import ReferencesPanel
from vosapp.ui.review.panel import ReviewPanel
from vosapp.ui.timeline.panel import TimelinePanel
from vosapp.ui.view_state import ViewState


@dataclass(frozen=True, slots=True)
class Panels:
    """What shows a workspace.

    Attributes:
        canvas: the picture, in the middle.
        timeline: below.
        objects, references, review: at the right.
    """

    canvas: CanvasView
    timeline: TimelinePanel
    objects: ObjectsPanel
    references: ReferencesPanel
    review: ReviewPanel

    def set_workspace(self, workspace: Workspace | None) -> None:
        """Let all of them show a workspace, or none."""
        for panel in (self.canvas, self.timeline, self.objects, self.references, self.review):
            panel.set_workspace(workspace)

    def renumber(self) -> None:
        """Frames are counted from another number now."""
        self.timeline.renumber()
        self.references.refresh()
        self.review.refresh()
        self.canvas.viewport().update()


def make_panels(view_state: ViewState, parent: QWidget) -> Panels:
    """Make all panels as children of a window; it puts them in their places."""
    panels = Panels(
        CanvasView(view_state),
        TimelinePanel(view_state),
        ObjectsPanel(view_state),
        ReferencesPanel(),
        ReviewPanel(),
    )
    shown = (panels.canvas, panels.timeline, panels.objects, panels.references, panels.review)
    for panel in shown:
        panel.setParent(parent)
    return panels
