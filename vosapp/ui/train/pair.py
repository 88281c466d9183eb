"""Two pictures of one frame side by side: as weights saw it before, and as they see it now."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from core.text import visible
from vosapp.ui.dialogs.comparison import Picture
from vosapp.ui.theme import set_tone
from vosapp.ui.train.samples import over


class PicturePair(QWidget):
    """Old at the left, new at the right, with a line on what is seen below.

    Attributes:
        pictures, titles: old, new.
        caption: which frame it is.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.pictures = (Picture(self), Picture(self))
        self.titles = (QLabel(self), QLabel(self))
        self.caption = QLabel(self)
        self.caption.setWordWrap(True)
        set_tone(self.caption, "muted")
        for label in (*self.titles, self.caption):
            label.setTextFormat(Qt.TextFormat.PlainText)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        for column in (0, 1):
            self.pictures[column].setMinimumSize(150, 90)
            grid.addWidget(self.titles[column], 0, column)
            grid.addWidget(self.pictures[column], 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addLayout(grid, 1)
        whole.addWidget(self.caption)
        self.setAccessibleName(self.tr("Before and now"))

    def show_pair(
        self,
        frame: NDArray[np.uint8],
        labels: tuple[NDArray[np.uint8], NDArray[np.uint8]],
        titles: tuple[str, str],
        *,
        caption: str = "",
        truth: NDArray[np.uint8] | None = None,
    ) -> None:
        """Show a frame with two label maps.

        Args:
            frame: h x w x 3 uint8.
            labels: old and new, h x w uint8 object ids.
            titles: of them.
            caption: which frame it is.
            truth: h x w uint8 object ids; a white line around what should be found.
        """
        edges = None if truth is None else _edges(truth)
        for picture, title, label_map, name in zip(
            self.pictures, self.titles, labels, titles, strict=True
        ):
            pixels = over(frame, label_map)
            if edges is not None:
                pixels[edges] = 255
            picture.show_pixels(pixels)
            picture.setAccessibleName(visible(name))
            title.setText(visible(name))
        self.caption.setText(visible(caption))


def _edges(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of objects that touch another label."""
    edge = np.zeros(labels.shape, np.bool_)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return np.asarray(edge & (labels > 0) & (labels < 255))
