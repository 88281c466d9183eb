"""Telling once what was wrong with the frames of a video that a command has read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.media.video import VideoSource
    from vosapp.cli.console import Console


@contextmanager
def telling(video: VideoSource, console: Console) -> Iterator[VideoSource]:
    """Give an open video; when it is done with, warn of what was met, and close it."""
    with video:
        try:
            yield video
        finally:
            for note in video.notes:
                console.warn(note)
