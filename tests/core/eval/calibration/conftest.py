"""Walks that were never walked: sights with the truth beside them."""

from __future__ import annotations

import pytest

from core.eval.calibration.cells import Seen
from core.eval.confidence import Cell
from core.tracking.judging.absence import Sight, Track
from core.tracking.judging.confidence import Cues
from core.tracking.judging.sightings import Sighting

AREA = 100


def seen(index, *, cues=(0.5, 0.5, 0.5), mass=50.0, gone=False, j=1.0, object_id=1, begun=False):
    margin, agreement, cycle = cues
    area = 0 if gone else AREA
    sighting = Sighting(
        Cues(margin, agreement, cycle),
        Sight(mass, cycle),
        begun=Track((100.0,)) if begun else None,
    )
    cell = Cell(index, object_id, j, 0.5, area, area, absent=False)
    return Seen(index, object_id, sighting, cell)


@pytest.fixture(name="seen")
def seen_fixture():
    """Makes one object on one frame."""
    return seen
