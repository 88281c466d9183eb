"""Choosing where torch computes, and what running out of memory looks like."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch

from core.device import SPIN_COUNT, choose_device, let_threads_sleep, memory_errors, thread_count
from core.errors import DeviceOutOfMemory, DeviceUnavailable, UsageError


@pytest.fixture
def present(monkeypatch):
    """Pretend that exactly the given accelerators are there."""

    def pretend(*kinds):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in kinds)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in kinds)

    return pretend


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [((), "cpu"), (("mps",), "mps"), (("cuda",), "cuda"), (("cuda", "mps"), "cuda")],
)
def test_auto_takes_the_best_there_is(present, kinds, wanted):
    present(*kinds)
    assert choose_device("auto").type == wanted


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_absent_device(present, name):
    present()
    with pytest.raises(DeviceUnavailable, match=name) as caught:
        choose_device(name)
    assert torch.__version__ in caught.value.message
    assert "--device cpu" in caught.value.hint


def test_a_device_can_be_asked_for_by_name(present):
    present("cuda", "mps")
    for name in ("cpu", "cuda", "mps"):
        assert choose_device(name).type == name


@pytest.mark.parametrize("name", ["gpu", "CPU", "", "cuda:0"])
def test_unknown_name(name):
    with pytest.raises(UsageError, match=repr(name)) as caught:
        choose_device(name)
    assert "auto, cpu, cuda, mps" in caught.value.hint


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB)"),
        MemoryError("Unable to allocate 3.00 TiB for an array"),
    ],
)
def test_memory_errors_are_told_in_plain_words(error):
    with (
        pytest.raises(DeviceOutOfMemory, match="while labeling frame 7") as caught,
        memory_errors("labeling frame 7"),
    ):
        raise error
    assert caught.value.__cause__ is error
    assert caught.value.hint


def test_a_real_allocation_that_fails():
    with pytest.raises(DeviceOutOfMemory), memory_errors("testing"):
        torch.empty(1 << 60, dtype=torch.uint8)


@pytest.mark.parametrize("error", [RuntimeError("shapes do not fit"), ValueError("other")])
def test_other_errors_pass(error):
    with pytest.raises(type(error), match=str(error)), memory_errors("testing"):
        raise error


def test_nothing_happens_without_an_error():
    with memory_errors("testing"):
        value = 1
    assert value == 1


def test_thread_count_is_the_affinity(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5}, raising=False)
    assert thread_count() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert thread_count() == 1


BLOCKS = """
import ctypes, resource
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def block():
    place = libc.malloc(64 << 20)
    ctypes.memset(place, 1, 64 << 20)
    libc.free(place)
block()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(8):
    block()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
LARGE_BLOCKS = "import ctypes, sys; sys.exit(not ctypes.CDLL(None).mallopt(-3, 2**30))"
"""Succeeds where the C library may keep blocks as large as those."""


def faults_of_blocks(*, first):
    """Page faults of eight blocks that are asked for and freed, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", first + BLOCKS], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of Linux")
def test_freed_memory_is_kept():
    if subprocess.run(
        [sys.executable, "-c", LARGE_BLOCKS], stderr=subprocess.DEVNULL, check=False
    ).returncode:
        pytest.skip("this C library gives large blocks back whatever it is told")
    # 256 of the largest pages, where the system takes these.
    assert faults_of_blocks(first="") >= 256
    kept = "from core.device import keep_freed_memory; keep_freed_memory()"
    assert faults_of_blocks(first=kept) < 64


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, str(SPIN_COUNT)),
        ({"GOMP_SPINCOUNT": "7"}, "7"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, None),
    ],
)
def test_waiting_is_left_to_those_who_set_it(monkeypatch, given, wanted):
    monkeypatch.setattr(os, "environ", dict(given))
    let_threads_sleep()
    assert os.environ.get("GOMP_SPINCOUNT") == wanted
