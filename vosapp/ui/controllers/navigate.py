"""Where one is in the video, and the range that work is done in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from vosapp.session import navigation
from vosapp.session.playback import SPEEDS
from vosapp.session.session import Session
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.timeline.transport import set_in, set_out

Finder = Callable[[Session, int], int | None]


_SPEEDS = dict(
    zip(
        (f"navigate.speed-{name}" for name in ("quarter", "half", "normal", "double", "fourfold")),
        SPEEDS,
        strict=True,
    )
)
_BUTTONS = {
    "first": "navigate.first",
    "previous_keyframe": "navigate.previous-keyframe",
    "step_back": "navigate.previous",
    "play": "navigate.play",
    "step_forward": "navigate.next",
    "next_keyframe": "navigate.next-keyframe",
    "last": "navigate.last",
    "next_doubtful": "navigate.next-doubtful",
    "set_in": "navigate.range-in",
    "set_out": "navigate.range-out",
}
"""Buttons of the transport row by name, and the actions that they stand for."""


class NavigateController(Controller):
    """The Go menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        last = 1 << 40
        speeds = {name: self._play_at(speed) for name, speed in _SPEEDS.items()}
        return speeds | {
            "navigate.play": self.with_workspace(lambda w: w.playback.toggle()),
            "navigate.next": self._by(1),
            "navigate.previous": self._by(-1),
            "navigate.forward-10": self._by(10),
            "navigate.back-10": self._by(-10),
            "navigate.first": self.with_workspace(lambda w: self._go(w, 0)),
            "navigate.last": self.with_workspace(lambda w: self._go(w, last)),
            "navigate.next-keyframe": self._find(navigation.next_keyframe, 1),
            "navigate.previous-keyframe": self._find(navigation.next_keyframe, -1),
            "navigate.next-doubtful": self._find(navigation.next_doubtful, 1),
            "navigate.previous-doubtful": self._find(navigation.next_doubtful, -1),
            "navigate.next-stale": self._find(navigation.next_stale, 1),
            "navigate.previous-stale": self._find(navigation.next_stale, -1),
            "navigate.frame": self.shell.panels.timeline.go_to_frame_dialog,
            "navigate.range-in": self.with_workspace(self._set_in),
            "navigate.range-out": self.with_workspace(self._set_out),
            "navigate.range-clear": self.with_workspace(
                lambda w: w.session.set_range(0, w.session.frame_count)
            ),
        }

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        return {name: partial(self._plays_at, speed) for name, speed in _SPEEDS.items()}

    def begin(self) -> None:
        """See `Controller`."""
        shell, row = self.shell, self.shell.panels.timeline.transport
        row.set_actions({name: shell.actions[act] for name, act in _BUTTONS.items()})
        row.speed.setMenu(shell.window.menus["&Go/Playback &Speed"])

    def _plays_at(self, speed: float) -> bool:
        return speed == (1.0 if self.workspace is None else self.workspace.playback.speed)

    def _play_at(self, speed: float) -> Handler:
        return self.with_workspace(lambda w: w.playback.set_speed(speed))

    def _by(self, frames: int) -> Handler:
        return self.with_workspace(lambda w: self._go(w, w.session.frame_index + frames))

    def _go(self, workspace: Workspace, frame_index: int) -> None:
        workspace.playback.stop()
        workspace.session.go_to(frame_index)

    def _find(self, finder: Finder, way: int) -> Handler:
        def act(workspace: Workspace) -> None:
            index = finder(workspace.session, way)
            if index is None:
                text = self.tr("There is no such frame on this side.")
                self.shell.window.status.showMessage(text, 3000)
            else:
                self._go(workspace, index)

        return self.with_workspace(act)

    def _set_in(self, workspace: Workspace) -> None:
        set_in(workspace)
        self._tell_range(workspace.session)

    def _set_out(self, workspace: Workspace) -> None:
        set_out(workspace)
        self._tell_range(workspace.session)

    def _tell_range(self, session: Session) -> None:
        """Say what work is limited to; one frame is seldom meant, and looks like none."""
        start, stop = session.range
        if stop == start + 1:
            text = self.tr("In and out are both on frame {0}: work is limited to this frame.")
            text = text.format(numbering.shown(start))
        else:
            text = self.tr("In to out: {0} to {1}").format(*numbering.span(start, stop))
        self.shell.window.status.showMessage(text, 5000)
