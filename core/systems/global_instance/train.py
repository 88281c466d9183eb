"""The training step: masks are carried through a clip, and compared with its label maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from core.losses.masks import bootstrapped_cross_entropy, union_cross_entropy
from core.nn.backbone import normalized_rgb
from core.systems.global_instance.clips import draw_plan
from core.train.clip_batches import ClipBatch
from core.train.clip_groups import ClipResult
from core.train.mask_loss import first_masks
from core.train.terms import LossTerms


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weights of the terms over objects; that of all objects together is 1 (eq. 13).

    Attributes:
        balance: lambda, of the answer.
        coarse: of the fast form, where the answer is that of the full form.
    """

    balance: float = 1.0
    coarse: float = 0.5


def clip_step(
    network: Callable[..., ClipResult], weights: LossWeights
) -> Callable[[ClipBatch], LossTerms]:
    """The training step of both stages.

    Args:
        network: a `core.systems.global_instance.clips.ClipNetwork`, in groups.
        weights: of the losses.

    Returns:
        A step with the terms `union`, `objects` and `coarse`, without those that the network does
        not answer.
    """

    def step(batch: ClipBatch) -> LossTerms:
        first = first_masks(batch.known, batch.by_box)
        present = first.flatten(2).any(2).float()
        plan = draw_plan(batch.frames.shape[1], torch.Generator().manual_seed(batch.seed))
        found = network(normalized_rgb(batch.frames), first, present, plan)
        known = batch.known.after_first()
        # Losses are sums over all pixels, for which bfloat16 has too few digits.
        with torch.autocast(batch.frames.device.type, enabled=False):
            told = known.label_maps, known.masked
            objects = bootstrapped_cross_entropy(found.soft.float().log(), *told)
            terms = {"objects": (objects, weights.balance)}
            if found.union is not None:
                terms["union"] = (union_cross_entropy(found.union, *told), 1.0)
            if found.coarse is not None:
                coarse = bootstrapped_cross_entropy(found.coarse.float().log(), *told)
                terms["coarse"] = (coarse, weights.coarse)
            return LossTerms(terms)

    return step
