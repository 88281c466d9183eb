"""The training step: masks are carried through a clip, and compared with what is known of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from core.nn.backbone import normalized_rgb
from core.systems.box_supervised.clips import draw_plan
from core.train.clip_batches import ClipBatch
from core.train.clip_groups import ClipResult
from core.train.mask_loss import MaskLossConfig, first_masks, mask_loss
from core.train.terms import LossTerms


@dataclass(slots=True)
class Course:
    """How far a run has come.

    Attributes:
        done: share of the run that is over, 0..1; losses come in and change by it.
    """

    done: float = 0.0

    def set(self, share: float) -> None:
        """See `core.train.method.Stage.before_step`."""
        self.done = share


def clip_step(
    network: Callable[..., ClipResult], config: MaskLossConfig, course: Course
) -> Callable[[ClipBatch], LossTerms]:
    """The training step of both stages.

    Args:
        network: a `core.systems.box_supervised.clips.ClipNetwork`, in groups.
        config: weights of the losses.
        course: of the run.
    """

    def step(batch: ClipBatch) -> LossTerms:
        first = first_masks(batch.known, batch.by_box)
        present = first.flatten(2).any(2).float()
        plan = draw_plan(batch.frames.shape[1], torch.Generator().manual_seed(batch.seed))
        found = network(normalized_rgb(batch.frames), first, present, plan)
        # Losses are sums over all pixels, for which bfloat16 has too few digits.
        with torch.autocast(batch.frames.device.type, enabled=False):
            logits, later = found.soft.float().log(), batch.known.after_first()
            return mask_loss(logits, batch.frames[:, 1:], later, config, done=course.done)

    return step
