"""Going from one place of the window to another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.place_bar import Place

PICTURE_TOPICS = frozenset({"boxes", "edit", "navigate", "objects", "tools", "view"})
"""Topics of actions on what only Annotate shows."""
ANYWHERE = frozenset(
    {
        "edit.settings",
        "edit.shortcuts",
        "tools.cancel",
        "view.full-screen",
        "view.theme",
    }
)
"""Actions of these topics that belong to no place."""
RUNS = frozenset({"propagate.choose", "propagate.stop"})
"""Actions on propagations that show nothing on the canvas."""


class PlaceController(Controller):
    """The bar of places."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {f"place.{one.value}": partial(self.shell.show_place, one) for one in Place}

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        return {f"place.{one.value}": partial(self._is_shown, one) for one in Place}

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.actions.about.connect(self._make_seen)
        self.shell.workspaceChanged.connect(self._follow)
        self.shell.window.placeChanged.connect(self.shell.refresh)

    def _is_shown(self, place: Place) -> bool:
        return self.shell.window.place is place

    def _follow(self) -> None:
        """Who opens a project wants to see it."""
        if self.workspace is not None:
            self.shell.show_place(Place.ANNOTATE)

    def _make_seen(self, action_id: str) -> None:
        """Nothing is changed on the canvas while nobody sees it."""
        if self.shell.window.place is Place.ANNOTATE:
            # The keyboard stays where it is.
            return
        topic = action_id.partition(".")[0]
        picture = topic in PICTURE_TOPICS and action_id not in ANYWHERE
        if picture or (topic == "propagate" and action_id not in RUNS):
            self.shell.show_place(Place.ANNOTATE)
