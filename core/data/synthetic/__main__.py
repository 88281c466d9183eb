"""Render the bundled sample or the multi-object set: `python -m core.data.synthetic --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.data.synthetic.export import write_davis, write_sample
from core.data.synthetic.scenes import MULTI_OBJECT_SET
from core.errors import VosError
from core.text import visible


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 0, or 2 with one line on stderr when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m core.data.synthetic", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="the film in resources/samples")
    sample.add_argument("folder", type=Path, metavar="FOLDER")
    multi = commands.add_parser("multi-object", help="the twelve clips, as a DAVIS tree")
    multi.add_argument("folder", type=Path, metavar="ROOT")
    chosen = parser.parse_args(arguments)
    if chosen.command == "sample":
        job = write_sample(chosen.folder)
    else:
        job = write_davis(MULTI_OBJECT_SET, chosen.folder)
    try:
        for progress in job:
            told = f"{progress.done}/{progress.total} {visible(progress.text)}"
            print(f"\r{told}   ", end="", flush=True)  # noqa: T201
    except VosError as error:
        print(f"\n{visible(str(error))}", file=sys.stderr)  # noqa: T201
        return 2
    print()  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
