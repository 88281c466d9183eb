"""Making and opening project files."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from core.errors import OutputError, ProjectFileError
from core.media.frame_times import FrameIndex
from core.media.scratch import scratch_file, scratch_folder
from vosapp.project import connection as sqlite
from vosapp.project import schema
from vosapp.project.connection import Access
from vosapp.project.file import Options, write_video
from vosapp.project.filesystem import FULL, is_writable, rename_new
from vosapp.project.frame_table import write_index
from vosapp.project.lock import ProjectLock
from vosapp.project.migration import migrate, upgrade
from vosapp.project.model import VideoRef
from vosapp.project.side_files import is_free, remove_project, side_files
from vosapp.project.store import Project

SUFFIX = ".vosapp"
"""Ending of project files."""
DEFAULTS = Options()


def create_project(
    path: Path, video: VideoRef, options: Options = DEFAULTS, *, index: FrameIndex | None = None
) -> Project:
    """Make an empty project and open it.

    Args:
        path: the new file; its folder must exist.
        video: what it is about (`vosapp.project.video_ref.video_ref`).
        options: how it is opened.
        index: of the video's frames; None is filled in when the video is opened next.

    Raises:
        OutputError: there is a file already, or it cannot be written; then nothing is left of it.
    """
    lock = ProjectLock(path)
    try:
        _make(path, video, index)
        try:
            lock.hold_file()
            return _opened_anew(path, lock, options)
        except BaseException:
            # An empty project would be in the way of the next try.
            lock.release_file()
            remove_project(path)
            raise
    except BaseException:
        lock.release()
        raise


def _opened_anew(path: Path, lock: ProjectLock, options: Options) -> Project:
    with sqlite.plain_errors(path):
        connection = sqlite.connect(path, Access.WRITE)
        try:
            sqlite.prepare_writing(connection, path, options.journal)
            return Project(path, connection, lock=lock, options=options)
        except BaseException:
            connection.close()
            raise


def open_project(path: Path, options: Options = DEFAULTS) -> Project:
    """Open a project. Nothing is read but the head of the file.

    A symbolic link is followed first: lock and journals lie beside the file itself.

    Raises:
        ProjectFileError: missing, no project, of a newer version, hostile, or damaged; see
            `vosapp.project.recovery.salvage` for the last.
        ProjectLocked: somebody else has it open for writing, or may have under another name.
        OutputError: it cannot be written to; open it for reading only.
    """
    if not path.is_file():
        raise ProjectFileError(f"There is no project {path}.", "Check the path.")
    path = path.resolve() if path.is_symlink() else path
    if options.read_only:
        with sqlite.plain_errors(path):
            connection, notes = _open_for_reading(path)
        return _project(path, connection, None, options, (*_other_names(path), *notes))
    _check_writable(path)
    lock = ProjectLock(path)
    try:
        lock.hold_file()
        with sqlite.plain_errors(path):
            connection, notes = _open_for_writing(path, options)
        return _project(path, connection, lock, options, notes)
    except BaseException:
        lock.release()
        raise


def _other_names(path: Path) -> tuple[str, ...]:
    """A note where the file has other names: what lies beside those is not seen here."""
    count = path.stat().st_nlink
    if count < 2:
        return ()
    told = f"{path} is one file with {count} names (hard links): what was changed last under"
    return (f"{told} another one may be missing here.",)


def _project(
    path: Path,
    connection: sqlite3.Connection,
    lock: ProjectLock | None,
    options: Options,
    notes: tuple[str, ...],
) -> Project:
    try:
        return Project(path, connection, lock=lock, options=options, notes=notes)
    except BaseException:
        connection.close()
        raise


def _make(path: Path, video: VideoRef, index: FrameIndex | None) -> None:
    """Write the file under another name first: a kill leaves a whole project or none."""
    if not is_free(path):
        taken = next(file for file in (path, *side_files(path)) if os.path.lexists(file))
        raise OutputError(f"There is already a file {taken}.", "Choose another name.")
    try:
        with scratch_file(path) as temporary:
            with (
                sqlite.plain_errors(path),
                closing(sqlite.connect(temporary, Access.CREATE)) as made,
            ):
                _fill(made, video, index)
            rename_new(temporary, path)
    except FileExistsError as exc:
        raise OutputError(f"There is already a file {path}.", "Choose another name.") from exc
    except OSError as exc:
        hint = "Choose a folder that exists and that you may write to."
        if exc.errno in FULL:
            hint = "Free some space, or choose another disk."
        raise OutputError(f"Cannot write {path}: {exc.strerror}.", hint) from exc


def _fill(connection: sqlite3.Connection, video: VideoRef, index: FrameIndex | None) -> None:
    connection.execute("BEGIN IMMEDIATE")
    schema.create(connection)
    write_video(connection, video)
    write_index(connection, index)
    sql = "INSERT INTO project (key, value) VALUES ('created', ?)"
    connection.execute(sql, (str(int(time.time())),))
    connection.execute("COMMIT")


def _check_writable(path: Path) -> None:
    if not (os.access(path, os.W_OK) and is_writable(path.parent)):
        raise OutputError(
            f"{path} and its folder may only be read.",
            "Open the project for reading only, or save a copy elsewhere.",
        )


def _open_for_writing(path: Path, options: Options) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    _look_before(path)
    connection = sqlite.connect(path, Access.WRITE)
    try:
        version = sqlite.check_identity(connection, path)
        sqlite.check_shape(connection, path, version)
        notes = migrate(connection, path, version) if version < schema.SCHEMA_VERSION else ()
        sqlite.check_shape(connection, path)
        sqlite.prepare_writing(connection, path, options.journal)
    except BaseException:
        connection.close()
        raise
    return connection, notes


def _look_before(path: Path) -> None:
    """Refuse what is no project of ours before a connection exists that could write to it."""
    connection = sqlite.connect(path, Access.READ)
    try:
        sqlite.check_shape(connection, path, sqlite.check_identity(connection, path))
    except sqlite3.OperationalError:
        # A crash has left something that only a writer can put in order.
        return
    finally:
        connection.close()


def _open_for_reading(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    if is_writable(path.parent):
        return _checked(sqlite.connect(path, Access.READ), path)
    sqlite.require_sound_sides(path)
    left = [side for side in side_files(path) if side.is_file() and side.stat().st_size]
    if not left:
        return _checked(sqlite.connect(path, Access.IMMUTABLE), path)
    # What a crash left beside the file cannot be put in order there.
    with scratch_folder() as folder:
        copy = folder / path.name
        try:
            for file in (path, *left):
                shutil.copyfile(file, folder / file.name)
        except OSError as exc:
            msg = f"{path} cannot be copied to be read: {exc.strerror}."
            raise ProjectFileError(msg, "Check the disk and the permissions.") from exc
        with closing(sqlite.connect(copy, Access.WRITE)) as source:
            memory, notes = _checked(sqlite.in_memory(source), path)
    return memory, (f"{path} was not closed properly; a copy in memory is shown.", *notes)


def _checked(
    connection: sqlite3.Connection, path: Path
) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """Return a connection that may be read: this one, or a copy in memory of an older version."""
    try:
        version = sqlite.check_identity(connection, path)
        sqlite.check_shape(connection, path, version)
        if version == schema.SCHEMA_VERSION:
            return connection, ()
        old, connection = connection, sqlite.in_memory(connection)
        old.close()
        upgrade(connection, version)
        sqlite.check_shape(connection, path)
    except BaseException:
        connection.close()
        raise
    note = f"{path} was made by an older vosapp (file version {version}) and stays as it is."
    return connection, (note,)
