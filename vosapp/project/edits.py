"""What an edit is, groups of edits, and the edits of objects and prompts.

An edit says what to do. Its inverse is what the history keeps while it is done (`rows`), so that
no edit has an `undo` of its own that could be wrong.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from core.errors import UsageError
from core.jobs import Progress
from vosapp.project.editor import Editor
from vosapp.project.model import MAX_NAME, Prompt, TrackedObject


class Edit(Protocol):
    """A change that the user asks for."""

    def title(self, editor: Editor, /) -> str:
        """Return what it does, for the menu; asked before it is done."""

    def apply(self, editor: Editor, /) -> Iterable[Progress]:
        """Do it, inside a transaction; a long one yields how far it is.

        Raises:
            VosError: it cannot be done; then nothing of it is.
        """


@dataclass(frozen=True, slots=True)
class Group:
    """Several edits as one step.

    Attributes:
        edits: done in this order.
        name: for the menu; empty takes that of the first edit.
    """

    edits: tuple[Edit, ...]
    name: str = ""

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return self.name or (self.edits[0].title(editor) if self.edits else "Nothing")

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do all of them."""
        for edit in self.edits:
            yield from edit.apply(editor)


@dataclass(frozen=True, slots=True)
class AddObject:
    """Add an object.

    Attributes:
        object_id: None takes the next free one.
        name: empty takes "Object" and its id.
        color: None takes the usual one of its id.
        category: its class in formats that have classes; empty for none.
    """

    object_id: int | None = None
    name: str = ""
    color: tuple[int, int, int] | None = None
    category: str = ""

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Add {editor.new_object(self.object_id, _name(self.name)).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        item = editor.new_object(self.object_id, _name(self.name))
        if self.color is not None:
            item = replace(item, color=_color(self.color))
        editor.put_object(replace(item, category=_name(self.category)))
        return ()


class _ObjectEdit(ABC):
    """An edit that replaces one object by a changed one."""

    __slots__ = ()
    object_id: int

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        editor.put_object(self._changed(editor.object(self.object_id)))
        return ()

    @abstractmethod
    def _changed(self, item: TrackedObject) -> TrackedObject:
        """Return the object as it is to be."""


@dataclass(frozen=True, slots=True)
class RenameObject(_ObjectEdit):
    """Give an object another name."""

    object_id: int
    name: str

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Rename {editor.object(self.object_id).name}"

    def _changed(self, item: TrackedObject) -> TrackedObject:
        if not self.name.strip():
            raise UsageError("An object's name must not be empty.")
        return replace(item, name=_name(self.name))


@dataclass(frozen=True, slots=True)
class SetCategory(_ObjectEdit):
    """Say what class an object is of, for formats that have classes; empty for none."""

    object_id: int
    category: str

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Set category of {editor.object(self.object_id).name}"

    def _changed(self, item: TrackedObject) -> TrackedObject:
        return replace(item, category=_name(self.category))


@dataclass(frozen=True, slots=True)
class RecolorObject(_ObjectEdit):
    """Give an object another color: red, green, blue, 0..255."""

    object_id: int
    color: tuple[int, int, int]

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Recolor {editor.object(self.object_id).name}"

    def _changed(self, item: TrackedObject) -> TrackedObject:
        return replace(item, color=_color(self.color))


@dataclass(frozen=True, slots=True)
class ShowObject(_ObjectEdit):
    """Draw an object over the video, or not."""

    object_id: int
    visible: bool

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"{'Show' if self.visible else 'Hide'} {editor.object(self.object_id).name}"

    def _changed(self, item: TrackedObject) -> TrackedObject:
        return replace(item, visible=self.visible)


@dataclass(frozen=True, slots=True)
class LockObject(_ObjectEdit):
    """Keep painting and propagation from changing an object, or let them."""

    object_id: int
    locked: bool

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"{'Lock' if self.locked else 'Unlock'} {editor.object(self.object_id).name}"

    def _changed(self, item: TrackedObject) -> TrackedObject:
        return replace(item, locked=self.locked)


@dataclass(frozen=True, slots=True)
class ReorderObjects:
    """Put the objects in another order: all their ids, each once."""

    object_ids: tuple[int, ...]

    def title(self, _editor: Editor) -> str:
        """Return what it does."""
        return "Reorder objects"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        known = {item.object_id: item for item in editor.objects()}
        if sorted(self.object_ids) != sorted(known):
            raise UsageError("A new order must name every object once.")
        for position, object_id in enumerate(self.object_ids):
            if known[object_id].position != position:
                editor.put_object(replace(known[object_id], position=position))
        return ()


@dataclass(frozen=True, slots=True)
class AddPrompt:
    """Keep what the user did to get a mask. The mask is an edit of its own (see `Group`)."""

    prompt: Prompt

    def title(self, editor: Editor) -> str:
        """Return what it does."""
        return f"Add {self.prompt.kind.value} to {editor.object(self.prompt.object_id).name}"

    def apply(self, editor: Editor) -> Iterable[Progress]:
        """Do it."""
        editor.frame(self.prompt.frame_index)
        editor.editable(self.prompt.object_id)
        editor.put_prompt(self.prompt)
        return ()


def _name(name: str) -> str:
    if len(name) > MAX_NAME or "\0" in name:
        raise UsageError(f"Names and categories have at most {MAX_NAME} letters.")
    # Lone surrogates, as file names may hold them, cannot be stored.
    return name.strip().encode("utf-8", "replace").decode("utf-8")


def _color(color: tuple[int, int, int]) -> tuple[int, int, int]:
    if len(color) != 3 or not all(type(c) is int and 0 <= c <= 255 for c in color):
        raise UsageError(f"{color} is no color.", "Give red, green and blue from 0 to 255.")
    return color
