"""Edits of how propagated masks are cleaned up. Keyframes and stored masks stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from core.cleaning import NONE, Cleaning, Outline
from core.jobs import Progress
from vosapp.project.cleanings import changed
from vosapp.project.editor import Editor


@dataclass(frozen=True, slots=True)
class CleanUp:
    """Clean up an object's propagated masks on the frames `start` to `stop` - 1.

    It takes the place of other settings there; areas that were erased stay erased.

    Attributes:
        object_id: whose.
        start, stop: the frames; None is the end.
        cleaning: how; its erased areas are not looked at.
    """

    object_id: int
    start: int
    stop: int | None
    cleaning: Cleaning

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Clean up {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""

        def change(old: Cleaning) -> Cleaning:
            return replace(self.cleaning, erased=old.erased)

        _change(editor, self.object_id, self.start, self.stop, change=change)
        return ()


@dataclass(frozen=True, slots=True)
class EraseArea:
    """Take an area away from an object's propagated masks on all frames of a range.

    Attributes:
        object_id: whose.
        start, stop: the frames `start` to `stop` - 1; None is the end.
        outline: corners of the area.
    """

    object_id: int
    start: int
    stop: int | None
    outline: Outline

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Erase area of {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""

        def change(old: Cleaning) -> Cleaning:
            return replace(old, erased=(*old.erased, self.outline))

        _change(editor, self.object_id, self.start, self.stop, change=change)
        return ()


@dataclass(frozen=True, slots=True)
class KeepRaw:
    """Take back all clean-up of an object on the frames `start` to `stop` - 1, erased areas too."""

    object_id: int
    start: int = 0
    stop: int | None = None

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Take back clean-up of {editor.object(self.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        _change(editor, self.object_id, self.start, self.stop, change=lambda _old: NONE)
        return ()


def split_cleanings(editor: Editor, source: int, target: int, start: int) -> None:
    """Give the clean-ups of an object from a frame on to another one."""
    spans = editor.cleanings.of_object(source)
    late = range(start, editor.video.frame_count)
    cut = [replace(s, object_id=target, start=max(s.start, start)) for s in spans if s.stop > start]
    editor.cleanings.put(target, cut)
    editor.cleanings.put(source, changed(spans, source, late, lambda _old: NONE))


def _change(
    editor: Editor,
    object_id: int,
    start: int,
    stop: int | None,
    *,
    change: Callable[[Cleaning], Cleaning],
) -> None:
    first, end = editor.range(start, stop)
    editor.editable(object_id)
    spans = editor.cleanings.of_object(object_id)
    editor.cleanings.put(object_id, changed(spans, object_id, range(first, end), change))
