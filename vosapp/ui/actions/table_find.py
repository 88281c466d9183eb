"""The action that finds objects."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec, Scope

FIND_OBJECTS = ActionSpec(
    "objects.find",
    "Find Objects\u2026",
    "shape-outline",
    menu=("&Object",),
    tip="Look for objects without drawing any; you accept what you want.",
    group="new",
    scope=Scope.CANVAS,
)
