"""No code asks for a system by its name: what is particular of one is in its spec."""

from __future__ import annotations

import re

from core.engine.registry import OURS

REGISTRY = "core/engine/registry.py"
"""The one place that lists the systems."""


def test_names_of_systems_occur_only_in_their_folders(repo_root):
    names = [spec.name for spec in OURS if spec.presets]
    word = re.compile(rf"\b({'|'.join(names)})\b")
    found = {}
    for package in ("core", "vosapp"):
        for path in sorted((repo_root / package).rglob("*.py")):
            place = path.relative_to(repo_root).as_posix()
            if not place.startswith("core/systems/"):
                lines = [line for line in path.read_text().splitlines() if word.search(line)]
                found |= {place: lines} if lines else {}
    assert found.keys() == {REGISTRY}
    assert len(found[REGISTRY]) == len(names)


def test_no_system_names_another(repo_root):
    names = {spec.name for spec in OURS if spec.presets}
    found = []
    for name in sorted(names):
        others = re.compile(rf"\b({'|'.join(names - {name})})\b")
        for path in sorted((repo_root / "core/systems" / name).rglob("*.py")):
            lines = path.read_text().splitlines()
            found += [f"{path.name}: {line}" for line in lines if others.search(line)]
    assert found == []
