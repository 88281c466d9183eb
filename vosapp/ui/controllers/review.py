"""Stepping through frames to check, and saying what was found."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.project.model import Review
from vosapp.session.workspace import Workspace
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.review import words

BUTTONS = ("previous", "next", "check", "needs-work", "earlier")
"""Of the panel, in this order."""
_LOOKING = ("review", "navigate", "view", "help", "place")
"""Topics of actions that change nothing of a frame."""


class ReviewController(Controller):
    """The menu of frames to check."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {
            "review.next": self.with_workspace(lambda w: self._step(w, 1)),
            "review.previous": self.with_workspace(lambda w: self._step(w, -1)),
            "review.check": self.with_workspace(lambda w: self._mark(w, Review.CHECKED)),
            "review.needs-work": self.with_workspace(lambda w: self._mark(w, Review.NEEDS_WORK)),
            "review.unreview": self.with_workspace(lambda w: self._mark(w, Review.UNREVIEWED)),
            "review.earlier": self.with_workspace(self._flip),
            "review.list": lambda: self.shell.window.show_tab(self.shell.panels.review),
        }

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        return {"review.earlier": self._earlier}

    def begin(self) -> None:
        """See `Controller`."""
        shell = self.shell
        names = [f"review.{name}" for name in BUTTONS]
        shell.panels.review.set_actions({name: shell.actions[name] for name in names})
        shell.actions.about.connect(self._take_action)
        shell.workspaceChanged.connect(self._follow)

    def _follow(self) -> None:
        workspace = self.workspace
        if workspace is not None:
            workspace.review.ended.connect(self._tell_end)
            workspace.review.stepped.connect(self._tell_row)
            workspace.session.earlierChanged.connect(self.shell.refresh)
            workspace.propagation.starting.connect(self._show_now)

    def _flip(self, workspace: Workspace) -> None:
        self.shell.panels.canvas.finish_tool()
        session = workspace.session
        session.show_earlier(earlier=not session.earlier)

    def _earlier(self) -> bool:
        return self.workspace is not None and self.workspace.session.earlier

    def _take_action(self, action_id: str) -> None:
        """Nothing is done to a frame that shows what it was before."""
        if action_id.partition(".")[0] not in _LOOKING:
            self._show_now()

    def _show_now(self) -> None:
        if self.workspace is not None:
            self.workspace.session.show_earlier(earlier=False)

    def _step(self, workspace: Workspace, way: int) -> None:
        workspace.playback.stop()
        self.shell.panels.canvas.finish_tool()
        workspace.review.step(way)

    def _mark(self, workspace: Workspace, review: Review) -> None:
        self.shell.panels.canvas.finish_tool()
        if not workspace.review.mark(review):
            self._say(self.tr("There is no propagated mask of the selected object here."))

    def _tell_row(self) -> None:
        """The list may be out of sight."""
        workspace = self.workspace
        if workspace is not None:
            review = workspace.review
            row = review.list.rows[review.row]
            text = words.title(row, workspace.session.objects)
            why = words.sentences(row.reasons)
            self._say(f"{text}: {why}" if why else text)

    def _tell_end(self) -> None:
        self._say(self.tr("There is no further frame in this list."))

    def _say(self, text: str) -> None:
        self.shell.window.status.showMessage(text, 4000)
