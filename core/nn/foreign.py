"""Opening checkpoints of other programs: tensors are taken out, nothing in a file is executed.

A pickle is opened by torch's restricted loader only, and only by versions of torch in which that
loader has no known hole. What it refuses is refused here, with the name of what the file asked for.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.errors import CheckpointMismatch, CheckpointMissing
from core.nn.checkpoints import load_tensors
from core.nn.pickles import PackedPickle, load_pickle

SAFE_TORCH = (2, 6)
"""Before this version the restricted loader could be made to run code (CVE-2025-32434)."""
MAX_BYTES = 4 << 30
"""Largest file that is opened."""
MAX_TENSORS = 20_000
CONTAINERS = ("state_dict", "model", "teacher", "student", "net", "network")
"""Entries under which training programs keep the weights, in the order they are looked for."""
PLAIN = frozenset(
    {
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    }
)
"""Types of numbers that weights come in, and that torch can compare on every processor."""
ASKED = re.compile(r"GLOBAL ([\w.]+)")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a checkpoint.

    Attributes:
        kind: the program that it is of.
        system: what the written weights belong to: a system, or "backbone".
        preset: size of the network they fill.
        taken: tensors of the file that were taken, by their names there.
        left: those that were not, each with the reason.
        unfilled: tensors of our network that nothing in the file fits, each as random as new.
        notes: what to know before using the weights.
    """

    kind: str
    system: str
    preset: str
    taken: tuple[str, ...]
    left: dict[str, str]
    unfilled: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ForeignWeights:
    """Weights of another program.

    Attributes:
        container: entry of the file that held them, such as "state_dict"; empty for a bare file.
        tensors: floating-point or integer tensors by name.
        skipped: entries that are no plain tensors.
    """

    container: str
    tensors: dict[str, Tensor]
    skipped: tuple[str, ...]


def read_foreign(path: Path) -> ForeignWeights:
    """Read a safetensors file, or a pickle of torch by its restricted loader.

    Raises:
        CheckpointMissing: there is no such file.
        CheckpointMismatch: damaged, too large, asks for code, or holds no weights.
    """
    if not path.is_file():
        raise CheckpointMissing(f"There are no weights at {path}.", "Give a checkpoint file.")
    _require_size(path.stat().st_size, path)
    content = _content(path)
    weights = _plain_tensors(*_find_weights(content))
    if not weights.tensors or len(weights.tensors) > MAX_TENSORS:
        msg = f"{path} holds {len(weights.tensors)} tensors where weights were looked for."
        raise CheckpointMismatch(msg, f"Looked at the top and in {', '.join(CONTAINERS)}.")
    return weights


def _content(path: Path) -> object:
    safe = path.suffix.lower() == ".safetensors"
    if not safe:
        _require_safe_torch(path)
    try:
        # Programs keep their command line beside the weights; a Namespace only holds values.
        return load_tensors(path) if safe else load_pickle(path, allowed=(argparse.Namespace,))
    except Exception as error:
        # Whatever the loaders raise, the file is not as they need it.
        raise _refusal(path, error) from error


def _require_safe_torch(path: Path) -> None:
    version = tuple(int(n) for n in torch.__version__.split(".")[:2])
    if version < SAFE_TORCH:
        msg = f"torch {torch.__version__} cannot open a pickle such as {path} safely."
        raise CheckpointMismatch(msg, "Update torch to 2.6 or newer.")


def _require_size(size: int, path: Path) -> None:
    if size > MAX_BYTES:
        msg = f"{path} is {size / 2**30:.1f} GiB large."
        raise CheckpointMismatch(msg, f"At most {MAX_BYTES >> 30} GiB are opened.")


def _refusal(path: Path, error: BaseException) -> CheckpointMismatch:
    asked = ASKED.search(str(error))
    if asked:
        msg = f"{path} holds more than weights: it asks for {asked[1]}. It was not opened."
        return CheckpointMismatch(msg, "Save the weights alone, best as safetensors.")
    if isinstance(error, PackedPickle):
        msg = f"{path} is no zip as torch writes it: {error}."
        return CheckpointMismatch(msg, "Save the weights again, best as safetensors.")
    msg = f"{path} is no checkpoint that can be read, or it is damaged."
    return CheckpointMismatch(msg, "Give a .safetensors file, or a .pt or .pth file of torch.")


def _find_weights(content: object) -> tuple[str, Mapping[object, object]]:
    """The mapping that holds tensors, and the name it was found under."""
    if not isinstance(content, Mapping):
        return "", {}
    for name in CONTAINERS:
        inner = content.get(name)
        if isinstance(inner, Mapping) and any(isinstance(x, Tensor) for x in inner.values()):
            return name, inner
    return "", content


def _plain_tensors(container: str, found: Mapping[object, object]) -> ForeignWeights:
    tensors, skipped = dict[str, Tensor](), list[str]()
    for name, value in found.items():
        if isinstance(name, str) and isinstance(value, Tensor) and _is_plain(value):
            tensors[name] = value.detach()
        else:
            skipped.append(name[:100] if isinstance(name, str) else type(name).__name__)
    return ForeignWeights(container, tensors, tuple(skipped))


def _is_plain(value: Tensor) -> bool:
    dense = value.layout == torch.strided and value.device.type == "cpu"
    return dense and value.dtype in PLAIN
