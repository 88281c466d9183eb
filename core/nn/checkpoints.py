"""Weights on disk: safetensors files whose header says what they are.

The header's `vosapp` entry is JSON: format, system, preset, config, code_version, training,
metrics, license and, where it was fitted, calibration. It is read without the tensors, and nothing
in a file is ever executed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from safetensors import safe_open

from core import __version__
from core.errors import CheckpointMismatch, CheckpointMissing
from core.media.atomic import write_atomic
from core.text import is_text

if TYPE_CHECKING:
    from torch import Tensor, nn

Config = TypeVar("Config")

FORMAT = 1
HEADER_KEY = "vosapp"
_KINDS: dict[str, type] = {
    **{"format": int, "system": str, "preset": str, "license": str},
    **{"config": dict, "training": dict, "metrics": dict, "calibration": dict},
}
_KIND_NAMES = {str: "a short text", dict: "an object", int: "a whole number"}
_MAX_NAME = 200
_NUMBERS = frozenset(
    {
        *("float16", "bfloat16", "float32", "float64"),
        *("uint8", "int8", "int16", "int32", "int64"),
    }
)


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


def has_header(path: Path) -> bool:
    """Whether a file says which system its weights belong to; one of another kind does not.

    Raises:
        CheckpointMissing: there is no such file.
    """
    try:
        return _header(path) is not None
    except CheckpointMismatch:
        return False


def _header(path: Path) -> str | None:
    if not path.is_file():
        msg = f"There are no weights at {path}."
        raise CheckpointMissing(msg, "Give a .safetensors file made by `vosapp train`.")
    try:
        with safe_open(path, framework="numpy") as file:
            header: str | None = (file.metadata() or {}).get(HEADER_KEY)
            return header
    except Exception as error:
        # As in `_damaged`.
        msg = f"{path} is not a safetensors file, or it is damaged: {_told(error)}."
        raise CheckpointMismatch(msg, "Pickled .pt and .pth files are not opened here.") from error


def _parse(header: str | None, path: Path) -> CheckpointInfo:
    hint = "Use weights made by `vosapp train`."
    if header is None:
        msg = f"{path} does not say which system its weights belong to."
        raise CheckpointMismatch(msg, hint)
    try:
        values = json.loads(header)
        _require_kinds(values)
        form = values.pop("format")
        if form > FORMAT:
            msg = f"{path} was made by a newer version of vosapp."
            raise CheckpointMismatch(msg, "Update vosapp.")
        if form < FORMAT:
            raise _OddField("its format is none")
        values.pop("code_version", None)
        return CheckpointInfo(**values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f": {error}" if isinstance(error, _OddField) else ""
        msg = f"The header of {path} cannot be understood{reason}."
        raise CheckpointMismatch(msg, hint) from error


class _OddField(ValueError):
    """A field of the header is of another kind."""


def _require_kinds(values: dict[str, object]) -> None:
    for name, value in values.items():
        kind = _KINDS.get(name)
        # Two of them are told to people, in one line.
        named = name not in ("system", "preset") or _is_name(value)
        if kind is not None and (type(value) is not kind or not named):
            raise _OddField(f"its {name} is not {_KIND_NAMES[kind]}")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and len(value) <= _MAX_NAME


def require_system(info: CheckpointInfo, system: str, path: Path) -> None:
    """Raise `CheckpointMismatch` unless the weights belong to `system`."""
    if info.system != system:
        if info.system == "backbone":
            msg = f"{path} holds a backbone, {info.preset}, not weights of {system}."
            hint = f"It is a start for training: --preset {info.preset} --init {path.name}."
            raise CheckpointMismatch(msg, hint)
        msg = f"{path} holds weights of the system {info.system}, not of {system}."
        raise CheckpointMismatch(msg, f"Use --system {info.system}, or other weights.")


def require_config(
    info: CheckpointInfo, config: dict[str, object], *, preset: str, path: Path
) -> None:
    """Raise `CheckpointMismatch` unless the weights fill a network of this config.

    Args:
        info: header of the weights.
        config: of the network, as plain values.
        preset: what that network is called.
        path: of the weights, for the message.
    """
    wanted = json.loads(json.dumps(config))
    if info.config == wanted:
        return
    if info.preset == preset:
        names = info.config.keys() | wanted.keys()
        other = sorted(n for n in names if info.config.get(n) != wanted.get(n))
        msg = f"{path} holds a network {preset} of another shape: {', '.join(other)}."
        hint = (
            "Give the options that it was trained with. If an older vosapp made it, train it anew."
        )
        raise CheckpointMismatch(msg, hint)
    msg = f"{path} holds the preset {info.preset}, not {preset}."
    raise CheckpointMismatch(msg, f"Use --preset {info.preset}, or other weights.")


def require_fit(path: Path, module: nn.Module) -> None:
    """Refuse a checkpoint whose tensors have other names or shapes; no tensor is read.

    Args:
        path: the checkpoint.
        module: may be on the device "meta", where a network takes no memory.

    Raises:
        CheckpointMismatch: damaged, or other names or shapes; three are named.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            names = file.keys()
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in names}
    except Exception as error:
        raise _damaged(path, error) from error
    _refuse(path, _differences(shapes, module.state_dict()))


def checked_config(
    path: Path,
    system: str,
    *,
    read: Callable[[dict[str, object]], Config],
    outline: Callable[[Config], nn.Module],
) -> Config:
    """The config of a checkpoint that holds a network of that shape.

    A header can describe a network that no memory holds. So it is compared with the tensors of
    the file first, on a network without any.

    Args:
        path: the checkpoint.
        system: that it has to be of.
        read: makes the config of the header's values.
        outline: makes the part of the network that a checkpoint keeps; it is called where tensors
            take no memory.

    Raises:
        CheckpointMissing: there is no such file.
        CheckpointMismatch: damaged, of another system, or of another shape than it says.
    """
    import torch

    info = read_info(path)
    require_system(info, system, path)
    config = read(info.config)
    with torch.device("meta"):
        require_fit(path, outline(config))
    return config


def load_weights(path: Path, module: nn.Module) -> None:
    """Fill a module with the tensors of a checkpoint; every name and shape must fit.

    Raises:
        CheckpointMismatch: damaged, or other names, shapes or numbers; three are named.
    """
    try:
        tensors = load_tensors(path)
    except Exception as error:
        raise _damaged(path, error) from error
    fill_module(path, module, tensors)


def fill_module(path: Path, module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Fill a module with tensors by name; every name and shape must fit.

    Args:
        path: where they are from, for the message.
        module: what is filled.
        tensors: by the names that `state_dict` has.

    Raises:
        CheckpointMismatch: other names, shapes or numbers; three are named.
    """
    shapes = {name: tuple(x.shape) for name, x in tensors.items()}
    odd = [f"{_told(n)} holds {x.dtype}" for n, x in tensors.items() if not _is_plain(x)]
    _refuse(path, _differences(shapes, module.state_dict()) + odd)
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


def _damaged(path: Path, error: Exception) -> CheckpointMismatch:
    """Whatever the library raises, the file is not as it needs it."""
    msg = f"{path} is damaged: {_told(error)}."
    return CheckpointMismatch(msg, "Copy or download the file again.")


def _refuse(path: Path, problems: list[str]) -> None:
    if problems:
        msg = f"{path} does not fit the network: {'; '.join(problems[:3])}."
        raise CheckpointMismatch(msg, f"{len(problems)} tensors differ in all.")


def _differences(found: dict[str, tuple[int, ...]], wanted: dict[str, Tensor]) -> list[str]:
    missing = [f"{name} is missing" for name in wanted if name not in found]
    extra = [f"{_told(name)} is unknown" for name in found if name not in wanted]
    shapes = [
        f"{name} is {list(found[name])}, not {list(wanted[name].shape)}"
        for name in wanted
        if name in found and found[name] != tuple(wanted[name].shape)
    ]
    return missing + extra + shapes


def _is_plain(tensor: Tensor) -> bool:
    return str(tensor.dtype).removeprefix("torch.") in _NUMBERS


def _told(value: object) -> str:
    """What a file, or the library on a file, says, for a message of one line."""
    text = str(value)[:_MAX_NAME]
    return text if text.isprintable() else repr(text)


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
    try:
        tensors = load_tensors(path)
    except Exception as error:
        raise _damaged(path, error) from error
    write_atomic(out, save(tensors, {HEADER_KEY: json.dumps(header, sort_keys=True)}))
