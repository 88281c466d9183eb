"""What a system's confidence is worth, and how well it tells that objects are gone.

A cell is one object on one scored frame. Confidence is compared with the true J of each cell;
absence is counted on its own, since two empty masks have J = 1 by definition (DAVIS).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.eval.interactive_figures import spearman, worst_found

SLIVER = 0.05
"""An object that shows less than this share of its usual area is neither there nor gone."""
FOUND_J = 0.5
"""J from which on a mask counts as on the object."""
SOON = 3
"""Frames after its return within which an object is to be found again."""
GOOD_SPEARMAN = 0.5


@dataclass(frozen=True, slots=True)
class Cell:
    """What is kept of one object on one scored frame.

    Attributes:
        frame_index, object_id: which cell.
        j: region similarity, 0..1.
        confidence: what the system said, 0..1; None where it has no opinion.
        true_area: pixels of the ground truth.
        area: pixels of the result.
        absent: the system said that the object is not there.
    """

    frame_index: int
    object_id: int
    j: float
    confidence: float | None
    true_area: int
    area: int
    absent: bool


@dataclass(frozen=True, slots=True)
class ConfidenceFigures:
    """What the confidence of some cells says of their true J.

    Attributes:
        cells: number of cells compared: those with an opinion, where truth or result has a pixel.
        spearman: rank correlation, -1..1; NaN where all cells have the same J or confidence.
        worst_found: share of the worst tenth of the cells (at least one) that lies in the least
            confident quarter, 0..1; NaN where all have the same confidence.
        error: mean of abs(confidence - J).
    """

    cells: int
    spearman: float
    worst_found: float
    error: float


@dataclass(frozen=True, slots=True)
class AbsenceFigures:
    """How well absence is told.

    Attributes:
        true: cells without a pixel in the ground truth.
        reported: cells that the system called absent; slivers do not count.
        right: cells that are both.
        returns: for each time an object came back, the frames until it was found (0 = at once);
            None where it was not.
    """

    true: int
    reported: int
    right: int
    returns: tuple[int | None, ...]

    @property
    def precision(self) -> float:
        """Share of the reported absences that are true; NaN where none was reported."""
        return self.right / self.reported if self.reported else math.nan

    @property
    def recall(self) -> float:
        """Share of the true absences that were reported; NaN where there is none."""
        return self.right / self.true if self.true else math.nan

    @property
    def found_soon(self) -> int:
        """Number of returns found within `SOON` frames."""
        return sum(wait is not None and wait <= SOON for wait in self.returns)


def measure_confidence(cells: Iterable[Cell]) -> ConfidenceFigures:
    """Compare confidence and true J; see `ConfidenceFigures`."""
    told = [(c.confidence, c.j) for c in cells if c.confidence is not None and has_mask(c)]
    confidence = np.array([pair[0] for pair in told], np.float64)
    j = np.array([pair[1] for pair in told], np.float64)
    error = float(np.abs(confidence - j).mean()) if told else math.nan
    return ConfidenceFigures(len(told), spearman(confidence, j), worst_found(confidence, j), error)


def measure_absence(cells: Iterable[Cell]) -> AbsenceFigures:
    """Count absences and returns, object by object; see `AbsenceFigures`."""
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.object_id, []).append(cell)
    parts = [_measure_object(sorted(row, key=lambda c: c.frame_index)) for row in rows.values()]
    return total_absence(parts)


def total_absence(parts: Sequence[AbsenceFigures]) -> AbsenceFigures:
    """Sums over objects or sequences."""
    return AbsenceFigures(
        sum(part.true for part in parts),
        sum(part.reported for part in parts),
        sum(part.right for part in parts),
        tuple(wait for part in parts for wait in part.returns),
    )


def has_mask(cell: Cell) -> bool:
    """Whether truth or result have a pixel: only then is J a figure of the mask."""
    return cell.true_area > 0 or cell.area > 0


def clear_cells(row: Sequence[Cell]) -> list[Cell]:
    """Cells of one object on which it is clearly there, or clearly not; see `SLIVER`."""
    seen = [c.true_area for c in row if c.true_area]
    least = SLIVER * statistics.median(seen) if seen else 0
    return [c for c in row if c.true_area == 0 or c.true_area >= least]


def _measure_object(row: list[Cell]) -> AbsenceFigures:
    clear = clear_cells(row)
    reported = [c for c in clear if c.absent]
    right = sum(c.true_area == 0 for c in reported)
    true = sum(c.true_area == 0 for c in clear)
    return AbsenceFigures(true, len(reported), right, _returns(clear))


def _returns(row: list[Cell]) -> tuple[int | None, ...]:
    """Waits of one object; a visit too short to be found in and not found does not count."""
    waits: list[int | None] = []
    for here, cell in enumerate(row):
        if here == 0 or not cell.true_area or row[here - 1].true_area:
            continue
        visit = []
        for later in row[here:]:
            if not later.true_area:
                break
            visit.append(later)
        found = next((c.frame_index for c in visit if c.j >= FOUND_J), None)
        if found is not None:
            waits.append(found - cell.frame_index)
        elif visit[-1].frame_index - cell.frame_index >= SOON:
            waits.append(None)
    return tuple(waits)
