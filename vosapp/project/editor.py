"""What edits are made of: small changes to the tables, inside one transaction.

Also collects whose keyframes were touched, and marks what was propagated from them as stale once
at the end of the edit.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import numpy as np

from core.cleaning import Cleaning
from core.errors import UsageError
from core.types import MAX_OBJECT_ID, LabelMap
from vosapp.project import rules
from vosapp.project.boxes import BoxLabels
from vosapp.project.cleanings import Cleanings, FrameCleaning, frame_cleaning
from vosapp.project.colors import usual_color
from vosapp.project.label_store import RAW, LabelStore
from vosapp.project.lanes import Lanes
from vosapp.project.lead_ins import led, neighbors
from vosapp.project.model import (
    Assertion,
    FrameState,
    Prompt,
    TrackedObject,
    VideoRef,
    check,
    is_int,
)
from vosapp.project.open_ends import UNKNOWN, open_ends
from vosapp.project.parse import parse_assertion, parse_object, parse_prompt
from vosapp.project.rows import Key, Rows
from vosapp.project.schema import ASSERTIONS, KEYFRAMES, OBJECTS, PROMPTS, RESULTS
from vosapp.project.soft_planes import SoftPlanes

Span = tuple[int, int, int]
"""Object id, first frame, one past the last frame."""


class Editor:
    """Reads and changes a project's work. Made once; used by edits and by the project itself.

    Args:
        connection: the open file.
        video: gives size and length.
        cache_bytes: budget of decoded label maps.
    """

    def __init__(self, connection: sqlite3.Connection, video: VideoRef, cache_bytes: int) -> None:
        self._connection = connection
        self.video = video
        self.rows = Rows(connection)
        self.maps = LabelStore(
            self.rows, height=video.height, width=video.width, cache_bytes=cache_bytes
        )
        self.lanes = Lanes(self.rows, video.frame_count)
        self.boxes = BoxLabels(self.rows)
        self.cleanings = Cleanings(self.rows)
        self.softs = SoftPlanes(self.rows)
        self._touched: dict[int, set[int]] = defaultdict(set)
        self._stale: dict[int, set[int]] = defaultdict(set)
        self._wide: set[int] = set()
        self._areas: dict[int, dict[int, int]] = defaultdict(dict)

    # Objects

    def objects(self) -> tuple[TrackedObject, ...]:
        """Return all objects in the user's order."""
        found = [parse_object(row) for row in self.rows.scan(OBJECTS)]
        return tuple(sorted(found, key=lambda o: (o.position, o.object_id)))

    def object(self, object_id: int) -> TrackedObject:
        """Return one object.

        Raises:
            UsageError: there is none of this id.
        """
        row = self.rows.get(OBJECTS, _id(object_id))
        if row is None:
            raise UsageError(f"There is no object {object_id} in this project.")
        return parse_object((object_id, *row))

    def editable(self, object_id: int) -> TrackedObject:
        """Return one object that may be changed.

        Raises:
            UsageError: there is none of this id, or it is locked.
        """
        found = self.object(object_id)
        if found.locked:
            raise UsageError(f"{found.name} (object {object_id}) is locked.", "Unlock it first.")
        return found

    def locked_ids(self) -> frozenset[int]:
        """Return the ids of locked objects."""
        return frozenset(key[0] for key in self.rows.keys(OBJECTS, "locked <> 0"))

    def put_object(self, item: TrackedObject) -> None:
        """Add or replace an object."""
        color = "#{:02x}{:02x}{:02x}".format(*item.color)
        flags = (int(item.visible), int(item.locked))
        values = (item.name, color, *flags, item.position, item.category)
        self.rows.put(OBJECTS, (item.object_id,), values)

    def new_object(self, object_id: int | None = None, name: str = "") -> TrackedObject:
        """Return a fresh object, not stored yet: next id, its usual color, last in the list.

        Raises:
            UsageError: the id is taken, or all 254 are.
        """
        taken = {item.object_id: item for item in self.objects()}
        wanted = _free_id(taken) if object_id is None else _id(object_id)
        if wanted in taken:
            raise UsageError(f"There is already an object {wanted}.", "Choose another id.")
        position = max((item.position for item in taken.values()), default=-1) + 1
        name = name or f"Object {wanted}"
        return TrackedObject(wanted, name, usual_color(wanted), position=position)

    # What the user asserts

    def assertions(self, frame_index: int) -> dict[int, Assertion]:
        """Return what is asserted on a frame, by object id, ascending."""
        rows = self.rows.scan(ASSERTIONS, "frame_index = ?", (frame_index,))
        return {item.object_id: item for item in map(parse_assertion, rows)}

    def asserted_frames(self, object_id: int, start: int, stop: int) -> list[int]:
        """Return the frames of a range on which an object is asserted, ascending."""
        where = "object_id = ? AND frame_index >= ? AND frame_index < ?"
        return [key[0] for key in self.rows.keys(ASSERTIONS, where, (object_id, start, stop))]

    def keyframe_map(self, frame_index: int) -> LabelMap:
        """Return a copy of a frame's keyframe layer that may be written to."""
        layer = self.maps.layer(KEYFRAMES, frame_index)
        return np.zeros_like(self.maps.blank) if layer is None else layer.copy()

    def shown(self, frame_index: int) -> LabelMap:
        """Return what a frame shows, read-only."""
        asserted = tuple(self.assertions(frame_index))
        how = self._cleaning(frame_index, self.cleanings.on_frame(frame_index), asserted)
        return self.maps.shown(frame_index, asserted, how)

    def shown_of(self, frame_index: int, results: LabelMap) -> LabelMap:
        """Return what a frame would show with other results."""
        asserted = tuple(self.assertions(frame_index))
        how = self._cleaning(frame_index, self.cleanings.on_frame(frame_index), asserted)
        return self.maps.composed_of(frame_index, results, asserted, how)

    def shown_with(self, frame_index: int, cleanings: Mapping[int, Cleaning]) -> LabelMap:
        """Return what a frame would show with other clean-ups, by object id."""
        asserted = tuple(self.assertions(frame_index))
        how = self._cleaning(frame_index, cleanings, asserted)
        return self.maps.composed(frame_index, asserted, how)

    def _cleaning(
        self, frame_index: int, cleanings: Mapping[int, Cleaning], asserted: Collection[int]
    ) -> FrameCleaning:
        if not cleanings:
            return RAW
        order = [item.object_id for item in self.objects()]
        kept = self.locked_ids() | self.checked_ids(frame_index)
        return frame_cleaning(cleanings, order, asserted=asserted, kept=kept)

    def put_keyframe(
        self, frame_index: int, label_map: LabelMap, object_ids: Iterable[int]
    ) -> None:
        """Store a frame's keyframe layer and assert the objects whose mask is new there.

        Args:
            frame_index: 0-based.
            label_map: H x W, the whole layer with all asserted objects.
            object_ids: those whose pixels or assertion changed; others are not looked at.
        """
        known = self.assertions(frame_index)
        for object_id in sorted(object_ids):
            area = int(np.count_nonzero(label_map == object_id))
            old = known.get(object_id)
            reference = old is not None and old.reference
            self.put_assertion(Assertion(frame_index, object_id, area, reference))
        self.maps.put_layer(KEYFRAMES, frame_index, label_map)

    def put_assertion(self, item: Assertion, *, stale: bool = True) -> None:
        """Assert something about a cell; `stale` as in `touch`."""
        key = (item.frame_index, item.object_id)
        self._note_area(item.object_id, item.frame_index)
        self.rows.put(ASSERTIONS, key, (item.area, int(item.reference)))
        self.maps.forget_shown(item.frame_index)
        self.touch(item.object_id, item.frame_index, stale=stale)

    def set_reference(self, item: Assertion) -> None:
        """Store whether a keyframe is a reference.

        What it says does not change, but where it is read: for all that is asserted on its frame.
        """
        known = self.assertions(item.frame_index)
        if known.get(item.object_id) == item:
            return
        key = (item.frame_index, item.object_id)
        self.rows.put(ASSERTIONS, key, (item.area, int(item.reference)))
        for object_id in known:
            self._wide.add(object_id)
            self.touch(object_id, item.frame_index)

    def remove_assertion(self, frame_index: int, object_id: int, *, stale: bool = True) -> None:
        """Assert nothing about a cell any more; `stale` as in `touch`."""
        # Asked before it goes: it may be what makes the frame a reference.
        self.touch(object_id, frame_index, stale=stale)
        self.rows.delete(ASSERTIONS, frame_index, object_id)
        self.maps.forget_shown(frame_index)

    # Prompts

    def prompts(self, frame_index: int) -> tuple[Prompt, ...]:
        """Return the prompts of a frame in the order in which they were made."""
        rows = self.rows.scan(PROMPTS, "frame_index = ?", (frame_index,))
        return tuple(parse_prompt(row) for row in rows)

    def prompted_frames(self) -> tuple[int, ...]:
        """Return the frames that have prompts, in order."""
        query = "SELECT DISTINCT frame_index FROM prompts ORDER BY frame_index"
        return tuple(int(row[0]) for row in self._connection.execute(query))

    def put_prompt(self, prompt: Prompt) -> None:
        """Add a prompt under the next free number."""
        last = self._connection.execute("SELECT MAX(prompt_id) FROM prompts").fetchone()[0] or 0
        check(is_int(last, 0, 1 << 61), "a prompt's number is out of range")
        points = json.dumps(prompt.points)
        values = (prompt.frame_index, prompt.object_id, prompt.kind.value, points)
        self.rows.put(PROMPTS, (int(last) + 1,), values)

    def remove_prompts(self, object_id: int, start: int, stop: int) -> None:
        """Remove an object's prompts on the frames `start` to `stop` - 1."""
        where = "object_id = ? AND frame_index >= ? AND frame_index < ?"
        for key in self.rows.keys(PROMPTS, where, (object_id, start, stop)):
            self.rows.delete(PROMPTS, *key)

    def move_prompts(self, source: int, target: int, start: int) -> None:
        """Hand an object's prompts from a frame on to another object."""
        where = "object_id = ? AND frame_index >= ?"
        for prompt_id, frame, _, kind, points in self.rows.scan(PROMPTS, where, (source, start)):
            self.rows.put(PROMPTS, (prompt_id,), (frame, target, kind, points))

    # Checks of what callers hand over

    def frame(self, frame_index: int) -> int:
        """Return a frame index that is one of the video's.

        Raises:
            UsageError: it is not.
        """
        if type(frame_index) is not int or not 0 <= frame_index < self.video.frame_count:
            raise UsageError(
                f"There is no frame {frame_index}.",
                f"The video has the frames 0 to {self.video.frame_count - 1}.",
            )
        return frame_index

    def range(self, start: int, stop: int | None) -> tuple[int, int]:
        """Return a range of frames that lies in the video; None is its end.

        Raises:
            UsageError: it does not, or is empty.
        """
        end = self.video.frame_count if stop is None else stop
        self.frame(start)
        self.frame(end - 1)
        if start >= end:
            raise UsageError(f"The range {start}:{end} holds no frame.")
        return start, end

    # What follows from changed keyframes

    def touch(self, object_id: int, frame_index: int, *, stale: bool = True) -> None:
        """Remember that what an object's keyframe says on a frame has changed.

        A reference is read on every frame of the video (ADR 0014), any other keyframe up to its
        neighbors, beyond an outer one where that is close (ADR 0058), and where outer ones show
        less (ADR 0050).

        Args:
            object_id: whose.
            frame_index: where.
            stale: masks that were propagated from it are no longer what they would be.
        """
        self._touched[object_id].add(frame_index)
        self._note_area(object_id, frame_index)
        if stale:
            self._stale[object_id].add(frame_index)
        if self._is_reference(frame_index):
            self._wide.add(object_id)

    def _note_area(self, object_id: int, frame_index: int) -> None:
        """Remember how much of an object a keyframe that is about to change, or has, shows."""
        row = self.rows.get(ASSERTIONS, frame_index, object_id)
        known = self._areas[object_id].get(frame_index, 0)
        self._areas[object_id][frame_index] = max(known, 0 if row is None else row[0])

    def _is_reference(self, frame_index: int) -> bool:
        where = "frame_index = ? AND reference <> 0"
        return any(True for _ in self.rows.keys(ASSERTIONS, where, (frame_index,)))

    def touch_rows(self, changed: Iterable[tuple[str, Key]]) -> None:
        """Remember keyframes from the rows that an undo exchanged; states came with them."""
        for name, key in changed:
            if name == ASSERTIONS.name:
                self._areas[key[1]][key[0]] = UNKNOWN
                self.touch(key[1], key[0], stale=False)
            elif name == KEYFRAMES.name:
                for object_id in self.assertions(key[0]):
                    self.touch(object_id, key[0], stale=False)

    def settle(self) -> list[Span]:
        """Mark what is stale now; return which frames the touched keyframes govern."""
        for object_id, frames in self._stale.items():
            for start, stop in self._spans(object_id, frames):
                self.lanes.mark_stale(object_id, start, stop)
        touched = [
            (object_id, start, stop)
            for object_id, frames in self._touched.items()
            for start, stop in self._spans(object_id, frames)
        ]
        self.begin()
        return touched

    def begin(self) -> None:
        """Forget what was touched."""
        self._touched.clear()
        self._stale.clear()
        self._wide.clear()
        self._areas.clear()

    def forget_all(self) -> None:
        """Forget everything that is not in the file; after a transaction that did not end well."""
        self.begin()
        self.cleanings.forget()
        self.maps.forget_all()

    def span(self, object_id: int, frame_index: int) -> tuple[int, int]:
        """Return (first, one past the last) of the frames that a keyframe there governs."""
        ends = neighbors(self._connection, object_id, frame_index)
        return rules.span(*ends, self.video.frame_count)

    def _spans(self, object_id: int, frames: Iterable[int]) -> list[tuple[int, int]]:
        if object_id in self._wide:
            return [(0, self.video.frame_count)]
        areas = {frame: self._areas[object_id][frame] for frame in frames}
        count = self.video.frame_count
        spans = [self.span(object_id, frame) for frame in areas]
        spans += led(self._connection, object_id, areas, frame_count=count)
        ends = open_ends(self._connection, object_id, areas, spans=spans, frame_count=count)
        return rules.join([*ends, *spans])

    def state(self, object_id: int, frame_index: int) -> FrameState:
        """Return the state of one cell."""
        row = self.rows.get(ASSERTIONS, frame_index, object_id)
        stored = self.lanes.state(object_id, frame_index)
        return rules.visible_state(stored, None if row is None else row[0])

    def checked_ids(self, frame_index: int) -> frozenset[int]:
        """Return the ids whose propagated masks on a frame the user has found right."""
        ids = {item.object_id for item in self.objects()}
        state = FrameState.CHECKED
        return frozenset(i for i in ids if self.state(i, frame_index) is state)

    def results_map(self, frame_index: int) -> LabelMap:
        """Return a frame's layer of results, read-only."""
        layer = self.maps.layer(RESULTS, frame_index)
        return self.maps.blank if layer is None else layer


def _id(object_id: int) -> int:
    if type(object_id) is not int or not 1 <= object_id <= MAX_OBJECT_ID:
        raise UsageError(f"{object_id} is no object id.", f"Ids go from 1 to {MAX_OBJECT_ID}.")
    return object_id


def _free_id(taken: Iterable[int]) -> int:
    used = set(taken)
    last = max(used, default=0)
    if last < MAX_OBJECT_ID:
        return last + 1
    free = rules.lowest_free_id(used)
    if not free:
        raise UsageError(
            f"A project holds at most {MAX_OBJECT_ID} objects.", "Delete one, or start another."
        )
    return free
