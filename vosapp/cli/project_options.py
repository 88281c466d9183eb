"""What commands that work on a project share: its video."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import VideoMismatch, VideoOpenError

if TYPE_CHECKING:
    import argparse

    from core.media.video import VideoSource
    from vosapp.cli.console import Console
    from vosapp.project.store import Project

ACCEPT = "--accept-video"


def add_video_argument(parser: argparse.ArgumentParser) -> None:
    """Declare where the project's video has gone, and that it is the right one."""
    parser.add_argument(
        "--video", type=Path, metavar="PATH", help="where the project's video is now, if it moved"
    )
    parser.add_argument(
        ACCEPT,
        action="store_true",
        help="take a video that is another file than the project was made with, of the same size"
        " and length; the project remembers it",
    )


def open_project_video(
    project: Project, args: argparse.Namespace, console: Console, *, cache_bytes: int
) -> VideoSource:
    """Open a project's video; what was given or accepted is remembered where that can be.

    Args:
        project: whose.
        args: with the options of `add_video_argument`.
        console: of the command.
        cache_bytes: of decoded frames.

    Raises:
        VideoOpenError: it is not where it was, or cannot be read.
        VideoMismatch: it may be another video, and nobody has said that it is the right one.
        ProjectFileError: it is another video: its frames are of another size or number.
    """
    from vosapp.project.relink import open_linked, video_path

    given, accepts = args.video, args.accept_video
    try:
        video, notes = open_linked(project, given, confirmed=accepts, cache_bytes=cache_bytes)
    except VideoMismatch as error:
        raise VideoMismatch(
            error.message, f"If it is the right one, say so once: {ACCEPT}. Else: --video PATH."
        ) from error
    except VideoOpenError as error:
        if given is not None or video_path(project) is not None:
            raise
        raise VideoOpenError(error.message, "Say where it is now: --video PATH.") from error
    for note in notes:
        console.warn(f"{video.info.path} is not quite the video of this project: {note}.")
    return video
