"""Table 3.1 of Skogh 2024 on any dataset: `python -m core.data.color_check --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.data.color_check.sequences import check_sequences, table
from core.data.layouts import read_tree
from core.errors import VosError
from core.jobs import CancelToken
from core.text import visible


def main(arguments: list[str] | None = None) -> int:
    """Print the means over clips; return 0, or 2 with one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m core.data.color_check", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="ROOT", help="a DAVIS or YouTube-VOS tree")
    try:
        sequences = read_tree(parser.parse_args(arguments).folder)
        rows = list(check_sequences(sequences, CancelToken()))
    except VosError as error:
        print(visible(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    print("\n".join(table(rows)))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
