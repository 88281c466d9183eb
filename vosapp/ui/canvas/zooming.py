"""A view that zooms at the cursor, pans and fits; it knows of an image's size and no more."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QResizeEvent, QTransform
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QWidget

from vosapp.ui.canvas.mapping import Grid, fit_scale, hold_zoom

MARGIN = 12
"""View units around a picture that fits."""
WHEEL_STEP = 1.2
"""Zoom of one notch of the wheel."""


class ZoomingView(QGraphicsView):
    """Shows a scene whose image begins at its origin.

    Zoom is counted in device pixels to one image pixel, so that 1 is sharp on every screen.

    Signals:
        zoomChanged: the zoom is another one (float).
    """

    zoomChanged = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = QGraphicsScene(self)
        self._scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setScene(self._scene)
        self._image_size = (0, 0)
        self._fitting = True
        self._anchor: tuple[QPointF, tuple[float, float]] | None = None
        self._setup()

    def _setup(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        off = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setHorizontalScrollBarPolicy(off)
        self.setVerticalScrollBarPolicy(off)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        flags = QGraphicsView.OptimizationFlag
        self.setOptimizationFlags(flags.DontSavePainterState | flags.DontAdjustForAntialiasing)

    # Where things are

    @property
    def zoom(self) -> float:
        """Device pixels to one image pixel."""
        return self.transform().m11() * self.viewport().devicePixelRatioF()

    @property
    def grid(self) -> Grid:
        """How the image lies on the viewport."""
        # Not `viewportTransform`: it is the same, but built anew at every call.
        x, y = -self.horizontalScrollBar().value(), -self.verticalScrollBar().value()
        ratio, port = self.viewport().devicePixelRatioF(), self.viewport()
        width, height = round(port.width() * ratio), round(port.height() * ratio)
        return Grid(self.transform().m11(), x, y, ratio, width, height)

    # Ways to move

    def fit(self) -> None:
        """Show the whole picture, and keep showing it when the window is resized."""
        self._fitting = True
        if all(self._image_size):
            self._show(self._fit_scale(), self._image_center(), self._port_center())

    def zoom_to(self, zoom: float) -> None:
        """Zoom about the middle of the view; 1 shows the video's own pixels."""
        center = self._port_center()
        self._zoom_at(zoom, center)

    def zoom_by(self, factor: float) -> None:
        """Zoom about the middle of the view."""
        self.zoom_to(self.zoom * factor)

    def zoom_at(self, factor: float, position: QPointF) -> None:
        """Zoom so that what is under a view position stays there."""
        self._zoom_at(self.zoom * factor, position)

    def show_rect(self, rect: QRectF) -> None:
        """Zoom so that a part of the image fills most of the view."""
        self._fitting = False
        port, size = self.viewport(), (round(rect.width()) or 1, round(rect.height()) or 1)
        ratio = port.devicePixelRatioF()
        scale = fit_scale(size, (port.width(), port.height()), min(port.width(), port.height()) / 8)
        scale = min(scale, max(8.0 / ratio, self._fit_scale()))
        self._show(scale, (rect.center().x(), rect.center().y()), self._port_center())

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the picture by view units."""
        self._fitting = False
        self._anchor = None
        for bar, by in ((self.horizontalScrollBar(), dx), (self.verticalScrollBar(), dy)):
            bar.setValue(bar.value() - round(by))
        self._moved()

    # Inside

    def _set_image_size(self, width: int, height: int) -> None:
        if (width, height) != self._image_size:
            self._image_size = (width, height)
            self.fit()

    def _moved(self) -> None:
        """The image lies elsewhere on the viewport; subclasses draw anew what is not an item."""

    def _fit_scale(self) -> float:
        port = self.viewport()
        return fit_scale(self._image_size, (port.width(), port.height()), MARGIN)

    def _image_center(self) -> tuple[float, float]:
        return self._image_size[0] / 2, self._image_size[1] / 2

    def _port_center(self) -> QPointF:
        return QPointF(self.viewport().width() / 2, self.viewport().height() / 2)

    def _zoom_at(self, zoom: float, position: QPointF) -> None:
        if not all(self._image_size):
            return
        # Positions are rounded to view units: going on from the first one, several steps at one
        # place do not drift.
        if self._anchor is None or self._anchor[0] != position:
            self._anchor = (position, self.grid.to_image(position.x(), position.y()))
        anchor = self._anchor
        ratio = self.viewport().devicePixelRatioF()
        self._fitting = False
        self._show(hold_zoom(zoom, self._fit_scale() * ratio) / ratio, anchor[1], position)
        self._anchor = anchor

    def _show(self, scale: float, place: tuple[float, float], position: QPointF) -> None:
        """Show an image place at a view position."""
        width, height = self._image_size
        port = self.viewport()
        # Room around the picture: any of its pixels can be brought to the middle of the view.
        across, down = port.width() / scale, port.height() / scale
        self._scene.setSceneRect(-across, -down, width + 2 * across, height + 2 * down)
        self.setSceneRect(self._scene.sceneRect())
        self.setTransform(QTransform.fromScale(scale, scale))
        self.horizontalScrollBar().setValue(round(place[0] * scale - position.x()))
        self.verticalScrollBar().setValue(round(place[1] * scale - position.y()))
        self._anchor = None
        self._moved()
        self.zoomChanged.emit(self.zoom)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted picture fitted, and any other in the middle."""
        super().resizeEvent(event)
        if not all(self._image_size):
            return
        if self._fitting:
            self.fit()
        else:
            old = event.oldSize()
            center = QPointF(old.width() / 2, old.height() / 2)
            place = self.grid.to_image(center.x(), center.y())
            self._show(self.transform().m11(), place, self._port_center())

    def viewportEvent(self, event: QEvent) -> bool:
        """Draw anew on a screen of another resolution."""
        if event.type() == QEvent.Type.DevicePixelRatioChange and all(self._image_size):
            self._moved()
            self.zoomChanged.emit(self.zoom)
        return super().viewportEvent(event)
