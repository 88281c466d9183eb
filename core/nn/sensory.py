"""Sensory memory: what is known of each object's recent place and look (Cheng & Schwing 2022).

A state of C cells' channels that gated units carry from frame to frame (section 3.4 of XMem), and
renew where a frame is memorized. Children are called as in the public weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.nn.fusion import each


def renewed(state: Tensor, values: Tensor) -> Tensor:
    """The gated unit's next state: forget * state * (1 - update) + update * new.

    Args:
        state: B x K x C x h x w float32.
        values: B x K x 3C x h x w: forget, update and new before their nonlinearities.
    """
    forget, update, new = values.float().chunk(3, 2)
    update = torch.sigmoid(update)
    return torch.sigmoid(forget) * state * (1 - update) + update * torch.tanh(new)


class Reinforcement(nn.Module):
    """Renews the state by the value that is memorized of an object."""

    def __init__(self, value_channels: int, channels: int) -> None:
        super().__init__()
        self.transform = nn.Conv2d(value_channels + channels, 3 * channels, 3, 1, 1)
        nn.init.xavier_normal_(self.transform.weight)

    def forward(self, value: Tensor, state: Tensor) -> Tensor:
        """Value B x K x V x h x w and state B x K x C x h x w -> the next state, float32."""
        return renewed(state, each(self.transform, torch.cat([value, state.to(value)], 2)))


class SensoryUpdate(nn.Module):
    """Renews the state by the decoder's features of an object at three sizes."""

    def __init__(self, widths: tuple[int, int, int], inner: int, channels: int) -> None:
        """Make the unit.

        Args:
            widths: channels of the features at strides 16, 8 and 4; those at 4 with the logit.
            inner: channels that they are added up in.
            channels: of the state.
        """
        super().__init__()
        self.g16_conv, self.g8_conv, self.g4_conv = (nn.Conv2d(w, inner, 1) for w in widths)
        self.transform = nn.Conv2d(inner + channels, 3 * channels, 3, 1, 1)
        nn.init.xavier_normal_(self.transform.weight)

    def forward(self, maps: tuple[Tensor, Tensor, Tensor], state: Tensor) -> Tensor:
        """Maps B x K x C' x 1, 2 and 4 times (h, w), state -> the next state, float32."""
        sixteenth, eighth, quarter = (x.flatten(0, 1) for x in maps)
        seen: Tensor = self.g16_conv(sixteenth)
        seen = seen + self.g8_conv(F.avg_pool2d(eighth, 2))
        seen = seen + self.g4_conv(F.avg_pool2d(quarter, 4))
        seen = torch.cat([seen, state.flatten(0, 1).to(seen)], 1)
        return renewed(state, torch.unflatten(self.transform(seen), 0, state.shape[:2]))
