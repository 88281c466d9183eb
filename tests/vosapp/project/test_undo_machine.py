"""Random rows of edits: undoing all of them gives the first state, redoing the last one."""

from __future__ import annotations

import shutil
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.cleaning import DEFAULT, Cleaning
from core.errors import UsageError
from core.types import FrameResult, Keyframe
from vosapp.project.boxes import BoxLabel
from vosapp.project.edit_boxes import InterpolateBoxes, PutBox, RemoveBoxes
from vosapp.project.edit_cleanings import CleanUp, EraseArea, KeepRaw
from vosapp.project.edit_masks import ImportKeyframes, MarkAbsent, Paint, SetMask
from vosapp.project.edit_ranges import (
    CheckFrames,
    ClearMasks,
    DeleteObject,
    MergeObjects,
    SetReference,
    SplitObject,
)
from vosapp.project.edit_review import ReviewFrames
from vosapp.project.edits import AddObject, AddPrompt, LockObject, RenameObject, SetCategory
from vosapp.project.model import FrameState, Prompt, PromptKind, Review, VideoRef
from vosapp.project.opening import create_project, open_project

HEIGHT, WIDTH, FRAMES = 6, 8, 9
FRAME = st.integers(0, FRAMES - 1)
ID = st.integers(1, 4)
SEED = st.integers(0, 2**32 - 1)
TABLES = ("objects", "prompts", "boxes", "assertions", "keyframes", "results", "lanes")
TABLES = (*TABLES, "cleanings", "softs")
SACRED = {FrameState.KEYFRAME, FrameState.CHECKED, FrameState.ABSENT}


def random_map(seed, ids):
    rng = np.random.default_rng(seed)
    return rng.choice(np.array([0, *ids], np.uint8), (HEIGHT, WIDTH))


class UndoMachine(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        ref = VideoRef("v", "v", 1, "0", FRAMES, WIDTH, HEIGHT, Fraction(24))
        self.path = self.folder / "p.vosapp"
        self.project = create_project(self.path, ref)
        self.project._connection.execute("PRAGMA synchronous = OFF")
        self.states = [self.rows()]
        self.place = 0

    def teardown(self):
        while self.place:
            self.undo()
        for _ in range(len(self.states) - 1):
            self.redo()
        assert self.project.problems() == ()
        self.project.close()
        shutil.rmtree(self.folder)

    def rows(self):
        execute = self.project._connection.execute
        return {t: execute(f"SELECT * FROM {t} ORDER BY 1, 2").fetchall() for t in TABLES}

    def note(self, change):
        if change.name:
            self.states = [*self.states[: self.place + 1], self.rows()]
            self.place += 1
        assert self.rows() == self.states[self.place]

    def edit(self, edit):
        try:
            self.note(self.project.do(edit))
        except UsageError:
            assert self.rows() == self.states[self.place]

    @rule()
    def add(self):
        if len(self.project.objects()) < 4:
            self.edit(AddObject())

    @rule(object_id=ID, frame=FRAME, top=FRAME, left=FRAME, erase=st.booleans())
    def paint(self, object_id, frame, top, left, erase):
        self.edit(Paint(frame, object_id, top - 2, left - 2, np.ones((4, 3), np.bool_), erase))

    @rule(object_id=ID, frame=FRAME, seed=SEED)
    def set_mask(self, object_id, frame, seed):
        self.edit(SetMask(frame, object_id, random_map(seed, (1,)) == 1))

    @rule(frame=FRAME, seed=SEED, overwrite=st.booleans())
    def import_keyframe(self, frame, seed, overwrite):
        keyframe = Keyframe(frame, (1, 3), random_map(seed, (1, 3)))
        self.edit(ImportKeyframes((keyframe,), overwrite))

    @rule(object_id=ID, start=FRAME, stop=FRAME, kind=st.integers(0, 4))
    def ranges(self, object_id, start, stop, kind):
        edits = (
            MarkAbsent(object_id, start, stop),
            ClearMasks(object_id, start, stop),
            CheckFrames((object_id,), start, stop),
            CheckFrames((object_id,), start, stop, checked=False),
            ReviewFrames((object_id,), start, stop, Review.NEEDS_WORK),
        )
        self.edit(edits[kind])

    @rule(object_id=ID, other=ID, frame=FRAME, kind=st.integers(0, 7))
    def objects(self, object_id, other, frame, kind):
        box = Prompt(frame, object_id, PromptKind.BOX, ((0, 0, 1), (2, 2, 1)))
        edits = (
            MergeObjects(object_id, other),
            SplitObject(object_id, frame),
            DeleteObject(object_id),
            LockObject(object_id, frame % 3 == 0),
            RenameObject(object_id, f"name {frame}"),
            AddPrompt(box),
            SetReference(frame),
            SetCategory(object_id, f"kind {frame}"),
        )
        if kind != 1 or len(self.project.objects()) < 4:
            self.edit(edits[kind])

    @rule(object_id=ID, start=FRAME, stop=FRAME, kind=st.integers(0, 4))
    def boxes(self, object_id, start, stop, kind):
        edits = (
            PutBox(BoxLabel(start, object_id, float(stop), 1.0, 3.0, 2.5)),
            PutBox(BoxLabel(start, object_id, 0.0, 0.0, 0.0, 0.0)),
            InterpolateBoxes(object_id),
            RemoveBoxes(object_id, start, stop),
            RemoveBoxes(object_id, start, interpolated_only=True),
        )
        self.edit(edits[kind])

    @rule(object_id=ID, start=FRAME, stop=FRAME, kind=st.integers(0, 3))
    def cleanings(self, object_id, start, stop, kind):
        area = ((0.0, 0.0), (5.0, 0.0), (5.0, float(start)))
        edits = (
            CleanUp(object_id, start, stop, Cleaning(islands=start, grow=stop - 4)),
            CleanUp(object_id, start, None, DEFAULT),
            EraseArea(object_id, start, stop, area),
            KeepRaw(object_id, start, stop),
        )
        self.edit(edits[kind])

    @rule(start=FRAME, seed=SEED, edit_between=st.booleans())
    def propagate(self, start, seed, edit_between):
        before = self.sacred()
        run = self.project.begin_propagation("fake")
        ids = tuple(item.object_id for item in self.project.objects())
        frames = range(start, min(FRAMES, start + 4))
        soft = {i: random_map(seed, (200,)) for i in ids[:2]}
        results = [FrameResult(f, random_map(seed + f, ids), ids, soft=soft) for f in frames]
        change = self.project.put_results(run, results[:2])
        more = self.project.put_results(run, results[2:])
        self.note(change if change.name else more)
        assert self.sacred() == before

    def sacred(self):
        """Masks of all cells that the user decided."""
        kept = {}
        for item in self.project.objects():
            for frame, state in enumerate(self.project.states(item.object_id)):
                if state in SACRED:
                    mask = self.project.cleaned_map(frame, {}) == item.object_id
                    kept[frame, item.object_id] = (int(state), mask.tobytes())
        return kept

    @precondition(lambda self: self.place)
    @rule()
    def undo(self):
        assert self.project.undo().name
        self.place -= 1
        assert self.rows() == self.states[self.place]

    @precondition(lambda self: self.place < len(self.states) - 1)
    @rule()
    def redo(self):
        assert self.project.redo().name
        self.place += 1
        assert self.rows() == self.states[self.place]

    @rule()
    def reopen(self):
        self.project.close()
        self.project = open_project(self.path)
        self.project._connection.execute("PRAGMA synchronous = OFF")
        assert self.rows() == self.states[self.place]

    @invariant()
    def caches_say_what_the_file_says(self):
        shown = [self.project.label_map(f).tobytes() for f in range(FRAMES)]
        self.project._editor.maps.forget_all()
        assert shown == [self.project.label_map(f).tobytes() for f in range(FRAMES)]

    @invariant()
    def areas_are_those_of_the_masks(self):
        for frame in self.project.keyframe_indices():
            label_map = self.project.keyframe_map(frame)
            for object_id, item in self.project.assertions(frame).items():
                assert item.area == (label_map == object_id).sum()
                assert item.area == (self.project.label_map(frame) == object_id).sum()


UndoMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestUndo = UndoMachine.TestCase
