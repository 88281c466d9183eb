"""What all tests share."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

# As `make test` has it. With more threads oneDNN 3 crashes on some processors (AVX-512) where the
# test networks of 8 channels learn from composite clips; networks of real size do not.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Before any window is made: tests need no screen, and look the same on every machine.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")
os.environ.setdefault("QT_SCALE_FACTOR", "1")

# What is written safely waits for the disk: thousands of times in all. A disk in memory has all
# that tests ask of one, and no waiting.
ROOM = 4 << 30
"""Bytes that have to be free for it."""
MEMORY_DISK = Path("/dev/shm")


def _has_room():
    if not (MEMORY_DISK.is_dir() and os.access(MEMORY_DISK, os.W_OK)):
        return False
    free = shutil.disk_usage(MEMORY_DISK).free, psutil.virtual_memory().available
    return min(free) > ROOM


FAST = str(MEMORY_DISK) if _has_room() else None
if FAST is not None:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", FAST)

# Nothing that is kept between runs gets into a user's cache, or from one session to the next.
_CACHE = tempfile.TemporaryDirectory(prefix="vosapp-tests-cache-", dir=FAST)
os.environ["XDG_CACHE_HOME"] = _CACHE.name

# No test is timed: a busy machine must not fail one.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

ROOT = Path(__file__).resolve().parent.parent

# Collecting makes a million objects that stay to the end: looking for garbage among them again and
# again would take longer than many tests.
gc.disable()


def pytest_collection_finish():
    """From here on garbage is looked for, but not among what was there before the tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """Folder of the checkout."""
    return ROOT


def _load(name):
    """Import a file of this folder; the tests are no package."""
    spec = importlib.util.spec_from_file_location(f"tests_{name}", ROOT / f"tests/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def bombs():
    """Small zips that inflate to much, and a way to measure memory."""
    return _load("bombs")


@pytest.fixture(scope="session")
def processes():
    """Forked processes, and what the two of a team have in their environments."""
    return _load("forked")


@pytest.fixture(scope="session")
def forked(processes, tmp_path_factory):
    """Runs command lines of `vosapp` in processes of their own that need no start."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    made = processes.Forked(tmp_path_factory.mktemp("forked"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def write_davis():
    """Writes `bear` and `boat`, generated films of moving shapes, as a dataset in DAVIS layout."""
    import cv2

    from core.data.synthetic import moving_shapes
    from core.media.label_map import write_label_map

    def write(root, **shapes):
        for name in ("bear", "boat"):
            frames, label_maps = moving_shapes(frame_count=5, seed=len(name), **shapes)
            for folder in ("JPEGImages", "Annotations"):
                (root / folder / "480p" / name).mkdir(parents=True)
            for index, (frame, label_map) in enumerate(zip(frames, label_maps, strict=True)):
                stem = f"480p/{name}/{index:05d}"
                cv2.imwrite(str(root / f"JPEGImages/{stem}.jpg"), frame)
                write_label_map(root / f"Annotations/{stem}.png", label_map)
        return root

    return write


@pytest.fixture(scope="session")
def write_mpeg4():
    """Writes frames as MPEG-4; with `fine` its losses can hardly be seen. Makes the folder, too."""
    import av

    def write(path, frames, *, rate=25, fine=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream(
                "mpeg4", rate=rate, options={"qscale": "2"} if fine else {}
            )
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv420p"
            stream.codec_context.thread_count = 1
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode(None))

    return write


def pytest_collection_modifyitems(items):
    """Skip, with a reason, what needs a device that is not there."""
    if not any(item.get_closest_marker("gpu") for item in items):
        return
    import torch

    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="needs a CUDA device"))


class _Head(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


@pytest.fixture
def no_privileges():
    """Rights of files count in this thread and those that it starts, also for root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("rights of files are others here")
    if os.geteuid() != 0:
        yield
        return
    # Two bits of Linux: override rights to read and write, and to read and search.
    libc, head, sets = ctypes.CDLL(None), _Head(0x20080522, 0), (_Sets * 2)()
    if not hasattr(libc, "capset") or libc.capget(ctypes.byref(head), sets) != 0:
        pytest.skip("root cannot give up its privileges here")
    before = sets[0].effective
    sets[0].effective = before & ~0b110
    if libc.capset(ctypes.byref(head), sets) != 0:
        pytest.skip("root cannot give up its privileges here")
    yield
    sets[0].effective = before
    assert libc.capset(ctypes.byref(head), sets) == 0
