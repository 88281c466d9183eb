"""Masks inside a zip, as evaluation servers take them. Nothing of it is ever unpacked to disk."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from core.data.importing.choosing import ONLY, listed, only_or_own
from core.data.importing.coco import check_size
from core.data.importing.reading import MAX_BYTES
from core.errors import AnnotationReadError
from core.media.image_file import IMAGE_SUFFIXES
from core.media.label_map import ColorIds, MaskImport, read_label_map, survey_label_map
from core.media.zip_file import ZIP_ERRORS, open_zip, read_member
from core.types import VideoInfo

_TREES = ("Annotations", "Annotations_unsupervised")


class MaskFiles:
    """Mask files on the disk; reads one at a time."""

    def __init__(self, info: VideoInfo) -> None:
        self._info = info

    def read(self, path: Path, colors: ColorIds) -> MaskImport:
        """Read one mask; a color has the same id in all of them.

        Raises:
            MaskMismatch: it is of another size than the video.
        """
        return self._read(path, colors)

    def _read(self, path: Path, colors: ColorIds, data: bytes | None = None) -> MaskImport:
        return read_label_map(path, color_ids=colors, data=data, check_size=self._fits(path))

    def _fits(self, path: Path) -> Callable[[int, int], None]:
        def fits(width: int, height: int) -> None:
            check_size(width, height, self._info, f"The mask {path}")

        return fits

    def survey(self, path: Path, colors: ColorIds) -> None:
        """Look at one mask before any is read, so that a value is one object in all of them."""
        survey_label_map(path, colors, check_size=self._fits(path))

    def close(self) -> None:
        """Let go of whatever is open."""


class ZippedMasks(MaskFiles):
    """Masks of one sequence inside a zip; their paths are those in the zip, behind its own.

    Args:
        path: the zip.
        info: the video; its name chooses the folder where there are several.
        only: the folder that is read, empty for the one of the video's name.

    Raises:
        AnnotationReadError: no zip, or no masks of this video in it.
    """

    def __init__(self, path: Path, info: VideoInfo, only: str = "") -> None:
        super().__init__(info)
        self._path = path
        self._archive: zipfile.ZipFile | None = None
        folders: dict[PurePosixPath, list[str]] = defaultdict(list)
        for name in self._opened().namelist():
            place = PurePosixPath(name)
            if place.suffix.lower() in IMAGE_SUFFIXES and not _is_hidden(place):
                folders[place.parent].append(name)
        try:
            chosen = _chosen(list(folders), path, info, only)
        except AnnotationReadError:
            self.close()
            raise
        self._names = {path / name: name for name in folders[chosen]}

    @property
    def paths(self) -> list[Path]:
        """The masks, in the order of the zip."""
        return list(self._names)

    def read(self, path: Path, colors: ColorIds) -> MaskImport:
        """Read one mask; see `MaskFiles`."""
        return self._read(path, colors, self._data(path))

    def survey(self, path: Path, colors: ColorIds) -> None:
        """Look at one mask; see `MaskFiles`."""
        survey_label_map(path, colors, data=self._data(path), check_size=self._fits(path))

    def close(self) -> None:
        """Close the zip; reading opens it again."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    def _data(self, path: Path) -> bytes:
        try:
            archive = self._opened()
            return read_member(archive, archive.getinfo(self._names[path]), limit=MAX_BYTES)
        except ZIP_ERRORS as error:
            raise self._unreadable(error) from error

    def _opened(self) -> zipfile.ZipFile:
        try:
            self._archive = self._archive or open_zip(self._path)
        except ZIP_ERRORS as error:
            raise self._unreadable(error) from error
        return self._archive

    def _unreadable(self, error: BaseException) -> AnnotationReadError:
        return AnnotationReadError(f"{self._path} is no zip that can be read: {error}.")


def _chosen(folders: list[PurePosixPath], path: Path, info: VideoInfo, only: str) -> PurePosixPath:
    """Return the folder of a name; any where none was said and it is the only one."""
    trees = [folder for folder in folders if set(_TREES) & set(folder.parts)]
    if only:
        known = [folder for folder in trees or folders if folder.name == only]
        if folders and not known:
            raise AnnotationReadError(
                f"{path} holds no folder of masks called {only[:80]}.",
                f"It holds {listed(trees or folders, path)}.",
            )
        trees = known
    return only_or_own(trees or folders, path, info, of="masks", do=ONLY)


def _is_hidden(place: PurePosixPath) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in place.parts)
