"""Weights that are measured while they are trained: which are the best, and when to stop. No torch.

The log of the run keeps every measurement, so that a run that is resumed knows its best weights
and for how long they have been the best.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.jobs import CancelToken, Job
from core.train.recipe import Values
from core.train.run_log import read_lines

USUAL_MINUTES = 15.0
"""From one measurement to the next, where nothing says how often."""
MEASURED = "validated"
"""What a line of a log is called that holds a measurement; its value is the name of the measure."""


def next_time(often: float, minutes: float) -> float:
    """When something is due next, in minutes of a run; infinite for never.

    Args:
        often: minutes from one time to the next; 0 for never.
        minutes: since the run began; what is due at whole multiples is due after this.
    """
    return often * (minutes // often + 1) if often else math.inf


@dataclass(frozen=True, slots=True)
class Validator:
    """What weights are measured by; more is better.

    Attributes:
        name: of the measure and its data: values of one name can be compared.
        measure: a job that returns what a file of weights makes, or NaN for nothing.
    """

    name: str
    measure: Callable[[Path, CancelToken], Job[float]]


@dataclass(frozen=True, slots=True)
class Rules:
    """When weights are measured, and when a run ends by what they make.

    Attributes:
        often: minutes of training from one measurement to the next.
        gain: what the best value has to gain,
        patience: in so many minutes of training, or the run ends; 0 never ends it.
    """

    often: float = USUAL_MINUTES
    gain: float = 0.005
    patience: float = 60.0

    @classmethod
    def of(cls, settings: Values, snapshots: float) -> Rules:
        """The rules of a run.

        Args:
            settings: all options of its recipe.
            snapshots: minutes between its snapshots, which are measured where no other interval
                is asked for; 0 for none.
        """
        often = float(settings["interval"]) or snapshots or USUAL_MINUTES
        return cls(often, float(settings["gain"]), float(settings["patience"]))


@dataclass(frozen=True, slots=True)
class Measured:
    """What the weights of a step made.

    Attributes:
        step: 1-based; 0 are the weights that the run started from.
        seconds: of training until then.
        value: of the measure.
    """

    step: int
    seconds: float
    value: float


def read_measured(log: Path, name: str) -> tuple[Measured, ...]:
    """What was measured in a run so far by a measure of this name, in the order of steps.

    A run that was killed makes its last steps again. Of one that was measured twice the better
    value counts: its weights are those that are kept.
    """
    found = dict[int, Measured]()
    for line in read_lines(log):
        if line.get(MEASURED) != name:
            continue
        try:
            one = Measured(int(line["step"]), float(line["seconds"]), float(line["scores"][name]))
        except (ValueError, TypeError, LookupError):
            continue
        if math.isfinite(one.value):
            found[one.step] = _better(one, found.get(one.step))
    return tuple(found[step] for step in sorted(found))


def with_measured(measured: tuple[Measured, ...], new: Measured) -> tuple[Measured, ...]:
    """All that was measured, with one more; see `read_measured` of a step that comes twice."""
    found = {one.step: one for one in measured}
    found[new.step] = _better(new, found.get(new.step))
    return tuple(found[step] for step in sorted(found))


def _better(new: Measured, old: Measured | None) -> Measured:
    return new if old is None or new.value > old.value else old


def best_of(measured: tuple[Measured, ...]) -> Measured | None:
    """The best; of equals the one of fewest steps. None of none."""
    return max(measured, key=lambda one: (one.value, -one.step), default=None)


def has_settled(measured: tuple[Measured, ...], rules: Rules) -> bool:
    """Whether the best value has gained less than it should in the time that it had."""
    if not measured or not rules.patience:
        return False
    begun = max(one.seconds for one in measured) - 60 * rules.patience
    before = [one.value for one in measured if one.seconds <= begun]
    if not before:
        return False
    return max(one.value for one in measured) - max(before) < rules.gain
