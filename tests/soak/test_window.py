"""A monkey plays with the window, and nothing breaks; see `monkey.py`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = bool(os.environ.get("VOSAPP_SOAK"))
MINUTES = float(os.environ.get("SOAK_MINUTES", "60" if SOAK else "0.16"))
"""In all, shared by the monkeys, which play at the same time."""
SEEDS = (1, 2, 3) if SOAK else (6,)
FIRST = int(os.environ.get("SOAK_SEED", "0"))
"""Added to the seeds, so that the next hour is another one."""
MONKEY = Path(__file__).with_name("monkey.py")
PATIENCE = 180.0
"""Seconds to begin and to come to rest on a busy machine."""


def begin(seed, seconds, folder):
    folder.mkdir()
    # What the monkey chooses or saves stays in its folder.
    environment = os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "xdg")}
    command = [sys.executable, str(MONKEY), str(seed), str(seconds), str(folder)]
    return subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


@pytest.mark.slow
def test_a_monkey_breaks_nothing(tmp_path):
    seconds = MINUTES * 60 / len(SEEDS)
    playing = {seed + FIRST: begin(seed + FIRST, seconds, tmp_path / str(seed)) for seed in SEEDS}
    broken = []
    for seed, monkey in playing.items():
        try:
            told, _ = monkey.communicate(timeout=seconds + PATIENCE)
        except subprocess.TimeoutExpired:
            monkey.kill()
            told, _ = monkey.communicate()
        sys.stdout.write(f"{told[-4000:]}\n")
        if monkey.returncode:
            broken.append(f"seed {seed}, exit code {monkey.returncode}:\n{told[-6000:]}")
    assert not broken, "\n".join(broken)
