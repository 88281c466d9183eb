"""Whatever a file holds: annotations that make sense, or an error; nothing written."""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
from pathlib import Path

import numpy as np
import pytest

from core.data.importing.formats import importer_named
from core.errors import VosError
from core.jobs import result_of

CASES = int(
    os.environ.get("VOSAPP_HOSTILE_CASES") or (500 if os.environ.get("VOSAPP_SOAK") else 60)
)
SEED = int(os.environ.get("VOSAPP_HOSTILE_SEED", "0"))
MAX_GROWTH_BYTES = 1_500 << 20


def load(name):
    """Load a module of the tests by its path; the tests are no package."""
    path = next(p for p in Path(__file__).parents if p.name == "tests") / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"tests_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


hostile = load("hostile")


def check(found, info):
    """What an importer gives makes sense, whatever it was given."""
    assert all(1 <= i.object_id <= 254 for i in found.objects)
    assert set(found.frames) <= set(range(info.frame_count))
    known = {i.object_id for i in found.objects}
    for box in found.boxes:
        assert 0 <= box.left < box.right <= info.width
        assert 0 <= box.top < box.bottom <= info.height
        assert box.object_id in known
        assert 0 <= box.frame_index < info.frame_count
    for keyframe in found.keyframes():
        assert keyframe.label_map.dtype == np.uint8
        assert keyframe.label_map.shape == (info.height, info.width)
        assert set(keyframe.object_ids) <= known
        assert set(np.unique(keyframe.label_map).tolist()) <= {0, 255, *keyframe.object_ids}


def everything(folder):
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*")}


@pytest.fixture(scope="module")
def cases():
    return list(hostile.hostile_cases(SEED, CASES))


@pytest.mark.parametrize("number", range(CASES))
def test_hostile_file(number, cases, tmp_path):
    case = cases[number]
    folder = tmp_path / "a" / "b" / "c"
    path = case.write(folder)
    before = everything(tmp_path)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    info = hostile.video(tmp_path)
    try:
        found = result_of(importer_named(case.importer).read(path, info))
        check(found, info)
    except VosError as error:
        assert error.message
        assert "\n" not in error.message
        assert len(error.message) < 2000
    assert everything(tmp_path) == before
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    assert grown * 1024 < MAX_GROWTH_BYTES


def test_the_files_are_good_before_they_are_changed(tmp_path):
    for name, (files, place) in hostile._good_files().items():
        folder = tmp_path / name
        path = hostile.HostileCase(name, name, files, place).write(folder)
        info = hostile.video(tmp_path)
        found = result_of(importer_named(name).read(path, info))
        check(found, info)
        assert found.frames or found.boxes


def test_the_same_seed_gives_the_same_cases():
    first, second = (list(hostile.hostile_cases(3, 90)) for _ in range(2))
    assert first == second
    assert len({case.name for case in first}) == 90
