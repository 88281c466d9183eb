"""Which actions are of no use where a project can only be looked at."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec

_TOPICS = frozenset({"boxes", "tools", "objects", "propagate"})
_LOOKING = frozenset(
    {
        *("tools.select", "tools.pick", "tools.cancel", "tools.preview"),
        *("objects.next", "objects.previous", "objects.solo", "propagate.choose"),
        *("boxes.next-drawn", "boxes.previous-drawn"),
        *(f"objects.select-{number}" for number in range(10)),
    }
)
_CHANGING = frozenset(
    {
        *("edit.undo", "edit.redo", "edit.paste-mask", "edit.paste-prompt"),
        *("file.import", "file.save"),
        *("review.check", "review.needs-work", "review.unreview"),
    }
)


def changes_project(spec: ActionSpec) -> bool:
    """True where an action would change the project, or prepares nothing else."""
    return spec.id in _CHANGING or (spec.topic in _TOPICS and spec.id not in _LOOKING)
