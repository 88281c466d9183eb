"""Finding a project's video, opening it, and pointing the project to where it has gone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from core.errors import OutputError, ProjectFileError, VideoMismatch, VideoOpenError
from core.media.frame_times import FrameIndex
from core.media.video import DEFAULT_CACHE_BYTES, VideoSource, open_video
from vosapp.project.store import Project
from vosapp.project.video_ref import (
    content_hash,
    find_video,
    relinked,
    time_differences,
    video_ref,
)


def video_path(project: Project) -> Path | None:
    """Return where the project's video is now, None where it is at none of its known places."""
    return find_video(project.video, project.path)


def open_linked(
    project: Project,
    path: Path | None = None,
    *,
    confirmed: bool = False,
    cache_bytes: int = DEFAULT_CACHE_BYTES,
    prefetch: bool = False,
) -> tuple[VideoSource, tuple[str, ...]]:
    """Open a project's video.

    The frames of a video that is the same file as ever are known to the project and not looked
    for again. What is new, a place, another file that was confirmed, or the frames' times, is
    stored where the project may be written.

    Args:
        project: whose.
        path: where the video is now; None takes the known places.
        confirmed: the user says that it is the video, though it may be another file.
        cache_bytes: see `core.media.video.open_video`.
        prefetch: likewise.

    Returns:
        The video, and in what it differs from the project's, in plain sentences.

    Raises:
        VideoOpenError: it is not where it was, or cannot be read.
        VideoMismatch: it may be another one, which nobody has confirmed; nothing has changed.
        ProjectFileError: its frames are of another size or number; nothing has changed.
        OutputError: the project cannot be written.
    """
    place = path or video_path(project)
    if place is None:
        raise VideoOpenError(
            f"The video of {project.path} is not where it was: {project.video.path}.",
            "Say where it is now.",
        )
    stored = _stored_index(project)
    known = stored if stored is not None and is_project_video(project, place) else None
    video = open_video(place, cache_bytes=cache_bytes, prefetch=prefetch, index=known)
    try:
        ref, notes = relinked(project.video, video_ref(video.info, project.path))
        notes += time_differences(stored, video.index)
        if notes and not confirmed:
            raise _mismatch(project, place, notes)
        if not project.read_only and (path is not None or notes):
            if (ref, video.index) != (project.video, stored):
                project.set_video(ref, video.index)
        elif not project.read_only and video.index != known:
            # Only saves time; a full disk must not keep anybody from seeing the video.
            with suppress(OutputError):
                project.set_video(project.video, video.index)
    except BaseException:
        video.close()
        raise
    return video, notes


def relink(project: Project, path: Path) -> tuple[str, ...]:
    """Point a project to its video in another place; the user says that it is this one.

    Returns:
        In what the video differs, in plain sentences; empty where it is the same file.

    Raises:
        VideoOpenError: it cannot be read.
        ProjectFileError: its frames are of another size or number; nothing has changed.
        OutputError: the project cannot be written.
    """
    video, notes = open_linked(project, path, confirmed=True, cache_bytes=0)
    video.close()
    return notes


def video_differences(project: Project, path: Path) -> tuple[str, ...]:
    """Say in what a video differs from the project's; it is only opened where it is another file.

    Raises:
        VideoOpenError: it cannot be read.
        ProjectFileError: its frames are of another size or number.
    """
    if is_project_video(project, path):
        return ()
    with open_video(path, cache_bytes=0) as video:
        _, notes = relinked(project.video, video_ref(video.info, project.path))
        return notes + time_differences(_stored_index(project), video.index)


def require_video(project: Project, path: Path) -> None:
    """See to it that a video is the project's, before its frames are used past `open_linked`.

    Raises:
        VideoMismatch: it may be another one.
        VideoOpenError, ProjectFileError: as for `video_differences`.
    """
    notes = video_differences(project, path)
    if notes:
        raise _mismatch(project, path, notes)


def _mismatch(project: Project, path: Path, notes: tuple[str, ...]) -> VideoMismatch:
    return VideoMismatch(
        f"{path} may be another video than that of {project.path}: {'; '.join(notes)}.",
        "Open the project again, and say whether it is the right one.",
    )


def _stored_index(project: Project) -> FrameIndex | None:
    try:
        return project.frame_index()
    except ProjectFileError:  # damaged; it is made anew
        return None


def is_project_video(project: Project, path: Path) -> bool:
    """True where a video is the very file that the project was made with, wherever it lies."""
    try:
        return content_hash(path) == (project.video.size, project.video.content_hash)
    except VideoOpenError:
        return False
