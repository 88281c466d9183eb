"""Looking at packages and system libraries without trusting them.

Each package is imported in a process of its own: one that is broken, or that kills the process
because it was built for another processor, then spoils one line of the report and no more.
"""

from __future__ import annotations

import ctypes
import json
import re
import subprocess
import sys
from dataclasses import dataclass

TIMEOUT_SECONDS = 120.0

LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-cursor.so.0": "libxcb-cursor0",
}
"""Shared libraries that a window needs, and the Debian packages that hold them."""

IMPORT_LIBRARIES = {
    **LIBRARIES,
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
}
"""Libraries that an import may ask for, and their Debian packages."""

_PLAIN = """
import importlib, json, sys
module = importlib.import_module(sys.argv[1])
found = {"version": str(getattr(module, "__version__", ""))}
"""
_PRINT = """
print(json.dumps(found))
"""
_AV = """
versions = ["%s %s" % (name, ".".join(map(str, number)))
            for name, number in sorted(vars(module)["library_versions"].items())]
found["extra"] = "(FFmpeg: %s)" % ", ".join(versions)
"""
_TORCH = """
import os, platform
def memory():
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0
text = "%s, %d threads" % (platform.processor() or platform.machine(), module.get_num_threads())
found["devices"] = [{"name": "cpu", "text": text, "memory_bytes": memory()}]
if module.cuda.is_available():
    for index in range(module.cuda.device_count()):
        device = module.cuda.get_device_properties(index)
        found["devices"].append({"name": "cuda:%d" % index, "text": device.name,
                                 "memory_bytes": device.total_memory})
if module.backends.mps.is_available():
    found["devices"].append({"name": "mps", "text": "Metal", "memory_bytes": 0})
"""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that vosapp uses.

    Attributes:
        module: name to import.
        distribution: name to install.
        purpose: what it is for.
        needed: the main job cannot run without it.
        script: what more to find out about it; runs after the import, fills `found`.
    """

    module: str
    distribution: str
    purpose: str
    needed: bool = True
    script: str = ""


PACKAGES = (
    Package("numpy", "numpy", "arrays"),
    Package("torch", "torch", "networks", script=_TORCH),
    Package("cv2", "opencv-python-headless", "image operations"),
    Package("av", "av", "reading video", script=_AV),
    Package("scipy", "scipy", "assignment and distances"),
    Package("PIL", "pillow", "mask files"),
    Package("safetensors", "safetensors", "weights"),
    Package("natsort", "natsort", "order of image folders"),
    Package("tqdm", "tqdm", "progress bars"),
    Package("psutil", "psutil", "memory figures"),
    Package("pycocotools", "pycocotools", "run lengths of COCO"),
    Package("PySide6", "PySide6-Essentials", "the window"),
    Package("qtawesome", "qtawesome", "icons of the window"),
    Package("pyqtgraph", "pyqtgraph", "curves of a training"),
)


def probe_packages() -> dict[str, dict[str, object]]:
    """Import every package, all at once, each in a process of its own.

    Returns:
        By module name: `version`, and what else its script found; or `error`, one line.
    """
    running = {package.module: _start(package) for package in PACKAGES}
    return {module: _finish(process) for module, process in running.items()}


def probe_libraries() -> dict[str, bool]:
    """Tell which of the window's system libraries can be loaded; empty outside Linux."""
    if not sys.platform.startswith("linux"):
        return {}
    return {name: _loads(name) for name in LIBRARIES}


def remedy(package: Package, error: str) -> str:
    """Return the command that mends a package that cannot be imported."""
    library = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object", error)
    if library and library[1] in IMPORT_LIBRARIES:
        return f"sudo apt-get install {IMPORT_LIBRARIES[library[1]]}"
    again = "" if error.startswith("ModuleNotFoundError") else "--force-reinstall "
    return f"{sys.executable} -m pip install {again}{package.distribution}"


def _start(package: Package) -> subprocess.Popen[str]:
    # -P: a file of that name in the current folder must not be taken for the package.
    script = _PLAIN + package.script + _PRINT
    return subprocess.Popen(
        [sys.executable, "-P", "-c", script, package.module],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(process: subprocess.Popen[str]) -> dict[str, object]:
    try:
        out, error = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"error": f"importing it took more than {TIMEOUT_SECONDS:.0f} s"}
    if process.returncode < 0:
        return {"error": f"importing it ends the process with signal {-process.returncode}"}
    try:
        found: dict[str, object] = json.loads(out.splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": (error.strip().splitlines() or ["it cannot be imported"])[-1]}
    return found


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
