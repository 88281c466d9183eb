"""What commands that work on a project share: its video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import VideoOpenError

if TYPE_CHECKING:
    import argparse

    from core.media.video import VideoSource
    from vosapp.cli.console import Console
    from vosapp.project.store import Project


def add_video_argument(parser: argparse.ArgumentParser) -> None:
    """Declare where the project's video has gone."""
    parser.add_argument(
        "--video", type=Path, metavar="PATH", help="where the project's video is now, if it moved"
    )


def open_project_video(
    project: Project, given: Path | None, console: Console, *, cache_bytes: int
) -> VideoSource:
    """Open a project's video; one that was given is remembered where the project may be written.

    Raises:
        VideoOpenError: it is not where it was, or cannot be read.
        ProjectFileError: it is another video: its frames are of another size or number.
    """
    from vosapp.project.relink import open_linked, video_path

    try:
        video, notes = open_linked(project, given, cache_bytes=cache_bytes)
    except VideoOpenError as error:
        if given is not None or video_path(project) is not None:
            raise
        raise VideoOpenError(error.message, "Say where it is now: --video PATH.") from error
    for note in notes:
        console.warn(f"{video.info.path} is not quite the video of this project: {note}.")
    return video
