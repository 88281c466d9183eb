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

WIDE = 1.2
"""Width by height from which on a picture is wide."""


class PicturePair(QWidget):
    """Old at the left, new at the right, with a line on what is seen below.

    Args:
        parent: what it stands in.
        narrow: there is little room beside it: wide pictures stand one above the other.

    Attributes:
        pictures, titles: old, new.
        caption: which frame it is.
    """

    def __init__(self, parent: QWidget, *, narrow: bool = False) -> None:
        super().__init__(parent)
        self._narrow, self._stacked = narrow, False
        self._shown: tuple[NDArray[np.uint8] | None, ...] = (None,) * 4
        self.pictures = (Picture(self), Picture(self))
        self.titles = (QLabel(self), QLabel(self))
        self.caption = QLabel(self)
        self.caption.setWordWrap(True)
        set_tone(self.caption, "muted")
        for label in (*self.titles, self.caption):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._grid = grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(4)
        for picture in self.pictures:
            picture.setMinimumSize(150, 90)
        self._arrange()
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
        """Show a frame with two label maps; those that are shown already are not drawn again.

        Args:
            frame: h x w x 3 uint8.
            labels: old and new, h x w uint8 object ids.
            titles: of them.
            caption: which frame it is.
            truth: h x w uint8 object ids; a white line around what should be found.
        """
        titles = (visible(titles[0]), visible(titles[1]))
        for picture, title, name in zip(self.pictures, self.titles, titles, strict=True):
            picture.setAccessibleName(name)
            title.setText(name)
        self.caption.setText(visible(caption))
        arrays = (frame, *labels, truth)
        if all(old is new for old, new in zip(self._shown, arrays, strict=True)):
            return
        self._shown = arrays
        stacked = self._narrow and frame.shape[1] > WIDE * frame.shape[0]
        if stacked != self._stacked:
            self._stacked = stacked
            self._arrange()
        edges = None if truth is None else _edges(truth)
        for picture, label_map in zip(self.pictures, labels, strict=True):
            pixels = over(frame, label_map)
            if edges is not None:
                pixels[edges] = 255
            picture.show_pixels(pixels)

    def _arrange(self) -> None:
        grid = self._grid
        while grid.takeAt(0) is not None:
            continue
        for place, (title, picture) in enumerate(zip(self.titles, self.pictures, strict=True)):
            row, column = (2 * place, 0) if self._stacked else (0, place)
            grid.addWidget(title, row, column)
            grid.addWidget(picture, row + 1, column)
        for row in (1, 3):
            grid.setRowStretch(row, int(row == 1 or self._stacked))
        for column in (0, 1):
            grid.setColumnStretch(column, int(column == 0 or not self._stacked))


def _edges(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of objects that touch another label."""
    edge = np.zeros(labels.shape, np.bool_)
    across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return np.asarray(edge & (labels > 0) & (labels < 255))
