from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from core.engine.run import PeakMemory, device_name, memory_guard, use_threads
from core.errors import DeviceOutOfMemory, UsageError


def test_peak_memory_sees_what_was_given_back():
    with PeakMemory() as peak:
        before = peak.bytes
        block = np.ones(60_000_000, np.uint8)
        high = peak.bytes
        del block
    assert high - before > 50_000_000
    assert peak.bytes >= high
    assert peak.megabytes == peak.bytes / 1e6
    assert not [t for t in threading.enumerate() if t.name == "peak-memory"]


def test_peak_memory_looks_by_itself():
    with PeakMemory() as peak:
        before = peak.bytes
        block = np.ones(60_000_000, np.uint8)
        threading.Event().wait(0.3)
        del block
    assert peak._peak - before > 50_000_000


def test_threads_reach_opencv():
    before = cv2.getNumThreads()
    try:
        use_threads(2, system="flow")
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)


def test_threads_reach_torch():
    import torch

    before = torch.get_num_threads(), cv2.getNumThreads()
    try:
        use_threads(3, system="self_supervised")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def test_baselines_are_always_on_the_processor():
    assert device_name("cuda", system="copy") == "cpu"
    assert device_name("cpu", system="self_supervised") == "cpu"
    with pytest.raises(UsageError, match="abacus"):
        device_name("abacus", system="self_supervised")


def test_out_of_memory_is_told_as_such():
    import torch

    with pytest.raises(DeviceOutOfMemory), memory_guard("self_supervised"):
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(KeyError), memory_guard("copy"):
        raise KeyError
