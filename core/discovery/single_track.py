"""One track of a video, frame by frame, of maps of all that is an object. No torch here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.discovery.contract import ObjectTrack
from core.discovery.maps import PackedMaps
from core.discovery.masks import THRESHOLD

Map = NDArray[np.float32]


class GrowingTrack:
    """What a finder of one track has found so far."""

    def __init__(self) -> None:
        self._maps, self._scores = PackedMaps(), dict[int, float]()

    def add(self, index: int, plane: Map, sure: Map | None = None) -> None:
        """Keep the map of a frame, if anything of it is over `THRESHOLD`.

        Args:
            index: of the frame.
            plane: h x w, 0..1.
            sure: h x w, 0..1, what the frame's score is the mean of; None takes the map.
        """
        inside = plane > THRESHOLD
        if inside.any():
            self._maps.add(index, plane)
            self._scores[index] = float((plane if sure is None else sure)[inside].mean())

    def among(self, count: int) -> tuple[ObjectTrack, ...]:
        """The track, scored by its mean over so many frames; none where no frame shows it."""
        if not self._scores:
            return ()
        score = sum(self._scores.values()) / count
        return (ObjectTrack(self._maps, self._scores, score),)
