"""Folding batch norm into the convolution before it, for inference."""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

Module = TypeVar("Module", bound=nn.Module)


def fuse_batch_norm(module: Module) -> Module:
    """Fold every `convN`/`bnN` pair and every conv, norm sequence of a module, in place.

    The module must be in eval mode; its outputs stay the same up to rounding.
    """
    for child in module.modules():
        names = dict(child.named_children())
        for name, norm in names.items():
            conv = names.get(name.replace("bn", "conv"))
            if isinstance(norm, nn.BatchNorm2d) and isinstance(conv, nn.Conv2d):
                setattr(child, name.replace("bn", "conv"), fuse_conv_bn_eval(conv, norm))
                setattr(child, name, nn.Identity())
        if isinstance(child, nn.Sequential) and len(child) == 2:
            conv, norm = child[0], child[1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                child[0], child[1] = fuse_conv_bn_eval(conv, norm), nn.Identity()
    return module
