"""Box labels: what can be done with them, and which frame is next."""

from __future__ import annotations

from dataclasses import replace

from vosapp.ui.actions.spec import ActionSpec, Bar, Scope, When

BOXES = ("&Object", "&Box Labels")
LABEL_TOOL = ActionSpec(
    "tools.label",
    "Box Label",
    "vector-square",
    ("Alt+B",),
    ("&Tools",),
    "Draw and adjust boxes that stay boxes: labels to learn from, no masks.",
    checkable=True,
    group="tool",
    scope=Scope.CANVAS,
    bar=Bar.TOOLS,
    exclusive=True,
)
"""Stands among the tools; it begins with no letter that is free."""


def _box(
    name: str,
    text: str,
    icon: str,
    keys: str,
    *,
    tip: str,
    group: str,
    when: When = When.OBJECT,
) -> ActionSpec:
    return ActionSpec(
        f"boxes.{name}",
        text,
        icon,
        tuple(keys.split()),
        BOXES,
        tip,
        enabled_when=when,
        group=group,
        scope=Scope.CANVAS,
    )


BOX_ACTIONS: tuple[ActionSpec, ...] = (
    _box(
        "next",
        "Next Frame to Box",
        "crosshairs-question",
        "Ctrl+B",
        group="go",
        when=When.OPEN,
        tip="Go to the frame on which one more box is worth most, and take Box Label in hand.",
    ),
    _box(
        "next-drawn",
        "Next Drawn Box",
        "",
        "Ctrl+PgDown",
        group="go",
        tip="Go to the next frame on which the object\u2019s box is drawn.",
    ),
    _box(
        "previous-drawn",
        "Previous Drawn Box",
        "",
        "Ctrl+PgUp",
        group="go",
        tip="Go to the frame before on which the object\u2019s box is drawn.",
    ),
    _box(
        "unseen",
        "Not Visible Here",
        "eye-off-outline",
        "Ctrl+Shift+B",
        group="say",
        tip="Say that nothing of the object can be seen on this frame; no box is made next to it.",
    ),
    _box(
        "interpolate",
        "Interpolate Between Drawn Boxes",
        "vector-line",
        "",
        group="say",
        tip="Make boxes on all frames between those that are drawn.",
    ),
    replace(
        _box(
            "fill",
            "Interpolate as You Draw",
            "",
            "",
            group="say",
            when=When.OPEN,
            tip="Each box that is drawn fills the frames up to its neighbors, or stands alone.",
        ),
        checkable=True,
    ),
    _box(
        "remove",
        "Remove Box Here",
        "",
        "",
        group="remove",
        tip="Remove the object\u2019s box on this frame; with Box Label in hand Del does so.",
    ),
    _box(
        "remove-range",
        "Remove Boxes in Range",
        "",
        "",
        group="remove",
        tip="Remove its boxes between in and out points; masks stay.",
    ),
)
"""In the order of the menu."""
