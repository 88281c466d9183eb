"""The file under a project: its life, its transactions, its settings."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from core.errors import CheckpointMismatch, OutputError, UsageError
from core.media.frame_times import FrameIndex
from vosapp.project import connection as sqlite
from vosapp.project.editor import Editor, Span
from vosapp.project.frame_table import read_index, write_index
from vosapp.project.history import History, HistoryLimits
from vosapp.project.label_store import CACHE_BYTES
from vosapp.project.lock import ProjectLock
from vosapp.project.model import Unreadable, VideoRef, check
from vosapp.project.parse import parse_json, parse_video, video_row
from vosapp.project.shrink import shrink
from vosapp.project.side_files import remove_project
from vosapp.project.tuned import (
    MAX_TUNED_BYTES,
    USE_TUNED,
    TunedInfo,
    check_data,
    read_tuned,
    read_tuned_data,
    write_tuned,
)

MAX_SETTING = 1_000_000
"""Characters of one setting as JSON."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a project is opened.

    Attributes:
        read_only: change nothing; works beside another writer and on read-only media.
        journal: None chooses by the kind of disk.
        cache_bytes: budget of decoded label maps.
        limits: of the undo history.
    """

    read_only: bool = False
    journal: sqlite.Journal | None = None
    cache_bytes: int = CACHE_BYTES
    limits: HistoryLimits = field(default_factory=HistoryLimits)


class ProjectFile:
    """An open project file; the base of `vosapp.project.store.Project`.

    Attributes:
        path: its file.
        read_only: nothing can be changed.
        notes: what opening it had to say, in plain sentences.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        lock: ProjectLock | None,
        options: Options,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.path = path
        self.read_only = lock is None
        self.notes = notes
        self._connection = connection
        self._lock = lock
        self._guard = threading.RLock()
        self._closed = False
        self._touched: list[tuple[int, Span]] = []
        self._propagations = 0
        self._has_room = False
        # The propagation whose results still join an entry of the history, and that entry.
        self._growing = (0, 0)
        # Spans in which that entry has marked what other weights left.
        self._marked: frozenset[Span] = frozenset()
        self._history = History(connection, options.limits)
        with sqlite.plain_errors(path):
            self._video = read_video(connection)
            self._revision = self._read_revision()
        self._editor = Editor(connection, self._video, options.cache_bytes)

    def close(self) -> None:
        """Settle everything in one file and let go of it. Closing twice does no harm."""
        self._close(remove=False)

    def discard(self) -> None:
        """Close a project that was made in vain, and remove it. It must be open for writing."""
        self._close(remove=True)

    def _close(self, *, remove: bool) -> None:
        with self._guard:
            if self._closed:
                return
            self._closed = True
            with ExitStack() as last:
                if self._lock is not None:
                    last.callback(self._lock.release)
                    if remove:
                        last.callback(remove_project, self.path)
                        last.callback(self._lock.release_file)
                settle = not (self.read_only or remove)
                last.callback(sqlite.close, self._connection, settle=settle)
                last.callback(self._editor.maps.forget_all)
                if self._has_room and not remove:
                    shrink(self._connection, self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def video(self) -> VideoRef:
        """The video that the project belongs to."""
        return self._video

    @property
    def revision(self) -> int:
        """Counts changes of keyframes; results of an older revision may be stale."""
        return self._revision

    def frame_index(self) -> FrameIndex | None:
        """Return times and entry points of the video's frames, None where they are not known.

        They belong to the content that `video` names; see `vosapp.project.relink.open_linked`.
        """
        with self._reading():
            return read_index(self._connection, self._video)

    def set_video(self, video: VideoRef, index: FrameIndex | None = None) -> None:
        """Point to the same video in another place (see `vosapp.project.relink`).

        Args:
            video: of the same size and length.
            index: of its frames; None keeps what is known where the content is the same.
        """
        same = (video.width, video.height, video.frame_count)
        if same != (self._video.width, self._video.height, self._video.frame_count):
            raise ValueError("a project cannot change to a video of another size or length")
        if index is not None and len(index.pts) != video.frame_count:
            raise ValueError("this is the index of another video")
        known = (video.size, video.content_hash) == (self._video.size, self._video.content_hash)
        with self._writing():
            write_video(self._connection, video)
            if index is not None or not known:
                write_index(self._connection, index)
        self._video = video
        self._editor.video = video

    def setting(self, key: str, default: Any = None) -> Any:
        """Return a setting, or the default where it was never set."""
        with self._reading():
            row = self._connection.execute(
                "SELECT value FROM settings WHERE key = ?", (key,)
            ).fetchone()
            return default if row is None else parse_json(row[0])

    def set_setting(self, key: str, value: Any) -> None:
        """Store a setting that JSON can say; None removes it. Not a step of the history.

        Raises:
            UsageError: the value is too large.
        """
        text = json.dumps(value)
        if len(text) > MAX_SETTING:
            raise UsageError(f"The setting {key} is too large.")
        with self._writing():
            self._store_setting(key, None if value is None else text)

    def tuned(self) -> TunedInfo | None:
        """Return what the weights are that were tuned to the video; None where there are none.

        Raises:
            CheckpointMismatch: what the file says of them makes no sense.
        """
        with self._reading(), self._tuned_errors():
            return read_tuned(self._connection)

    def tuned_data(self) -> bytes:
        """Return the file of the tuned weights, as it was stored.

        Raises:
            CheckpointMismatch: there are none, or they are damaged.
        """
        with self._reading(), self._tuned_errors():
            return read_tuned_data(self._connection)

    @property
    def uses_tuned(self) -> bool:
        """True where the tuned weights are switched on; they may be damaged all the same."""
        return self.setting(USE_TUNED) is True

    def put_tuned(self, info: TunedInfo, data: bytes, *, use: bool) -> None:
        """Keep tuned weights in place of others, and switch them on or off.

        Raises:
            UsageError: they are too large to be kept.
            OutputError: the project cannot be written.
        """
        if len(data) > MAX_TUNED_BYTES:
            raise UsageError(
                f"These weights take {len(data) / 1e6:.1f} MB; a project keeps at most"
                f" {MAX_TUNED_BYTES / 1e6:.1f} MB.",
                "Fine-tune smaller ones, such as the bundled.",
            )
        check_data(info.digest, data)
        with self._writing():
            write_tuned(self._connection, info, data)
            self._store_setting(USE_TUNED, "true" if use else None)

    def drop_tuned(self) -> bool:
        """Forget the tuned weights; masks that come from them stay. False where there were none.

        The file shrinks when it is closed, where that pays (`vosapp.project.shrink`).
        """
        with self._writing():
            dropped = self._connection.execute("DELETE FROM tuned").rowcount > 0
            self._store_setting(USE_TUNED, None)
        self._has_room = True
        return dropped

    def use_tuned(self, *, on: bool) -> None:
        """Switch the tuned weights on or off for propagations to come."""
        self.set_setting(USE_TUNED, True if on else None)

    @contextmanager
    def _tuned_errors(self) -> Iterator[None]:
        try:
            yield
        except (Unreadable, UnicodeDecodeError) as exc:
            raise CheckpointMismatch(
                f"The weights in {self.path} that were fine-tuned on its video are damaged: {exc}.",
                "Fine-tune on the video again; all else in the project can be used.",
            ) from exc

    def _store_setting(self, key: str, text: str | None) -> None:
        if text is None:
            self._connection.execute("DELETE FROM settings WHERE key = ?", (key,))
        else:
            sql = "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)"
            self._connection.execute(sql, (key, text))

    def _read_revision(self) -> int:
        sql = "SELECT value FROM project WHERE key = 'revision'"
        row = self._connection.execute(sql).fetchone()
        value = 0 if row is None else parse_json(row[0])
        check(type(value) is int and 0 <= value < 1 << 60, "the revision is no number")
        return int(value)

    def _next_revision(self) -> None:
        self._revision += 1
        sql = "INSERT OR REPLACE INTO project (key, value) VALUES ('revision', ?)"
        self._connection.execute(sql, (str(self._revision),))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._guard, sqlite.plain_errors(self.path, lost=sqlite.NOT_SAVED):
            if self._closed:
                raise ValueError("this project is closed")
            yield

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction: all that is written inside is kept, or nothing is."""
        with self._reading():
            if self.read_only:
                raise OutputError(
                    f"{self.path} is open for reading only.", "Save a copy and change that."
                )
            if self._connection.in_transaction:
                raise RuntimeError("another change of this project is not finished")
            touched = len(self._touched)
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back(touched)
                raise

    def _roll_back(self, touched: int) -> None:
        # After a full disk SQLite may have rolled back already.
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        self._editor.forget_all()
        revision = self._revision
        # Read again: an interrupt may have come just after the commit.
        with suppress(sqlite3.Error, Unreadable):
            self._revision = self._read_revision()
        if self._revision != revision:
            del self._touched[touched:]


def read_video(connection: sqlite3.Connection) -> VideoRef:
    """Return the video that a project file names.

    Raises:
        Unreadable: there is none, or it makes no sense.
    """
    row = connection.execute(
        "SELECT path, relative_path, size, content_hash, frame_count, width, height, fps, stems"
        " FROM video WHERE video_id = 1"
    ).fetchone()
    check(row is not None, "it does not say which video it belongs to")
    return parse_video(row)


def write_video(connection: sqlite3.Connection, video: VideoRef) -> None:
    """Store which video a project belongs to."""
    marks = ", ".join("?" * 9)
    sql = f"INSERT OR REPLACE INTO video VALUES (1, {marks})"
    connection.execute(sql, video_row(video))
