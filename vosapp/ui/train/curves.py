"""Curves of a run: losses, and scores on held-out data with the best point marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import pyqtgraph
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vosapp.services.training.run_values import LossPoint, RunStatus
from vosapp.ui.theme import tones
from vosapp.ui.train import words

SEEN = 100
"""A curve is drawn anew when it is longer by this part of it."""
MOST_POINTS = 600
"""Of a curve that are drawn: every few of its running mean where there are more."""
INKS = ("accent", "warning", "success", "danger", "muted", "text")
"""Of losses; "info" looks like "accent"."""
LEAST_MINUTES, PADDING = 0.5, 0.04
"""Minutes that the axis spans, and its share left free at both ends: marks are whole."""
LEAST_SCORES = 0.1
"""That the axis of scores spans, so that noise does not look like a gain."""
SMOOTH = 0.9
"""Weight of what was in the running mean of a loss, at each point: single steps jump."""


class Curves(QWidget):
    """Two plots over minutes of training.

    Attributes:
        losses, scores: the plots.
        best: where the best point is marked, (minutes, score); None for nowhere.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.best: tuple[float, float] | None = None
        self._status: RunStatus | None = None
        self._mark: tuple[object, ...] | None = None
        self._drawn = 0
        self._lines: dict[str, Any] = {}
        self.losses = _plot(self, self.tr("Losses"), self.tr("What training makes smaller"))
        self.scores = _plot(
            self, self.tr("Held-out score"), self.tr("On clips that are never trained on")
        )
        self._make_scores()
        self.scores.setLimits(yMin=0, yMax=1, minYRange=LEAST_SCORES)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.losses, 1)
        column.addWidget(self.scores, 1)
        self.refresh_theme()

    def show_status(self, status: RunStatus | None) -> None:
        """Show the curves of a run."""
        self._status = status
        count = 0 if status is None else len(status.losses)
        mark = None if status is None else (status.folder, len(status.scores), status.state)
        # A curve of thousands of points looks the same with one more.
        if mark != self._mark or count - self._drawn >= max(1, self._drawn // SEEN):
            self._mark = mark
            self._draw()

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        shown = tones()
        for plot in (self.losses, self.scores):
            plot.setBackground(shown.base)
            for name in ("left", "bottom"):
                axis = plot.getPlotItem().getAxis(name)
                axis.setPen(pyqtgraph.mkPen(shown.border))
                axis.setTextPen(QColor(shown.muted))
            plot.getPlotItem().titleLabel.setText(plot.accessibleName(), color=shown.text)
        self._paint_lines()
        self._paint_scores()
        self._draw()

    def _draw(self) -> None:
        status = self._status
        self._drawn = 0 if status is None else len(status.losses)
        self._draw_losses(() if status is None else status.losses)
        self._draw_scores(status)
        self._draw_minutes(status)

    def _draw_losses(self, points: Sequence[LossPoint]) -> None:
        names = tuple(dict.fromkeys(name for point in points for name in point.losses))
        if names != tuple(self._lines):
            self._make_lines(names)
        minutes = np.array([point.seconds / 60 for point in points], np.float64)
        for name, line in self._lines.items():
            values = [point.losses.get(name, math.nan) for point in points]
            line.setData(*calm(minutes, np.array(values, np.float64)))

    def _make_lines(self, names: tuple[str, ...]) -> None:
        """Make items once: what is there already is drawn anew ten times as quickly."""
        for line in self._lines.values():
            self.losses.removeItem(line)
        if names and self.losses.getPlotItem().legend is None:
            self.losses.addLegend(offset=(-8, 8))
        self._lines = {name: self.losses.plot(name=name.replace("_", " ")) for name in names}
        self._paint_lines()

    def _paint_lines(self) -> None:
        for place, line in enumerate(self._lines.values()):
            color = QColor(getattr(tones(), INKS[place % len(INKS)]))
            line.setPen(pyqtgraph.mkPen(color, width=1.6))
        legend, ground = self.losses.getPlotItem().legend, QColor(tones().base)
        if legend is not None:
            ground.setAlpha(210)
            legend.setBrush(ground)
            legend.setLabelTextColor(tones().text)
            for _, label in legend.items:
                # WORKAROUND(pyqtgraph 0.14): a label takes another color with its next text.
                label.setText(label.text)

    def _draw_scores(self, status: RunStatus | None) -> None:
        scores = () if status is None else status.scores
        known = [(p.seconds / 60, p.score) for p in scores if math.isfinite(p.score)]
        self._course.setData(*np.array(known, np.float64).reshape(-1, 2).T)
        before, best = (None, None) if status is None else (status.before, status.best)
        line = before is not None and math.isfinite(before.score)
        self._before.setVisible(line)
        if before is not None and line:
            self._before.setValue(before.score)
        marked = best is not None and math.isfinite(best.score)
        self.best = (best.seconds / 60, best.score) if best is not None and marked else None
        self._star.setData(*([[value] for value in self.best] if self.best else ([], [])))
        title = self.scores.accessibleName()
        if known and status is not None:
            title = f"{title}: {words.measure(status)}"
        self.scores.getPlotItem().titleLabel.setText(title, color=tones().text)

    def _draw_minutes(self, status: RunStatus | None) -> None:
        """Both plots show the same minutes, from 0 on."""
        losses, scores = ((), ()) if status is None else (status.losses, status.scores)
        ends = [point.seconds for point in losses[-1:]] + [point.seconds for point in scores[-1:]]
        last = max(ends, default=0.0) / 60
        for plot in (self.losses, self.scores):
            plot.setXRange(0, max(LEAST_MINUTES, last), padding=PADDING)

    def _make_scores(self) -> None:
        self._before = pyqtgraph.InfiniteLine(0, angle=0)
        self.scores.addItem(self._before)
        self._course = self.scores.plot(symbol="o", symbolSize=6)
        self._star = self.scores.plot(pen=None, symbol="star", symbolSize=16)

    def _paint_scores(self) -> None:
        shown = tones()
        self._course.setPen(pyqtgraph.mkPen(QColor(shown.accent), width=1.8))
        self._course.setSymbolBrush(QColor(shown.accent))
        self._star.setSymbolBrush(QColor(shown.success))
        self._before.setPen(_dashed(shown.muted))


def calm(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a curve as a running mean, thinned to `MOST_POINTS`; what is no number is left out."""
    known = np.isfinite(y)
    x, calmed = x[known], accumulate(y[known].tolist(), lambda a, b: SMOOTH * a + (1 - SMOOTH) * b)
    y = np.array(list(calmed), np.float64)
    step = max(1, -(-len(x) // MOST_POINTS))
    places = np.unique([*range(0, len(x), step), *([len(x) - 1] if len(x) else [])])
    return x[places.astype(np.intp)], y[places.astype(np.intp)]


def _plot(parent: QWidget, name: str, tip: str) -> Any:
    plot = pyqtgraph.PlotWidget(parent, title=name)
    plot.setAccessibleName(name)
    plot.setToolTip(tip)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
    plot.showGrid(x=True, y=True, alpha=0.15)
    plot.setLabel("bottom", words.tr("minutes of training"))
    plot.getPlotItem().getAxis("bottom").enableAutoSIPrefix(False)
    plot.setMinimumHeight(120)
    return plot


def _dashed(color: str) -> Any:
    return pyqtgraph.mkPen(QColor(color), width=1.2, style=Qt.PenStyle.DashLine)
