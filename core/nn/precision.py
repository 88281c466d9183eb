"""Which number format a network is evaluated in: the fastest that keeps results as good."""

from __future__ import annotations

from collections.abc import Mapping

import torch

FAST_BFLOAT16 = "amx_bf16"
"""Instructions with which x86-64 processors multiply tiles of bfloat16. Those for vectors of it
alone (AVX512-BF16) do not do: convolutions were 1.7 times slower than in float32."""
VECTOR_BFLOAT16 = "avx512_bf16"
"""Those for vectors. Networks of depthwise and 1x1 convolutions gain by them (ADR 0032)."""


def inference_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a CPU that multiplies tiles of it, else float32.

    That is what the processor says of itself: where the kernel withholds these instructions, or
    ONEDNN_MAX_CPU_ISA does, bfloat16 is taken and is slower.

    Releases of torch that cannot name a CPU's instructions get float32. So do GPUs: nothing has
    been measured there.
    """
    return torch.bfloat16 if _has(device, FAST_BFLOAT16) else torch.float32


def separable_dtype(device: torch.device) -> torch.dtype:
    """The same for networks of depthwise and 1x1 convolutions, such as `core.nn.lite0`.

    bfloat16 on a CPU that multiplies vectors or tiles of it: EfficientNet-Lite0 took half to a
    third of the time of float32, and its last map was off by 4 % of its norm.
    """
    fast = _has(device, VECTOR_BFLOAT16) or _has(device, FAST_BFLOAT16)
    return torch.bfloat16 if fast else torch.float32


def _has(device: torch.device, instructions: str) -> bool:
    capabilities: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return device.type == "cpu" and bool(capabilities.get(instructions))
