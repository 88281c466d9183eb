"""Where results go: one folder for each video, one label-map file for each frame."""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Self

from core.errors import OutputError
from core.media.atomic import write_atomic
from core.media.input_file import read_input
from core.media.label_map import encode_label_map
from core.media.name_parts import looks_like_frame
from core.media.scratch import remove_leftovers, scratch_file
from core.types import LabelMap, VideoInfo

SUFFIX = ".png"
_HINT = "Choose an output folder that you may write to, on a disk with free space."


def result_name(info: VideoInfo) -> str:
    """Name of a video's result folder; that of the real folder where the path is `.` or `..`."""
    if info.name not in ("", ".", ".."):
        return info.name
    return Path(os.path.realpath(info.path)).name or "video"


def result_stem(info: VideoInfo, frame_index: int) -> str:
    """Name of a frame's file without extension: an image folder's own stem, else 00000, 00001."""
    return info.stems[frame_index] if info.stems else f"{frame_index:05d}"


class ResultFolder:
    """The result files ROOT/<video's name>/<frame's stem>.png of one video.

    As a context manager it makes the folder and tries to write into it; on leaving, folders that
    it made and that are still empty are removed again. Files of an earlier run are replaced one
    by one, each whole at any time.

    Attributes:
        path: the folder.
        written: number of files written so far.
        kept: number of files that an earlier part of the same run has written.
    """

    def __init__(self, root: Path, info: VideoInfo, *, sources: tuple[Path, ...] = ()) -> None:
        """Describe the folder; nothing is touched yet.

        Args:
            root: folder that holds a folder for each video.
            info: the video.
            sources: files or folders that the results are made from; see `__enter__`.
        """
        self.path = root / result_name(info)
        self.written = 0
        self.kept = 0
        self._info = info
        self._sources = sources
        self._made: list[Path] = []

    @property
    def finished(self) -> int:
        """Number of files of this run that are there."""
        return self.kept + self.written

    def __enter__(self) -> Self:
        """Make the folder.

        Raises:
            OutputError: it cannot be made or written to, or is a folder with sources in it, which
                the results would overwrite.
        """
        self._refuse_sources()
        try:
            self._make()
            self._try_writing()
        except BaseException:
            self._remove_empty()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self._remove_empty()

    @property
    def frame_count(self) -> int:
        """Number of frames of the video."""
        return self._info.frame_count

    def earlier(self) -> tuple[Path, ...]:
        """Result files of earlier runs, also those of frames that this video does not have.

        They are this video's frames, or named like one; others are left alone.

        Raises:
            OutputError: the folder cannot be listed.
        """
        try:
            files = sorted(self.path.iterdir()) if self.path.is_dir() else []
        except OSError as error:
            raise OutputError(f"{self.path} cannot be read: {error.strerror or error}.") from error
        return tuple(
            file
            for file in files
            if file.suffix == SUFFIX and looks_like_frame(file.stem, self._info) and file.is_file()
        )

    def left_over(self, frames: Collection[int]) -> tuple[Path, ...]:
        """Those of `earlier` that a run over some frames does not replace."""
        names = {self._file_name(index) for index in frames}
        return tuple(file for file in self.earlier() if file.name not in names)

    def write(self, frame_index: int, label_map: LabelMap) -> int:
        """Write a frame's label map (H x W uint8), whole or not at all.

        Returns:
            The checksum that `checksum` finds for this file.

        Raises:
            OutputError: the file cannot be written.
        """
        data = encode_label_map(label_map)
        write_atomic(self.path / self._file_name(frame_index), data)
        self.written += 1
        return zlib.crc32(data)

    def checksum(self, frame_index: int) -> int | None:
        """CRC-32 of a frame's file; None where it is not there or cannot be read."""
        try:
            return zlib.crc32(read_input(self.path / self._file_name(frame_index), limit=None))
        except OSError:
            return None

    def remove_leftovers(self) -> None:
        """Remove files that a killed run has not come to rename, also those of its record."""
        for folder in (self.path, self.path.parent):
            remove_leftovers(folder)

    def _file_name(self, frame_index: int) -> str:
        return result_stem(self._info, frame_index) + SUFFIX

    def _refuse_sources(self) -> None:
        for source in self._sources:
            folder = source if source.is_dir() else source.parent
            if os.path.realpath(folder) == os.path.realpath(self.path) and (
                source.is_dir() or source.name in map(self._file_name, self._frames())
            ):
                msg = f"The results would overwrite what they are made from: {source}."
                raise OutputError(msg, "Choose another output folder.")

    def _frames(self) -> range:
        return range(self._info.frame_count)

    def _make(self) -> None:
        missing = [p for p in (self.path, *self.path.parents) if not p.exists()]
        try:
            for folder in reversed(missing):
                folder.mkdir(exist_ok=True)
                self._made.append(folder)
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            msg = f"Cannot make the output folder {self.path}: {error.strerror or error}."
            raise OutputError(msg, _HINT) from error

    def _try_writing(self) -> None:
        try:
            with scratch_file(self.path / "probe") as probe:
                probe.write_bytes(b"vosapp")
        except OSError as error:
            msg = f"Cannot write into {self.path}: {error.strerror or error}."
            raise OutputError(msg, _HINT) from error

    def _remove_empty(self) -> None:
        if self.written:
            return
        for folder in reversed(self._made):
            try:
                folder.rmdir()
            except OSError:
                return
        self._made.clear()
