"""The one track of finders that tell no objects apart, frame by frame. No torch here."""

from __future__ import annotations

from core.discovery.contract import ObjectTrack
from core.discovery.maps import Map, PackedMaps
from core.discovery.masks import THRESHOLD


class SingleTrack:
    """What such a finder has found so far."""

    def __init__(self) -> None:
        self._maps, self._scores = PackedMaps(), dict[int, float]()

    def add(self, index: int, plane: Map, sure: Map | None = None) -> None:
        """Keep the map of a frame, if anything of it is over `THRESHOLD`.

        Args:
            index: of the frame.
            plane: h x w, 0..1.
            sure: h x w, 0..1, whose mean inside of the mask is the frame's score; None takes the
                map itself.
        """
        inside = plane > THRESHOLD
        if inside.any():
            self._maps.add(index, plane)
            self._scores[index] = float((plane if sure is None else sure)[inside].mean())

    def tracks(self, count: int) -> tuple[ObjectTrack, ...]:
        """The track as `Discoverer.discover` returns it; none where no frame shows anything.

        Args:
            count: frames that were looked at; those without a mask count as 0 in its score.
        """
        if not self._scores:
            return ()
        score = sum(self._scores.values()) / count
        return (ObjectTrack(self._maps, self._scores, score),)
