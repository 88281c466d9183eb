"""The option that says where the ImageNet backbone is read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.registry import system_spec
from core.errors import UsageError
from core.nn.lite0_file import require_backbone
from vosapp.services.backbone import VARIABLE, backbone_file

if TYPE_CHECKING:
    import argparse


def add_backbone_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--backbone`."""
    parser.add_argument(
        "--backbone",
        type=Path,
        metavar="FILE",
        help="ImageNet weights for systems that start from them"
        f" (default: {VARIABLE}, else the installed package)",
    )


def chosen_backbone(named: Path | None, *, system: str) -> Path | None:
    """Return the checked file of the backbone that a system needs; None for one that needs none.

    Args:
        named: what `--backbone` says.
        system: name of the system.

    Raises:
        UsageError: the option is given for a system without a backbone.
        CheckpointMissing: the file is not there; the hint is the command that installs it.
        CheckpointMismatch: it is another file, or damaged.
    """
    if system_spec(system).needs_backbone:
        return require_backbone(backbone_file(named))
    if named is not None:
        msg = f"The system {system} has no ImageNet backbone."
        raise UsageError(msg, "Leave --backbone away.")
    return None
