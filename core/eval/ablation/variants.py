"""The table of variants: a TOML or JSON file of the user's.

Each table of it is a variant; what it does not name stays as the command has it::

    [plain]                        # nothing changed: the row to compare with

    [wide]
    config.radius = 16             # fields of the system's config: `vosapp ablate --fields`
    config.feedback.power = 3.0

    [longer]
    weights = "run/weights.safetensors"   # beside this file
    adapt = true
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from core.errors import UsageError
from core.media.input_file import read_input_text

MAX_BYTES = 1 << 20

Read = Callable[[str], Any]
READERS: dict[str, Read] = {".toml": tomllib.loads, ".json": json.loads}
KINDS: dict[str, type] = {
    "config": dict,
    "weights": str,
    "adapt": bool,
    "paper_mode": bool,
    "keyframes": int,
    "late_entries": bool,
}
"""What a variant may say."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of running a system.

    Attributes:
        name: as the file has it.
        said: what the file says of it, as one line of JSON.
        config: fields of the system's config that are changed; mappings for configs within it.
        weights: others than those of the command.
        adapt, paper_mode, keyframes, late_entries: as the options of `vosapp benchmark`.
    """

    name: str
    said: str = "{}"
    config: Mapping[str, object] = field(default_factory=dict)
    weights: Path | None = None
    adapt: bool = False
    paper_mode: bool = False
    keyframes: int = 1
    late_entries: bool = False


def read_variants(path: Path) -> tuple[Variant, ...]:
    """Variants of a file, in its order.

    Raises:
        UsageError: the file cannot be read, or says what makes no sense.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        msg = f"{path} is no table of variants."
        raise UsageError(msg, "Write it as .toml, or as .json.")
    try:
        tables = reader(read_input_text(path, limit=MAX_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Mend the file.") from error
    if not isinstance(tables, dict) or not tables:
        raise UsageError(f"{path} names no variant.", "Write a table for each: [wide].")
    return tuple(_variant(name, values, path) for name, values in tables.items())


def _variant(name: str, values: object, path: Path) -> Variant:
    if not isinstance(values, dict):
        msg = f"{name} in {path} is no variant, but a value."
        raise UsageError(msg, f"Write [{name}] and its values below it.")
    for key, value in values.items():
        if key not in KINDS:
            msg = f"The variant {name} has an unknown key, {key}."
            raise UsageError(msg, f"It may say: {', '.join(KINDS)}; fields go below config.")
        if type(value) is not KINDS[key]:
            msg = f"The variant {name} says {key} = {value!r}."
            raise UsageError(msg, f"It must be of type {KINDS[key].__name__}.")
    if values.get("keyframes", 1) < 1:
        raise UsageError(f"The variant {name} gives no keyframe.", "Give 1 or more.")
    if values.get("paper_mode") and not values.get("adapt"):
        raise UsageError(f"The variant {name} has paper_mode without adapt.", "Add adapt = true.")
    weights = values.get("weights")
    said = json.dumps(values, sort_keys=True)
    options = cast("dict[str, Any]", {k: v for k, v in values.items() if k != "weights"})
    return Variant(
        name, said, weights=None if weights is None else path.parent / weights, **options
    )
