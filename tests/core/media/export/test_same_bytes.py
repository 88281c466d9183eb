"""One result for one input: each format gives the same bytes in another process.

The two processes differ in what could show: the number of processors, the order of sets, and what
memory that was never written to holds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from core.media.export.formats import EXPORTERS

COUNT, SIZES = 30, ((80, 48), (113, 199))
"""Widths of whole and of broken blocks; frames enough for the encoders to look ahead."""

SCRIPT = f"""
import hashlib, json, os, sys
from fractions import Fraction
from pathlib import Path
import numpy as np
from core.jobs import result_of
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.media.export.formats import EXPORTERS
from core.types import VideoInfo

out, alone = Path(sys.argv[1]), sys.argv[2] == "alone"
if alone and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
objects = (ObjectInfo(1, "a", (255, 0, 0), "x"), ObjectInfo(4, "b", (0, 0, 255), "y"))
grains = np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
grains = grains.repeat(3, axis=0).repeat(3, axis=1)
for width, height in {SIZES}:
    def frame(index):
        rolled = np.roll(grains, (2 * index, 3 * index + index**2 // 9), axis=(0, 1))
        return np.ascontiguousarray(rolled[:height, :width])

    def label_map(index):
        found = np.zeros((height, width), np.uint8)
        found[5 + index // 3 : 30, 8 : 20 + index] = 1
        found[20:40, 30 + index // 2 : 60] = 4
        return found

    info = VideoInfo(Path(f"film {{width}}"), {COUNT}, width, height, Fraction(25))
    source = AnnotationSource(info, objects, label_map, frame)
    for exporter in EXPORTERS:
        result_of(exporter.export(source, out / exporter.name))
files = sorted(path for path in out.rglob("*") if path.is_file())
digests = {{str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}}
print(json.dumps(digests))
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Digests of all files of all formats, as two processes have written them."""
    running = []
    for seed, (name, fill) in enumerate((("many", "0"), ("alone", "85"))):
        folder = tmp_path_factory.mktemp(name)
        command = [sys.executable, "-c", SCRIPT, str(folder), name]
        changed = {"PYTHONHASHSEED": str(seed), "MALLOC_PERTURB_": fill}
        running.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | changed)
        )
    return [json.loads(process.communicate()[0]) for process in running]


@pytest.mark.parametrize("name", [exporter.name for exporter in EXPORTERS])
def test_a_format_gives_the_same_bytes_again(name, exports):
    one, other = (
        {path: digest for path, digest in found.items() if path.startswith(f"{name}{os.sep}")}
        for found in exports
    )
    assert len(one) >= len(SIZES)
    assert one == other
