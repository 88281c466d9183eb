"""Weights on disk: safetensors files whose header says what they are.

The header's `vosapp` entry is JSON: format, system, preset, config, code_version, training,
metrics, license and, where it was fitted, calibration. It is read without the tensors, and nothing
in a file is ever executed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from core import __version__
from core.errors import CheckpointMismatch, CheckpointMissing
from core.media.atomic import write_atomic
from core.text import is_text

if TYPE_CHECKING:
    from torch import Tensor, nn

FORMAT = 1
HEADER_KEY = "vosapp"


@dataclass(frozen=True, slots=True)
class CheckpointInfo:
    """What a checkpoint says of itself.

    Attributes:
        system: name of the system it belongs to.
        preset: size of the network.
        config: the network's config as plain values.
        training: data, steps, seconds, hardware; free of form.
        metrics: scores by dataset; free of form.
        license: of the weights.
        calibration: what the network's cues are worth (`core.tracking.config.Calibration`) as
            plain values; empty where none was fitted.
    """

    system: str
    preset: str
    config: dict[str, object]
    training: dict[str, object] = field(default_factory=dict)
    metrics: dict[str, object] = field(default_factory=dict)
    license: str = ""
    calibration: dict[str, object] = field(default_factory=dict)


def read_info(path: Path) -> CheckpointInfo:
    """Header of a checkpoint, tensors untouched.

    Raises:
        CheckpointMissing: there is no such file.
        CheckpointMismatch: not a safetensors file (a pickle is never opened), or not ours.
    """
    return _parse(_header(path), path)


def _header(path: Path) -> str | None:
    if not path.is_file():
        msg = f"There are no weights at {path}."
        raise CheckpointMissing(msg, "Give a .safetensors file made by `vosapp train`.")
    try:
        with safe_open(path, framework="numpy") as file:
            header: str | None = (file.metadata() or {}).get(HEADER_KEY)
            return header
    except (SafetensorError, OSError, ValueError) as error:
        msg = f"{path} is not a safetensors file, or it is damaged: {error}."
        raise CheckpointMismatch(msg, "Pickled .pt and .pth files are not opened here.") from error


def _parse(header: str | None, path: Path) -> CheckpointInfo:
    hint = "Use weights made by `vosapp train`."
    if header is None:
        msg = f"{path} does not say which system its weights belong to."
        raise CheckpointMismatch(msg, hint)
    try:
        values = json.loads(header)
        if values.pop("format") != FORMAT:
            msg = f"{path} was made by a newer version of vosapp."
            raise CheckpointMismatch(msg, "Update vosapp.")
        values.pop("code_version", None)
        return CheckpointInfo(**values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = f"The header of {path} cannot be understood."
        raise CheckpointMismatch(msg, hint) from error


def require_system(info: CheckpointInfo, system: str, path: Path) -> None:
    """Raise `CheckpointMismatch` unless the weights belong to `system`."""
    if info.system != system:
        if info.system == "backbone":
            msg = f"{path} holds a backbone, {info.preset}, not weights of {system}."
            hint = f"It is a start for training: --preset {info.preset} --init {path.name}."
            raise CheckpointMismatch(msg, hint)
        msg = f"{path} holds weights of the system {info.system}, not of {system}."
        raise CheckpointMismatch(msg, f"Use --system {info.system}, or other weights.")


def load_weights(path: Path, module: nn.Module) -> None:
    """Fill a module with the tensors of a checkpoint; every name and shape must fit.

    Raises:
        CheckpointMismatch: damaged, or other names or shapes; the first three are named.
    """
    tensors = _tensors(path)
    problems = _differences(tensors, module.state_dict())
    if problems:
        msg = f"{path} does not fit the network: {'; '.join(problems[:3])}."
        raise CheckpointMismatch(msg, f"{len(problems)} tensors differ in all.")
    module.load_state_dict(tensors)


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name.

    Raises:
        SafetensorError, OSError or ValueError: it cannot be read, or is damaged.
    """
    from safetensors.torch import load, load_file

    if is_text(str(path)):
        return load_file(path)
    # WORKAROUND(safetensors 0.8): it opens no path for torch that is no UTF-8.
    return load(path.read_bytes())


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_tensors(path)
    except (SafetensorError, OSError, ValueError) as error:
        msg = f"{path} is damaged: {error}."
        raise CheckpointMismatch(msg, "Copy or download the file again.") from error


def _differences(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> list[str]:
    missing = [f"{name} is missing" for name in wanted if name not in found]
    extra = [f"{name} is unknown" for name in found if name not in wanted]
    shapes = [
        f"{name} is {list(found[name].shape)}, not {list(wanted[name].shape)}"
        for name in wanted
        if name in found and found[name].shape != wanted[name].shape
    ]
    return missing + extra + shapes


def save_weights(path: Path, module: nn.Module, info: CheckpointInfo) -> None:
    """Write a module as an fp16 checkpoint, atomically.

    Raises:
        OutputError: the file cannot be written.
    """
    import torch
    from safetensors.torch import save

    header = {
        "format": FORMAT,
        "code_version": __version__,
        "system": info.system,
        "preset": info.preset,
        "config": info.config,
        "training": info.training,
        "metrics": info.metrics,
        "license": info.license,
    }
    if info.calibration:
        header["calibration"] = info.calibration
    tensors = {
        name: (x.half() if x.dtype == torch.float32 else x).contiguous().cpu()
        for name, x in module.state_dict().items()
    }
    # Not `save_file`: what that writes its owner alone may read, whatever the umask.
    data = save(tensors, {HEADER_KEY: json.dumps(header, sort_keys=True)})
    write_atomic(path, data)


def copy_calibrated(
    path: Path, out: Path, *, calibration: dict[str, object], fitted: dict[str, object]
) -> None:
    """Write a copy of a checkpoint that says what its cues are worth; all else stays, bit by bit.

    Args:
        path: the checkpoint.
        out: the copy.
        calibration: as `CheckpointInfo` has it.
        fitted: on what; goes to the metrics, as "calibration".

    Raises:
        CheckpointMissing, CheckpointMismatch: see `read_info` and `load_weights`.
        OutputError: the copy cannot be written.
    """
    from safetensors.torch import save

    info = read_info(path)
    header = json.loads(_header(path) or "")
    header["calibration"] = calibration
    header["metrics"] = {**info.metrics, "calibration": fitted}
    write_atomic(out, save(_tensors(path), {HEADER_KEY: json.dumps(header, sort_keys=True)}))
