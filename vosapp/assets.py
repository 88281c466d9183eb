"""The files that ship with vosapp. The only module that knows the package `resources`."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from core.errors import CheckpointMissing, VideoOpenError
from core.media.file_hash import named_hash, sha256_of

REINSTALL = "Reinstall vosapp, or take a complete copy of its source."
START = "-start"
"""Ending of the names of weights that only training begins from (ADR 0064)."""


def sample_film() -> Path:
    """Return the bundled sample film.

    Raises:
        VideoOpenError: it is not in this installation.
    """
    film = next(iter(sorted(_samples().rglob("*.mp4"))), None)
    if film is None:
        raise VideoOpenError(f"The sample film is missing from {_samples()}.", REINSTALL)
    return film


def sample_masks() -> Path:
    """Return the folder with the exact masks of the sample film, one palette PNG a frame.

    Raises:
        VideoOpenError: it is not in this installation.
    """
    folder = sample_film().parent / "masks"
    if not folder.is_dir():
        raise VideoOpenError(f"The sample film's masks are missing: {folder}.", REINSTALL)
    return folder


def weights_dir() -> Path:
    """Return the folder of the bundled weights. It may not exist."""
    return _root() / "weights"


def widget_images() -> Path:
    """Return the folder of the images that style sheets name. It may not exist."""
    return _root() / "icons"


def bundled_weights(system: str, preset: str) -> Path:
    """Return the bundled weights file of a system.

    Args:
        system: the system's name, as in the registry.
        preset: the size of its network, such as `thin`.

    Raises:
        CheckpointMissing: none are bundled for this system and preset.
    """
    path = weights_dir() / f"{system}-{preset}.safetensors"
    if not path.is_file():
        raise CheckpointMissing(
            f"No weights for {system} ({preset}) come with this installation: {path} is missing.",
            f"Train them with `vosapp train {system} --videos DIR --out RUN --preset {preset}`,"
            " or name a file with --weights.",
        )
    return path


def bundled_start(system: str, preset: str) -> Path:
    """Return the bundled weights that training starts from.

    Where none are good enough to carry masks, a start for training may ship all the same.

    Raises:
        CheckpointMissing: as for `bundled_weights`.
    """
    start = weights_dir() / f"{system}-{preset}{START}.safetensors"
    try:
        return bundled_weights(system, preset)
    except CheckpointMissing:
        if start.is_file():
            return start
        raise


def is_start(path: Path) -> bool:
    """Return whether a file is bundled for training alone: it carries masks too badly."""
    return path.parent == weights_dir() and path.stem.endswith(START)


def bundled_identity(system: str, preset: str) -> str:
    """Return name and hash of the bundled weights, as projects keep them.

    A file of the same name may be another one, or from another version.

    Raises:
        CheckpointMissing: as for `bundled_weights`.
    """
    path = bundled_weights(system, preset)
    return named_hash(path.name, _digest(path))


_digest = lru_cache(maxsize=8)(sha256_of)


def _root() -> Path:
    return Path(str(files("resources")))


def _samples() -> Path:
    return _root() / "samples"
