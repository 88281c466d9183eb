"""Choosing where torch computes."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.errors import DeviceOutOfMemory, DeviceUnavailable, UsageError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda", "mps")
MAX_THREADS = 1024
"""More threads of the processor than this are taken for a mistake."""
SPIN_COUNT = 4000
"""How often a thread of GNU's OpenMP looks whether the others are done before it sleeps
(docs/speed.md, "Beside other programs")."""
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3


def present_devices() -> tuple[str, ...]:
    """Names of the devices of this machine and build of torch; "cpu" comes first."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return ("cpu", *(name for name, is_there in there.items() if is_there))


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
    present = present_devices()
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if kind in present)
    if name not in present:
        msg = f"torch {torch.__version__} finds no {name} device here."
        raise DeviceUnavailable(msg, "Use --device cpu, or install a build of torch for it.")
    return torch.device(name)


@contextmanager
def computing_with(threads: int | None) -> Iterator[int]:
    """Let torch compute with so many processor threads; None takes as many as it has.

    The last bits of sums depend on them: what is to come out the same again keeps the number,
    which is what this gives.
    """
    import torch

    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


def sound_threads(number: object) -> int | None:
    """A number of threads as a file tells it; None where it can be none."""
    return number if type(number) is int and 1 <= number <= MAX_THREADS else None


def require_threads(number: int | None) -> None:
    """Raise `UsageError` unless a number of threads is none, or one that makes sense."""
    if number is not None and sound_threads(number) is None:
        msg = f"{number} threads are not possible."
        raise UsageError(msg, f"Give --threads a number from 1 to {MAX_THREADS}.")


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


def let_threads_sleep() -> None:
    """Let torch's threads soon sleep where they wait; has to be called before torch is loaded.

    By default they wait by spinning, and where another program holds a processor, the others spin
    until it is done. What the user's environment says about it stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPIN_COUNT))


def keep_freed_memory() -> None:
    """Let this process keep memory that it frees, where the C library is GNU's.

    Each step of a training asks for the same large blocks again; given back to the system in
    between, they cost page faults (docs/speed.md, "Memory that a training keeps").
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    # Older versions refuse more than 32 MiB. The second setting alone would make things worse.
    if mallopt and any(mallopt(_M_MMAP_THRESHOLD, size) for size in (2**30, 2**25)):
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
