"""`make soak` goes in parts: each of its files in exactly one, each part documented."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def parts(repo_root):
    spec = importlib.util.spec_from_file_location(
        "soak_conftest", repo_root / "tests/soak/conftest.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PARTS


def collect(repo_root, soak):
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, "tests/soak"],
        cwd=repo_root,
        env=os.environ | {"SOAK": soak},
        capture_output=True,
        text=True,
        check=False,
    )


def test_each_file_is_in_exactly_one_part(repo_root, parts):
    files = {path.stem for path in (repo_root / "tests" / "soak").glob("test_*.py")}
    listed = [name for names in parts.values() for name in names]
    assert len(listed) == len(set(listed))
    assert files == set(listed)


def test_a_part_runs_its_files_alone(repo_root, parts):
    done = collect(repo_root, "disk,kills")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    assert found == {f"tests/soak/{name}.py" for name in (*parts["disk"], *parts["kills"])}


def test_a_part_that_does_not_exist_is_told(repo_root):
    done = collect(repo_root, "disks")
    assert done.returncode != 0
    assert (
        "SOAK=disks is no part; choose from kills, disk, hostile, window"
        in done.stdout + done.stderr
    )


def test_the_parts_are_documented(repo_root, parts):
    told = (repo_root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    makefile = (repo_root / "Makefile").read_text(encoding="utf-8")
    assert f"SOAK={'|'.join(parts)}" in makefile
    assert all(f"SOAK={part}" in told for part in parts)
