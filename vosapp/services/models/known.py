"""Models of others that may be downloaded: only what public documents say of them.

Each system names its own (`core.tracking.spec.PublicWeights`). Sizes and hashes that no source
states are unknown, and shown as unknown; whoever downloads a file computes its hash, and it is
remembered (`downloads`). Nothing is downloaded unasked.
"""

from __future__ import annotations

from core.engine.registry import systems
from vosapp.services.models.values import KnownModel


def known_models() -> tuple[KnownModel, ...]:
    """All rows, by system."""
    return tuple(
        KnownModel(
            row.name, row.address, row.size, row.sha256, row.license, spec.name, row.source
        )
        for spec in systems().values()
        for row in spec.public
    )  # fmt: skip


def known_model(text: str) -> KnownModel | None:
    """A row by its name or its address; None where there is none."""
    return next((row for row in known_models() if text in (row.name, row.address)), None)
