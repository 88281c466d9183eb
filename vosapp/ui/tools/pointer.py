"""One mouse event, in image pixels. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Press(Enum):
    """Which button is held."""

    NONE = 0
    LEFT = 1
    RIGHT = 2


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the mouse is and what is held.

    Attributes:
        x, y: in image pixels; may be outside the image.
        view_x, view_y: in view units.
        scale: view units to one image pixel.
        press: the button of the event, or held while moving.
        shift, control, alt: keys that are held.
    """

    x: float
    y: float
    view_x: float
    view_y: float
    scale: float
    press: Press = Press.NONE
    shift: bool = False
    control: bool = False
    alt: bool = False

    @property
    def place(self) -> tuple[float, float]:
        """Image position."""
        return self.x, self.y

    def reach(self, view_units: float) -> float:
        """Return a distance on the screen in image pixels."""
        return view_units / self.scale
