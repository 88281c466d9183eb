"""Generated files of every import format, and a second reading of them that shares no code.

`make(name, rng, folder)` writes what another tool could have written and returns its path;
`check(name, path, found, info)` reads the files again, with pycocotools, Pillow or the standard
library and formulas written out pixel by pixel, and compares.
"""

from __future__ import annotations

import importlib.util
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

from core.data.importing.formats import importer_named
from core.jobs import result_of
from core.types import VideoInfo

FORMATS = (
    *("masks", "object-masks", "coco", "ytvis", "cvat", "labelme", "boxes"),
    *("mots-png", "mots-txt", "yolo"),
)


def _load(name):
    spec = importlib.util.spec_from_file_location(
        f"tests_{name}", Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


base = _load("second_base")
_MODULES = [_load(name) for name in ("second_json", "second_lines", "second_masks")]


def _function(verb, name):
    wanted = f"{verb}_{name.replace('-', '_')}"
    return next(vars(module)[wanted] for module in _MODULES if wanted in vars(module))


def try_case(name, folder, *, seed, case):
    """Write one file of a format, import it, read it again in another way, and compare."""
    folder.mkdir()
    rng = np.random.default_rng((seed, FORMATS.index(name), case))
    path = _function("make", name)(rng, folder)
    size = (base.FRAMES, base.WIDTH, base.HEIGHT)
    info = VideoInfo(folder / "film", *size, Fraction(25))
    found = result_of(importer_named(name).read(path, info))
    try:
        _function("check", name)(path, found, info)
    except AssertionError as error:
        raise AssertionError(f"case {case} of {name}, seed {seed}: {error}") from error
