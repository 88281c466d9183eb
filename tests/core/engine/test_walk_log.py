"""Steps of a walk on disk."""

from __future__ import annotations

import errno
import io
import json
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest

from core.engine.propagate import Walk
from core.engine.walk_log import WalkLog
from core.errors import OutputError
from core.tracking.contract import StepResult
from core.types import Direction

WALK = Walk(9, 0, Direction.BACKWARD)
SETTINGS = {"system": "flow"}
FRAMES = (9, 8, 7, 6)


def step(seed, ids=(3, 7)):
    probabilities = np.random.default_rng(seed).dirichlet(np.ones(1 + len(ids)), (9, 11))
    confidence = dict.fromkeys(ids[:1], 1 / (3 + seed))
    return StepResult(np.moveaxis(probabilities, -1, 0).astype(np.float32), ids, confidence)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "film"


@pytest.fixture
def log(folder):
    log = WalkLog(folder, SETTINGS)
    log.begin(WALK)
    for index in FRAMES:
        log.put(index, step(index))
    yield log
    log.close()


@pytest.fixture
def reloaded(folder):
    logs = []

    def reloaded(settings=SETTINGS):
        logs.append(WalkLog(folder, settings))
        logs[-1].load()
        return logs[-1]

    yield reloaded
    for log in logs:
        log.close()


def check(log, index):
    wanted, got = step(index), log.get(index)
    assert np.abs(got.probabilities - wanted.probabilities).max() <= 0.5 / 255 + 1e-6
    assert (got.probabilities.dtype, got.probabilities.shape) == (
        np.float32,
        wanted.probabilities.shape,
    )
    assert (got.object_ids, got.confidence) == (wanted.object_ids, wanted.confidence)


def test_nothing_is_on_disk_before_it_begins(folder, tmp_path):
    log = WalkLog(folder, SETTINGS)
    log.load()
    assert not log.is_of(WALK) and not log.holds(range(1))
    assert not list(tmp_path.iterdir())
    with pytest.raises(RuntimeError):
        log.put(0, step(0))


def test_comes_back_in_another_process(log, reloaded):
    for each in (log, reloaded()):
        assert each.is_of(WALK)
        assert each.is_of(Walk(9, 5, Direction.BACKWARD)), "walks may end anywhere"
        assert not each.is_of(Walk(9, 12, Direction.FORWARD))
        assert each.holds(range(9, 5, -1)) and not each.holds(range(9, 4, -1))
        for index in FRAMES:
            check(each, index)


def test_probabilities_that_come_back_stay_as_they_are(log):
    again = log.get(8)
    log.put(5, again)
    np.testing.assert_array_equal(log.get(5).probabilities, again.probabilities)


def test_a_step_without_objects(log, reloaded):
    log.put(5, StepResult(np.ones((1, 2, 3), np.float32), ()))
    got = reloaded().get(5)
    assert got.probabilities.shape == (1, 2, 3) and got.object_ids == () and got.confidence == {}


def test_goes_on_from_any_frame(log, reloaded, folder):
    other = reloaded()
    other.keep_to(8)
    other.put(7, step(70))
    assert np.array_equal(other.get(7).probabilities, reloaded().get(7).probabilities)
    assert not reloaded().holds(range(6, 7))


def test_another_walk_replaces_it(log, reloaded):
    other = Walk(20, 12, Direction.BACKWARD)
    log.begin(other)
    for each in (log, reloaded()):
        assert each.is_of(other) and not each.is_of(WALK)
        assert not each.holds(range(9, 10))


@pytest.mark.parametrize("lost", [1, 5, 100])
def test_half_a_record_does_not_count(log, reloaded, folder, lost):
    path = folder.with_name("film.vosapp-run.walk")
    path.write_bytes(path.read_bytes()[:-lost])
    got = reloaded()
    assert got.holds(range(9, 6, -1)) and not got.holds(range(6, 7))
    got.keep_to(7)
    got.put(6, step(6))
    check(reloaded(), 6)


@pytest.mark.parametrize("data", [b"", b"{}", b"\0" * 50, b"\2\0\0\0\0\0\0\0[]", b"[" * 200_000])
def test_anything_else_counts_as_none(folder, reloaded, data):
    folder.with_name("film.vosapp-run.walk").write_bytes(data)
    assert not reloaded().is_of(WALK)


@pytest.mark.parametrize("shape", [[0, 9, 11], [-3, -9, 11], [1 << 40, 9, 11], [], [[3]], None])
def test_a_step_that_claims_an_odd_size_does_not_count(shape, log, reloaded, folder):
    """Its checksum may be right: whoever made it can count."""
    path = folder.with_name("film.vosapp-run.walk")
    data = path.read_bytes()
    head = json.dumps({"frame": 5, "shape": shape, "ids": [], "confidence": []}).encode()
    record = head + b"\n" + zlib.compress(bytes(99))
    lead = struct.pack("<II", len(record), zlib.crc32(record))
    path.write_bytes(data + lead + record)
    got = reloaded()
    assert got.holds(range(9, 5, -1)) and not got.holds(range(5, 6))


def test_a_step_is_inflated_to_its_size_only(bombs, tmp_path):
    script = """
import json, struct, zlib
from core.engine.walk_log import WalkLog
def add(file, data):
    file.write(struct.pack("<II", len(data), zlib.crc32(data)) + data)
path = Path(given[0])
with path.with_name("film.vosapp-run.walk").open("wb") as file:
    add(file, json.dumps({"format": 1, "settings": {}, "first": 0, "way": 1}).encode())
    head = {"frame": 0, "shape": [1, 9, 11], "ids": [], "confidence": []}
    bomb = zlib.compressobj(9)
    packed = b"".join([*(bomb.compress(bytes(1 << 20)) for _ in range(300)), bomb.flush()])
    add(file, json.dumps(head).encode() + b"\\n" + packed)
log = WalkLog(path, {})
log.load()
found = measured(lambda: log.get(0))
"""
    taken, said = bombs.run_measured(script, tmp_path / "film")
    assert said == ""
    assert taken < 64 << 20


def test_log_of_another_run_counts_as_none(log, reloaded):
    assert not reloaded({"system": "copy"}).is_of(WALK)


def test_is_removed(log, tmp_path):
    log.remove()
    log.remove()
    assert not list(tmp_path.iterdir())


def test_full_disk(log, monkeypatch):
    class Full:
        def seek(self, *_place):
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(log, "_opened", Full)
        with pytest.raises(OutputError, match="No space"):
            log.put(5, step(5))


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="No such"):
        WalkLog(tmp_path / "gone" / "film", SETTINGS).begin(WALK)


def test_a_link_in_place_of_the_log_is_not_followed(folder, tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    folder.with_name("film.vosapp-run.walk").symlink_to(precious)
    log = WalkLog(folder, SETTINGS)
    log.load()
    with pytest.raises(OutputError, match="symbolic link"):
        log.begin(WALK)
    log.close()
    assert precious.read_bytes() == b"mine"


class FullDisk(io.FileIO):
    """A file on a disk that has just become full."""

    def write(self, _data):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_a_full_disk_did_not_take_does_not_fail_a_second_time(folder):
    """The buffer keeps it, and tries again when the file is closed."""
    log = WalkLog(folder, SETTINGS)
    log.begin(WALK)
    log._file.close()
    log._file = io.BufferedRandom(FullDisk(folder.with_name("film.vosapp-run.walk"), "r+"))
    with pytest.raises(OutputError, match="No space"):
        log.put(5, step(5))
    log.close()


def test_who_was_absent_is_known_again(log, reloaded):
    """Where two walks meet, an absence weighs more than a confidence."""
    log.put(5, replace(step(5), absent=frozenset({7})))
    log.close()
    again = reloaded()
    assert (again.get(5).absent, again.get(6).absent) == ({7}, frozenset())
