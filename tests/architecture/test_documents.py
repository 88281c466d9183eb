"""Documents and set-up files say what is true: links, paths, versions, commands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import core
import vosapp
from core.nn import lite0_file
from vosapp.cli.probes import PACKAGES

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"`((?:core|vosapp|resources|packaging|tests|docs|\.ci)/[\w./-]*)`")
LOCAL = re.compile(r"(?<![\w.])/(?:work|home|root|tmp|Users|opt|mnt|srv)/\w|\.\./shared\b")


def tracked(root):
    """Files that are in the repository or would be added to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [root / name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def documents(root):
    top = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
    found = [root / name for name in top if (root / name).exists()]
    return [
        *found,
        *sorted((root / "docs").rglob("*.md")),
        *sorted((root / "resources").rglob("*.md")),
    ]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_links_lead_somewhere(repo_root):
    dead = [
        f"{path.name}: {link}"
        for path in documents(repo_root)
        for link in LINK.findall(text_of(path))
        if not (path.parent / link).exists()
    ]
    assert dead == []


def test_files_named_exist(repo_root):
    dead = [
        f"{path.name}: {name}"
        for path in documents(repo_root)
        for name in NAMED.findall(text_of(path))
        if not (repo_root / name).exists()
    ]
    assert dead == []


def test_there_are_documents(repo_root):
    assert len(documents(repo_root)) >= 8


def test_no_path_of_one_machine(repo_root):
    own = Path(__file__).resolve()
    found = [
        f"{path.relative_to(repo_root)}: {match[0]}"
        for path in tracked(repo_root)
        if path != own and (match := LOCAL.search(text_of(path)))
    ]
    assert found == []


def test_one_version(repo_root):
    settings = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["project"]["dynamic"] == ["version"]
    assert core.__version__ == vosapp.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", core.__version__)


def test_constraints_pin_every_dependency(repo_root):
    settings = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = settings["optional-dependencies"].values()
    wanted = [*settings["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.match(r"[\w.-]+", line)[0].lower() for line in wanted}
    lines = (repo_root / "packaging" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].lower() for line in lines if "==" in line}
    assert names - pinned == set()


def test_doctor_looks_at_every_dependency(repo_root):
    settings = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.match(r"[\w.-]+", line)[0] for line in settings["dependencies"]}
    # A package of data; `_backbone_finding` looks at its file.
    wanted -= {lite0_file.DISTRIBUTION}
    assert {package.distribution for package in PACKAGES if package.needed} == wanted


def test_the_backbone_is_pinned_to_the_version_whose_hash_is_known(repo_root):
    settings = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pin = f"{lite0_file.DISTRIBUTION}=={lite0_file.VERSION}"
    assert pin in settings["dependencies"]
    assert pin in (repo_root / "packaging" / "constraints.txt").read_text(encoding="utf-8").split()


def test_make_lists_its_targets(repo_root):
    done = subprocess.run(["make"], cwd=repo_root, capture_output=True, text=True, check=True)
    targets = {line.split()[0] for line in done.stdout.splitlines()}
    wanted = "help demo test test-fast lint format bench soak clean"
    assert targets >= set(wanted.split())


def test_make_bench_finds_every_benchmark(repo_root):
    """Benchmarks are not run here, but they must still be importable, each by its neighbors too."""
    plan = subprocess.run(
        ["make", "-n", "bench"], cwd=repo_root, capture_output=True, text=True, check=True
    )
    line = next(line for line in plan.stdout.splitlines() if "-m pytest" in line)
    options = shlex.split(line.partition("-m pytest")[2])
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *options], cwd=repo_root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "test_memory_does_not_grow" in done.stdout


@pytest.mark.parametrize("script", [".ci/run", "packaging/setup.sh"])
def test_scripts_can_be_run(repo_root, script):
    path = repo_root / script
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", path], check=True)


def test_adrs_are_numbered_without_gaps(repo_root):
    numbers = [int(path.name[:4]) for path in sorted((repo_root / "docs" / "adr").glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers
