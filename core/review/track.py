"""What is known of one object over a whole video, as arrays: the input of the ranking."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from core.review.facts import Facts

Values = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One object on N frames. Figures are NaN where nothing is known.

    Attributes:
        known: it has a mask, or is known to have none.
        open: its mask comes from a propagation, and nobody has said anything about it.
        looked: the user has looked at it: it is checked, or needs work.
        sure: the user says where it is: a keyframe, or checked.
        gone: it is not on the frame, found or asserted.
        confidence: 0..1, the J that is to be expected.
        disagreement: 0..1, of two directions.
        area: pixels; 0 without a mask.
        x, y: middle of the mask.
        islands, contact: see `Facts`.
    """

    known: Flags
    open: Flags
    looked: Flags
    sure: Flags
    gone: Flags
    confidence: Values
    disagreement: Values
    area: Values
    x: Values
    y: Values
    islands: Values
    contact: Values

    def __len__(self) -> int:
        return len(self.known)

    def same(self, other: Track) -> bool:
        """Whether all is the same as in another one."""
        values = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in values)


class Measured:
    """Facts of one object, put in frame by frame.

    Attributes:
        area, x, y, islands, contact: as in `Track`; NaN for frames that were not looked at.
    """

    def __init__(self, frame_count: int) -> None:
        self.area, self.x, self.y, self.islands, self.contact = (
            np.full(frame_count, np.nan, np.float32) for _ in range(5)
        )

    def put(self, frame_index: int, facts: Facts | None) -> None:
        """Take the facts of a frame; None where the object has no mask there."""
        self.area[frame_index] = 0 if facts is None else facts.area
        self.x[frame_index] = np.nan if facts is None else facts.x
        self.y[frame_index] = np.nan if facts is None else facts.y
        self.islands[frame_index] = 0 if facts is None else facts.islands
        self.contact[frame_index] = 0 if facts is None else facts.contact

    def forget(self, frame_index: int) -> None:
        """Nothing is known of a frame any more."""
        for values in (self.area, self.x, self.y, self.islands, self.contact):
            values[frame_index] = np.nan

    def track(
        self,
        *,
        known: Flags,
        open_: Flags,
        looked: Flags,
        sure: Flags,
        gone: Flags,
        confidence: Values,
        disagreement: Values,
    ) -> Track:
        """Return these facts with what a propagation and the user say; see `Track`."""
        return Track(
            known=known,
            open=open_,
            looked=looked,
            sure=sure,
            gone=gone,
            confidence=confidence,
            disagreement=disagreement,
            area=self.area.copy(),
            x=self.x.copy(),
            y=self.y.copy(),
            islands=self.islands.copy(),
            contact=self.contact.copy(),
        )
