"""Changing fields of a config by their names, each to a value of the kind that it has."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from core.errors import UsageError

C = TypeVar("C")


def field_values(config: object) -> dict[str, object]:
    """Names of all fields with their values; those of a config within it as "outer.inner"."""
    found: dict[str, object] = {}
    for field in fields(cast("Any", config)):
        value = getattr(config, field.name)
        if is_dataclass(value):
            inner = field_values(value)
            found |= {f"{field.name}.{name}": one for name, one in inner.items()}
        else:
            found[field.name] = value
    return found


def changed(config: C, changes: Mapping[str, object], *, where: str = "") -> C:
    """A config with other values.

    Args:
        config: a frozen dataclass; its fields are numbers, truths, texts, tuples or further ones.
        changes: values by field; a mapping for a config within it.
        where: the names on the way to this config, for messages.

    Raises:
        UsageError: no such field, or a value of another kind than it has.
    """
    known = {field.name: getattr(config, field.name) for field in fields(cast("Any", config))}
    made = {}
    for name, value in changes.items():
        path = f"{where}.{name}" if where else name
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
            raise UsageError(f"There is no field {path} to vary.", hint)
        made[name] = _value(value, known[name], path)
    try:
        return cast("C", replace(cast("Any", config), **made))
    except ValueError as error:
        names = ", ".join(changes)
        raise UsageError(f"These values are not possible: {names}.", str(error)) from error


def _value(value: object, present: object, path: str) -> object:
    """A value from a file as the kind that a field has."""
    if is_dataclass(present):
        if not isinstance(value, Mapping):
            msg = f"{path} has fields of its own, and no value."
            raise UsageError(msg, f"Name one of them: {', '.join(field_values(present))}.")
        return changed(present, value, where=path)
    if isinstance(present, tuple):
        items = value if isinstance(value, list | tuple) else [value]
        like = present[0] if present else None
        return tuple(item if like is None else _scalar(item, like, path) for item in items)
    return _scalar(value, present, path)


def _scalar(value: object, present: object, path: str) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if isinstance(present, float) and (whole or isinstance(value, float)):
        return float(cast("float", value))
    if type(value) is type(present):
        return value
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
    kind = kinds.get(type(present), type(present).__name__)
    raise UsageError(f"{path} = {value!r} is not {kind}.", f"It is {present!r} now.")
