"""What is known of a model. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Origin(Enum):
    """Where a model comes from."""

    BUNDLED = "bundled"
    TRAINED = "trained"
    IMPORTED = "imported"
    DOWNLOADED = "downloaded"


@dataclass(frozen=True, slots=True)
class Model:
    """Weights that can be used by name.

    Attributes:
        name: unique; usable as `--weights NAME`.
        path: the file.
        origin: where it comes from.
        system: whose weights they are; empty where the file could not be read.
        preset: size of the network.
        size: bytes.
        license: as its source states it; empty where it is not known.
        address: it was downloaded from; empty else.
        sha256: of the file; empty where nobody has computed it.
        added: when, seconds since 1970; 0 for bundled ones.
        scores: of held-out clips or datasets, by name, 0..1.
        training: what the header says of the training, free of form.
        card: its page in Markdown; None where it has none.
        problem: why it cannot be used; empty where it can.
    """

    name: str
    path: Path
    origin: Origin
    system: str = ""
    preset: str = ""
    size: int = 0
    license: str = ""
    address: str = ""
    sha256: str = ""
    added: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)
    training: Mapping[str, object] = field(default_factory=dict)
    card: Path | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model of others that may be downloaded.

    Attributes:
        name: what it will be called.
        address: where it lies.
        size: bytes; 0 where no source says it.
        sha256: empty where no source says it; it is computed after the download, and remembered.
        license: as its source states it.
        system: that can use it.
        source: the page or document that these facts stand in.
    """

    name: str
    address: str
    size: int
    sha256: str
    license: str
    system: str
    source: str


@dataclass(frozen=True, slots=True)
class Downloading:
    """How far a download is.

    Attributes:
        done: bytes that are there, those of an earlier try included.
        total: bytes in all; 0 where the server does not say.
    """

    done: int
    total: int
