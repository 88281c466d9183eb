"""What importing loads: no torch and no window before they are needed, no shadowed packages."""

from __future__ import annotations

import ast
import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "PySide6", "shiboken6")


def loaded_by(statement, cwd=None):
    """Run a statement in a fresh interpreter and return which heavy packages it loaded."""
    script = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(done.stdout.splitlines()) & set(HEAVY)


def test_the_check_sees_torch():
    assert loaded_by("sys = __import__('sys'); sys.modules['torch'] = sys") == {"torch"}


@pytest.mark.parametrize(
    "module",
    [
        "core",
        "core.types",
        "core.errors",
        "core.jobs",
        "core.media",
        "core.media.video",
        "core.media.export.formats",
        "core.media.export.validate",
        "core.data",
        "core.data.importing.formats",
        "core.engine",
        "core.eval",
        "core.nn",
        "core.nn.lite0_file",
        "core.prompts.fill",
        "core.prompts.segment",
        "core.systems",
        "core.systems.baselines",
        "core.systems.self_supervised",
        "core.systems.self_supervised.config",
        "core.train",
        "resources",
        "vosapp",
        "vosapp.__main__",
        "vosapp.assets",
        "vosapp.cli.main",
        "vosapp.project.opening",
        "vosapp.project.recovery",
    ],
)
def test_import_loads_no_torch(module):
    assert loaded_by(f"import {module}") == set()


def test_command_modules_load_no_torch():
    from vosapp.cli.main import COMMANDS

    names = ", ".join(command.module for command in COMMANDS)
    assert loaded_by(f"import {names}") == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["propagate", "--help"]], ids=str)
def test_help_loads_no_torch(words):
    assert loaded_by(f"from vosapp.cli.main import main\nassert main({words!r}) == 0") == set()


def test_help_is_quick():
    command = [sys.executable, "-m", "vosapp", "--help"]
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        seconds.append(time.perf_counter() - start)
    # About 0.1 s on an idle machine; torch alone takes 1.5 s.
    assert min(seconds) < 1.0


def test_packaging_folder_shadows_nothing(repo_root):
    assert not list((repo_root / "packaging").rglob("__init__.py"))
    script = "import packaging.version as p; print(p.Version('1.0'))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=repo_root
    )
    assert (done.returncode, done.stdout) == (0, "1.0\n"), done.stderr


def test_only_assets_names_the_resources_package(repo_root):
    named = []
    for path in [*(repo_root / "core").rglob("*.py"), *(repo_root / "vosapp").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value == "resources":
                named.append(path.relative_to(repo_root).as_posix())
    assert named == ["vosapp/assets.py"]


def test_core_prints_nothing(repo_root):
    printing = []
    for path in (repo_root / "core").rglob("*.py"):
        if path.name == "__main__.py":  # a program, not a part of the engine
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func.id if _is_plain_call(node) else ""
            if name in ("print", "input", "breakpoint"):
                printing.append(f"{path.relative_to(repo_root)}:{node.lineno}")
    assert printing == []


def _is_plain_call(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
