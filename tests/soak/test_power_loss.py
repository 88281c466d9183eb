"""Power goes: what was synced is there, what was not is torn; every acknowledged edit is there.

A commit is acknowledged when its frames in the write-ahead log are synced. After that the log up to
there is whole; anything behind it, and any page that a checkpoint was just writing, may hold old
bytes, new bytes or none that make sense.
"""

from __future__ import annotations

import os
import random
import struct

import pytest

from vosapp.project.connection import Journal
from vosapp.project.file import Options

SEEDS, LOSSES = (20, 30) if os.environ.get("VOSAPP_SOAK") else (2, 8)
WAL_HEADER, FRAME_HEADER, SECTOR = 32, 24, 512
TAILS = ("cut", "zeros", "garbage", "torn sector")


class Disk:
    """A project that is edited, and what its files hold between two commits."""

    def __init__(self, worker, folder, rng):
        self.worker, self.folder, self.rng = worker, folder, rng
        self.path = folder / "p.vosapp"
        worker.create_project(self.path, worker.video_ref()).close()
        self.project = worker.open_project(self.path)
        self.project._connection.execute("PRAGMA wal_autocheckpoint = 0")
        worker.begin(self.project)
        self.settle()

    @property
    def log(self):
        return (self.folder / "p.vosapp-wal").read_bytes()

    def settle(self):
        """Make a checkpoint; returns the file before and after it."""
        before = self.path.read_bytes()
        done = self.project._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert done[0] == 0 and done[1] == done[2]
        self.old_salts = self.log[16:24]
        self.commits = [(0, self.worker.digest(self.project))]
        return before, self.path.read_bytes()

    def edit(self):
        """Do anything; notes up to where the log must be whole for it to be there."""
        action = self.worker.operation(self.rng, self.project)
        self.worker.attempt(action, self.project)
        if self.log[16:24] != self.old_salts:
            self.commits.append((end_of_log(self.log), self.worker.digest(self.project)))

    def expected(self, whole):
        """What must be there if the log is whole up to some byte."""
        return [digest for end, digest in self.commits if end <= whole][-1]


def end_of_log(log):
    """Where the frames of the log that count end; behind them lie those of an earlier round."""
    page = struct.unpack(">I", log[8:12])[0]
    size = FRAME_HEADER + page
    end = WAL_HEADER
    while log[end + 8 : end + 16] == log[16:24] and end + size <= len(log):
        end += size
    return end


def spoiled(rng, log, commits):
    """Return a log as a loss of power may leave it, and up to where it is whole."""
    near = rng.choice(commits)[0] + rng.randrange(-600, 600)
    place = rng.choice([rng.randrange(len(log)), min(max(0, near), len(log) - 1)])
    tail = rng.choice(TAILS)
    rest = len(log) - place
    new = {
        "cut": b"",
        "zeros": bytes(rest),
        "garbage": rng.randbytes(rest),
        "torn sector": rng.randbytes(min(SECTOR, rest)) + log[place + SECTOR :],
    }[tail]
    found = log[:place] + new
    same = zip(found[place:], log[place:], strict=False)
    return found, place + next((i for i, (a, b) in enumerate(same) if a != b), len(new))


def torn(rng, before, after):
    """Return a file in which every sector that was being written is old, new or neither."""
    size = max(len(before), len(after))
    parts = []
    for place in range(0, size, SECTOR):
        old, new = before[place : place + SECTOR], after[place : place + SECTOR]
        choices = [new or old] if old == new else [old or bytes(len(new)), new, rng.randbytes(512)]
        parts.append(rng.choice(choices))
    return b"".join(parts)


def check(worker, folder, files, expected):
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with worker.open_project(folder / "p.vosapp") as project:
        assert project.problems() == ()
        assert worker.digest(project) == expected
        worker.attempt(lambda target: target.do(worker.edits.AddObject()), project)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_log_that_was_not_written_to_its_end(worker, tmp_path, seed):
    rng = random.Random(seed)
    (tmp_path / "disk").mkdir()
    disk = Disk(worker, tmp_path / "disk", rng)
    lost = 0
    for number in range(LOSSES):
        for _ in range(rng.randrange(2, 12)):
            disk.edit()
        if len(disk.commits) == 1:
            continue
        log, whole = spoiled(rng, disk.log, disk.commits)
        expected = disk.expected(whole)
        lost += expected != disk.commits[-1][1]
        files = {"p.vosapp": disk.path.read_bytes(), "p.vosapp-wal": log}
        check(worker, tmp_path / f"after-{number}", files, expected)
        if rng.random() < 0.3:
            disk.settle()
    disk.project.close()
    assert lost, "no loss met an edit"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_checkpoint_that_was_torn(worker, tmp_path, seed):
    rng = random.Random(1000 + seed)
    (tmp_path / "disk").mkdir()
    disk = Disk(worker, tmp_path / "disk", rng)
    for number in range(LOSSES):
        for _ in range(rng.randrange(2, 12)):
            disk.edit()
        log, expected = disk.log, disk.commits[-1][1]
        before, after = disk.settle()
        files = {"p.vosapp": torn(rng, before, after), "p.vosapp-wal": log}
        check(worker, tmp_path / f"after-{number}", files, expected)
    disk.project.close()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_rollback_journal_in_the_middle_of_an_edit(worker, tmp_path, seed):
    """On network disks: pages are overwritten, the journal that takes them back is there."""
    rng = random.Random(2000 + seed)
    path = tmp_path / "p.vosapp"
    with worker.create_project(path, worker.video_ref(), Options(journal=Journal.ROLLBACK)) as made:
        worker.begin(made)
        for _ in range(60):
            worker.attempt(worker.operation(rng, made), made)
        made.do(worker.edits.AddObject())
        expected, before = worker.digest(made), path.read_bytes()
        # With hardly any cache, pages go to the disk long before the edit is done.
        made._connection.execute("PRAGMA cache_size = 2")
        ids = [item.object_id for item in made.objects()]
        edit = worker.edit_masks.MarkAbsent(ids[-1], 0)
        overwritten = 0
        for number, _ in enumerate(made.run(edit, worker.CancelToken())):
            if number % 100 == 50:
                overwritten += path.read_bytes()[: len(before)] != before
                files = {"p.vosapp": torn(rng, before, path.read_bytes())}
                files["p.vosapp-journal"] = (tmp_path / "p.vosapp-journal").read_bytes()
                check(worker, tmp_path / f"after-{number}", files, expected)
        assert overwritten >= 5


def test_the_checks_can_fail(worker, tmp_path):
    """A log that lacks an acknowledged edit is noticed."""
    (tmp_path / "disk").mkdir()
    disk = Disk(worker, tmp_path / "disk", random.Random(5))
    for _ in range(10):
        disk.edit()
    disk.project.close()
    assert disk.commits[-1][1] != disk.commits[0][1]
    with pytest.raises(AssertionError):
        check(worker, tmp_path / "after", {"p.vosapp": disk.path.read_bytes()}, disk.commits[0][1])
