"""Entry point of `vosapp` and of `python -m vosapp`."""

from __future__ import annotations

import io
import sys

from vosapp.cli import main as cli


def main() -> int:
    """Run the command line.

    Returns:
        The exit code: 0 done, 2 bad input or usage, 1 a bug, 130 stopped by the user.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # File names may hold bytes that the terminal's encoding cannot say.
            stream.reconfigure(errors="backslashreplace")
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
