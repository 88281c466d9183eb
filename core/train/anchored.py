"""An encoder that learns, and the weights that it has started from."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

from torch import nn

from core.nn.blend import blended

Encoder = TypeVar("Encoder", bound=nn.Module)


class Anchored(nn.Module, Generic[Encoder]):
    """Both are part of the state, so that a resumed run still knows where it started."""

    encoder: Encoder
    start: Encoder

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.start = copy.deepcopy(encoder)
        self.start.requires_grad_(requires_grad=False)

    def blend(self, share: float) -> Encoder:
        """A new encoder, a share of the way from the start to what has been learned."""
        between = copy.deepcopy(self.start)
        ends = self.start.state_dict(), self.encoder.state_dict()
        between.load_state_dict(blended(*ends, share))
        return between
