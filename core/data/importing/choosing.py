"""Which of several files or folders is that of the video."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import TypeVar

from core.data.importing.matching import folder_names
from core.errors import AnnotationReadError
from core.types import VideoInfo

SHOWN = 5
"""Candidates that a message names."""
ONE_OF_THEM = "Choose one of them"
ONLY = "Say which is this one with --only NAME"

Place = TypeVar("Place", bound=PurePath)


def only_or_own(
    found: Sequence[Place],
    root: Path,
    info: VideoInfo,
    *,
    of: str = "",
    do: str = ONE_OF_THEM,
    is_own: Callable[[Place, Sequence[str]], bool] | None = None,
) -> Place:
    """Return the only one there, or the only one with the video's own name.

    Args:
        found: the candidates, below the root or, in a zip, relative to it.
        root: where they were looked for.
        info: the video.
        of: what the folders are of, for people: masks; empty where these are files.
        do: what the user can do where there are several; the candidates follow.
        is_own: whether one has one of the video's names; None compares its own name.

    Raises:
        AnnotationReadError: there is none, or it remains open which one it is.
    """
    names = folder_names(info)
    own = [place for place in found if (is_own or _is_called)(place, names)] or found
    if len(own) == 1:
        return own[0]
    if not own:
        raise AnnotationReadError(f"{root} holds no {of or 'such file'}.", "Check the path.")
    kind = f"folders of {of}" if of else "files"
    raise AnnotationReadError(
        f"{root} holds {len(own)} {kind} that could be those of {info.name}.",
        f"{do}: {listed(own, root)}.",
    )


def listed(places: Sequence[PurePath], root: Path) -> str:
    """Return the first candidates as a text, as they lie below the root."""
    shown = [str(p.relative_to(root) if p.is_relative_to(root) else p)[:80] for p in places]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more


def _is_called(place: PurePath, names: Sequence[str]) -> bool:
    return place.name in names
