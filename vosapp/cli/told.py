"""A command as one may give it again: the options that matter, paths by their last name."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path


def command_line(command: str, options: Mapping[str, object]) -> str:
    """A command and its options; those that are None or false are left out.

    Args:
        command: its name.
        options: values by option; true stands for a flag.
    """
    words = ["vosapp", command]
    for option, value in options.items():
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            # No path of this machine.
            text = value.resolve().name if isinstance(value, Path) else str(value)
            words += [option, text]
    return shlex.join(words)
