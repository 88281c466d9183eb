"""Which method answers prompts.

Chosen by `vosapp benchmark --prompts`; the figures are in `docs/accuracy.md`, the reasons in ADR
0015. The card of each system's weights has the figures with its keys.
"""

from __future__ import annotations

from core.prompts.request import PromptMethod

BEST = PromptMethod.FEATURES
"""What `PromptMethod.AUTO` stands for, with features of any system and without."""
SECOND: dict[PromptMethod, PromptMethod] = {
    PromptMethod.FEATURES: PromptMethod.GRABCUT,
    PromptMethod.GRABCUT: PromptMethod.FEATURES,
    PromptMethod.WALK: PromptMethod.FEATURES,
}
"""What to try next where a method's answer does not please."""
