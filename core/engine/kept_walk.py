"""One walk of earlier runs: what it said of each frame, and the state that it can go on from."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Sequence
from typing import Protocol, Self, runtime_checkable

from core.engine.kept_room import KeptEntry
from core.engine.plans import Walk
from core.engine.walk_log import WalkLog
from core.errors import OutputError
from core.tracking.contract import Resumable, StepResult, Tracker

SAVE_FRAMES = 100
"""Steps after which the state of a walk is written anyway, so that a kill loses no more."""


@runtime_checkable
class FollowsWalks(Protocol):
    """A tracker that wants to know which walk begins: its first step may lie in another span."""

    def start_walk(self, walk: Walk) -> None:
        """Begin a walk, in place of `Tracker.start`."""


class KeptWalk:
    """A walk that is kept nowhere: it begins with its first frame. See `StoredWalk`."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        pass

    def resume(
        self,
        wanted: Sequence[int],  # noqa: ARG002 - nothing is known of any
        rounding: Collection[int],  # noqa: ARG002
        tracker: Tracker,
    ) -> int:
        """Bring a tracker to where it has to go on.

        Args:
            wanted: frames of which it must be known what the walk says, in its order.
            rounding: those of them whose probabilities may be rounded to 1 / 255.
            tracker: with the keyframes of the span.

        Returns:
            The first frame to step on: what is wanted of those before it can be had from `get`.
            It is the first of the walk where the tracker begins anew, and nowhere else.
        """
        if isinstance(tracker, FollowsWalks):
            tracker.start_walk(self.walk)
        else:
            tracker.start(self.walk.direction)
        return self.walk.first

    def about_to_step(self) -> None:
        """Until the step is `put`, nobody knows what the tracker's state is."""

    def put(self, frame_index: int, step: StepResult, *, exact: bool) -> None:
        """Take a step, with exact or rounded probabilities."""

    def get(self, frame_index: int) -> StepResult:
        """A step that was taken before."""
        raise KeyError(frame_index)


class StoredWalk(KeptWalk):
    """A walk in an entry of the room. As a context it saves its state where it is broken off."""

    def __init__(self, walk: Walk, entry: KeptEntry, key: str, *, end: int) -> None:
        """Find it, or begin it.

        Args:
            walk: through a span, or through its first part.
            entry: where its files lie.
            key: names the walk, whatever part of it is wanted.
            end: the last frame that it could ever come to; there it needs no state any more.
        """
        super().__init__(walk)
        self._end = end
        self._entry, self._key = entry, key
        self._steps = f"{key[:40]}-{walk.direction.name.lower()}.steps"
        self._state = f"{key[:40]}-{walk.direction.name.lower()}.state"
        path = entry.folder / self._steps
        self._log = WalkLog(entry.folder, {"walk": key}, path=path)
        self._tracker: Tracker | None = None
        self._last, self._unsaved, self._logs = walk.first, 0, False
        self._between = True

    def __exit__(self, *_exc: object) -> None:
        if self._between:
            self._save()
        self._log.close()

    def resume(self, wanted: Sequence[int], rounding: Collection[int], tracker: Tracker) -> int:
        """See `KeptWalk.resume`."""
        self._entry.use(self._steps)
        self._entry.use(self._state)
        self._tracker, self._logs = tracker, True
        way = self.walk.direction.value
        usable = self._usable(wanted, rounding)
        if usable and (not wanted or wanted[-1] in usable):
            self._logs = False
            return usable[-1] + way
        at = self._loaded(usable)
        if at is None:
            self._begin()
            return super().resume(wanted, rounding, tracker)
        return at + way

    def about_to_step(self) -> None:
        """See `KeptWalk.about_to_step`."""
        self._between = False

    def put(self, frame_index: int, step: StepResult, *, exact: bool) -> None:
        """See `KeptWalk.put`; once a disk or the budget is full, the rest of the walk is not."""
        self._last, self._between = frame_index, True
        if not self._logs:
            return
        try:
            before = self._log.added
            self._log.put(frame_index, step, exact=exact)
            self._logs = self._entry.make_room(self._log.added - before)
        except OutputError:
            self._logs = False
        self._unsaved += 1
        if self._unsaved >= SAVE_FRAMES:
            self._save()

    def get(self, frame_index: int) -> StepResult:
        """See `KeptWalk.get`."""
        return self._log.get(frame_index)

    def _usable(self, wanted: Sequence[int], rounding: Collection[int]) -> tuple[int, ...]:
        """The logged steps, from the first on, that can stand for the walk."""
        walk, need = self.walk, set(wanted)
        self._log.load()
        try:
            self._log.hold()
        except OSError:
            return ()
        logged = self._log.frames if self._log.is_of(walk) else ()
        for number, (index, expected) in enumerate(zip(logged, walk.frames, strict=False)):
            exact = index not in need or index in rounding or self._log.is_exact(index)
            if index != expected or not exact:
                return logged[:number]
        return logged[: len(walk)]

    def _loaded(self, usable: tuple[int, ...]) -> int | None:
        """The frame whose state the tracker has now; None where there is none to go on from."""
        found = self._saved()
        if found is None or found[0] not in usable or not isinstance(self._tracker, Resumable):
            return None
        try:
            self._tracker.load_state(found[1])
        except ValueError:
            return None
        try:
            self._log.keep_to(found[0])
        except OSError:
            self._logs = False
        return found[0]

    def _saved(self) -> tuple[int, bytes] | None:
        """Frame and state that were written last; None where they are not whole."""
        data = self._entry.read(self._state)
        if data is None:
            return None
        try:
            head, _, state = data.partition(b"\n")
            values = json.loads(head)
            if values["walk"] != self._key or values["checksum"] != zlib.crc32(state):
                return None
            return int(values["frame"]), state
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def _begin(self) -> None:
        try:
            self._log.begin(self.walk)
        except OutputError:
            self._logs = False

    def _save(self) -> None:
        """Write where the walk stands, as far as it is logged, unless it is through."""
        if not self._unsaved or not self._logs or not isinstance(self._tracker, Resumable):
            return
        self._unsaved = 0
        if self._last == self._end:
            self._entry.remove(self._state)
            return
        state = self._tracker.save_state()
        head = {"walk": self._key, "frame": self._last, "checksum": zlib.crc32(state)}
        self._entry.write(self._state, json.dumps(head).encode() + b"\n" + state)
