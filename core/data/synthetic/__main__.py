"""Render the bundled sample or the multi-object set: `python -m core.data.synthetic --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.data.synthetic.export import write_davis, write_sample
from core.data.synthetic.scene import Scene
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
    multi.add_argument("--scenes", metavar="A,B", help="only these of them")
    chosen = parser.parse_args(arguments)
    if chosen.command == "sample":
        job = write_sample(chosen.folder)
    else:
        job = write_davis(_scenes(parser, chosen.scenes), chosen.folder)
    try:
        for progress in job:
            told = f"{progress.done}/{progress.total} {visible(progress.text)}"
            print(f"\r{told}   ", end="", flush=True)  # noqa: T201
    except VosError as error:
        print(f"\n{visible(str(error))}", file=sys.stderr)  # noqa: T201
        return 2
    print()  # noqa: T201
    return 0


def _scenes(parser: argparse.ArgumentParser, text: str | None) -> tuple[Scene, ...]:
    """Those that are asked for; all of them without a choice."""
    if text is None:
        return MULTI_OBJECT_SET
    by_name = {scene.name: scene for scene in MULTI_OBJECT_SET}
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in by_name:
            parser.error(f"there is no scene {name!r}; there are {', '.join(by_name)}")
    return tuple(by_name[name] for name in dict.fromkeys(names))


if __name__ == "__main__":
    sys.exit(main())
