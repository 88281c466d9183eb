"""The one training loop of the project.

A run is a generator: it yields its progress and can be cancelled between steps. It writes
checkpoints that resume exactly: weights, optimizer, step, elapsed time; batches are a function of
the step (see `core.data.pairs`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from core.errors import TrainingError
from core.jobs import Cancelled, CancelToken
from core.train.state import load_state, save_state
from core.train.terms import LossTerms

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How a run goes. Exactly one of `steps` and `minutes` says how long."""

    steps: int | None = None
    """Length in optimizer steps."""
    minutes: float | None = None
    """Length in minutes of training time, earlier parts of a resumed run counted in."""
    learning_rate: float = 1e-3
    """Peak of the schedule."""
    warmup: float = 0.02
    """Share of the run in which the rate rises linearly to the peak; it then falls as a cosine."""
    clip_norm: float = 5.0
    """Gradients longer than this are shortened to it."""
    bf16: bool = False
    """Forward pass under bf16 autocast."""
    save_every: int = 200
    """Steps between checkpoints."""

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            msg = "A training run needs either a number of steps or of minutes."
            raise TrainingError(msg, "Give --steps N or --minutes M.")
        length = self.steps if self.steps is not None else self.minutes
        if not 0 < (length or 0) < math.inf:
            msg = f"A training run cannot be {length} long."
            raise TrainingError(msg, "Give --steps or --minutes a number above 0.")
        if not 0 < self.learning_rate < math.inf:
            msg = f"A learning rate of {self.learning_rate} is not possible."
            raise TrainingError(msg, "Give --rate a number above 0, such as 0.001.")


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """State after a step: 1-based step, share of the run done, losses, rate, seconds so far."""

    step: int
    fraction: float
    losses: dict[str, float]
    learning_rate: float
    seconds: float


def fit(
    step: Callable[[Batch], LossTerms],
    batches: Callable[[int], Iterable[Batch]],
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    config: FitConfig,
    *,
    state_file: Path,
    token: CancelToken,
    after_step: Callable[[], None] = lambda: None,
) -> Iterator[TrainProgress]:
    """Train a module; go on from `state_file` where there is one.

    Args:
        step: computes the losses of a batch with `module`.
        batches: makes the stream of batches that starts with a given 0-based step.
        module: what is trained, already on its device and in train mode.
        optimizer: over the module's parameters.
        config: length, rate, precision.
        state_file: where the state is kept; written at intervals, at the end and on cancel.
        token: cancels between steps.
        after_step: called after each step of the optimizer, before a state is written.

    Raises:
        TrainingError: a loss or gradient that is not finite; the last good state stays on disk.
        CheckpointMismatch: `state_file` belongs to another network or is damaged.
        OutputError: the state cannot be written.
        Cancelled: by the token, after the state was saved.
    """
    done, elapsed = load_state(state_file, module, optimizer) if state_file.exists() else (0, 0.0)
    device = next(module.parameters()).device
    start = time.monotonic() - elapsed
    stream = iter(batches(done))
    while (share := _share(config, done, time.monotonic() - start)) < 1:
        if token.cancelled:
            save_state(state_file, module, optimizer, step=done, seconds=time.monotonic() - start)
            raise Cancelled
        rate = config.learning_rate * _schedule(share, config.warmup)
        with torch.autocast(device.type, torch.bfloat16, enabled=config.bf16):
            terms = step(next(stream))
        _descend(terms, module, optimizer, rate=rate, clip=config.clip_norm, step=done)
        after_step()
        done += 1
        seconds = time.monotonic() - start
        if done % config.save_every == 0:
            save_state(state_file, module, optimizer, step=done, seconds=seconds)
        losses = {name: float(loss.detach()) for name, (loss, _) in terms.terms.items()}
        yield TrainProgress(done, _share(config, done, seconds), losses, rate, seconds)
    save_state(state_file, module, optimizer, step=done, seconds=time.monotonic() - start)


def _share(config: FitConfig, done: int, seconds: float) -> float:
    share = done / config.steps if config.steps is not None else seconds / 60 / config.minutes  # type: ignore[operator]
    return min(1.0, share)


def _schedule(share: float, warmup: float) -> float:
    """Linear rise to 1 within the warm-up, then half a cosine down to 0."""
    if share < warmup:
        return (share + 0.05 * warmup) / (1.05 * warmup)
    return 0.5 * (1 + math.cos(math.pi * (share - warmup) / (1 - warmup)))


def _descend(
    terms: LossTerms,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    rate: float,
    clip: float,
    step: int,
) -> None:
    total = terms.total
    _require_finite("loss", total, step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    total.backward()  # type: ignore[no-untyped-call]
    _require_finite("gradient", nn.utils.clip_grad_norm_(module.parameters(), clip), step)
    optimizer.step()


def _require_finite(name: str, value: Tensor, step: int) -> None:
    if not torch.isfinite(value):
        msg = f"The {name} is {float(value.detach())} at step {step + 1}."
        raise TrainingError(msg, "Lower the learning rate, or resume from the last state.")
