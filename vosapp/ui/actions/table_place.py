"""The places of the window."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec, Bar, When

VIEW = ("&View",)


def _place(name: str, text: str, keys: str, *, tip: str) -> ActionSpec:
    return ActionSpec(
        f"place.{name}",
        text,
        "",
        tuple(keys.split()),
        VIEW,
        tip,
        checkable=True,
        enabled_when=When.ALWAYS,
        group="place",
        bar=Bar.PLACES,
        exclusive=True,
    )


PLACE_ACTIONS: tuple[ActionSpec, ...] = (
    _place("annotate", "Annotate", "Alt+1", tip="The video with its objects: draw, propagate."),
    _place("train", "Train", "Alt+2", tip="Make weights of your own from what you have labeled."),
    _place("models", "Models", "Alt+3", tip="All weights: bundled, trained, imported, downloaded."),
)
"""In the order of the bar."""
