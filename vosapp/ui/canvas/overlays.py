"""All that is drawn over the label map at the screen's resolution: outlines, cut-out, proposals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRect, QTimer, Signal
from PySide6.QtGui import QColor, QPainter

from core.media.label_lines import vivid
from vosapp.project.model import TrackedObject
from vosapp.ui.canvas import colors, outlines
from vosapp.ui.canvas.items import LabelItem
from vosapp.ui.canvas.mapping import Grid, PixelRect
from vosapp.ui.canvas.screen_image import ScreenImage
from vosapp.ui.theme import tones
from vosapp.ui.tools.base import Proposal
from vosapp.ui.tools.local_edit import extent
from vosapp.ui.view_state import Ground, OverlayMode, ViewState

LINE = 2.0
"""View units of an outline's width."""
MARCH_MS = 120
"""Time between two steps of a proposal's dashes."""
_REACH = 4
"""View units around a change in which outlines may change."""
_FLAT = {Ground.BLACK: "#000000", Ground.WHITE: "#ffffff", Ground.GREEN: "#00b140"}
"""Colors of plain grounds; the green is that of green screens."""
_LINED = (OverlayMode.MASK, OverlayMode.OUTLINE)


class Overlays(QObject):
    """Draws what `LabelItem` cannot: lines as wide at every zoom, and boards.

    Signals:
        marched: a proposal's dashes have moved.
    """

    marched = Signal()

    def __init__(self, item: LabelItem, view_state: ViewState, parent: QObject) -> None:
        super().__init__(parent)
        self._item, self._state = item, view_state
        self._lines, self._board = ScreenImage(), ScreenImage()
        self._ghost, self._march = ScreenImage(), ScreenImage()
        self._found = ScreenImage()
        self._found_map: NDArray[np.uint8] | None = None
        self._shown: NDArray[np.bool_] = np.zeros(256, np.bool_)
        self._ghost_map: NDArray[np.uint8] | None = None
        self._objects: tuple[TrackedObject, ...] = ()
        self._proposal: Proposal | None = None
        self._proposal_part = PixelRect(0, 0, 0, 0)
        self._phase = 0
        self._version = 0
        self._timer = QTimer(self)
        self._timer.setInterval(MARCH_MS)
        self._timer.timeout.connect(self._step)

    @property
    def mode(self) -> OverlayMode:
        """How masks are drawn now."""
        return OverlayMode.OFF if self._state.peek else self._state.mode

    def set_objects(self, objects: tuple[TrackedObject, ...]) -> None:
        """Take colors, visibility and the mode over; only color tables change."""
        self._objects = objects
        solo, mode = self._state.solo, self.mode
        # A proposal takes the place of its object's mask.
        replaced = 0 if self._proposal is None else self._proposal.object_id
        drawn = tuple(item for item in objects if item.object_id != replaced)
        if mode is OverlayMode.MATTE:
            table = colors.matte_table(objects, solo)
        elif mode is OverlayMode.MASK:
            table = colors.object_table(drawn, solo, self._state.opacity)
        else:
            table = [colors.TRANSPARENT] * 256
        self._item.set_colors(table)
        self._lines.set_colors(colors.line_table(drawn, solo))
        self._ghost.set_colors(colors.line_table(objects, solo, 0.75))
        shown = colors.shown_ids(objects, solo)
        if (shown != self._shown).any():
            self._shown = shown
            self._board.forget()

    def set_ghost(self, label_map: NDArray[np.uint8] | None) -> None:
        """Draw another frame's outlines too; None draws none."""
        self._ghost_map = label_map
        self._ghost.forget()

    def set_found(self, label_map: NDArray[np.uint8] | None) -> None:
        """Draw dashed outlines of what was found and is no object yet; None draws none."""
        self._found_map = label_map
        self._found.set_colors(colors.candidate_table())
        self._found.forget()

    def set_proposal(self, proposal: Proposal | None) -> None:
        """Draw a proposal in place of its object's mask; None draws none."""
        old, self._proposal = self._proposal, proposal
        if (old and old.object_id) != (proposal and proposal.object_id):
            self.set_objects(self._objects)
        if proposal is None:
            self._timer.stop()
        elif old is None or proposal.mask is not old.mask:
            self._march.forget()
            self._proposal_part = extent(proposal.mask != 0)
            if not self._timer.isActive():
                self._timer.start()

    def proposal_area(self, grid: Grid) -> QRect:
        """Return the view rectangle that the proposal takes."""
        return view_rect(grid, self._proposal_part, _REACH)

    def touch(self, grid: Grid, part: PixelRect) -> QRect:
        """A part of the label map was drawn on: return what must be drawn anew, in view units."""
        device = grid.device_rect(part, round(_REACH * grid.ratio))
        for image, render, seen in (
            (self._lines, self._render_lines, self.mode in _LINED),
            (self._board, self._render_board, self.mode is OverlayMode.CUTOUT),
        ):
            if seen:
                image.touch(device, render)
            else:
                image.forget()
        return view_rect(grid, part, _REACH)

    def draw(self, painter: QPainter, grid: Grid, exposed: QRect) -> None:
        """Draw all of it.

        Args:
            painter: in view units.
            grid: how the image lies on the viewport.
            exposed: what is to be drawn, in view units.
        """
        height, width = self._item.labels.shape
        whole = grid.device_rect(PixelRect(0, 0, width, height))
        labeled = grid.device_rect(self._item.part, round(_REACH * grid.ratio))
        mode, version = self.mode, self._item.version
        if mode is OverlayMode.CUTOUT:
            self._board.set_colors([0, *_ground(self._state.ground), *[0] * 253])
            self._board.update(grid, whole, version, self._render_board)
            self._board.draw(painter, exposed)
        if self._ghost_map is not None and mode is not OverlayMode.OFF:
            self._ghost.update(grid, whole, 0, self._render_ghost)
            self._ghost.draw(painter, exposed)
        if mode in _LINED:
            self._lines.update(grid, labeled, version, self._render_lines)
            self._lines.draw(painter, exposed)
        if self._found_map is not None:
            self._found.update(grid, whole, 0, self._render_found)
            self._found.draw(painter, exposed)
        if self._proposal is not None:
            self._draw_proposal(painter, grid, exposed)

    def _draw_proposal(self, painter: QPainter, grid: Grid, exposed: QRect) -> None:
        if self._proposal is None:
            return
        line = colors.argb(vivid(self._proposal.color))
        fill = colors.argb(self._proposal.color, 0.4)
        dark = _contrast(self._proposal.color)
        self._march.set_colors([0, dark, line, fill, *[0] * 252])
        part = grid.device_rect(self._proposal_part, round(_REACH * grid.ratio))
        self._march.update(grid, part, self._phase, self._render_march)
        self._march.draw(painter, exposed)

    def _render_lines(self, grid: Grid, part: PixelRect) -> NDArray[np.uint8]:
        return outlines.outline(grid, self._item.labels, part, LINE)

    def _render_board(self, grid: Grid, part: PixelRect) -> NDArray[np.uint8]:
        return outlines.cutout(grid, self._item.labels, part, self._shown)

    def _render_ghost(self, grid: Grid, part: PixelRect) -> NDArray[np.uint8]:
        if self._ghost_map is None:
            return np.zeros((part.bottom - part.top, part.right - part.left), np.uint8)
        return outlines.dashed_outline(grid, self._ghost_map, part, 1.5)

    def _render_found(self, grid: Grid, part: PixelRect) -> NDArray[np.uint8]:
        if self._found_map is None:
            return np.zeros((part.bottom - part.top, part.right - part.left), np.uint8)
        return outlines.dashed_outline(grid, self._found_map, part, LINE)

    def _render_march(self, grid: Grid, part: PixelRect) -> NDArray[np.uint8]:
        if self._proposal is None:
            return np.zeros((part.bottom - part.top, part.right - part.left), np.uint8)
        return outlines.proposal(grid, self._proposal.mask, part, self._phase, LINE)

    def _step(self) -> None:
        self._phase = (self._phase + 2) % (1 << 20)
        self.marched.emit()


def _ground(ground: Ground) -> tuple[int, int]:
    """The colors of the two kinds of squares."""
    if ground is Ground.CHECKS:
        return QColor(tones().base).rgba(), QColor(tones().border).rgba()
    color = QColor(_FLAT[ground]).rgba()
    return color, color


def view_rect(grid: Grid, part: PixelRect, margin: int = 0) -> QRect:
    """Return an image part as a rectangle in view units, with a margin."""
    left, top = grid.to_view(part.left, part.top)
    right, bottom = grid.to_view(part.right, part.bottom)
    rect = QRect(int(left), int(top), int(right - left) + 2, int(bottom - top) + 2)
    return rect.adjusted(-margin, -margin, margin, margin)


def _contrast(color: tuple[int, int, int]) -> int:
    """White on dark colors, black on light ones."""
    light = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    return colors.WHITE if light < 150 else colors.BLACK
