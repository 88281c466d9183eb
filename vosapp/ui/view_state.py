"""How the window looks at a project and which tool is in hand: shared by all panels, never saved
with the project.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, Signal

MAX_BRUSH = 500.0
"""Pixels of the largest brush."""
MAX_TOLERANCE = 100.0
"""From black to white, as `core.prompts.fill` counts."""


class OverlayMode(Enum):
    """How masks are drawn over the video."""

    MASK = "mask"
    """Filled and outlined."""
    OUTLINE = "outline"
    MATTE = "matte"
    """White objects on black."""
    CUTOUT = "cutout"
    """Objects as they are, the `Ground` for all else."""
    OFF = "off"


class Ground(Enum):
    """What is behind objects that are cut out."""

    CHECKS = "checks"
    """A checkerboard in the colors of the theme."""
    BLACK = "black"
    WHITE = "white"
    GREEN = "green"
    """As green screens are."""


class ToolId(Enum):
    """The tools of the canvas."""

    SELECT = "select"
    BOX = "box"
    """A prompt: its mask is asked for."""
    LABEL = "label"
    """A box label: it stays a box."""
    POINTS = "points"
    BRUSH = "brush"
    ERASER = "eraser"
    LASSO = "lasso"
    POLYGON = "polygon"
    FILL = "fill"
    ERASE_AREA = "erase-area"
    """Takes an area away on all frames of the range."""
    PICK = "pick"


class PaintLimit(Enum):
    """Whose pixels brush, lasso, polygon and fill may paint over (ADR 0047)."""

    EVERYTHING = "everything"
    """All but locked objects."""
    BACKGROUND = "background"
    """No object loses a pixel."""
    OBJECT = "object"
    """Only what the drawing begins on: one object, or the background."""


class ViewState(QObject):
    """Settings of the view. Setters announce a change only where there is one.

    Attributes:
        opacity: of the fill, 0..1.
        mode: of the overlay.
        ground: behind objects that are cut out.
        peek: the overlay is hidden while a key is held.
        onion: a neighboring keyframe is drawn too, as a ghost.
        solo: id of the only object that is drawn, 0 for all that are visible.
        tool: in hand.
        previous_tool: that was in hand before, to go back to.
        brush_size: diameter in pixels of the video, 1..`MAX_BRUSH`.
        tolerance: of the fill tool, 0..`MAX_TOLERANCE`.
        other_answer: boxes and clicks are answered by the second best method.
        positive: what is drawn is added to the object, else taken away.
        paint_limit: whose pixels may be painted over.
        fill_boxes: box labels are made on all frames between two that are drawn.

    Signals:
        changed: anything but the tool.
        toolChanged: another tool is in hand (`ToolId`).
    """

    changed = Signal()
    toolChanged = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.opacity = 0.45
        self.mode = OverlayMode.MASK
        self.ground = Ground.CHECKS
        self.peek = False
        self.onion = False
        self.solo = 0
        self.tool = ToolId.SELECT
        self.previous_tool = ToolId.SELECT
        self.brush_size = 24.0
        self.tolerance = 10.0
        self.other_answer = False
        self.positive = True
        self.paint_limit = PaintLimit.EVERYTHING
        self.fill_boxes = True

    def set_opacity(self, opacity: float) -> None:
        """Set the fill's opacity, held to 0..1."""
        self._set("opacity", min(max(float(opacity), 0.0), 1.0))

    def set_mode(self, mode: OverlayMode) -> None:
        """Draw masks another way."""
        self._set("mode", mode)

    def set_ground(self, ground: Ground) -> None:
        """Put something else behind objects that are cut out."""
        self._set("ground", ground)

    def set_peek(self, *, peek: bool) -> None:
        """Hide the overlay for now, or show it again."""
        self._set("peek", peek)

    def set_onion(self, *, onion: bool) -> None:
        """Draw the neighboring keyframe too, or not."""
        self._set("onion", onion)

    def set_solo(self, object_id: int) -> None:
        """Draw one object only; 0 draws all that are visible."""
        self._set("solo", object_id)

    def set_tool(self, tool: ToolId) -> None:
        """Take a tool in hand."""
        if tool is not self.tool:
            self.previous_tool, self.tool = self.tool, tool
            self.toolChanged.emit(tool)

    def set_brush_size(self, size: float) -> None:
        """Set the brush's diameter, held to 1..`MAX_BRUSH` pixels."""
        self._set("brush_size", min(max(float(size), 1.0), MAX_BRUSH))

    def set_tolerance(self, tolerance: float) -> None:
        """Set the fill's tolerance, held to 0..`MAX_TOLERANCE`."""
        self._set("tolerance", min(max(float(tolerance), 0.0), MAX_TOLERANCE))

    def set_other_answer(self, *, other: bool) -> None:
        """Answer boxes and clicks by the second best method, or by the best."""
        self._set("other_answer", other)

    def set_positive(self, *, positive: bool) -> None:
        """Add what is drawn to the object, or take it away."""
        self._set("positive", positive)

    def set_paint_limit(self, limit: PaintLimit) -> None:
        """Limit whose pixels may be painted over."""
        self._set("paint_limit", limit)

    def next_paint_limit(self) -> None:
        """Go on to the next limit, after the last one to the first."""
        limits = list(PaintLimit)
        self.set_paint_limit(limits[(limits.index(self.paint_limit) + 1) % len(limits)])

    def set_fill_boxes(self, *, fill: bool) -> None:
        """Make box labels between drawn ones, or only where they are drawn."""
        self._set("fill_boxes", fill)

    def _set(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)
            self.changed.emit()
