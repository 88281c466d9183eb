"""Masks by two sets of weights side by side, on a keyframe that the user has drawn."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from vosapp.jobs.finetune import Comparison
from vosapp.project.colors import usual_color
from vosapp.project.model import TrackedObject
from vosapp.ui import numbering
from vosapp.ui.theme import set_tone, tones

OPACITY = 0.5
LEAST = QSize(260, 120)
"""Pixels of a picture, at least."""


class Picture(QWidget):
    """A picture that fills its place as far as its shape allows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image = QImage()
        self.setMinimumSize(LEAST)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_pixels(self, pixels: NDArray[np.uint8]) -> None:
        """Show h x w x 3 uint8."""
        height, width = pixels.shape[:2]
        data = np.ascontiguousarray(pixels)
        self._image = QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = self._image.copy()
        self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """It has the shape of its picture."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return how high it is at a width."""
        image = self._image
        return LEAST.height() if image.isNull() else round(width * image.height() / image.width())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it in the middle."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tones().canvas))
        if self._image.isNull():
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(left, top, size.width(), size.height()), self._image)


class ComparisonView(QWidget):
    """A keyframe with the masks that both weights predict for it; a choice where there are more.

    Attributes:
        picker: which keyframe is shown.
        titles, pictures: by the weights that learning began from, and by those it has made.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._comparisons: tuple[Comparison, ...] = ()
        self._objects: tuple[TrackedObject, ...] = ()
        self._base = ""
        self.picker = QComboBox(self)
        self.picker.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.way = QLabel(self)
        self.titles = (QLabel(self), QLabel(self))
        self.pictures = (Picture(self), Picture(self))
        self.scores = QLabel(self)
        self._lay_out()
        self.picker.currentIndexChanged.connect(self._show)

    def set_comparisons(
        self, comparisons: Sequence[Comparison], objects: Iterable[TrackedObject], base: str
    ) -> None:
        """Show comparisons, the first one first.

        Args:
            comparisons: at least one.
            objects: for their names and colors.
            base: what the weights are called that learning began from; plain text.
        """
        self._comparisons, self._objects = tuple(comparisons), tuple(objects)
        self._base = base[:1].upper() + base[1:]
        names = (self._base, self.tr("Learned from this video"))
        for picture, name in zip(self.pictures, names, strict=True):
            picture.setAccessibleName(name)
        text = self.tr("The keyframe that is compared: J with {0}, and as learned from this video")
        self.picker.setToolTip(f"<p>{text.format(html.escape(base))}</p>")
        self.picker.blockSignals(True)
        self.picker.clear()
        for one in self._comparisons:
            before, after = _means(one)
            text = self.tr("Frame {0}: {1:.3f} \u2192 {2:.3f}")
            self.picker.addItem(text.format(numbering.shown(one.frame_index), before, after))
        self.picker.blockSignals(False)
        self.picker.setVisible(len(self._comparisons) > 1)
        self._show(0)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.picker)
        head.addWidget(self.way, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        for column in (0, 1):
            grid.addWidget(self.titles[column], 0, column)
            grid.addWidget(self.pictures[column], 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(head)
        whole.addLayout(grid, 1)
        whole.addWidget(self.scores)
        for label in (self.way, self.scores):
            label.setWordWrap(True)
            set_tone(label, "muted")
        for label in (self.titles[0], self.scores):
            # They name files and objects of whoever made the project.
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.picker.setAccessibleName(self.tr("Keyframe"))
        self.picker.setToolTip(self.tr("The keyframe that is compared"))
        for picture in self.pictures:
            picture.setAccessibleName(self.tr("Comparison"))
            picture.setToolTip(self.tr("Filled: predicted masks. White line: what you drew."))

    def _show(self, row: int) -> None:
        one = self._comparisons[row]
        before, after = _means(one)
        self.titles[0].setText(self.tr("{0}, J {1:.3f}").format(self._base, before))
        learned = self.tr("Learned from this video, J {0:.3f}").format(after)
        self.titles[1].setText(f"<b>{learned}</b>")
        for picture, labels in zip(self.pictures, (one.before, one.after), strict=True):
            picture.show_pixels(overlay(one, labels, self._objects))
        self.way.setText(self._way(one))
        names = {item.object_id: item.shown_name for item in self._objects}
        self.scores.setText(
            ", ".join(
                f"{names.get(i, f'Object {i}')} {old:.3f} \u2192 {new:.3f}"
                for i, (old, new) in one.scores.items()
            )
        )

    def _way(self, one: Comparison) -> str:
        if one.returns:
            text = self.tr("Masks of frame {0}, carried to frame {1} and back; ")
        else:
            text = self.tr("Masks for frame {0}, carried from frame {1}; ")
        drawn = self.tr("the white line is what you drew.")
        return text.format(numbering.shown(one.frame_index), numbering.shown(one.origin)) + drawn


def overlay(
    one: Comparison, labels: NDArray[np.uint8], objects: Iterable[TrackedObject]
) -> NDArray[np.uint8]:
    """Return a frame with predicted masks in the objects' colors, and lines around the drawn ones.

    Args:
        one: frame and drawn masks.
        labels: h x w uint8 object ids, of the same size.
        objects: for their colors.
    """
    colors, share = np.zeros((256, 3), np.float32), np.zeros(256, np.float32)
    # An object may have been deleted while the video was learned.
    for object_id in one.scores:
        colors[object_id], share[object_id] = usual_color(object_id), OPACITY
    for item in objects:
        colors[item.object_id], share[item.object_id] = item.color, OPACITY
    part = share[labels][..., None]
    mixed = one.picture * (1 - part) + colors[labels] * part
    mixed[_outlines(one.drawn, list(one.scores))] = 255
    return np.asarray(mixed, np.uint8)


def _outlines(drawn: NDArray[np.uint8], object_ids: list[int]) -> NDArray[np.bool_]:
    """Pixels of objects that touch another label."""
    kept = np.where(np.isin(drawn, object_ids), drawn, 0)
    edge = np.zeros(kept.shape, np.bool_)
    for axis in (0, 1):
        differs = np.diff(kept, axis=axis) != 0
        first = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        second = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
        edge[first] |= differs
        edge[second] |= differs
    return np.asarray(edge & (kept > 0))


def _means(one: Comparison) -> tuple[float, float]:
    pairs = list(one.scores.values())
    return sum(p[0] for p in pairs) / len(pairs), sum(p[1] for p in pairs) / len(pairs)
