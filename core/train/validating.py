"""Measuring the weights of a run on the way: the best of them are its result."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from core.errors import VosError
from core.jobs import Cancelled, CancelToken, Job, Progress, mapped
from core.train.loop import TrainProgress
from core.train.run_log import LOG, append_line
from core.train.validation import (
    MEASURED,
    Measured,
    Rules,
    Validator,
    best_of,
    has_settled,
    next_time,
    read_measured,
    with_measured,
)

PHASE, OUTCOME = "validating", "validated"
"""Phases of a run's progress: while its weights are measured, and with what they made."""
MOMENT, LAST = "-moment", "-last"
"""What the names of files end in: weights that are being measured, and those of the last step."""

Write = Callable[[TrainProgress | None, str, dict[str, object]], tuple[Path, ...]]
"""Writes weights as they are now: after which step, with which mark and which metrics."""


class Validating:
    """Measures weights in their time, keeps the best, and says when it is enough.

    Only the process that leads a team does so; training stands still meanwhile, and its clock too.
    """

    def __init__(
        self, out: Path, validator: Validator, rules: Rules, write: Write, *, minutes: float
    ) -> None:
        """Go on where the log of the run ends.

        Args:
            out: run folder.
            validator: what is measured.
            rules: when.
            write: writes the weights of the moment.
            minutes: of training so far.
        """
        self._log = out / LOG
        self._validator = validator
        self._rules = rules
        self._write = write
        self._measured = read_measured(self._log, validator.name)
        self._due = next_time(rules.often, minutes)
        self._tried = -1

    @property
    def name(self) -> str:
        """Name of the measure."""
        return self._validator.name

    @property
    def best(self) -> Measured | None:
        """The best weights so far, which are the result of the run; None before any."""
        return best_of(self._measured)

    @property
    def settled(self) -> bool:
        """Whether the best has gained too little for too long."""
        return has_settled(self._measured, self._rules)

    def is_due(self, last: TrainProgress) -> bool:
        """Whether weights are to be measured after this step."""
        return last.seconds / 60 >= self._due

    def knows(self, step: int) -> bool:
        """Whether the weights of a step were measured, or it was tried in vain just now."""
        return step == self._tried or any(one.step == step for one in self._measured)

    def measure(self, last: TrainProgress | None, token: CancelToken) -> Job[Measured | None]:
        """Measure the weights after a step; the best ones are written as the result.

        A measurement that is stopped is left out: training is told to stop by the same token, and
        saves its state first. One that fails is told, since training is worth more.

        Args:
            last: the step; None before the first.
            token: stops it.

        Returns:
            What they made; None where they were not measured.
        """
        step, seconds = (last.step, last.seconds) if last else (0, 0.0)
        self._due, self._tried = next_time(self._rules.often, seconds / 60), step
        moment = self._write(last, MOMENT, {})
        try:
            job = self._validator.measure(moment[0], token)
            value = yield from mapped(job, lambda p: replace(p, phase=PHASE))
        except Cancelled:
            self._tried = -1
            return None
        except VosError as error:
            yield Progress(0, 0, f"step {step} was not measured: {error}", PHASE, warning=True)
            return None
        finally:
            for file in moment:
                with suppress(OSError):
                    file.unlink(missing_ok=True)
        return (yield from self._keep(Measured(step, seconds, value), last))

    def _keep(self, new: Measured, last: TrainProgress | None) -> Job[Measured | None]:
        name = self.name
        if math.isnan(new.value):
            text = f"step {new.step} was not measured: nothing was compared"
            yield Progress(0, 0, text, PHASE, warning=True)
            return None
        before = self.best
        better = before is None or new.value > before.value
        if better:
            self._write(last, "", {"validation": {name: new.value}})
        self._measured = with_measured(self._measured, new)
        line = {"step": new.step, "seconds": new.seconds, MEASURED: name}
        append_line(self._log, {**line, "scores": {name: new.value}, "best": better})
        text = f"{name} {new.value:.4f} at step {new.step}" + ", the best so far" * better
        yield Progress(1, 1, text, OUTCOME)
        return new

    def end(self, last: TrainProgress | None) -> Job[None]:
        """Write the last weights beside the best, and say in the log which are which."""
        self._write(last, LAST, {})
        best = self.best
        if best is None:
            self._write(last, "", {})
            yield Progress(0, 0, "Nothing was measured: the result is the last step.", PHASE, True)
            return
        line: dict[str, object] = {"step": last.step if last else 0, "best_step": best.step}
        line |= {"best": best.value, "measure": self.name}
        if self.settled:
            rules = self._rules
            why = f"less than {rules.gain:g} gained in {rules.patience:g} minutes"
            line["stopped"] = why
            yield Progress(1, 1, f"The run ended before its time: {why}.", OUTCOME)
        append_line(self._log, line)
        text = f"The result is step {best.step}; files that end in {LAST} are the last step."
        yield Progress(1, 1, text, OUTCOME)
