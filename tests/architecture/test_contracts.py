"""The layer contracts of pyproject.toml hold, and each one bites when it is violated."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib

import pytest

VIOLATIONS = {
    "core-alone": [
        ("core/jobs.py", "import PySide6.QtCore"),
        ("core/media/__init__.py", "import vosapp.assets"),
    ],
    "core-layers": [
        ("core/types.py", "import core.media"),
        ("core/media/__init__.py", "import core.data"),
        ("core/ops/__init__.py", "import core.nn"),
        ("core/prompts/__init__.py", "import core.data"),
        ("core/nn/__init__.py", "import core.memory"),
        ("core/losses/__init__.py", "import core.memory"),
        ("core/systems/baselines/__init__.py", "import core.engine"),
        ("core/tracking/__init__.py", "import core.systems.baselines"),
        ("core/train/__init__.py", "import core.tracking"),
        ("core/discovery/__init__.py", "import core.tracking"),
        ("core/engine/__init__.py", "import core.eval"),
        ("core/review/__init__.py", "import core.engine"),
    ],
    "systems-apart": [
        ("core/systems/baselines/__init__.py", "import core.systems.self_supervised.config"),
    ],
    "torch-free": [
        ("core/media/__init__.py", "import torch"),
        ("core/prompts/segment.py", "import torch"),
        ("core/systems/self_supervised/config.py", "import torch.nn"),
        ("core/tracking/config.py", "import torch.nn"),
        ("core/nn/lite0_file.py", "import torch.nn"),
        ("core/discovery/contract.py", "import torch.nn"),
        ("core/ops/masks.py", "import torch"),
        ("vosapp/cli/main.py", "def later():\n    import torch"),
        ("vosapp/project/store.py", "def later():\n    import torch"),
    ],
    "project-alone": [
        ("vosapp/project/editor.py", "import PySide6.QtCore"),
        ("vosapp/project/store.py", "import core.ops.label_maps"),
        ("vosapp/project/editor.py", "import core.ops.clean_maps"),
        ("vosapp/project/relink.py", "import vosapp.cli.console"),
    ],
    "window-layers": [
        ("vosapp/session/view.py", "import vosapp.ui"),
        ("vosapp/jobs/outcome.py", "import vosapp.session.view"),
        ("vosapp/project/model.py", "import vosapp.jobs.outcome"),
    ],
    "window-apart": [("vosapp/ui/__init__.py", "import core.engine.registry")],
    "cli-without-window": [("vosapp/cli/console.py", "import PySide6.QtWidgets")],
    "one-door-to-resources": [("vosapp/cli/doctor.py", "import resources")],
}


def lint_imports(folder, *arguments):
    script = "from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", script, "--no-cache", "--no-logo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


@pytest.fixture
def copy(repo_root, tmp_path):
    """A copy of the tree that a test may spoil."""
    for name in ("core", "vosapp", "resources"):
        ignored = shutil.ignore_patterns("__pycache__", "samples", "weights")
        shutil.copytree(repo_root / name, tmp_path / name, ignore=ignored)
    shutil.copy(repo_root / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_has_a_violation(repo_root):
    settings = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == set(VIOLATIONS)


def test_contracts_hold(copy):
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "path", "statement"),
    [(name, *planted) for name, all_planted in VIOLATIONS.items() for planted in all_planted],
)
def test_contract_bites(copy, contract, path, statement):
    with (copy / path).open("a", encoding="utf-8") as file:
        file.write(f"\n{statement}\n")
    done = lint_imports(copy, "--contract", contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout
    assert path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") in done.stdout
