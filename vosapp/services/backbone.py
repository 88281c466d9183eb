"""Which file the ImageNet backbone is read from. No torch."""

from __future__ import annotations

import os
from pathlib import Path

from core.nn.lite0_file import require_backbone, use_backbone

VARIABLE = "VOSAPP_BACKBONE"
"""Environment variable that names the file, for machines on which it cannot be installed."""


def choose_backbone(named: Path | None = None) -> None:
    """Have all that runs in this process read the backbone from one file.

    Args:
        named: what the user named; goes before `VOSAPP_BACKBONE`, and that before the package.

    Raises:
        CheckpointMissing, CheckpointMismatch: what the user named is not there, or another file.
    """
    if named is not None:
        require_backbone(named)
    variable = os.environ.get(VARIABLE, "")
    use_backbone(named or (Path(variable) if variable else None))
