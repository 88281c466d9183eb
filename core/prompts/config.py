"""Which method answers prompts, by the system whose features there are.

Chosen by `vosapp benchmark --prompts`; the figures are in `docs/accuracy.md`, the reasons in ADR
0015. Each system's line is also in the card of its weights.
"""

from __future__ import annotations

from core.prompts.request import PromptMethod

BEST: dict[str, PromptMethod] = {
    "": PromptMethod.FEATURES,
}
"""By the system's name; the empty name is for frames without features, and all other systems."""
SECOND: dict[PromptMethod, PromptMethod] = {
    PromptMethod.FEATURES: PromptMethod.GRABCUT,
    PromptMethod.GRABCUT: PromptMethod.FEATURES,
    PromptMethod.WALK: PromptMethod.FEATURES,
}
"""What to try next where a method's answer does not please."""
