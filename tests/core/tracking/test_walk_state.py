"""States of walks: what comes back, and bytes that are none."""

from __future__ import annotations

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch

from core.engine.registry import build_tracker
from core.memory.bank import MemoryFrame
from core.memory.bank_state import frames_from_arrays, frames_to_arrays
from core.tracking.contract import Resumable, TrackerRequest
from core.tracking.walk_state import direction_of, pack, unpack
from core.types import Direction, Quality


def with_pickle():
    data = io.BytesIO()
    np.savez(data, direction=np.array([{"a": 1}], object))
    return data.getvalue()


def empty_zip():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("direction.npy", b"no array")
    return data.getvalue()


def packed_once_more():
    data = io.BytesIO()
    np.savez_compressed(data, direction=np.zeros(1 << 20))
    return data.getvalue()


def array_that_claims(head):
    """One array, whose head says something else than what follows."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        text = head.encode() + b"\n"
        lead = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little")
        file.writestr("direction.npy", lead + text)
    return data.getvalue()


HOSTILE = [
    packed_once_more(),
    array_that_claims("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}"),
    array_that_claims("{'descr': '<f8', 'fortran_order': False, 'shape': (((((((((("),
    array_that_claims("{'descr': '" + "(" * 3000),
    array_that_claims("[" * 9000),
    b"",
    b"PK\x03\x04 no zip",
    b"text",
    pickle.dumps({"direction": 1}),
    pack({"direction": np.array(1)})[:-30],
    pack({"direction": np.array(5)}),
    pack({"other": np.array(1)}),
    with_pickle(),
    empty_zip(),
]


def test_arrays_come_back():
    arrays = {"a.b": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array(3)}
    found = unpack(pack(arrays))
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.mark.parametrize("way", list(Direction))
def test_direction_comes_back(way):
    assert direction_of(unpack(pack({"direction": np.array(way.value)}))) is way


@pytest.mark.parametrize("state", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("system", ["copy", "flow"])
def test_what_is_no_state_is_refused(system, state):
    tracker = build_tracker(TrackerRequest(system, Quality.FAST))
    assert isinstance(tracker, Resumable)
    with pytest.raises(ValueError):
        tracker.load_state(state)


def test_memory_comes_back_without_loss():
    torch.manual_seed(1)
    frames = {}
    for step, ids in ((5, (1, 2)), (8, (2,))):
        keys, soft = torch.randn(4, 3, 5).half().float(), torch.rand(1 + len(ids), 3, 5)
        frames[step] = MemoryFrame(10 + step, keys, soft, ids)
    arrays = unpack(pack(frames_to_arrays(frames)))
    found = frames_from_arrays(arrays, torch.device("cpu"))
    assert list(found) == [5, 8]
    for step, frame in frames.items():
        assert (found[step].frame_index, found[step].object_ids) == (10 + step, frame.object_ids)
        assert torch.equal(found[step].keys, frame.keys)
        assert torch.equal(found[step].soft, frame.soft)
    del arrays["8.soft"]
    with pytest.raises(ValueError, match="lacks"):
        frames_from_arrays(arrays, torch.device("cpu"))
