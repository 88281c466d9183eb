"""The self-test of an installation passes here, and fails where something is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vosapp import selftest


@pytest.mark.slow
def test_it_passes_and_says_one_line(repo_root, tmp_path):
    command = [sys.executable, "-m", "vosapp", "--self-test"]
    env = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    env |= {"TMPDIR": str(tmp_path), "PYTHONPATH": str(repo_root)}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=repo_root, env=env, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("vosapp self-test passed") and "exported and read back" in line
    assert not list(tmp_path.glob("vosapp-*"))


def test_a_problem_is_said_in_one_line(monkeypatch, capsys):
    def fail(folder):
        raise selftest.SelfTestFailed("the box gives no mask")

    monkeypatch.setattr(selftest, "_run", fail)
    assert selftest.self_test() == 1
    line = "vosapp self-test failed: SelfTestFailed: the box gives no mask\n"
    assert capsys.readouterr().out == line
