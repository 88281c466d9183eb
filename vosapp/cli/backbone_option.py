"""The option that says where the ImageNet backbone is read from; `vosapp.cli.main` obeys it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vosapp.services.backbone import VARIABLE

if TYPE_CHECKING:
    import argparse


def add_backbone_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--backbone`."""
    parser.add_argument(
        "--backbone",
        type=Path,
        metavar="FILE",
        help="ImageNet weights for networks that start from them"
        f" (default: {VARIABLE}, else the installed package)",
    )
