"""What can be done with marked cells of a lane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction

from vosapp.project.edit_masks import MarkAbsent
from vosapp.project.edit_ranges import CheckFrames, ClearMasks
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.model import FrameState, Review
from vosapp.session.session import Session
from vosapp.ui import numbering
from vosapp.ui.plain import menu_text
from vosapp.ui.popup import KeyMenu
from vosapp.ui.theme import icon
from vosapp.ui.timeline.selection import LaneSelection

if TYPE_CHECKING:
    from vosapp.session.workspace import Workspace
    from vosapp.ui.timeline.canvas import TimelineCanvas


class LaneMenu(KeyMenu):
    """A menu for the cells that a timeline has marked. Opening it waits for nothing.

    Attributes:
        actions_by_name: "propagate", "check", "uncheck", "work", "absent", "range", "zoom",
            "clear".
    """

    def __init__(self, canvas: TimelineCanvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setAccessibleName(self.tr("Marked frames"))
        self._title = self.addAction("")
        self._title.setEnabled(False)
        self.addSeparator()
        self.actions_by_name: dict[str, QAction] = {}
        self._pictures: dict[str, str] = {}
        self._fill()

    def open(self, place: QPoint) -> None:
        """Show the menu at a point of the screen for what is marked now."""
        workspace, chosen = self._canvas.workspace, self._canvas.selection
        if workspace is None or chosen is None:
            return
        names = {item.object_id: menu_text(item.name) for item in workspace.session.objects}
        name = names.get(chosen.object_id, "")
        span = self.tr("frame {0}").format(numbering.shown(chosen.start))
        if chosen.length > 1:
            span = self.tr("frames {0} to {1}")
            span = span.format(*numbering.span(chosen.start, chosen.stop))
        self._title.setText(f"{name}: {span}")
        for one, picture in self._pictures.items():
            # The theme may be another one than when the menu was made.
            self.actions_by_name[one].setIcon(icon(picture))
        self._set_enabled(workspace, chosen)
        self.popup(place)

    def _fill(self) -> None:
        add = self._add
        add("propagate", "refresh", self.tr("Propagate These Frames Again"), propagate_cells)
        self.addSeparator()
        add("check", "check-bold", self.tr("Mark as Checked"), _edit(check_cells))
        add("uncheck", "close", self.tr("Uncheck"), _edit(uncheck_cells))
        add("work", "flag-outline", self.tr("Needs Work"), _edit(flag_cells))
        add("absent", "circle-outline", self.tr("Mark Absent"), _edit(absent_cells))
        self.addSeparator()
        add("range", "own.range", self.tr("Set In and Out Points Here"), _set_range)
        add("zoom", "magnify-plus-outline", self.tr("Zoom to These Frames"), self._zoom)
        self.addSeparator()
        add("clear", "eraser", self.tr("Clear Masks"), _edit(clear_cells))

    def _add(
        self, name: str, picture: str, text: str, run: Callable[[Workspace, LaneSelection], None]
    ) -> None:
        action = QAction(text, self)
        action.triggered.connect(lambda: self._run(run))
        self.addAction(action)
        self.actions_by_name[name] = action
        self._pictures[name] = picture

    def _run(self, run: Callable[[Workspace, LaneSelection], None]) -> None:
        workspace, chosen = self._canvas.workspace, self._canvas.selection
        if workspace is not None and chosen is not None:
            run(workspace, chosen)
            self._canvas.select(None)

    def _zoom(self, _workspace: Workspace, chosen: LaneSelection) -> None:
        self._canvas.show_range(chosen.start, chosen.stop)

    def _set_enabled(self, workspace: Workspace, chosen: LaneSelection) -> None:
        session, actions = workspace.session, self.actions_by_name
        item = next((o for o in session.objects if o.object_id == chosen.object_id), None)
        lane = session.lane(chosen.object_id)
        if item is None or lane is None:
            return
        states = {FrameState(int(s)) for s in set(lane.states[chosen.start : chosen.stop].tolist())}
        open_cells = bool(states & {FrameState.PROPAGATED, FrameState.STALE})
        actions["check"].setEnabled(open_cells)
        actions["uncheck"].setEnabled(FrameState.CHECKED in states)
        actions["work"].setEnabled(open_cells or FrameState.CHECKED in states)
        actions["absent"].setEnabled(not item.locked)
        actions["clear"].setEnabled(not item.locked and states != {FrameState.EMPTY})
        actions["propagate"].setEnabled(not workspace.busy)


def clear_cells(session: Session, chosen: LaneSelection) -> None:
    """Delete masks, keyframes and prompts of the marked cells."""
    session.do(ClearMasks(chosen.object_id, chosen.start, chosen.stop))


def absent_cells(session: Session, chosen: LaneSelection) -> None:
    """Assert that the object is not on the marked frames."""
    session.do(MarkAbsent(chosen.object_id, chosen.start, chosen.stop))


def check_cells(session: Session, chosen: LaneSelection) -> None:
    """Lock the marked results."""
    session.do(CheckFrames((chosen.object_id,), chosen.start, chosen.stop))


def uncheck_cells(session: Session, chosen: LaneSelection) -> None:
    """Unlock the marked results."""
    session.do(CheckFrames((chosen.object_id,), chosen.start, chosen.stop, checked=False))


def flag_cells(session: Session, chosen: LaneSelection) -> None:
    """Say that the marked results need work."""
    needs_work = Review.NEEDS_WORK
    session.do(ReviewFrames((chosen.object_id,), chosen.start, chosen.stop, needs_work))


def propagate_cells(workspace: Workspace, chosen: LaneSelection) -> None:
    """Compute the marked frames again; keyframes and checked cells stay as they are."""
    workspace.propagation.start_over(chosen.start, chosen.stop)


def _set_range(workspace: Workspace, chosen: LaneSelection) -> None:
    workspace.session.set_range(chosen.start, chosen.stop)


def _edit(
    run: Callable[[Session, LaneSelection], None],
) -> Callable[[Workspace, LaneSelection], None]:
    return lambda workspace, chosen: run(workspace.session, chosen)
