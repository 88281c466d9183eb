"""Finding a project's video, and pointing it to where the video has gone."""

from __future__ import annotations

from pathlib import Path

from core.media.video import open_video
from vosapp.project.store import Project
from vosapp.project.video_ref import find_video, relinked, video_ref


def video_path(project: Project) -> Path | None:
    """Return where the project's video is now, None where it is at none of its known places."""
    return find_video(project.video, project.path)


def relink(project: Project, path: Path) -> tuple[str, ...]:
    """Point a project to its video in another place.

    Returns:
        In what the video differs, in plain sentences; empty where it is the same file.

    Raises:
        VideoOpenError: it cannot be read.
        ProjectFileError: its frames are of another size or number; nothing has changed.
        OutputError: the project cannot be written.
    """
    with open_video(path, cache_bytes=0) as video:
        found = video_ref(video.info, project.path)
    ref, notes = relinked(project.video, found)
    project.set_video(ref)
    return notes
