"""Masks of earlier runs in a folder of results: never left beside those of this run unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.engine.output import ResultFolder
    from core.engine.propagate import PropagationRequest
    from vosapp.cli.console import Console


def settle_earlier(
    request: PropagationRequest,
    folder: ResultFolder,
    console: Console,
    *,
    whole: bool,
    removes: bool,
) -> None:
    """Refuse masks that would stay beside those of this run, or remove them where that is wanted.

    With a range, masks of the video's other frames stay: it may be one part after another.

    Args:
        request: what is computed.
        folder: where it goes.
        console: of the command.
        whole: no range was given.
        removes: `--force` was given.

    Raises:
        OutputError: there are some, or one cannot be removed.
    """
    from core.engine.pieces import units
    from core.media.export.leftovers import refuse_leftovers, remove_leftovers

    count = folder.frame_count
    written = {i for unit in units(request, count) for i in unit.frames}
    found = folder.left_over(written if whole else range(count))
    if not removes:
        refuse_leftovers(found, "run")
    elif found:
        removed = remove_leftovers(found)
        console.say(f"Removed {removed} masks of an earlier run from {folder.path}")


def replaced(request: PropagationRequest, folder: ResultFolder, earlier: int) -> str:
    """Say which of the masks that are there already new ones replace."""
    stay = len(folder.left_over(range(request.start, request.stop)))
    if not stay:
        return "new ones replace them"
    return f"new ones replace {earlier - stay} of them, {stay} of other frames stay"
