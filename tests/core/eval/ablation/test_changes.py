"""Fields of a config by name: what fits is taken over, anything else is told by its name."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from core.engine.registry import systems
from core.errors import UsageError
from core.eval.ablation.changes import changed, field_values
from core.eval.ablation.varying import configs_of, varied_fields
from core.types import Quality


@dataclass(frozen=True, slots=True)
class Inner:
    power: float = 2.0
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    radius: int = 12
    reach: float = 0.4
    name: str = "a"
    recent: tuple[int, ...] = (1, 3, 5)
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self):
        if self.radius < 1:
            msg = "A radius is 1 or more."
            raise ValueError(msg)


def test_fields_are_named_with_their_values():
    assert field_values(Config()) == {
        "radius": 12,
        "reach": 0.4,
        "name": "a",
        "recent": (1, 3, 5),
        "inner.power": 2.0,
        "inner.hard": False,
    }


def test_values_are_taken_over():
    made = changed(Config(), {"radius": 3, "reach": 1, "recent": [1], "inner": {"power": 3}})
    assert made == Config(radius=3, reach=1.0, recent=(1,), inner=Inner(power=3.0))
    assert type(made.reach) is float and type(made.inner.power) is float
    assert changed(Config(), {"recent": []}).recent == ()
    assert changed(Config(), {}) == Config()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radios": 3}, "no field radios to vary. Did you mean radius"),
        ({"x": 3}, "There are: radius, reach"),
        ({"inner": {"powr": 3}}, "no field inner.powr"),
        ({"inner": 3}, "inner has fields of its own"),
        ({"inner": {"hard": 1}}, "inner.hard = 1 is not true or false"),
        ({"radius": 2.5}, "radius = 2.5 is not a whole number"),
        ({"radius": True}, "radius = True is not a whole number"),
        ({"reach": "far"}, "reach = 'far' is not a number"),
        ({"reach": False}, "is not a number"),
        ({"name": 3}, "is not a text"),
        ({"recent": [1, "2"]}, "recent = '2' is not a whole number"),
        ({"radius": 0}, "not possible: radius. A radius is 1 or more"),
    ],
)
def test_what_does_not_fit_is_told(changes, message):
    with pytest.raises(UsageError) as error:
        changed(Config(), changes)
    assert message in str(error.value)


@pytest.mark.parametrize("system", systems())
def test_every_field_of_a_system_can_be_given_as_it_is(system):
    if not systems()[system].configs:
        with pytest.raises(UsageError, match="no config"):
            varied_fields(system)
        return
    for quality, values in varied_fields(system).items():
        config = configs_of(system)[quality]
        nested = {}
        for name, value in values.items():
            *outer, last = name.split(".")
            at = nested
            for part in outer:
                at = at.setdefault(part, {})
            at[last] = value
        assert changed(config, nested) == config
    assert set(varied_fields(system)) == set(Quality)
