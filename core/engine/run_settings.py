"""What makes two propagations the same run: settings whose results are equal byte by byte."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import core
from core import __version__
from core.engine.plans import PropagationRequest
from core.media.file_hash import sha256_of
from core.text import encoded
from core.tracking.contract import Adaptation, TrackerRequest
from core.types import Keyframe, VideoInfo

_LIBRARIES = ("torch", "numpy", "opencv-python-headless", "av", "pillow", "scipy")
"""Distributions whose versions may show in the last bits."""


def run_settings(
    info: VideoInfo,
    request: PropagationRequest,
    system: TrackerRequest,
    *,
    device: str,
    threads: int,
    adaptation: Adaptation | None = None,
) -> dict[str, str]:
    """The settings by name, as texts that can be compared and told.

    A video counts as the same while its name, size, time of change, frame count and frame size
    are; an image folder while those of all its images are. Masks and weights count by content.
    The last bits of sums depend on the number of threads.
    """
    of_system = _of_system(info, system, device=device, threads=threads)
    return {
        "version": of_system["version"],
        "input": of_system["input"],
        "masks": digest(*(part for k in request.keyframes for part in statement(k))),
        **of_system,
        "range": f"{request.start}:{request.stop}",
        "direction": " and ".join(sorted(way.name.lower() for way in request.ways)),
        "adaptation": _adaptation(adaptation, target=system.target),
        "clean": request.cleaning.text,
    }


def work_settings(
    info: VideoInfo, system: TrackerRequest, *, device: str, threads: int
) -> dict[str, str]:
    """All that steps of a walk, and features of frames, depend on besides keyframes.

    As for `run_settings`; and where the video is, this very code, and the libraries that compute.
    """
    return {
        **_of_system(info, system, device=device, threads=threads),
        "path": str(info.path.absolute()),
        "target": str(system.target),
        "code": codedigest(),
        "libraries": " ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
        "machine": f"{platform.machine()} {platform.node()} {platform.processor()}",
    }


@cache
def codedigest() -> str:
    """A hash of all of `core`'s modules: kept work of other code is not gone on with."""
    folder = Path(core.__file__).parent
    files = sorted(folder.rglob("*.py"))
    parts = ((str(path.relative_to(folder)).encode(), path.read_bytes()) for path in files)
    return digest(*(part for pair in parts for part in pair))


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def _of_system(
    info: VideoInfo, system: TrackerRequest, *, device: str, threads: int
) -> dict[str, str]:
    return {
        "version": __version__,
        "input": digest(*_identity(info)),
        "system": system.system,
        "weights": "" if system.weights is None else sha256_of(system.weights),
        "quality": system.quality.value,
        "device": device,
        "threads": str(threads),
    }


def _adaptation(adaptation: Adaptation | None, *, target: bool) -> str:
    if adaptation is None:
        return "target" if target else "none"
    steps = "" if adaptation.iterations is None else f", {adaptation.iterations} steps"
    both = "target, " if target else ""
    return f"{both}{'alone' if adaptation.paper_mode else 'fused'}, seed {adaptation.seed}{steps}"


def differences(settings: dict[str, str], earlier: dict[str, str]) -> list[str]:
    """In plain words, one entry for each setting that is not as it was."""
    names = [name for name in settings if settings[name] != earlier.get(name)]
    hashed = {"input", "masks", "weights"}
    return [
        f"other {name}" if name in hashed else f"{name} {earlier.get(name, '?')}, now {now}"
        for name in names
        if (now := settings[name]) is not None
    ]


def _identity(info: VideoInfo) -> list[bytes]:
    shape = f"{info.name} {info.frame_count} {info.width} {info.height}"
    files = sorted(info.path.iterdir()) if info.path.is_dir() else [info.path]
    wanted = set(info.stems)
    used = [path for path in files if not wanted or path.stem in wanted]
    return [encoded(shape), *(_file_identity(path) for path in used)]


def _file_identity(path: Path) -> bytes:
    status = path.stat()
    return encoded(f"{path.name} {status.st_size} {status.st_mtime_ns}")


def statement(keyframe: Keyframe) -> tuple[bytes, ...]:
    """All that a keyframe says, pixel by pixel, for `digest`."""
    label_map = np.ascontiguousarray(keyframe.label_map)
    lead = f"{keyframe.frame_index} {keyframe.object_ids} {label_map.shape} {keyframe.reference}"
    return lead.encode(), label_map.tobytes()


def digest(*parts: bytes) -> str:
    """SHA-256 of parts that are told apart, as hexadecimal digits."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()
