"""Label maps of a project: two layers a frame, decoded when asked for, kept while room is left.

The layer of keyframes holds what the user asserts, the layer of results what was propagated. No
propagation ever writes the first, so it cannot destroy what the user did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from core.cache import LruCache, bytes_of
from core.media.apart import apart
from core.types import LabelMap
from vosapp.project import rules
from vosapp.project.cleanings import FrameCleaning
from vosapp.project.codec import decode_map, encode_map
from vosapp.project.rows import Key, Rows
from vosapp.project.schema import ASSERTIONS, KEYFRAMES, RESULTS, Table

CACHE_BYTES = 128 << 20
"""Budget of decoded label maps: 60 at 1080p."""
_SHOWN = "shown"
RAW = FrameCleaning(())
"""Nothing is cleaned up."""


class LabelStore:
    """Label maps H x W of all frames. Arrays that come out are read-only.

    Args:
        rows: the tables.
        height, width: size of the video's frames.
        cache_bytes: budget of decoded maps.
    """

    def __init__(self, rows: Rows, *, height: int, width: int, cache_bytes: int) -> None:
        self._rows = rows
        self._height = height
        self._width = width
        self._cache: LruCache[tuple[str, int], LabelMap] = LruCache(cache_bytes, bytes_of, apart)
        self._cleaned: dict[int, FrameCleaning] = {}
        self.blank = np.zeros((height, width), np.uint8)
        self.blank.flags.writeable = False

    def layer(self, table: Table, frame_index: int) -> LabelMap | None:
        """Return one layer of a frame, None where it has no pixel.

        Raises:
            Unreadable: what is stored is no label map of this video.
        """
        found = self._cache.get((table.name, frame_index))
        if found is None:
            row = self._rows.get(table, frame_index)
            if row is None:
                return None
            decoded = decode_map(row[0], self._height, self._width)
            found = self._keep((table.name, frame_index), decoded)
        return found

    def put_layer(self, table: Table, frame_index: int, label_map: LabelMap) -> None:
        """Store one layer of a frame; the map must not be written to afterward."""
        self._drop(table.name, frame_index)
        if label_map.any():
            self._rows.put(table, (frame_index,), (encode_map(label_map),))
            self._keep((table.name, frame_index), label_map)
        elif self._rows.get(table, frame_index) is not None:
            self._rows.delete(table, frame_index)

    def shown(
        self, frame_index: int, asserted: Collection[int], how: FrameCleaning = RAW
    ) -> LabelMap:
        """Return what a frame shows: what the user asserts over what was propagated.

        Args:
            frame_index: 0-based.
            asserted: ids of which the user asserts something there.
            how: what was propagated is cleaned up.
        """
        found = self._cache.get((_SHOWN, frame_index))
        if found is None or self._cleaned.get(frame_index, RAW) != how:
            composed = self.composed(frame_index, asserted, how)
            if composed is self.blank:
                return composed
            self._cleaned[frame_index] = how
            found = self._keep((_SHOWN, frame_index), composed)
        return found

    def composed(self, frame_index: int, asserted: Collection[int], how: FrameCleaning) -> LabelMap:
        """Return what a frame shows, as `shown`, but made anew and not kept."""
        results = self.layer(RESULTS, frame_index)
        return self.composed_of(frame_index, results, asserted, how)

    def composed_of(
        self,
        frame_index: int,
        results: LabelMap | None,
        asserted: Collection[int],
        how: FrameCleaning,
    ) -> LabelMap:
        """Return what a frame would show with other results."""
        keyframe = self.layer(KEYFRAMES, frame_index)
        if results is None and keyframe is None:
            return self.blank
        if results is not None and how:
            # Imported when it is wanted: OpenCV takes its time.
            from core.ops.clean_maps import clean_map

            open_to_it = rules.compose(results, None, asserted)
            results, asserted = clean_map(open_to_it, dict(how.objects), fixed=how.fixed), ()
        return rules.compose(results, keyframe, asserted)

    def forget_shown(self, frame_index: int) -> None:
        """Drop what a frame shows, because what is asserted on it has changed."""
        self._cache.drop((_SHOWN, frame_index))

    def forget(self, changed: Iterable[tuple[str, Key]]) -> None:
        """Drop decoded maps of rows that were written behind the store's back."""
        for name, key in changed:
            if name in (KEYFRAMES.name, RESULTS.name, ASSERTIONS.name):
                self._drop(name, key[0])

    def forget_all(self) -> None:
        """Drop all decoded maps."""
        self._cache.clear()
        self._cleaned.clear()

    def _keep(self, key: tuple[str, int], label_map: LabelMap) -> LabelMap:
        label_map.flags.writeable = False
        return self._cache.put(key, label_map)

    def _drop(self, name: str, frame_index: int) -> None:
        self._cache.drop((name, frame_index))
        self._cache.drop((_SHOWN, frame_index))
