"""Going from one place of the window to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtWidgets import QWidget

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Check, Controller
from vosapp.ui.desk import Desk
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
    """The bar of places. Pages of Train and Models are made when they are first wanted."""

    def __init__(self, shell: Desk) -> None:
        super().__init__(shell)
        self._makers: dict[Place, Callable[[], QWidget]] = {}

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {f"place.{place.value}": partial(self.show, place) for place in Place}

    def checks(self) -> Mapping[str, Check]:
        """See `Controller`."""
        return {f"place.{place.value}": partial(self._is_shown, place) for place in Place}

    def begin(self) -> None:
        """See `Controller`."""
        self.shell.actions.about.connect(self._make_seen)
        self.shell.workspaceChanged.connect(self._follow)
        self.shell.window.placeChanged.connect(self.shell.refresh)

        for place in (Place.TRAIN, Place.MODELS):
            self.offer(place, lambda: QWidget(self.shell.window))

    def offer(self, place: Place, make: Callable[[], QWidget]) -> None:
        """Say how the page of a place is made."""
        self._makers[place] = make

    def show(self, place: Place) -> None:
        """Show a place; the keyboard goes with it."""
        window = self.shell.window
        if place in self._makers:
            window.add_place(place, self._makers.pop(place)())
        if place is not Place.ANNOTATE and window.place is Place.ANNOTATE:
            # What is being drawn is not seen any more.
            self.shell.panels.canvas.finish_tool()
        window.show_place(place)
        page = window.stack.currentWidget()
        (self.shell.panels.canvas if place is Place.ANNOTATE else page).setFocus()

    def _is_shown(self, place: Place) -> bool:
        return self.shell.window.place is place

    def _follow(self) -> None:
        """Who opens a project wants to see it."""
        if self.workspace is not None:
            self.show(Place.ANNOTATE)

    def _make_seen(self, action_id: str) -> None:
        """Nothing is changed on the canvas while nobody sees it."""
        topic = action_id.partition(".")[0]
        picture = topic in PICTURE_TOPICS and action_id not in ANYWHERE
        if picture or (topic == "propagate" and action_id not in RUNS):
            self.show(Place.ANNOTATE)
