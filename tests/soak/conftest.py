"""The nursery of soak processes, and what they said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

class Nursery:
    """Forks workers from a process that has imported everything already."""

    def __init__(self):
        command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
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


def log_lines(folder, mode, seed):
    """What a worker said, as (word, rest); a last line that was cut off is left out."""
    path = folder / f"log-{mode}-{seed}"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = text[: text.rfind("\n") + 1].splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in whole]
