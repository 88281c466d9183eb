"""Several processes that train one network: torchrun starts them, each works on a part of a batch.

Gradients are averaged by DistributedDataParallel, statistics of batch norm by
`core.nn.synced_norm`, and what decides the course of a run (its end, a stop, a loss that is not
finite) is agreed upon, so that no process waits for one that has left.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor, nn

CPU = torch.device("cpu")
PATIENCE = timedelta(hours=12)
"""How long processes wait for one that packs the videos."""


@dataclass(frozen=True, slots=True)
class Team:
    """A process and those it trains with.

    Attributes:
        rank: number of this process; 0 leads: it writes files and tells of progress.
        size: number of processes; 1 where there are no others.
        device: where this process computes.
    """

    rank: int = 0
    size: int = 1
    device: torch.device = CPU

    @property
    def leads(self) -> bool:
        """True for the one process that writes."""
        return self.rank == 0

    def mean(self, value: Tensor) -> Tensor:
        """The mean over all processes of a tensor, without gradient."""
        value = value.detach().clone()
        if self.size > 1:
            dist.all_reduce(value)
            value /= self.size
        return value

    def agree(self, share: float, *, stop: bool) -> tuple[float, bool]:
        """The leader's share of the run that is done, and whether anyone was told to stop."""
        if self.size == 1:
            return share, stop
        told = torch.tensor([share if self.leads else 0.0, float(stop)], dtype=torch.float32)
        told = told.to(self.device)
        dist.all_reduce(told)
        return float(told[0]), bool(told[1] > 0)

    def wait(self) -> None:
        """Go on when all processes have come here."""
        if self.size > 1:
            dist.all_reduce(torch.zeros(1, device=self.device))

    def parallel(self, module: nn.Module) -> nn.Module:
        """A module whose gradients are the means over all processes after each backward pass."""
        if self.size == 1:
            return module
        places = [self.device] if self.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(module, device_ids=places)


def team_rank() -> int:
    """Number of this process as torchrun gives it; 0 where there is none."""
    return int(os.environ.get("RANK", "0")) if team_size() > 1 else 0


def team_size() -> int:
    """Number of processes that torchrun has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


@contextmanager
def joined(device: torch.device) -> Iterator[Team]:
    """Be one of the processes that torchrun has started; alone without it.

    What `Team.parallel` gave has to be let go of inside: the group's threads end with the last that
    holds it, and one that still runs while Python shuts down can end the process with SIGABRT.

    Args:
        device: as asked for; with several graphics processors each process takes its own.
    """
    if team_size() == 1:
        yield Team(device=device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    _import_before_group()
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield Team(dist.get_rank(), dist.get_world_size(), device)
    finally:
        # Modules that were trained in parallel hold the group in circles of references.
        gc.collect()
        dist.destroy_process_group()


def _import_before_group() -> None:
    """Import what would take a group that is there as the default of its functions' arguments.

    DistributedDataParallel imports it, and it would hold the group and its threads for good.
    """
    # WORKAROUND(torch 2.13): `group=group.WORLD` in torch.distributed.nn.functional.
    import torch.distributed.nn.functional
    import torch.distributed.optim  # noqa: F401
