"""The hash that files are known by, and the text that projects keep of weights."""

from __future__ import annotations

import hashlib
from pathlib import Path

MARK = " sha256:"
DIGITS = 12
"""Of a file's SHA-256 where people read it: enough to tell files apart."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short_hash(path: Path) -> str:
    """The first `DIGITS` of a file's SHA-256; errors as `sha256_of`."""
    return sha256_of(path)[:DIGITS]


def named_hash(name: str, digest: str) -> str:
    """Name and hash of a file in one text, as projects keep them."""
    return f"{name}{MARK}{digest}"


def name_of(identity: str) -> str:
    """The name in what `named_hash` made; the whole text where it made none of it."""
    name, mark, _digest = identity.rpartition(MARK)
    return name if mark else identity
