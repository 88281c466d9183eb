"""Still images packed for training, where a moving camera over them stands for a film."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.data.frame_pack import (
    FramePack,
    PackConfig,
    PackWriter,
    is_packed,
    short_hash,
    shrink,
    stored_pack,
    writing_pack,
)
from core.data.raw_video import files_below
from core.errors import TrainingError
from core.jobs import CancelToken, Job, Progress
from core.media.image_file import IMAGE_ERRORS, IMAGE_SUFFIXES, read_rgb

SMALLEST = 32
"""Images whose short side has fewer pixels teach nothing."""


def find_images(folder: Path) -> list[Path]:
    """Every image file at or below a path, in the order of their names."""
    if folder.is_file():
        return [folder]
    return files_below(folder, IMAGE_SUFFIXES)


def pack_images(
    images: Path, cache: Path, config: PackConfig, token: CancelToken
) -> Job[list[FramePack]]:
    """Pack every image below a folder into one pack; one that is packed is taken as it is.

    Yields a `Progress` for each image; that of an image that cannot be read, or is too small, is a
    warning.

    Returns:
        The pack, as the only one of a list.

    Raises:
        TrainingError: no image that can be used.
        OutputError: the cache cannot be written.
        Cancelled: by the token; nothing is left behind.
    """
    paths = find_images(images)
    if not paths:
        msg = f"{images} holds no image."
        raise TrainingError(msg, "Give a folder with image files; subfolders are searched too.")
    stats = [(path, path.stat()) for path in paths]
    identity = "|".join(f"{p.resolve()},{s.st_size},{s.st_mtime_ns}" for p, s in stats)
    target = cache / f"images-{short_hash(f'{identity}|{config}')}.frames"
    if not is_packed(target):
        with writing_pack(target, config) as writer:
            yield from _write_images(paths, writer, token)
    pack = stored_pack(target, still=True)
    if not pack.times:
        msg = f"None of the {len(paths)} images in {images} can be used."
        raise TrainingError(msg, f"Give readable images of {SMALLEST} pixels or more.")
    return [pack]


def _write_images(paths: list[Path], writer: PackWriter, token: CancelToken) -> Iterator[Progress]:
    for done, path in enumerate(paths, start=1):
        token.check()
        text, warning = path.name, False
        try:
            image = read_rgb(path)
        except IMAGE_ERRORS as error:
            yield Progress(done, len(paths), f"left out {path.name}: {error}", warning=True)
            continue
        if min(image.shape[:2]) < SMALLEST:
            text, warning = f"left out {path.name}: smaller than {SMALLEST} pixels", True
        else:
            writer.add(shrink(image, writer.config.short_side), float(len(writer.times)))
        yield Progress(done, len(paths), text, warning=warning)
