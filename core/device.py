"""Choosing where torch computes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import DeviceOutOfMemory, DeviceUnavailable, UsageError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str) -> torch.device:
    """The torch device of a name; "auto" takes CUDA, else Apple's GPU, else the CPU.

    Raises:
        UsageError: no such name.
        DeviceUnavailable: this machine or this build of torch has no such device.
    """
    import torch

    if name not in DEVICES:
        msg = f"There is no device {name!r}."
        raise UsageError(msg, f"Choose one of {', '.join(DEVICES)}.")
    present = {"cpu": True, "cuda": torch.cuda.is_available()}
    present["mps"] = torch.backends.mps.is_available()
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if present[kind])
    if not present[name]:
        msg = f"torch {torch.__version__} finds no {name} device here."
        raise DeviceUnavailable(msg, "Use --device cpu, or install a build of torch for it.")
    return torch.device(name)


@contextmanager
def memory_errors(what: str) -> Iterator[None]:
    """Turn torch's out-of-memory errors into `DeviceOutOfMemory`, naming what was attempted."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        msg = f"The device ran out of memory while {what}."
        hint = "Use --quality fast, or --device cpu."
        raise DeviceOutOfMemory(msg, hint) from error
    except (RuntimeError, MemoryError) as error:
        known = ("DefaultCPUAllocator", "MPS backend out of memory")
        if isinstance(error, RuntimeError) and not any(text in str(error) for text in known):
            raise
        msg = f"This machine ran out of memory while {what}."
        raise DeviceOutOfMemory(msg, "Use --quality fast, or close other programs.") from error


def thread_count() -> int:
    """Processors this process may use (its affinity, not the machine's size); at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
