"""Configs out of headers: exactly the fields, and nothing that makes no sense."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from core.errors import CheckpointMismatch
from core.nn.header_config import config_of, number_in


@dataclass(frozen=True, slots=True)
class Shape:
    width: int = 8
    depth: int = 2

    def __post_init__(self):
        if self.width < self.depth:
            msg = "too narrow"
            raise ValueError(msg)


def read(values):
    return config_of(Shape, values, read=lambda _, value: number_in(value, most=64))


def test_all_fields_are_read():
    assert read({"depth": 3, "width": 64}) == Shape(64, 3)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"width": 8},
        {"width": 8, "depth": 2, "more": 1},
        {"width": 65, "depth": 2},
        {"width": 8, "depth": 0},
        {"width": 8, "depth": True},
        {"width": 8.0, "depth": 2},
        {"width": [8], "depth": 2},
        {"width": 2, "depth": 8},
    ],
)
def test_all_else_is_refused(values):
    with pytest.raises(CheckpointMismatch, match="this version does not know"):
        read(values)
