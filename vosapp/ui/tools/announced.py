"""Objects that tools have announced and the project does not have yet. No Qt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from vosapp.project.model import TrackedObject


@dataclass(slots=True)
class Announced:
    """One object may be being drawn; others are promised: their edits are on the way, or will be.

    Attributes:
        drawn: goes where what is drawn is dropped; None for none.
    """

    drawn: TrackedObject | None = None
    _coming: dict[int, TrackedObject] = field(default_factory=dict)
    _owed: list[tuple[int, int]] = field(default_factory=list)
    _aside: set[int] = field(default_factory=set)

    @property
    def objects(self) -> tuple[TrackedObject, ...]:
        """All of them, the newest last."""
        drawn = () if self.drawn is None else (self.drawn,)
        return (*self._coming.values(), *drawn)

    @property
    def ids(self) -> frozenset[int]:
        """Their ids."""
        return frozenset(item.object_id for item in self.objects)

    @property
    def newest(self) -> int:
        """Id of the newest that is not set aside, 0 without any."""
        meant = [item.object_id for item in self.objects if item.object_id not in self._aside]
        return meant[-1] if meant else 0

    @property
    def coming(self) -> int:
        """Id of the newest that is on its way and not set aside, 0 without any."""
        return next((i for i in reversed(self._coming) if i not in self._aside), 0)

    def set_aside(self) -> None:
        """Something else is selected now: what is on its way does not become the current one."""
        self._aside |= self._coming.keys()

    def promise(self, frame_index: int, object_id: int) -> None:
        """A mask of an object on a frame will be sent, however long that takes."""
        self._owed.append((frame_index, object_id))
        self.send(object_id)

    def settle(self, frame_index: int, object_id: int) -> None:
        """The mask that was promised was sent, or there is none."""
        if (frame_index, object_id) in self._owed:
            self._owed.remove((frame_index, object_id))

    def owes(self, frame_index: int, object_id: int) -> bool:
        """True where a mask of an object on a frame was promised."""
        return (frame_index, object_id) in self._owed

    def send(self, object_id: int) -> None:
        """An object is not only being drawn any more: it will be in the project."""
        if self.drawn is not None and self.drawn.object_id == object_id:
            self._coming[object_id], self.drawn = self.drawn, None

    def lose(self, object_ids: Collection[int]) -> None:
        """Objects will not come, unless another mask of them was promised."""
        owed = {object_id for _, object_id in self._owed}
        for object_id in set(object_ids) - owed:
            self._coming.pop(object_id, None)
            self._aside.discard(object_id)

    def arrive(self, known: Collection[int]) -> int:
        """The project has these objects.

        Returns:
            The newest that was awaited and was not set aside, 0 for none.
        """
        there = [object_id for object_id in self._coming if object_id in known]
        arrived = [object_id for object_id in there if object_id not in self._aside]
        for object_id in there:
            del self._coming[object_id]
        self._aside -= set(there)
        if self.drawn is not None and self.drawn.object_id in known:
            self.drawn = None
        return arrived[-1] if arrived else 0
