"""What the cues of a prompt are worth: two logistic regressions for each kind of prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """One logistic regression.

    Attributes:
        bias: what is added.
        cues: weight of each cue by its name.
    """

    bias: float
    cues: dict[str, float]


Passes = tuple[Weights, Weights]
"""The weights of the first and of the second pass."""
PromptWeights = Mapping[str, Passes]
"""By the kind of prompt: "box", "first clicks" (no mask yet), "clicks" (a mask is mended)."""
