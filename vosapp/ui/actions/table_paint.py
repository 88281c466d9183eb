"""Whose pixels are painted over, and which object is in front (ADR 0047)."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec, Scope, When

LIMITS = ("&Tools", "Paint &Over")


def _limit(name: str, text: str, tip: str) -> ActionSpec:
    return ActionSpec(
        f"tools.paint-{name}",
        text,
        "",
        (),
        LIMITS,
        tip,
        checkable=True,
        group="limit",
        scope=Scope.CANVAS,
        exclusive=True,
    )


def _order(name: str, text: str, icon: str, keys: str, *, tip: str) -> ActionSpec:
    return ActionSpec(
        f"objects.{name}",
        text,
        icon,
        (keys,),
        ("&Object",),
        tip,
        enabled_when=When.SEVERAL,
        group="order",
        scope=Scope.PANELS,
    )


PAINT_ACTIONS: tuple[ActionSpec, ...] = (
    _limit(
        "everything",
        "Everything",
        "Brush, lasso, polygon and fill paint over all but locked objects.",
    ),
    _limit(
        "background",
        "Background Only",
        "Brush, lasso, polygon and fill take no pixel from another object.",
    ),
    _limit(
        "object",
        "This Object",
        "Only what a stroke begins on is painted over: one object, or the background.",
    ),
    ActionSpec(
        "tools.paint-next",
        "Next Limit of Painting",
        "select-compare",
        ("Shift+X",),
        ("&Tools",),
        "Paint over everything, the background only, or what the stroke begins on.",
        group="state",
        scope=Scope.CANVAS,
    ),
    _order(
        "forward",
        "Bring Forward",
        "arrange-bring-forward",
        "Ctrl+Shift+Up",
        tip="One place up in the list: where masks meet, the upper object is in front.",
    ),
    _order(
        "backward",
        "Send Backward",
        "arrange-send-backward",
        "Ctrl+Shift+Down",
        tip="One place down in the list: where masks meet, the upper object is in front.",
    ),
)
"""In the order of the menus."""
