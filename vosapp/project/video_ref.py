"""Which video a project belongs to, and finding it again after it was moved."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ProjectFileError, VideoOpenError
from core.media.frame_times import FrameIndex
from core.media.image_file import list_images
from core.types import VideoInfo
from vosapp.project.model import MAX_PIXELS, MAX_SIDE, VideoRef

EDGE_BYTES = 1 << 20
"""Bytes at each end of a file that its hash covers; a long video is not read whole."""


def video_ref(info: VideoInfo, project: Path) -> VideoRef:
    """Describe an open video for a project.

    Args:
        info: of the video.
        project: where the project file is or will be.

    Raises:
        VideoOpenError: the video cannot be read, or its frames are too large for a project.
    """
    if max(info.width, info.height) > MAX_SIDE or info.width * info.height > MAX_PIXELS:
        raise VideoOpenError(
            f"The frames of {info.path} are too large for a project:"
            f" {info.width} x {info.height} pixels.",
            "Scale the video down first.",
        )
    path = info.path.absolute()
    size, digest = content_hash(path)
    return VideoRef(
        path=str(path),
        relative_path=_relative(path, project),
        size=size,
        content_hash=digest,
        frame_count=info.frame_count,
        width=info.width,
        height=info.height,
        fps=info.fps.limit_denominator(1_000_000),
        stems=info.stems,
    )


def content_hash(path: Path) -> tuple[int, str]:
    """Return (bytes, hash) of a video file or a folder of images.

    The hash of a file covers its size and both ends; that of a folder the names and sizes of its
    images and both ends of the first and the last one.

    Raises:
        VideoOpenError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        files = list_images(path) if path.is_dir() else [path]
        sizes = [file.stat().st_size for file in files]
        if path.is_dir():
            for file, size in zip(files, sizes, strict=True):
                digest.update(f"{file.name}\0{size}\0".encode("utf-8", "surrogateescape"))
        for file in {files[0]: 0, files[-1]: 0} if files else {}:
            _add_ends(digest, file)
    except OSError as exc:
        raise VideoOpenError(f"{path} cannot be read: {exc.strerror}.", "Check the path.") from exc
    return sum(sizes), digest.hexdigest()


def find_video(ref: VideoRef, project: Path) -> Path | None:
    """Return where the video is now: beside the project as before, or at its old path."""
    beside = None
    if ref.relative_path:
        beside = Path(os.path.normpath(project.absolute().parent / ref.relative_path))
    for path in (beside, Path(ref.path)):
        # Not Path.exists, which raises where a folder may not be entered.
        if path is not None and path.is_absolute() and os.path.exists(path):  # noqa: PTH110
            return path
    return None


def differences(ref: VideoRef, found: VideoRef) -> tuple[str, ...]:
    """Say in plain sentences in what a video differs from the project's."""
    notes = []
    if (ref.width, ref.height) != (found.width, found.height):
        notes.append(
            f"its frames are {found.width} x {found.height}, not {ref.width} x {ref.height}"
        )
    if ref.frame_count != found.frame_count:
        notes.append(f"it has {found.frame_count} frames, not {ref.frame_count}")
    if not _same_names(ref.stems, found.stems):
        notes.append("its frames have other names")
    if ref.size != found.size:
        notes.append(f"it has {found.size} bytes, not {ref.size}")
    elif ref.content_hash != found.content_hash:
        notes.append("its content is another one")
    return tuple(notes)


def relinked(ref: VideoRef, found: VideoRef) -> tuple[VideoRef, tuple[str, ...]]:
    """Return the reference to a video in another place, and in what it differs.

    Raises:
        ProjectFileError: its frames are of another size or number, so that masks do not fit.
    """
    notes = differences(ref, found)
    same_shape = (ref.width, ref.height, ref.frame_count) == (
        found.width,
        found.height,
        found.frame_count,
    )
    if not same_shape:
        raise ProjectFileError(
            f"{found.path} is not the video of this project: {'; '.join(notes)}.",
            "Choose the video that the project was made with.",
        )
    kept = found.stems if _same_names(ref.stems, found.stems) else ref.stems or found.stems
    return replace(found, stems=kept), notes


def time_differences(known: FrameIndex | None, found: FrameIndex | None) -> tuple[str, ...]:
    """Say where the frames of a video begin to be shown at other times than they were.

    A frame that is missing or doubled in the middle shows here, though the number of frames may
    be the same. Half a frame's time is allowed for formats that round.

    Args:
        known: what the project knows.
        found: of the video; either may be None, which says nothing.
    """
    if known is None or found is None or not (known.timed and found.timed):
        return ()
    count = min(len(known.pts), len(found.pts))
    one, other = (_seconds(index, count) for index in (known, found))
    allowed = one[-1] / max(1, 2 * (count - 1))
    late = np.flatnonzero(np.abs(one - other) > allowed)
    if not late.size:
        return ()
    first = int(late[0])
    moved = f"frame {first} is shown at {other[first]:.3f} s, not at {one[first]:.3f} s"
    return (f"{moved}, and {late.size - 1} more at other times" if late.size > 1 else moved,)


def _seconds(index: FrameIndex, count: int) -> NDArray[np.float64]:
    times = np.asarray(index.pts[:count], np.float64)
    return np.asarray((times - times[0]) * float(index.base))


def _relative(path: Path, project: Path) -> str:
    try:
        return os.path.relpath(path, project.absolute().parent)
    except ValueError:  # on another drive of Windows
        return ""


def _same_names(known: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Compare the names of frames; older projects have ? for what is no UTF-8."""
    if known == found:
        return True
    return known == tuple(name.encode("utf-8", "replace").decode("utf-8") for name in found)


def _add_ends(digest: Any, path: Path) -> None:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest.update(size.to_bytes(8, "little"))
        file.seek(0)
        digest.update(file.read(EDGE_BYTES))
        file.seek(max(0, size - EDGE_BYTES))
        digest.update(file.read(EDGE_BYTES))
