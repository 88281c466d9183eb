"""Models of others that may be downloaded: only what public documents say of them.

Sizes and hashes that no source states are unknown, and shown as unknown; whoever downloads a file
computes its hash, and it is remembered (`downloads`). Nothing is downloaded unasked.
"""

from __future__ import annotations

from vosapp.services.models.values import KnownModel

_XMEM = "https://github.com/hkchengrex/XMem/releases/download/v1.0/"
_MIT = "MIT (LICENSE of hkchengrex/XMem, which does not speak of the weights)"
_SOURCE = "hkchengrex/XMem: docs/INFERENCE.md (release v1.0), docs/RESULTS.md, LICENSE"

KNOWN = (
    KnownModel("XMem", f"{_XMEM}XMem.pth", 0, "", _MIT, "box_supervised", _SOURCE),
    KnownModel("XMem-s012", f"{_XMEM}XMem-s012.pth", 0, "", _MIT, "box_supervised", _SOURCE),
)


def known_model(text: str) -> KnownModel | None:
    """A row by its name or its address; None where there is none."""
    return next((row for row in KNOWN if text in (row.name, row.address)), None)
