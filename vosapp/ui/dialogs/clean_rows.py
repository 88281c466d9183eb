"""The sliders of the clean-up dialog: which values they have, and how these are written."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from core.cleaning import AUTO

SIZES = (0, AUTO, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
"""Pixels of islands and holes."""
PARTS = tuple(range(11))
MOVES = tuple(range(-20, 21))
PIXELS = tuple(range(21))
VALUE_WIDTH = 92


def _tr(text: str) -> str:
    return str(QT_TRANSLATE_NOOP("Clean", text))


@dataclass(frozen=True, slots=True)
class CleanRow:
    """One setting.

    Attributes:
        field: of `core.cleaning.Cleaning`.
        title: before the slider.
        tip: what it does.
        values: of the slider, from left to right.
        write: a value in words, untranslated, with {0} for its size.
    """

    field: str
    title: str
    tip: str
    values: tuple[int, ...]
    write: Callable[[int], str]


def _size(value: int) -> str:
    if value == AUTO:
        return _tr("Automatic")
    return _tr("below {0} px") if value else _tr("Off")


def _parts(value: int) -> str:
    return _tr("the largest {0}") if value else _tr("All")


def _move(value: int) -> str:
    if not value:
        return _tr("Off")
    return _tr("grow {0} px") if value > 0 else _tr("shrink {0} px")


def _pixels(value: int) -> str:
    return _tr("{0} px") if value else _tr("Off")


ROWS: tuple[CleanRow, ...] = (
    CleanRow(
        "islands",
        _tr("Remove islands"),
        _tr("Parts that are smaller go; the largest part always stays"),
        SIZES,
        _size,
    ),
    CleanRow(
        "holes",
        _tr("Fill holes"),
        _tr("Holes that are smaller are filled where the background shows through"),
        SIZES,
        _size,
    ),
    CleanRow("keep", _tr("Keep parts"), _tr("How many parts stay at most"), PARTS, _parts),
    CleanRow(
        "smooth",
        _tr("Smooth edge"),
        _tr("Bumps and notches that are narrower than about twice this go"),
        PIXELS,
        _pixels,
    ),
    CleanRow(
        "grow",
        _tr("Move edge"),
        _tr("Outward into the background, or inward; never into another object"),
        MOVES,
        _move,
    ),
    CleanRow(
        "feather",
        _tr("Feather"),
        _tr("How soft the edge is in exported mattes; masks have no soft edges"),
        PIXELS,
        _pixels,
    ),
)
"""From top to bottom, in the order in which they are done."""


class CleanSlider(QWidget):
    """A slider with its value in words.

    Signals:
        moved: the user has chosen another value.
    """

    moved = Signal()

    def __init__(self, row: CleanRow, parent: QWidget) -> None:
        super().__init__(parent)
        self.row = row
        self._exact: int | float | None = None
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, len(row.values) - 1)
        self.slider.setPageStep(1)
        # Where nothing is done in the middle, a bar from the left would say that much is.
        self.slider.setProperty("twoWays", row.values[0] < 0)
        self.slider.setMinimumWidth(150)
        self.words = QLabel(self)
        self.words.setFixedWidth(VALUE_WIDTH)
        name = QCoreApplication.translate("Clean", row.title)
        self.slider.setAccessibleName(name)
        tip = QCoreApplication.translate("Clean", row.tip)
        self.slider.setToolTip(tip)
        self.setToolTip(tip)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(10)
        line.addWidget(self.slider, 1)
        line.addWidget(self.words)
        self.slider.valueChanged.connect(self._take)

    @property
    def value(self) -> int | float:
        """What is chosen; a value of a project between two of the slider's stays as it is."""
        return self.row.values[self.slider.value()] if self._exact is None else self._exact

    def set_value(self, value: float) -> None:
        """Show a value; the nearest place of the slider stands for it."""
        self.slider.blockSignals(True)
        self.slider.setValue(_place(self.row.values, value))
        self.slider.blockSignals(False)
        self._exact = value
        self._write()

    def _take(self) -> None:
        self._exact = None
        self._write()
        self.moved.emit()

    def _write(self) -> None:
        value = self.value
        words = QCoreApplication.translate("Clean", self.row.write(int(value) or int(value > 0)))
        size = abs(value)
        shown = words.format(int(size) if size == int(size) else f"{size:g}")
        self.words.setText(shown)
        self.slider.setAccessibleDescription(shown)


def _place(values: tuple[int, ...], value: float) -> int:
    if value in values:
        return values.index(int(value))
    # The sizes are ascending but for `AUTO`, which is always found above.
    ascending = tuple(0 if one == AUTO and 0 in values[:1] else one for one in values)
    return min(bisect_left(ascending, value), len(values) - 1)
