"""What calibration is fitted to: every sight of an object, with the truth where there is one.

It is kept on disk, a line of JSON for each sequence, so that a run that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from core.eval.confidence import Cell
from core.tracking.judging.absence import Sight, Track
from core.tracking.judging.confidence import Cues
from core.tracking.judging.sightings import Sighting
from core.train.run_log import append_line, read_lines


@dataclass(frozen=True, slots=True)
class Seen:
    """One object on one frame of a walk.

    Attributes:
        frame_index, object_id: which.
        sighting: what the tracker saw.
        cell: what became of it; None on a frame that is not scored.
    """

    frame_index: int
    object_id: int
    sighting: Sighting
    cell: Cell | None = None


Key = Mapping[str, str]
"""What a sequence was run with: data, sequence, weights, quality and so on."""


class CellLog:
    """The sequences that were run already, in a file.

    Args:
        path: made when the first sequence is done; lines that make no sense are not read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[frozenset[tuple[str, str]], tuple[Seen, ...]] = {}
        for line in read_lines(path):
            try:
                seen = tuple(_from_plain(row) for row in line["seen"])
                self._found[frozenset(line["key"].items())] = seen
            except (AttributeError, LookupError, TypeError, ValueError):
                continue

    def get(self, key: Key) -> tuple[Seen, ...] | None:
        """What was seen on a sequence; None where it was not run."""
        return self._found.get(frozenset(key.items()))

    def put(self, key: Key, seen: Sequence[Seen]) -> None:
        """Keep a sequence.

        Raises:
            OutputError: the file cannot be written.
        """
        append_line(self.path, {"key": dict(key), "seen": [_to_plain(one) for one in seen]})
        self._found[frozenset(key.items())] = tuple(seen)


def _to_plain(seen: Seen) -> list[Any]:
    sighting, cell = seen.sighting, seen.cell
    return [
        seen.frame_index,
        seen.object_id,
        astuple(sighting.cues),
        None if sighting.sight is None else astuple(sighting.sight),
        *(track and astuple(track) for track in (sighting.begun, sighting.asserted)),
        None if cell is None else astuple(cell)[2:],
    ]


def _from_plain(row: Sequence[Any]) -> Seen:
    frame_index, object_id, cues, sight, begun, asserted, cell = row
    sighting = Sighting(
        Cues(*map(float, cues)),
        None if sight is None else Sight(*map(float, sight)),
        _track(begun),
        _track(asserted),
    )
    kept = None if cell is None else Cell(int(frame_index), int(object_id), *cell)
    return Seen(int(frame_index), int(object_id), sighting, kept)


def _track(values: Sequence[Any] | None) -> Track | None:
    if values is None:
        return None
    masses, faint, absent = values
    return Track(tuple(map(float, masses)), int(faint), bool(absent))
