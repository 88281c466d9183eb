"""Reasons in plain English, for lists on the command line; the window translates them."""

from __future__ import annotations

from collections.abc import Iterable

from core.review.reasons import Reason

SENTENCES: dict[Reason, str] = {
    Reason.LOST: "Lost: no mask here",
    Reason.DOUBT: "Low confidence",
    Reason.DROP: "Confidence drops",
    Reason.SIZE: "Another size than on its keyframe",
    Reason.AREA: "Size jumps",
    Reason.PLACE: "Place jumps",
    Reason.ISLANDS: "Stray islands",
    Reason.CONTACT: "Touches another object",
    Reason.DISAGREE: "The two directions disagree",
    Reason.FAR: "Far from any keyframe",
}


def told(reasons: Iterable[Reason]) -> str:
    """Return reasons as one line: "Size jumps, stray islands"."""
    first, *rest = [SENTENCES[reason] for reason in reasons]
    return ", ".join([first, *(text[0].lower() + text[1:] for text in rest)])
