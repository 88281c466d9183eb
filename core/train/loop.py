"""The one training loop of the project.

A run is a generator: it yields its progress and can be cancelled between steps. It writes
checkpoints that resume exactly: weights, optimizer, step, elapsed time; batches are a function of
the step (see `core.data.pairs`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from core.errors import TrainingError
from core.jobs import Cancelled, CancelToken
from core.train.config import FitConfig
from core.train.state import load_state, save_state
from core.train.team import Team
from core.train.terms import LossTerms

Batch = TypeVar("Batch")
ALONE = Team()
"""A process that shares its batches with no other."""


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """State after a step: 1-based step, share of the run done, losses, rate, seconds so far."""

    step: int
    fraction: float
    losses: dict[str, float]
    learning_rate: float
    seconds: float

    @property
    def total_loss(self) -> float:
        """Sum of the losses."""
        return sum(self.losses.values())


def fit(
    step: Callable[[Batch], LossTerms],
    batches: Callable[[int], Iterable[Batch]],
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    config: FitConfig,
    *,
    state_file: Path,
    token: CancelToken,
    before_step: Callable[[float], None] = lambda _share: None,
    after_step: Callable[[], None] = lambda: None,
    ended: Callable[[], bool] = lambda: False,
    power: float | None = None,
    team: Team = ALONE,
) -> Iterator[TrainProgress]:
    """Train a module; go on from `state_file` where there is one.

    Args:
        step: computes the losses of a batch.
        batches: the stream of batches from a 0-based step on.
        module: what is trained, on its device and in train mode.
        optimizer: over its parameters.
        config: length, rate, precision.
        state_file: the state; written at intervals, at the end and on cancel.
        token: cancels between steps.
        before_step: is told before each step what share of the run is done, 0..1.
        after_step: called after each step of the optimizer, before a state is written.
        ended: asked of the first process before each step: the run is over, whatever its length.
        power: see `core.train.method.Stage`.
        team: the processes that share each batch and loss; the first writes states.

    Raises:
        TrainingError: a loss or gradient that is not finite; the last good state stays on disk.
        CheckpointMismatch, OutputError: `state_file` is of another network; cannot be written.
        Cancelled: by the token, after a save.
    """
    done, elapsed = load_state(state_file, module, optimizer) if state_file.exists() else (0, 0.0)
    clock, stream = _Clock(elapsed), iter(batches(done))
    states = _States(config, clock, state_file, module, optimizer, leads=team.leads)
    while True:
        share = 1.0 if ended() else _share(config, done, clock.seconds)
        share, stop = team.agree(share, stop=token.cancelled)
        if share >= 1:
            break
        if stop:
            states.save(done)
            raise Cancelled
        rate = config.learning_rate * _schedule(share, config.warmup, power=power)
        before_step(share)
        with _precision(module, config):
            terms = step(next(stream))
        losses = _descend(terms, module, optimizer, team, config=config, rate=rate, step=done)
        after_step()
        done += 1
        seconds = clock.seconds
        states.save_if_due(done)
        with clock.stopped():
            yield TrainProgress(done, _share(config, done, seconds), losses, rate, seconds)
    states.save(done)


class _Clock:
    """Seconds of training: what others do with a step, such as measuring weights, is none."""

    def __init__(self, elapsed: float) -> None:
        self._start = time.monotonic() - elapsed

    @property
    def seconds(self) -> float:
        """So far."""
        return time.monotonic() - self._start

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let time pass without counting it."""
        begun = time.monotonic()
        yield
        self._start += time.monotonic() - begun


class _States:
    """Writes the state: every so many steps, and sooner where steps are slow."""

    def __init__(
        self,
        config: FitConfig,
        clock: _Clock,
        path: Path,
        module: nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        leads: bool,
    ) -> None:
        self._config, self._clock, self._path = config, clock, path
        self._module, self._optimizer, self._leads = module, optimizer, leads
        self._last = time.monotonic()

    def save(self, step: int) -> None:
        """Write it, in the process that writes."""
        if self._leads:
            seconds = self._clock.seconds
            save_state(self._path, self._module, self._optimizer, step=step, seconds=seconds)

    def save_if_due(self, step: int) -> None:
        """Write it after this step, counted from 1, if it is time."""
        now = time.monotonic()
        late = now - self._last >= 60 * self._config.save_minutes
        if late or step % self._config.save_every == 0:
            self._last = now
            self.save(step)


def _precision(module: nn.Module, config: FitConfig) -> torch.autocast:
    device = next(module.parameters()).device
    return torch.autocast(device.type, torch.bfloat16, enabled=config.bf16)


def _share(config: FitConfig, done: int, seconds: float) -> float:
    share = done / config.steps if config.steps is not None else seconds / 60 / config.minutes  # type: ignore[operator]
    return min(1.0, share)


def _schedule(share: float, warmup: float, *, power: float | None = None) -> float:
    """Linear rise to 1 within the warm-up, then half a cosine or a power of the rest down to 0."""
    if share < warmup:
        return (share + 0.05 * warmup) / (1.05 * warmup)
    if power is not None:
        return float(((1 - share) / (1 - warmup)) ** power)
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))


def _descend(
    terms: LossTerms,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    team: Team,
    *,
    config: FitConfig,
    rate: float,
    step: int,
) -> dict[str, float]:
    """Take a step downhill and return the losses of the team."""
    total = terms.total
    told = team.mean(torch.stack([total, *(loss for loss, _ in terms.terms.values())]))
    _require_finite("loss", told[0], step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(module.parameters(), config.clip_norm)
    _require_finite("gradient", norm, step)
    optimizer.step()
    return dict(zip(terms.terms, told[1:].tolist(), strict=True))


def _require_finite(name: str, value: Tensor, step: int) -> None:
    if not torch.isfinite(value):
        msg = f"The {name} is {float(value.detach())} at step {step + 1}."
        raise TrainingError(msg, "Lower the learning rate, or resume from the last state.")
