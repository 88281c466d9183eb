"""Finding a project's video, opening it, and pointing the project to where it has gone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from core.errors import OutputError, ProjectFileError, VideoOpenError
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
    cache_bytes: int = DEFAULT_CACHE_BYTES,
    prefetch: bool = False,
) -> tuple[VideoSource, tuple[str, ...]]:
    """Open a project's video.

    The frames of a video that is the same file as ever are known to the project and not looked
    for again. What is new, a place or the frames' times, is stored where the project may be
    written.

    Args:
        project: whose.
        path: where the video is now; None takes the known places, and never accepts another file
            for good.
        cache_bytes: see `core.media.video.open_video`.
        prefetch: likewise.

    Returns:
        The video, and in what it differs from the project's, in plain sentences.

    Raises:
        VideoOpenError: it is not where it was, or cannot be read.
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
    known = stored if stored is not None and _is_same(project, place) else None
    video = open_video(place, cache_bytes=cache_bytes, prefetch=prefetch, index=known)
    try:
        ref, notes = relinked(project.video, video_ref(video.info, project.path))
        notes += time_differences(stored, video.index)
        if not project.read_only and path is not None:
            project.set_video(ref, video.index)
        elif not project.read_only and not notes and video.index != known:
            # Only saves time; a full disk must not keep anybody from seeing the video.
            with suppress(OutputError):
                project.set_video(project.video, video.index)
    except BaseException:
        video.close()
        raise
    return video, notes


def relink(project: Project, path: Path) -> tuple[str, ...]:
    """Point a project to its video in another place.

    Returns:
        In what the video differs, in plain sentences; empty where it is the same file.

    Raises:
        VideoOpenError: it cannot be read.
        ProjectFileError: its frames are of another size or number; nothing has changed.
        OutputError: the project cannot be written.
    """
    video, notes = open_linked(project, path, cache_bytes=0)
    video.close()
    return notes


def _stored_index(project: Project) -> FrameIndex | None:
    try:
        return project.frame_index()
    except ProjectFileError:  # damaged; it is made anew
        return None


def _is_same(project: Project, path: Path) -> bool:
    try:
        return content_hash(path) == (project.video.size, project.video.content_hash)
    except VideoOpenError:
        return False
