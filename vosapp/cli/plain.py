"""Turning results into what JSON can say."""

from __future__ import annotations

import dataclasses
import math
from enum import Enum
from fractions import Fraction
from pathlib import PurePath


def plain(value: object) -> object:
    """Turn a value into what JSON can say: paths to text, arrays to lists, NaN to null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, Fraction):
        value = float(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str | int) or value is None:
        return value
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "tolist"):  # numpy scalars and arrays, without importing numpy
        return plain(value.tolist())
    raise TypeError(f"a result holds a {type(value).__name__}, which JSON cannot say")
