"""Pickles of torch: its restricted loader alone opens them, and whatever it raises is one error."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from core.media.input_file import open_input
from core.media.zip_directory import NotStored, require_unpacked

_ZIP = b"PK\x03\x04"


class UnreadablePickle(ValueError):
    """A file that is cut off, hostile or of another kind; says what the loader said."""


class PackedPickle(UnreadablePickle):
    """A zip that torch would unpack to more than the file has; torch itself never writes one."""


def load_pickle(path: Path, *, allowed: tuple[Callable[..., Any], ...] = ()) -> object:
    """Return what torch's restricted loader makes of a file; nothing in it is executed.

    Args:
        path: the file.
        allowed: classes that hold values only, besides those that torch knows for such.

    Raises:
        UnreadablePickle: it cannot be read, is packed once more, or holds what the loader refuses.
    """
    try:
        _require_stored(path)
        with warnings.catch_warnings(), torch.serialization.safe_globals(list(allowed)):
            # torch warns of foreign pickles before it refuses them.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except NotStored as error:
        raise PackedPickle(str(error)) from error
    except Exception as error:
        # A pickle calls what is allowed with whatever it likes, so that anything may be raised.
        raise UnreadablePickle(str(error)) from error


def _require_stored(path: Path) -> None:
    with open_input(path) as file:
        if file.read(len(_ZIP)) == _ZIP or zipfile.is_zipfile(file):
            require_unpacked(file)
