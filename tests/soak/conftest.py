"""The nursery of soak processes, what they are made of, and the parts of `make soak`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PARTS = {
    "kills": ("test_kill",),
    "disk": ("test_disk", "test_power_loss"),
    "hostile": (
        *("test_hostile", "test_hostile_formats", "test_hostile_weights"),
        "test_second_reading",
    ),
    "window": ("test_window",),
}
"""Part of `make soak` -> its files. Each takes at most 25 minutes, and each file is in one."""


def pytest_ignore_collect(collection_path):
    """Leave out the files of other parts where `SOAK` names some, as in SOAK=kills,disk."""
    wanted = [part for part in os.environ.get("SOAK", "").split(",") if part]
    unknown = sorted(set(wanted) - set(PARTS))
    if unknown:
        raise pytest.UsageError(f"SOAK={unknown[0]} is no part; choose from {', '.join(PARTS)}")
    chosen = {name for part in wanted for name in PARTS[part]}
    is_other = collection_path.name.startswith("test_") and collection_path.stem not in chosen
    return True if wanted and is_other else None


class Nursery:
    """Forks workers from a process that has imported everything already."""

    def __init__(self):
        command = [sys.executable, str(HERE / "worker.py")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def start(self, mode, seed, folder):
        """Start a worker; returns its process id."""
        self._process.stdin.write(f"{mode} {seed} {folder}\n")
        return int(self._process.stdout.readline())

    def wait(self):
        """Return the exit status of the worker; negative for a signal."""
        return int(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


@pytest.fixture(scope="session")
def nursery():
    if sys.platform == "win32":
        pytest.skip("needs fork")
    made = Nursery()
    yield made
    made.close()


def _load(name):
    """Import a file of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(f"soak_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def worker():
    """What the workers are made of."""
    return _load("worker")


@pytest.fixture(scope="session")
def whole_files():
    """What the workers do besides editing."""
    return _load("whole_files")


@pytest.fixture(scope="session")
def hostile():
    """The maker of hostile files."""
    return _load("hostile")
