"""Which file the ImageNet backbone is read from: the named, else the installed one. No torch."""

from __future__ import annotations

import os
from pathlib import Path

from core.nn.lite0_file import find_backbone

VARIABLE = "VOSAPP_BACKBONE"
"""Environment variable that names the file, for machines on which it cannot be installed."""


def backbone_file(named: Path | None = None) -> Path | None:
    """Return the file of the ImageNet backbone, unchecked (`core.nn.lite0_file.require_backbone`).

    Args:
        named: what the user named; goes before `VOSAPP_BACKBONE`, and that before the package.

    Returns:
        None where nothing is named and the package is not installed.
    """
    if named is not None:
        return named
    variable = os.environ.get(VARIABLE, "")
    return Path(variable) if variable else find_backbone()
