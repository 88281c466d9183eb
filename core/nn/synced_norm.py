"""Batch norm with the statistics of all processes that share a batch.

torch's own needs a graphics processor; this one also runs on processors, so that what several
processes learn can be compared with what one does.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn


class _TeamSum(torch.autograd.Function):
    """Sum over processes, forward and backward: every process's loss depends on every part."""

    @staticmethod
    def forward(_context: Any, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_context: Any, *grads: Tensor) -> Tensor:
        total = grads[0].clone()
        dist.all_reduce(total)
        return total


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """`BatchNorm2d` over the batch of all processes; plain in eval mode and in one process."""

    def forward(self, input: Tensor) -> Tensor:
        """B x C x H x W -> B x C x H x W."""
        if not (self.training and dist.is_available() and dist.is_initialized()):
            return super().forward(input)
        x = input.float()
        count = x.new_full((1,), x.numel() / x.shape[1])
        parts = [x.sum(dim=(0, 2, 3)), x.square().sum(dim=(0, 2, 3)), count]
        sums: Tensor = _TeamSum.apply(torch.cat(parts))  # type: ignore[no-untyped-call]
        total = sums[-1].detach()
        mean, square = sums[:-1].chunk(2)
        mean, square = mean / total, square / total
        variance = (square - mean.square()).clamp(min=0)
        self._remember(mean.detach(), variance.detach() * total / (total - 1))
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        out = x * scale[:, None, None] + shift[:, None, None]
        return out.to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.momentum is None:
            return
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked += 1


def sync_batch_norm(module: nn.Module) -> None:
    """Make every batch norm below a module a synced one, in place; names and values stay."""
    for child in module.modules():
        for name, norm in child.named_children():
            if type(norm) is nn.BatchNorm2d:
                setattr(child, name, _synced(norm))


def _synced(norm: nn.BatchNorm2d) -> SyncedBatchNorm2d:
    synced = SyncedBatchNorm2d(norm.num_features, eps=norm.eps, momentum=norm.momentum)
    synced.weight, synced.bias = norm.weight, norm.bias
    synced.running_mean, synced.running_var = norm.running_mean, norm.running_var
    synced.num_batches_tracked = norm.num_batches_tracked
    return synced.train(norm.training)
