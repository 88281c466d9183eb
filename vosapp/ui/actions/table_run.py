"""Propagation, and learning one video."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec, Bar, Scope, When

RUN = ("&Propagate",)


def _run(
    name: str, text: str, icon: str, keys: str, *, tip: str, scope: Scope = Scope.CANVAS
) -> ActionSpec:
    when = {"stop": When.RUNNING, "choose": When.OPEN, "tune": When.OPEN}.get(name, When.IDLE)
    return ActionSpec(
        f"propagate.{name}",
        text,
        icon,
        tuple(keys.split()),
        RUN,
        tip,
        enabled_when=when,
        group={"stop": "stop", "choose": "choose", "tune": "choose"}.get(name, "run"),
        scope=scope,
        bar=Bar.MAIN if name in ("open", "stop") else Bar.NONE,
    )


RUN_ACTIONS: tuple[ActionSpec, ...] = (
    _run(
        "open",
        "Propagate",
        "fast-forward-outline",
        "Ctrl+T",
        scope=Scope.WINDOW,
        tip="Fill what is empty or stale in the range, both ways.",
    ),
    _run(
        "forward",
        "Forward from Here",
        "arrow-right",
        "T",
        tip="Propagate from this frame to the out point.",
    ),
    _run(
        "backward",
        "Backward from Here",
        "arrow-left",
        "R",
        tip="Propagate from this frame to the in point.",
    ),
    _run(
        "step-forward",
        "One Frame Forward",
        "arrow-collapse-right",
        "Shift+T",
        tip="Propagate to the next frame only.",
    ),
    _run(
        "step-backward",
        "One Frame Backward",
        "arrow-collapse-left",
        "Shift+R",
        tip="Propagate to the frame before only.",
    ),
    _run(
        "to-keyframe",
        "To the Next Keyframe",
        "ray-start-end",
        "Ctrl+Shift+T",
        scope=Scope.WINDOW,
        tip="Propagate from here to the next keyframe.",
    ),
    _run(
        "stop",
        "Stop",
        "stop",
        "Ctrl+.",
        scope=Scope.WINDOW,
        tip="Stop after this frame; finished frames stay.",
    ),
    _run(
        "choose",
        "System and Quality\u2026",
        "tune-variant",
        "",
        scope=Scope.WINDOW,
        tip="Choose method, weights, quality and device.",
    ),
    _run(
        "tune",
        "Fine-tune on This Video\u2026",
        "school-outline",
        "",
        scope=Scope.WINDOW,
        tip="Let the encoder learn this video; compare, and choose the weights to use.",
    ),
)
"""In the order of the menu."""
