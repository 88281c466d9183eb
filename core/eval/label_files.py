"""Reading the label maps of one sequence, remembering what had to be guessed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.media.label_map import ColorIds, read_label_map

if TYPE_CHECKING:
    from core.types import LabelMap


class LabelReader:
    """Reads ground truth and results of one sequence; a color has one id in all of them."""

    def __init__(self) -> None:
        self._color_ids = ColorIds()
        self._guesses: dict[tuple[str, ...], tuple[Path, int]] = {}

    def read(self, path: Path) -> LabelMap:
        """Label map of a file, H x W uint8, read-only.

        Raises:
            MaskReadError: the file cannot be read as one.
        """
        mask = read_label_map(path, color_ids=self._color_ids)
        if not mask.exact:
            first, count = self._guesses.get(mask.notes, (path, 0))
            self._guesses[mask.notes] = (first, count + 1)
        return mask.label_map

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each way in which files without plain ids were read."""
        return tuple(
            f"{count} masks, such as {path}, hold no plain ids: {'; '.join(found)}."
            for found, (path, count) in self._guesses.items()
        )
