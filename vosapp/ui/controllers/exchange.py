"""Export and import."""

from __future__ import annotations

from collections.abc import Mapping

from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import Controller


class ExchangeController(Controller):
    """Export and import in the File menu."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {
            "file.export": lambda: None,
            "file.export-frame": lambda: None,
            "file.import": lambda: None,
        }
