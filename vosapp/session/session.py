"""The one model that the window talks to. Lives in the window's thread and never waits.

Changes go to the project in its writer's thread and come back as a `ProjectUpdate`; views read
what is shown from here and remember nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.types import FrameDraft, VideoInfo
from vosapp.jobs.outcome import Failed, trouble
from vosapp.jobs.owners import retire
from vosapp.jobs.runner import JobRunner
from vosapp.project.edits import Edit
from vosapp.project.model import Change, TrackedObject
from vosapp.project.source import stored_info
from vosapp.project.store import Project
from vosapp.project.writer import ProjectWriter
from vosapp.session.boxes import NO_BOXES, BoxLane, read_boxes
from vosapp.session.clean_preview import CleanPreview
from vosapp.session.display import CACHE_BYTES, FrameLoader
from vosapp.session.drafts import Drafts
from vosapp.session.view import FrameView, LaneView, ProjectUpdate, read_update


class Session(QObject):
    """An open project, what is selected, and every way to change it.

    Args:
        project: open; it is closed with the session.
        video: where its frames are.
        cache_bytes: budget of decoded frames for showing.

    Attributes:
        project: reading it in the window's thread may wait for a writer: use the views instead.
        engine, files, assistant, reader: threads for propagations, for imports and exports, for
            prompts, and for short looks into the project, which wait for none of those.
        info: of the video.
        frame_index: the current frame.
        object_id: the current object, 0 for none.
        range: (first, one past the last) frame between the in and out points.
        view: what the current frame shows; None until it is decoded for the first time.
        update: objects, lanes, references, names of undo and redo.
        drafts: of the propagation that is running; see `show_draft`.
        earlier: frames are shown as they were before their results were last changed.

    Signals:
        frameIndexChanged: the current frame is another one (int).
        viewChanged: `view` is new (`FrameView`).
        objectsChanged: names, colors, flags, order or number of objects.
        lanesChanged: states or confidences of these object ids (frozenset of int).
        historyChanged: undo and redo have other names.
        changingChanged: `changing` is different.
        referencesChanged: the list of reference frames.
        boxesChanged: the box labels of these object ids (frozenset of int).
        currentObjectChanged: another object is the current one (int).
        objectChosen: somebody asked for an object to be the current one, or none (int), whether
            or not it was already.
        rangeChanged: in or out point moved.
        earlierChanged: `earlier` is different.
        asideReady: what `look_aside` asked for (frame index, frame, label map).
        edited: something was changed (`Change`).
        failed: something could not be done (`VosError`); nothing was changed.
        noted: something is wrong with the video, though it is shown; a sentence, told once.
        crashed: a bug, with its traceback (str); the project itself is safe.
        saved: all that was asked for before `save` is on the disk.
    """

    frameIndexChanged = Signal(int)
    viewChanged = Signal(object)
    objectsChanged = Signal()
    lanesChanged = Signal(frozenset)
    historyChanged = Signal()
    changingChanged = Signal()
    referencesChanged = Signal()
    boxesChanged = Signal(frozenset)
    currentObjectChanged = Signal(int)
    objectChosen = Signal(int)
    rangeChanged = Signal()
    earlierChanged = Signal()
    asideReady = Signal(int, object, object)
    edited = Signal(object)
    failed = Signal(object)
    noted = Signal(str)
    crashed = Signal(str)
    saved = Signal()
    _updated = Signal(object)
    _broke = Signal(object)
    _settled = Signal()
    _answered = Signal()
    _boxed = Signal(object)

    def __init__(
        self,
        project: Project,
        video: Path,
        parent: QObject | None = None,
        *,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        super().__init__(parent)
        self.project = project
        self.video_path = video
        self.info: VideoInfo = stored_info(project)
        self.frame_index = 0
        self.object_id = 0
        self._none_wanted = False
        self.range = (0, self.info.frame_count)
        self.view: FrameView | None = None
        self.update: ProjectUpdate = read_update(project, Change(""))
        self._writer = ProjectWriter(project)
        queued = Qt.ConnectionType.QueuedConnection
        self._updated.connect(self._take_update, queued)
        self._broke.connect(self._take_error, queued)
        self._settled.connect(self.saved, queued)
        self._answered.connect(self._count_answer, queued)
        self._boxed.connect(self._take_boxes, queued)
        self._asked = 0
        self.is_open = True
        self.drafts = Drafts()
        self.earlier = False
        self._loader = FrameLoader(
            video, project, cache_bytes=cache_bytes, drafts=self.drafts, parent=self
        )
        self._loader.ready.connect(self._take_view)
        self._loader.failed.connect(lambda _index, error: self.failed.emit(error))
        self._loader.noted.connect(self.noted)
        self._loader.crashed.connect(self.crashed)
        self._loader.aside.connect(self.asideReady)
        self.engine = JobRunner("engine", self)
        self.files = JobRunner("files", self)
        self.assistant = JobRunner("assistant", self)
        self.reader = JobRunner("reader", self)
        for runner in self._runners:
            runner.crashed.connect(self.crashed)
        if self.update.objects:
            self.object_id = self.update.objects[0].object_id
        self._loader.want(0)
        self.write(lambda: self._boxed.emit(read_boxes(project)))

    # What is shown

    @property
    def frame_count(self) -> int:
        """Frames of the video."""
        return self.info.frame_count

    @property
    def objects(self) -> tuple[TrackedObject, ...]:
        """All objects in the user's order."""
        return self.update.objects

    @property
    def current_object(self) -> TrackedObject | None:
        """The current object, None where there is none."""
        return next((o for o in self.objects if o.object_id == self.object_id), None)

    def lane(self, object_id: int) -> LaneView | None:
        """Return states and confidences of an object."""
        return self.update.lanes.get(object_id)

    def boxes(self, object_id: int) -> BoxLane:
        """Return the box labels of an object."""
        return self.update.boxes.get(object_id, NO_BOXES)

    def go_to(self, frame_index: int) -> None:
        """Show a frame; one outside the video means the nearest in it."""
        index = min(max(frame_index, 0), self.frame_count - 1)
        if index != self.frame_index:
            self.frame_index = index
            self.frameIndexChanged.emit(index)
            self._loader.want(index)

    def reload(self) -> None:
        """Read the current frame again."""
        self._loader.want(self.frame_index)

    def show_draft(self, draft: FrameDraft) -> None:
        """Show a draft on its frame until its result is there; nothing is stored."""
        self.drafts.put(draft)
        if draft.frame_index == self.frame_index:
            self.reload()

    def drop_drafts(self) -> None:
        """Show what the project has, and no drafts any more."""
        had = self.frame_index in self.drafts
        self.drafts.clear()
        if had:
            self.reload()

    def show_earlier(self, *, earlier: bool) -> None:
        """Show what frames showed before their results were last changed, or what they show."""
        if earlier != self.earlier:
            self.earlier = self._loader.earlier = earlier
            self.reload()
            self.earlierChanged.emit()

    def preview_cleaning(self, preview: CleanPreview | None) -> None:
        """Show a clean-up that is being chosen; None shows what the project has again."""
        if preview != self._loader.preview:
            self._loader.preview = preview
            self.reload()

    def look_aside(self, frame_index: int) -> None:
        """Read another frame without going there; `asideReady` follows."""
        self._loader.want_aside(frame_index)

    def select_object(self, object_id: int) -> None:
        """Make an object the current one; 0 or an unknown id selects none."""
        known = {item.object_id for item in self.objects}
        wanted = object_id if object_id in known else 0
        self._none_wanted = object_id == 0
        self.objectChosen.emit(wanted)
        if wanted != self.object_id:
            self.object_id = wanted
            self.currentObjectChanged.emit(wanted)

    def set_range(self, start: int, stop: int) -> None:
        """Set in and out points: `start` up to but without `stop`."""
        start = min(max(start, 0), self.frame_count - 1)
        wanted = (start, min(max(stop, start + 1), self.frame_count))
        if wanted != self.range:
            self.range = wanted
            self.rangeChanged.emit()

    # Changes

    def do(self, edit: Edit) -> Future[Change]:
        """Do an edit; `edited` or `failed` follows. Returns at once.

        The future belongs to the writer's thread: do not wait for it in the window's.
        """
        return self._ask(self._writer.do(edit))

    def undo(self) -> Future[Change]:
        """Take back the last step."""
        return self._ask(self._writer.undo())

    def redo(self) -> Future[Change]:
        """Do the last undone step again."""
        return self._ask(self._writer.redo())

    @property
    def changing(self) -> bool:
        """True while a change is on its way: what can be undone will soon be something else."""
        return self._asked > 0

    def refresh(self, change: Change) -> None:
        """Show what was changed past this session, as by a propagation or an import job."""
        self._follow(self._writer.submit(lambda: change))

    def written(self) -> Future[None]:
        """Return what is done when every change that was asked for so far is on the disk."""
        return self._writer.submit(lambda: None)

    def write(self, task: Callable[[], object]) -> None:
        """Change the project past its history, after the edits before it; returns at once.

        Where it cannot be done, `failed` follows.
        """
        self._writer.submit(task).add_done_callback(self._look_at)

    def save(self) -> None:
        """Ask for `saved`, once the changes that wait are on the disk. Returns at once."""
        self.written().add_done_callback(lambda _future: self._settled.emit())

    def drain(self) -> None:
        """Wait until every change is on the disk. Only for closing and for tests."""
        self.written().result()

    def close(self) -> None:
        """Stop all work, write what is still to be written, close the project."""
        self.is_open = False
        for runner in self._runners:
            runner.close()
        self._writer.close()
        self._loader.close()
        self.project.close()
        retire(self)

    # Inside

    @property
    def _runners(self) -> tuple[JobRunner, ...]:
        return self.engine, self.files, self.assistant, self.reader

    def _ask(self, future: Future[Change]) -> Future[Change]:
        self._asked += 1
        if self._asked == 1:
            self.changingChanged.emit()
        self._follow(future)
        # After what `_follow` tells.
        future.add_done_callback(lambda _future: self._answered.emit())
        return future

    @Slot()
    def _count_answer(self) -> None:
        self._asked -= 1
        if not self._asked:
            self.changingChanged.emit()

    def _follow(self, future: Future[Change]) -> Future[Change]:
        future.add_done_callback(self._read_back)
        return future

    def _look_at(self, future: Future[object]) -> None:
        error = future.exception()
        if error is not None:
            self._broke.emit(error)

    def _read_back(self, future: Future[Change]) -> None:
        """In the writer's thread: read what the change has altered."""
        try:
            change = future.result()
            # Undo of an object or of an import may change any lane.
            ids = set(change.object_ids) or None
            self._updated.emit(read_update(self.project, change, ids))
        except Exception as error:
            self._broke.emit(error)

    @Slot(object)
    def _take_update(self, update: ProjectUpdate) -> None:
        old, known = self.update, {item.object_id for item in update.objects}
        lanes = {i: lane for i, lane in {**old.lanes, **update.lanes}.items() if i in known}
        boxes = {i: lane for i, lane in {**old.boxes, **update.boxes}.items() if i in known}
        self.update = replace(update, lanes=lanes, boxes=boxes)
        self._announce(old, update)

    def _announce(self, old: ProjectUpdate, update: ProjectUpdate) -> None:
        change = update.change
        if old.objects != update.objects:
            self.objectsChanged.emit()
            # Who has selected nothing goes on like that: a box then begins an object (ADR 0046).
            if not old.objects and not self.object_id and not self._none_wanted:
                self.select_object(update.objects[0].object_id)
            elif self.current_object is None and self.object_id:
                self.select_object(0)
        if update.lanes:
            self.lanesChanged.emit(frozenset(update.lanes))
        if (old.undo, old.redo) != (update.undo, update.redo):
            self.historyChanged.emit()
        if old.references != update.references:
            self.referencesChanged.emit()
        if update.boxes:
            self.boxesChanged.emit(frozenset(update.boxes))
        if self.frame_index in change.frame_indices or old.objects != update.objects:
            self.reload()
        if change.name:
            self.edited.emit(change)

    @Slot(object)
    def _take_boxes(self, boxes: dict[int, BoxLane]) -> None:
        """What was there when the project was opened; what was changed since is newer."""
        self.update = replace(self.update, boxes={**boxes, **self.update.boxes})
        if boxes:
            self.boxesChanged.emit(frozenset(boxes))

    @Slot(object)
    def _take_error(self, error: BaseException) -> None:
        told = trouble(error)
        if isinstance(told, Failed):
            self.failed.emit(told.error)
        else:
            self.crashed.emit(told.report)
        self.reload()

    @Slot(object)
    def _take_view(self, view: FrameView) -> None:
        if view.frame_index == self.frame_index:
            self.view = view
            self.viewChanged.emit(view)
