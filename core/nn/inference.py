"""A network made ready for nothing but inference."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

from core.nn.fuse import fuse_batch_norm
from core.nn.layout import channels_last

Module = TypeVar("Module", bound=nn.Module)


def for_inference(
    module: Module, device: torch.device, *, dtype: torch.dtype = torch.float32
) -> Module:
    """Put a network into eval mode, fold its batch norm, and move it, channels last, in place.

    Its parameters want no gradients any more; its outputs stay the same up to rounding.

    Args:
        module: the network; not to be trained afterwards.
        device: where it computes.
        dtype: what it computes in; `core.nn.precision.inference_dtype` says what pays.
    """
    fused = fuse_batch_norm(module.eval()).requires_grad_(False)
    return channels_last(fused, device).to(dtype)
