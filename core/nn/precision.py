"""Which number format a network is evaluated in: the fastest that keeps results as good."""

from __future__ import annotations

import torch

FAST_BFLOAT16 = ("amx_bf16", "avx512_bf16")
"""Instructions with which x86-64 processors multiply bfloat16; without them it is emulated and
slower than float32."""


def inference_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on a CPU that computes in it, else float32.

    Releases of torch that cannot name a CPU's instructions get float32. So do GPUs: nothing has
    been measured there.
    """
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    if device.type == "cpu" and any(capabilities.get(name) for name in FAST_BFLOAT16):
        return torch.bfloat16
    return torch.float32
