"""Every import format, against a second reading of generated files that shares no code with it."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from core.data.importing.formats import IMPORTERS

CASES = int(
    os.environ.get("VOSAPP_IMPORT_CASES", "1000" if os.environ.get("VOSAPP_SOAK") else "32")
)
SEED = int(os.environ.get("VOSAPP_IMPORT_SEED", "0"))


def load(name):
    """Load a module of the tests by its path; the tests are no package."""
    path = next(p for p in Path(__file__).parents if p.name == "tests") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"tests_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


second = load("second_reading")


def test_there_are_files_of_all_formats():
    assert set(second.FORMATS) == {importer.name for importer in IMPORTERS}
    assert len(second.FORMATS) * CASES >= 300


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", second.FORMATS)
def test_a_second_reading_finds_the_same(name, tmp_path):
    for case in range(CASES):
        second.try_case(name, tmp_path / str(case), seed=SEED, case=case)
