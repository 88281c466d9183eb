"""Finding what is wrong: the list of frames to check, and what was found of them."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec


def _review(
    name: str, text: str, icon: str, keys: str, *, tip: str, check: bool = False
) -> ActionSpec:
    return ActionSpec(
        f"review.{name}",
        text,
        icon,
        tuple(keys.split()),
        ("&Go", "Frames to &Check"),
        tip,
        checkable=check,
        group="see" if name in ("list", "earlier") else "review",
    )


REVIEW_ACTIONS: tuple[ActionSpec, ...] = (
    _review(
        "next",
        "Next Frame to Check",
        "page-next-outline",
        "F3",
        tip="Go down the list of frames that may be wrong, the worst first.",
    ),
    _review(
        "previous",
        "Previous Frame to Check",
        "page-previous-outline",
        "Shift+F3",
        tip="Go back up the list of frames to check.",
    ),
    _review(
        "check",
        "Checked, and Next",
        "check-bold",
        "F4",
        tip="The masks of this frame are right: no run changes them. Go to the next one to check.",
    ),
    _review(
        "needs-work",
        "Needs Work, and Next",
        "flag-outline",
        "Shift+F4",
        tip="Mark these masks to mend them later, and go to the next frame to check.",
    ),
    _review(
        "unreview",
        "Not Reviewed",
        "undo-variant",
        "",
        tip="Take back what was said of the masks of this frame.",
    ),
    _review(
        "earlier",
        "Before and After",
        "compare",
        "F7",
        check=True,
        tip="Show what frames showed before they were last computed, until this is chosen again.",
    ),
    _review(
        "list",
        "List of Frames to Check",
        "playlist-check",
        "Ctrl+Shift+K",
        tip="Show the list of frames to check beside the picture.",
    ),
)
"""In the order of the menu."""
