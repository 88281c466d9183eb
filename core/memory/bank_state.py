"""Labeled frames of a memory bank as plain arrays, and back, without any loss."""

from __future__ import annotations

import numpy as np
import torch

from core.memory.bank import MemoryFrame
from core.types import Arrays


def frames_to_arrays(frames: dict[int, MemoryFrame]) -> Arrays:
    """Arrays of the frames by step. Keys are those of the feature cache: half precision."""
    arrays: Arrays = {}
    for step, frame in frames.items():
        arrays[f"{step}.frame"] = np.array(frame.frame_index)
        arrays[f"{step}.keys"] = frame.keys.half().cpu().numpy()
        arrays[f"{step}.soft"] = frame.soft.cpu().numpy()
        arrays[f"{step}.ids"] = np.array(frame.object_ids, np.int64)
    return arrays


def frames_from_arrays(arrays: Arrays, device: torch.device) -> dict[int, MemoryFrame]:
    """The frames that `frames_to_arrays` was given, by step.

    Raises:
        ValueError: an array is missing.
    """
    steps = [int(name.partition(".")[0]) for name in arrays if name.endswith(".frame")]
    try:
        return {step: _frame(arrays, step, device) for step in steps}
    except KeyError as error:
        msg = f"The saved walk lacks {error}."
        raise ValueError(msg) from error


def _frame(arrays: Arrays, step: int, device: torch.device) -> MemoryFrame:
    return MemoryFrame(
        int(arrays[f"{step}.frame"]),
        torch.from_numpy(arrays[f"{step}.keys"]).to(device).float(),
        torch.from_numpy(arrays[f"{step}.soft"]).to(device),
        tuple(int(object_id) for object_id in arrays[f"{step}.ids"]),
    )
