"""Ridge regression of one object on the features of cells, by sums that can be kept and added.

All that a frame has to say of an object are two sums over its cells: sum w x x^T and sum w x y, of
features x, weights w, and y from -1 (background) to 1 (object). Sums of frames are added, let go
of or taken away without looking at the frames again, and the weights of the model follow from
them in closed form. A target model on frozen features is the idea of Robinson et al. 2020 (FRTM,
section 3.2, there two layers and Gauss-Newton steps) and of Bhat et al. 2020 (LWL, eq. 1 and 2,
there with a learned encoding of masks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.tracking.config import TargetConfig

CONSTANT = 0.5
"""The last feature of every cell; others have a length of about 1."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What frames say of one object.

    Attributes:
        products: C x C float32, sum w x x^T over cells.
        answers: C float32, sum w x y over cells.
    """

    products: Tensor
    answers: Tensor


def cells_of(features: Tensor) -> Tensor:
    """Features D x h x w of any float type as cells (D + 1) x (h w) float32, `CONSTANT` last."""
    flat = features.float().flatten(1)
    return torch.cat([flat, flat.new_full((1, flat.shape[1]), CONSTANT)])


def planes_at(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Planes K x h x w at a coarser size, as K x (h' w'): the mean of each cell."""
    return F.interpolate(planes[None], size=size, mode="area")[0].flatten(1)


def sums_of(cells: Tensor, inside: Tensor, stated: Tensor, *, balance: float) -> Sums:
    """What a frame says of an object.

    The object's cells have a share `balance` of the weight, or as much as they cover where that
    is more; the background has the rest of 1.

    Args:
        cells: C x n, see `cells_of`.
        inside: n, 0..1: the part of each cell that is the object's.
        stated: n, 0..1: the part that is anything's; void is nothing, and counts nothing.
        balance: see `TargetConfig`.
    """
    outside = (stated - inside).clamp(min=0)
    own = torch.maximum(balance / inside.sum().clamp(min=1), 1 / stated.sum().clamp(min=1))
    other = (1 - balance) / outside.sum().clamp(min=1)
    weights = inside * own + outside * other
    answers = (2 * inside - stated) / stated.clamp(min=1e-6)
    weighted = cells * weights
    return Sums(weighted @ cells.T, weighted @ answers)


def solved(sums: Sequence[Sums], *, ridge: float) -> Tensor:
    """The weights of a model, C float32, with the least squares of all that sums say.

    They are summed in their order and solved on the processor in double precision, so that one
    device is as good as another and equal sums give equal weights.

    Args:
        sums: one or more.
        ridge: see `TargetConfig`.
    """
    products = torch.stack([one.products for one in sums]).cpu().double().sum(0)
    answers = torch.stack([one.answers for one in sums]).cpu().double().sum(0)
    diagonal = products.diagonal()
    diagonal += (ridge * diagonal.mean()).clamp(min=1e-12)
    weights: Tensor = torch.linalg.solve(products, answers)
    return weights.float().to(sums[0].answers.device)


def reweighed(joint: Tensor, scores: Tensor, *, gain: float) -> Tensor:
    """What was read of objects, with scores as one more term of its logits.

    Args:
        joint: K x h x w probabilities as they were read, 0..1, the background has the rest.
        scores: K x h x w, -1..1; the background's is the opposite of the largest.
        gain: see `TargetConfig`.

    Returns:
        K x h x w, 0..1, at most 1 together; what was read as 0 stays 0.
    """
    rest = (1 - joint.sum(0)).clamp(min=0) * torch.exp(-gain * scores.amax(0))
    raised = joint * torch.exp(gain * scores)
    return raised / (raised.sum(0) + rest).clamp(min=1e-6)


def walked_on(before: Sums | None, frame: Sums, weight: float, *, config: TargetConfig) -> Sums:
    """Sums of a walk after one more frame: older ones are forgotten bit by bit.

    Args:
        before: of the walk so far; None where it begins.
        frame: of the frame.
        weight: its confidence, 0..1.
        config: `keeps` and `walked` count.
    """
    share = (1 - config.keeps) * config.walked * weight
    products, answers = share * frame.products, share * frame.answers
    if before is not None:
        products = config.keeps * before.products + products
        answers = config.keeps * before.answers + answers
    return Sums(products, answers)
