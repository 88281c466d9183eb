"""What makes two propagations the same run: settings whose results are equal byte by byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from core import __version__
from core.engine.propagate import PropagationRequest
from core.media.file_hash import sha256_of
from core.text import encoded
from core.tracking.contract import Adaptation, TrackerRequest
from core.types import Keyframe, VideoInfo


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
    return {
        "version": __version__,
        "input": _digest(*_identity(info)),
        "masks": _digest(*(part for k in request.keyframes for part in _statement(k))),
        "system": system.system,
        "weights": "" if system.weights is None else sha256_of(system.weights),
        "quality": system.quality.value,
        "device": device,
        "threads": str(threads),
        "range": f"{request.start}:{request.stop}",
        "direction": " and ".join(sorted(way.name.lower() for way in request.ways)),
        "adaptation": _adaptation(adaptation, target=system.target),
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


def _statement(keyframe: Keyframe) -> tuple[bytes, ...]:
    label_map = np.ascontiguousarray(keyframe.label_map)
    lead = f"{keyframe.frame_index} {keyframe.object_ids} {label_map.shape} {keyframe.reference}"
    return lead.encode(), label_map.tobytes()


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()
