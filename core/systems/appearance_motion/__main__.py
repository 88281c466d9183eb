"""The encoder of weights of the preset `paper` as a file for other programs.

python -m core.systems.appearance_motion WEIGHTS OUT
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.errors import VosError
from core.systems.appearance_motion.export import export_encoder
from core.text import visible


def main(arguments: list[str] | None = None) -> int:
    """Write the file; return 0, or 2 with one line on stderr."""
    parser = argparse.ArgumentParser(
        "python -m core.systems.appearance_motion", description=__doc__
    )
    parser.add_argument("weights", type=Path, help="weights of the preset paper")
    parser.add_argument("out", type=Path, help="safetensors file with torchvision's names")
    args = parser.parse_args(arguments)
    try:
        count = export_encoder(args.weights, args.out)
    except VosError as error:
        print(visible(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    print(visible(f"Wrote {count} tensors to {args.out}."))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
