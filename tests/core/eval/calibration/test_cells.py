"""What was seen comes back from its file, number by number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import OutputError
from core.eval.calibration.cells import CellLog
from core.tracking.judging.absence import Track
from core.tracking.judging.confidence import Cues
from core.tracking.judging.sightings import Sighting

KEY = {"sequence": "bear", "quality": "fast"}


def test_round_trip(seen, tmp_path):
    rows = [
        seen(0, begun=True, mass=1 / 3),
        replace(seen(1, cues=(0.1, 2 / 3, 1e-9)), cell=None),
        replace(seen(2), sighting=Sighting(Cues(0, 1, 0))),
        replace(
            seen(3),
            sighting=replace(seen(3).sighting, asserted=Track((1.5, 2.5), 1, absent=True)),
        ),
    ]
    CellLog(tmp_path / "cells.jsonl").put(KEY, rows)
    log = CellLog(tmp_path / "cells.jsonl")
    assert log.get(KEY) == tuple(rows)
    assert log.get(KEY | {"quality": "fine"}) is None


def test_half_a_line_is_run_again(seen, tmp_path):
    path = tmp_path / "cells.jsonl"
    log = CellLog(path)
    log.put(KEY, [seen(0)])
    whole = path.read_text()
    log.put(KEY | {"sequence": "boat"}, [seen(1)])
    path.write_text(path.read_text()[:-9] + "\n[1]\n" + '{"key": 3, "seen": []}\n')
    found = CellLog(path)
    assert found.get(KEY) == (seen(0),)
    assert found.get(KEY | {"sequence": "boat"}) is None
    found.put(KEY | {"sequence": "boat"}, [seen(2)])
    assert CellLog(path).get(KEY | {"sequence": "boat"}) == (seen(2),)
    assert path.read_text().startswith(whole)


def test_a_file_that_cannot_be_written(seen, tmp_path):
    with pytest.raises(OutputError):
        CellLog(tmp_path / "none" / "cells.jsonl").put(KEY, [seen(0)])
