"""Tables that users write in TOML or JSON: each names what it says, and may be like an earlier one.

A table without a word of it stays as the command has it. `like` takes over what an earlier table
says, with changes; `seeds` makes one of a training into several, one after the other.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import UsageError
from core.media.input_file import read_input_text

MAX_BYTES = 1 << 20
READERS: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}
Kinds = Mapping[str, tuple[type, ...]]
"""What a table may say, and of which types."""
COMMON: Kinds = {"train": (dict,), "seeds": (int,), "like": (str,)}
Known = Mapping[str, dict[str, Any]]
"""Tables that stand earlier in the file, by name."""


def read_tables(path: Path, kinds: Kinds, *, what: str) -> dict[str, dict[str, Any]]:
    """Tables of a file by name, in its order, with what they take over.

    Args:
        path: a file that ends in .toml or .json.
        kinds: what a table may say.
        what: a table stands for, in one word, such as "variant".

    Raises:
        UsageError: the file cannot be read, names nothing, or says what makes no sense.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path} is no table of {what}s.", "Write it as .toml, or as .json.")
    try:
        tables = reader(read_input_text(path, limit=MAX_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Mend the file.") from error
    if not isinstance(tables, dict) or not tables:
        raise UsageError(f"{path} names no {what}.", "Write a table for each: [wide].")
    known: dict[str, dict[str, Any]] = {}
    for name, values in tables.items():
        _check(name, values, kinds, f"[{name}] in {path}")
        known[name] = _taken_over(name, values, known)
    return known


def _check(name: str, values: object, kinds: Kinds, place: str) -> None:
    if not isinstance(values, dict):
        raise UsageError(f"{place} is a value, not a table.", f"Write [{name}] and its values.")
    for key, value in values.items():
        if key not in kinds:
            msg = f"{place} has an unknown key, {key}."
            told = (f"{one}.NAME" if dict in types else one for one, types in kinds.items())
            raise UsageError(msg, f"It may say: {', '.join(told)}.")
        if type(value) not in kinds[key]:
            msg = f"{place} says {key} = {value!r}."
            raise UsageError(msg, f"It must be of type {kinds[key][0].__name__}.")


def _taken_over(name: str, values: dict[str, Any], known: Known) -> dict[str, Any]:
    own = {key: value for key, value in values.items() if key != "like"}
    return merged(earlier(name, values["like"], known), own) if "like" in values else own


def earlier(name: str, wanted: Any, known: Known) -> dict[str, Any]:
    """What an earlier table says.

    Raises:
        UsageError: there is none of that name before this one.
    """
    # What `train.after` names is checked nowhere else: it may be of any type.
    if not isinstance(wanted, str) or wanted not in known:
        msg = f"[{name}] names {wanted!r}, which does not stand before it."
        raise UsageError(msg, f"Before it stand: {', '.join(known) or 'none'}.")
    return known[wanted]


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Tables within tables are merged; other values are replaced."""
    made = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(made.get(key), dict)
        made[key] = merged(made[key], value) if both else value
    return made


def seeded(name: str, values: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A table by its name, or one for each of its seeds, from that of its training on.

    Raises:
        UsageError: seeds of something that does not train, or a number that is none.
    """
    seeds = values.get("seeds", 1)
    own = {key: value for key, value in values.items() if key != "seeds"}
    if seeds < 1:
        raise UsageError(f"[{name}] has {seeds} seeds.", "Give 1 or more.")
    if seeds == 1:
        yield name, own
        return
    if not own.get("train"):
        msg = f"[{name}] has seeds, but trains nothing."
        raise UsageError(msg, "Seeds are those of a training: give train, too.")
    first = own["train"].get("seed", 0)
    if type(first) is not int:
        raise UsageError(f"[{name}] says seed = {first!r}.", "It must be of type int.")
    for seed in range(first, first + seeds):
        yield f"{name}, seed {seed}", merged(own, {"train": {"seed": seed}})
