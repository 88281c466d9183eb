"""Files that give back what removed weights took: where it pays, and never at a risk."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pytest

from vosapp.project import shrink
from vosapp.project.connection import Journal
from vosapp.project.edit_masks import SetMask
from vosapp.project.file import Options
from vosapp.project.opening import open_project
from vosapp.project.tuned import TunedInfo, digest_of

DATA = random.Random(0).randbytes(2 << 20)
INFO = TunedInfo("base", digest_of(DATA), "thin", 1, 1.0, 0.1, 0, 2, 0, 24)


@pytest.fixture
def kept(project, path, box, snapshot):
    """Path of a project with work in it and weights of 2 MB, closed."""
    project.do(SetMask(3, 1, box(0, 0, 5, 5)))
    project.put_tuned(INFO, DATA, use=True)
    project.close()
    assert path.stat().st_size > len(DATA)
    return path


def removed(path, **options):
    with open_project(path, Options(**options)) as project:
        project.drop_tuned()
    return path.stat().st_size


def unused(path):
    connection = sqlite3.connect(path)
    pages = connection.execute("PRAGMA freelist_count").fetchone()[0]
    connection.close()
    return pages * 4096


@pytest.mark.parametrize("journal", list(Journal))
def test_a_removal_gives_the_space_back(kept, snapshot, journal):
    with open_project(kept) as project:
        before, history = snapshot(project), project.history()
    assert removed(kept, journal=journal) < 300_000
    assert [one.name for one in kept.parent.iterdir()] == [kept.name]
    with open_project(kept) as again:
        assert snapshot(again) == before and again.history() == history
        assert again.tuned() is None and not again.problems()
        again.undo()
        assert not again.keyframe_indices()


def test_without_a_removal_nothing_is_rebuilt(kept, monkeypatch):
    monkeypatch.setattr("vosapp.project.file.shrink", lambda *_: pytest.fail("rebuilt"))
    with open_project(kept) as project:
        project.use_tuned(on=False)


def test_what_does_not_pay_is_left(project, path, monkeypatch):
    project.put_tuned(INFO, DATA, use=True)
    project.close()
    monkeypatch.setattr(shrink, "LEAST_SHARE", 1.0)
    assert removed(path) > len(DATA) and unused(path) >= len(DATA)
    # What comes later takes that space.
    with open_project(path) as again:
        size = path.stat().st_size
        again.put_tuned(INFO, DATA, use=True)
    assert path.stat().st_size <= size + 8192


def test_large_files_are_left(kept, monkeypatch):
    monkeypatch.setattr(shrink, "MOST_BYTES", 1 << 20)
    assert removed(kept) > len(DATA)


def test_nothing_is_begun_on_a_disk_that_is_nearly_full(kept, monkeypatch):
    free = SimpleNamespace(free=kept.stat().st_size)
    monkeypatch.setattr(shrink.shutil, "disk_usage", lambda _folder: free)
    assert removed(kept) > len(DATA)
    with open_project(kept) as again:
        assert again.tuned() is None


def test_a_disk_that_fills_up_all_the_same_costs_nothing(kept, snapshot, monkeypatch):
    with open_project(kept) as project:
        before = snapshot(project)
    calls = []

    class Full:
        """A connection whose rebuild fails as on a full disk."""

        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def execute(self, sql, *values):
            if sql == "VACUUM":
                calls.append(sql)
                raise sqlite3.OperationalError("database or disk is full")
            return self.inner.execute(sql, *values)

    real = shrink.shrink
    monkeypatch.setattr(
        "vosapp.project.file.shrink", lambda connection, path: real(Full(connection), path)
    )
    assert removed(kept) > len(DATA) and calls
    with open_project(kept) as again:
        assert snapshot(again) == before and not again.problems()


@pytest.mark.parametrize("journal", list(Journal))
def test_somebody_who_reads_it_is_not_waited_for(kept, journal, monkeypatch):
    waits, real = [], shrink.settle_journal

    def settle(connection):
        waits.append(connection.execute("PRAGMA busy_timeout").fetchone()[0])
        return real(connection)

    monkeypatch.setattr(shrink, "settle_journal", settle)
    reader = sqlite3.connect(kept, isolation_level=None)
    with open_project(kept, Options(journal=journal)) as project:
        project.drop_tuned()
        reader.execute("BEGIN")
        assert reader.execute("SELECT COUNT(*) FROM objects").fetchone() == (2,)
    assert reader.execute("SELECT COUNT(*) FROM objects").fetchone() == (2,)
    assert waits == [0]
    reader.close()
    with open_project(kept) as again:
        assert len(again.objects()) == 2 and again.tuned() is None


@pytest.mark.parametrize("error", [MemoryError(), sqlite3.OperationalError("full"), OSError()])
def test_a_rebuild_that_fails_is_no_matter(kept, monkeypatch, error):
    def fail(_connection):
        raise error

    monkeypatch.setattr(shrink, "_rebuild", fail)
    with open_project(kept) as project:
        project.drop_tuned()
    with open_project(kept) as again:
        assert len(again.objects()) == 2 and again.tuned() is None


def test_a_damaged_file_is_not_rebuilt(kept, monkeypatch):
    answers = iter(["*** in database main ***"])
    real = shrink._rebuild

    def damaged(connection):
        class Found:
            def __getattr__(self, name):
                return getattr(connection, name)

            def execute(self, sql, *values):
                if sql.startswith("PRAGMA quick_check"):
                    return SimpleNamespace(fetchone=lambda: (next(answers),))
                assert sql != "VACUUM"
                return connection.execute(sql, *values)

        return real(Found())

    monkeypatch.setattr(shrink, "_rebuild", damaged)
    assert removed(kept) > len(DATA)


KILLED = """
import resource, signal, sys
from pathlib import Path
from vosapp.project import shrink
from vosapp.project.connection import Journal
from vosapp.project.file import Options
from vosapp.project.opening import open_project

real = shrink._rebuild
def rebuild(connection):
    # The system kills what writes beyond this place of a file: of the journal, then of the project.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
    return real(connection)
shrink._rebuild = rebuild
project = open_project(Path(sys.argv[1]), Options(journal=Journal(sys.argv[3])))
project.drop_tuned()
project.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
@pytest.mark.parametrize(("journal", "suffix"), [("wal", "-wal"), ("delete", "-journal")])
def test_killed_in_the_middle_it_is_as_it_was(kept, snapshot, repo_root, journal, suffix):
    with open_project(kept) as project:
        before = snapshot(project)
    whole, side = kept.read_bytes(), kept.with_name(kept.name + suffix)
    env = os.environ | {"PYTHONPATH": str(repo_root)}
    for limit in (34_000, 50_000, 70_000):
        kept.write_bytes(whole)
        command = [sys.executable, "-c", KILLED, str(kept), str(limit), journal]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGXFSZ, done.stderr
        assert side.stat().st_size
        with open_project(kept, Options(read_only=True)) as looked:
            assert snapshot(looked) == before and looked.tuned() is None
        with open_project(kept) as again:
            assert snapshot(again) == before and not again.problems()
            assert again.tuned() is None
