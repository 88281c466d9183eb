"""Where in its video each project was left, so that it opens there again."""

from __future__ import annotations

from pathlib import Path

from vosapp.ui.settings import Settings

KEY = "left-off"
MOST = 200
"""Projects that are remembered, at most; who was left longest ago is forgotten first."""


def remember(settings: Settings, project: Path, frame_index: int) -> None:
    """Remember the frame at which a project is left."""
    frames = _frames(settings)
    name = str(project.absolute())
    frames.pop(name, None)
    kept = list(frames.items())[-(MOST - 1) :]
    settings.remember(KEY, {**dict(kept), name: frame_index})


def frame_of(settings: Settings, project: Path) -> int:
    """Return the frame at which a project was left, 0 where nothing is known."""
    found = _frames(settings).get(str(project.absolute()), 0)
    return found if isinstance(found, int) and found > 0 else 0


def _frames(settings: Settings) -> dict[str, object]:
    found = settings.state(KEY)
    return dict(found) if isinstance(found, dict) else {}
