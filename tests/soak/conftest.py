"""The nursery of soak processes, and what they are made of."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


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
