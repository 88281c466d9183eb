"""Which number format a network is evaluated in: the fastest that keeps results as good."""

from __future__ import annotations

from collections.abc import Mapping

import torch

FAST_BFLOAT16 = "amx_bf16"
"""Instructions with which x86-64 processors multiply tiles of bfloat16. Those for vectors of it
alone (AVX512-BF16) do not do: convolutions were 1.7 times slower than in float32."""


def inference_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a CPU that multiplies tiles of it, else float32.

    That is what the processor says of itself: where the kernel withholds these instructions, or
    ONEDNN_MAX_CPU_ISA does, bfloat16 is taken and is slower.

    Releases of torch that cannot name a CPU's instructions get float32. So do GPUs: nothing has
    been measured there.
    """
    capabilities: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    if device.type == "cpu" and capabilities.get(FAST_BFLOAT16):
        return torch.bfloat16
    return torch.float32


def tracking_dtype(device: torch.device, *, half: bool) -> torch.dtype:
    """What encoders and decoders compute in: half precision on a GPU where that is wanted."""
    return torch.float16 if half and device.type == "cuda" else torch.float32
