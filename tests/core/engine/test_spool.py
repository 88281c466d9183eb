"""Probabilities that wait for the second walk."""

from __future__ import annotations

import errno
import io
import tempfile

import numpy as np
import pytest

from core.engine import spool as module
from core.engine.fuse import Opinion
from core.engine.spool import ProbabilitySpool
from core.errors import OutputError


def opinion(seed, ids=(3, 7), size=(9, 11)):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(1 + len(ids)), size)
    probabilities = np.moveaxis(probabilities, -1, 0).astype(np.float32)
    return Opinion(ids, probabilities, dict.fromkeys(ids, 0.1 * seed), dict.fromkeys(ids, seed))


def check(spool, index):
    wanted = opinion(index)
    got, seconds = spool.get(index)
    assert np.abs(got.probabilities - wanted.probabilities).max() <= 0.5 / 255 + 1e-6
    assert (got.probabilities.dtype, got.probabilities.shape) == (
        np.float32,
        wanted.probabilities.shape,
    )
    assert (got.object_ids, got.confidence) == (wanted.object_ids, wanted.confidence)
    assert (got.distance, seconds) == (wanted.distance, index / 4)


def test_round_trip_in_any_order():
    with ProbabilitySpool() as spool:
        assert 1 not in spool
        for index in (5, 4, 1):
            spool.put(index, opinion(index), index / 4)
        check(spool, 4)
        spool.put(2, opinion(2), 0.5)
        for index in (1, 2, 4, 5):
            assert index in spool
            check(spool, index)
        check(spool, 1)


def test_zeros_and_ones_come_back_exactly():
    probabilities = np.zeros((2, 3, 4), np.float32)
    probabilities[0, :, :2], probabilities[1, :, 2:] = 1, 1
    with ProbabilitySpool() as spool:
        spool.put(0, Opinion((1,), probabilities, {}, {1: 1}), 0)
        np.testing.assert_array_equal(spool.get(0)[0].probabilities, probabilities)


def test_frames_of_unlike_objects():
    with ProbabilitySpool() as spool:
        spool.put(0, opinion(0, ids=()), 0)
        spool.put(1, opinion(1, ids=(1, 2, 3)), 0)
        assert spool.get(0)[0].probabilities.shape == (1, 9, 11)
        assert spool.get(1)[0].probabilities.shape == (4, 9, 11)


def test_spills_to_disk_over_the_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "MEMORY", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ProbabilitySpool() as spool:
        spool.put(0, opinion(0), 0)
        assert not spool._file._rolled
        for index in range(1, 20):
            spool.put(index, opinion(index), index / 4)
        assert spool._file._rolled
        for index in range(20):
            check(spool, index)
    assert spool._file.closed
    assert list(tmp_path.iterdir()) == []


def test_file_is_closed_after_an_error():
    spool = ProbabilitySpool()
    with pytest.raises(KeyError), spool:
        spool.get(3)
    assert spool._file.closed


class SmallDisk(io.FileIO):
    """A file that takes a number of bytes and no more."""

    def __init__(self, path, room):
        super().__init__(path, "w+")
        self.room = room

    def write(self, data):
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize(("room", "fit"), [(0, 0), (700, 2), (1000, 3)])
def test_full_disk_is_an_error_that_says_so(monkeypatch, tmp_path, room, fit):
    """Python buffers writes: without care, what does not fit would show when it is read back."""
    disk = io.BufferedRandom(SmallDisk(tmp_path / "disk", room))
    monkeypatch.setattr(module, "MEMORY", 10)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: disk)
    with pytest.raises(OutputError, match="No space left") as caught, ProbabilitySpool() as spool:
        for index in range(9):
            spool.put(index, opinion(index), index / 4)
    assert "TMPDIR" in caught.value.hint
    assert [index for index in range(9) if index in spool] == list(range(fit))
    assert disk.closed


def test_no_folder_for_temporary_files(monkeypatch):
    def refuse(**_options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(module, "MEMORY", 10)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OutputError, match="Permission denied"), ProbabilitySpool() as spool:
        spool.put(0, opinion(0), 0)
