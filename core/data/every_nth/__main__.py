"""Copy every Nth frame of a data set: `python -m core.data.every_nth DEV OUT 4`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.data.every_nth.copies import every_nth
from core.errors import VosError
from core.text import visible


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0, or 2 with one line on stderr when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m core.data.every_nth", description=__doc__)
    parser.add_argument("root", type=Path, metavar="SET")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("step", type=int, metavar="N")
    chosen = parser.parse_args(arguments)
    if chosen.step < 1:
        parser.error("N is 1 or more")
    try:
        taken = every_nth(chosen.root, chosen.out, chosen.step)
    except VosError as error:
        print(visible(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    print(f"Copied {taken} frames to {visible(str(chosen.out))}.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
