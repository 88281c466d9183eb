"""Getting frames and their label maps to the window without ever making it wait.

One thread with a reader of its own. Only the newest wish counts; between wishes it decodes what
will probably be wanted next.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.cache import LruCache, bytes_of
from core.errors import VosError
from core.media.apart import apart
from core.media.video import VideoSource
from core.types import Frame, LabelMap
from vosapp.jobs.outcome import Failed, trouble
from vosapp.project.relink import open_linked
from vosapp.project.store import Project
from vosapp.session.clean_preview import CleanPreview, shown_map
from vosapp.session.drafts import Drafts
from vosapp.session.view import FrameView

CACHE_BYTES = 384 << 20
"""Decoded frames kept for showing: some 300 at 480p, 60 at 1080p."""
STAND_IN_REACH = 300
"""A frame this far away may be shown until the right one is decoded."""
AHEAD = 12
"""Frames decoded in advance in the direction of the last move."""


class FrameLoader(QObject):
    """Reads what one frame shows: picture, label map, assertions, prompts.

    Args:
        path: the video.
        project: read from this loader's thread only through its own guard.
        cache_bytes: budget of decoded frames.
        drafts: are shown where there are some.

    Attributes:
        earlier: what frames showed before their results were last changed is shown, if anything.
        preview: a clean-up that is being chosen, shown with the next wish.

    Signals:
        ready: a `FrameView` of the newest wish; a stand-in may come first (`exact` is False).
        failed: (frame index, `VosError`). The next wish is tried all the same.
        crashed: a bug, with its traceback (str); the thread goes on.
        aside: (frame index, frame, label map) that `want_aside` asked for.
        noted: what is wrong with frames that are shown all the same, a sentence for each kind.
    """

    ready = Signal(object)
    failed = Signal(int, object)
    crashed = Signal(str)
    aside = Signal(int, object, object)
    noted = Signal(str)
    _ready = Signal(object)
    _failed = Signal(int, object)
    _crashed = Signal(str)
    _aside = Signal(int, object, object)
    _noted = Signal(str)

    def __init__(
        self,
        path: Path,
        project: Project,
        *,
        cache_bytes: int = CACHE_BYTES,
        drafts: Drafts | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.preview: CleanPreview | None = None
        self._drafts = Drafts() if drafts is None else drafts
        self._path, self._project, self._cache_bytes = path, project, cache_bytes
        self.earlier = False
        self._wish: int | None = None
        self._aside_wish: int | None = None
        self._last = 0
        self._way = 1
        self._told = 0
        self._closed = False
        self._changed = threading.Condition()
        queued = Qt.ConnectionType.QueuedConnection
        self._ready.connect(self._pass_ready, queued)
        self._failed.connect(self._pass_failed, queued)
        self._crashed.connect(self._pass_crashed, queued)
        self._aside.connect(self._pass_aside, queued)
        self._noted.connect(self._pass_noted, queued)
        self._thread = threading.Thread(target=self._run, name="frame-loader", daemon=True)
        self._thread.start()

    def want(self, frame_index: int) -> None:
        """Ask for a frame; replaces a wish that was not answered yet. Returns at once."""
        with self._changed:
            self._wish = frame_index
            self._changed.notify()

    def want_aside(self, frame_index: int) -> None:
        """Ask for a frame that is shown beside the current one; `aside` follows, after `ready`."""
        with self._changed:
            self._aside_wish = frame_index
            self._changed.notify()

    def close(self) -> None:
        """Stop and wait for the thread; what is being decoded is finished first."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    @Slot(object)
    def _pass_ready(self, view: FrameView) -> None:
        if not self._closed:
            self.ready.emit(view)

    @Slot(int, object)
    def _pass_failed(self, frame_index: int, error: VosError) -> None:
        if not self._closed:
            self.failed.emit(frame_index, error)

    @Slot(str)
    def _pass_crashed(self, report: str) -> None:
        if not self._closed:
            self.crashed.emit(report)

    @Slot(int, object, object)
    def _pass_aside(self, frame_index: int, frame: Frame, label_map: LabelMap) -> None:
        if not self._closed:
            self.aside.emit(frame_index, frame, label_map)

    @Slot(str)
    def _pass_noted(self, note: str) -> None:
        if not self._closed:
            self.noted.emit(note)

    # In the loader's thread

    def _run(self) -> None:
        """Answer wishes until it is closed. Whatever happens, the thread lives on."""
        while (wish := self._await_wish()) is not None:
            try:
                # Where nothing can be changed, another video harms nothing; the user was told.
                look = self._project.read_only
                video, _ = open_linked(self._project, self._path, confirmed=look, cache_bytes=0)
            except Exception as error:
                # The disk may be back when the user asks for the next frame.
                self._tell(wish, error)
            else:
                with self._changed:
                    self._wish = wish if self._wish is None else self._wish
                with video:
                    self._serve(_Frames(video, self._cache_bytes))

    def _serve(self, frames: _Frames) -> None:
        while not self._closed:
            try:
                index, aside = self._next(frames)
                if aside:
                    self._answer_aside(frames, index)
                elif not self._closed:
                    self._answer(frames, index)
                self._tell_notes(frames.notes)
            except Exception as error:
                self._tell(self._last, error)

    def _tell(self, index: int, error: Exception) -> None:
        told = trouble(error)
        if isinstance(told, Failed):
            self._failed.emit(index, told.error)
        elif not self._closed:
            # A project that was closed while it was read raises ValueError: nobody asks any more.
            self._crashed.emit(told.report)

    def _tell_notes(self, notes: tuple[str, ...]) -> None:
        for note in notes[self._told :]:
            self._noted.emit(note)
        self._told = max(self._told, len(notes))

    def _await_wish(self) -> int | None:
        """Wait for a wish; None when it is closed."""
        with self._changed:
            while self._wish is None and not self._closed:
                self._changed.wait()
            wish, self._wish = self._wish, None
            return None if self._closed else wish

    def _next(self, frames: _Frames) -> tuple[int, bool]:
        """Wait for a wish, (frame, it is one aside); meanwhile, decode ahead of the last one."""
        ahead = iter(range(1, AHEAD + 1))
        while not self._closed:
            with self._changed:
                if self._wish is not None:
                    wish, self._wish = self._wish, None
                    self._way = 1 if wish >= self._last else -1
                    self._last = wish
                    return wish, False
                if self._aside_wish is not None:
                    wish, self._aside_wish = self._aside_wish, None
                    return wish, True
                step = None if self._closed else next(ahead, None)
                if step is None and not self._closed:
                    self._changed.wait()
                    continue
            if step is not None:
                frames.prepare(self._last + step * self._way)
        return self._last, False

    def _answer(self, frames: _Frames, index: int) -> None:
        if index not in frames and (near := frames.nearest(index)) is not None:
            self._ready.emit(self._view(index, near, exact=False))
        self._ready.emit(self._view(index, frames.get(index), exact=True))

    def _answer_aside(self, frames: _Frames, index: int) -> None:
        self._aside.emit(index, frames.get(index), self._project.label_map(index))

    def _view(self, index: int, frame: Frame, *, exact: bool) -> FrameView:
        project = self._project
        revision = project.revision  # Before anything else: what follows is at least as new.
        stored, assertions = shown_map(project, index, self.preview), project.assertions(index)
        label_map, drafts = self._drafts.over(project, index, stored)
        prompts = project.prompts(index)
        asked = self.earlier
        before = project.earlier_map(index) if asked else None
        if before is not None:
            label_map, drafts = before, frozenset()
        # Here, so that the window's thread need not.
        packed = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGRA), np.uint8)
        return FrameView(
            index,
            frame,
            label_map,
            assertions,
            prompts,
            exact,
            revision,
            packed,
            drafts,
            earlier=before is not None if asked else None,
            cleanings=project.cleanings_on(index),
        )


class _Frames:
    """Decoded frames by index, the least recently used go first."""

    def __init__(self, video: VideoSource, budget: int) -> None:
        self._video = video
        # The frame that is shown is kept, however large: it is asked for after each edit.
        least = 3 * video.info.width * video.info.height
        self._frames: LruCache[int, Frame] = LruCache(max(budget, least), bytes_of, apart)

    def __contains__(self, index: int) -> bool:
        return index in self._frames

    @property
    def notes(self) -> tuple[str, ...]:
        return self._video.notes

    def get(self, index: int) -> Frame:
        found = self._frames.get(index)
        return self._frames.put(index, self._video.frame(index)) if found is None else found

    def prepare(self, index: int) -> None:
        """Decode a frame that may be wanted; one that cannot be is left for later to report."""
        if 0 <= index < self._video.info.frame_count and index not in self._frames:
            try:
                self.get(index)
            except Exception:
                time.sleep(0.01)

    def nearest(self, index: int) -> Frame | None:
        """The closest decoded frame, None where there is none within reach."""
        near = min(self._frames.keys, key=lambda i: abs(i - index), default=None)
        if near is None or abs(near - index) > STAND_IN_REACH:
            return None
        return self._frames.get(near)
