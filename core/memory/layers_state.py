"""A layered memory as plain arrays, and back, without any loss."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from core.memory.layers import Cells, LayeredMemory
from core.memory.tokens import Tokens
from core.types import Arrays


def memory_to_arrays(memory: LayeredMemory) -> Arrays:
    """Arrays of all cells; those of a permanent memory are the caller's."""
    arrays: Arrays = {}
    for layer, row in (("working", memory.working), ("long", memory.long_term)):
        for number, cells in enumerate(row):
            lead = f"{layer}.{number}"
            arrays |= tokens_to_arrays(cells.tokens, lead)
            arrays[f"{lead}.used"] = cells.used.cpu().numpy()
            arrays[f"{lead}.life"] = cells.life.cpu().numpy()
    return arrays


def restore_memory(
    memory: LayeredMemory, arrays: Mapping[str, NDArray[np.generic]], device: torch.device
) -> None:
    """Fill a memory with what `memory_to_arrays` was given.

    Raises:
        ValueError: an array is missing.
    """
    layers = {"working": list[Cells](), "long": list[Cells]()}
    for layer, row in layers.items():
        while f"{layer}.{len(row)}.key" in arrays:
            lead = f"{layer}.{len(row)}"
            tokens = tokens_from_arrays(arrays, lead, device)
            used, life = (_tensor(arrays, f"{lead}.{name}", device) for name in ("used", "life"))
            row.append(Cells(tokens, used, life))
    memory.working, memory.long_term = layers["working"], layers["long"]


def tokens_to_arrays(tokens: Tokens, lead: str) -> Arrays:
    """Arrays of cells, their names beginning with `lead`."""
    arrays: Arrays = {
        f"{lead}.key": tokens.key.cpu().numpy(),
        f"{lead}.shrinkage": tokens.shrinkage.cpu().numpy(),
    }
    if tokens.selection is not None:
        arrays[f"{lead}.selection"] = tokens.selection.cpu().numpy()
    for object_id, value in tokens.values.items():
        arrays[f"{lead}.value.{object_id}"] = value.cpu().numpy()
    return arrays


def tokens_from_arrays(
    arrays: Mapping[str, NDArray[np.generic]], lead: str, device: torch.device
) -> Tokens:
    """The cells that `tokens_to_arrays` was given.

    Raises:
        ValueError: an array is missing.
    """
    start = f"{lead}.value."
    values = {
        int(name.removeprefix(start)): _tensor(arrays, name, device)
        for name in arrays
        if name.startswith(start)
    }
    chosen = f"{lead}.selection"
    selection = _tensor(arrays, chosen, device) if chosen in arrays else None
    key, shrinkage = (_tensor(arrays, f"{lead}.{part}", device) for part in ("key", "shrinkage"))
    return Tokens(key, shrinkage, selection, dict(sorted(values.items())))


def _tensor(
    arrays: Mapping[str, NDArray[np.generic]], name: str, device: torch.device
) -> torch.Tensor:
    if name not in arrays:
        msg = f"The saved walk lacks {name}."
        raise ValueError(msg)
    return torch.from_numpy(np.ascontiguousarray(arrays[name])).to(device)
