"""What an action is. Actions are rows of a table; menus, bars, keys and help are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QCoreApplication

CONTEXT = "Actions"
"""Under which the texts of the table are translated."""


class When(Enum):
    """When an action can be used."""

    ALWAYS = "always"
    OPEN = "a project is open"
    OBJECT = "an object is the current one"
    SEVERAL = "there are two or more objects"
    IDLE = "a project is open and the engine computes nothing for it"
    RUNNING = "something is propagated, learned or looked for"
    UNDO = "there is something to take back"
    REDO = "there is something to do again"
    TRAINING = "a training is shown that goes on"
    RESUMABLE = "a training is shown that can be gone on with"
    OVER = "a training is shown that has ended"
    TRAINED = "a training is shown that has a model"
    TRAINED_OPEN = "such a training is shown, and a project is open"
    MODEL_USED = "the open project uses a model that was chosen in Train or Models"


class Scope(Enum):
    """Where the keys of an action work."""

    WINDOW = "window"
    """Everywhere in the window."""
    PANELS = "panels"
    """In the canvas, the timeline and the list of objects."""
    CANVAS = "canvas"
    """In the canvas and the timeline; all single letters are of this kind."""
    PICTURE = "picture"
    """In the canvas only."""
    HELD = "held"
    """While it is held; the canvas itself looks at it."""


class Bar(Enum):
    """Which bar an action has a button in."""

    NONE = ""
    MAIN = "main"
    TOOLS = "tools"
    PLACES = "places"


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action.

    Attributes:
        id: stable name, "topic.action"; settings and tests refer to it.
        text: in menus and in the palette, untranslated.
        icon: name in the icon set; empty for none.
        shortcuts: portable key sequences; the first is shown.
        menu: path of titles, untranslated; empty for none.
        tip: one sentence on what it does, untranslated.
        checkable: it is on or off.
        enabled_when: when it can be used.
        group: actions of one menu with the same group stand between two lines.
        scope: where its keys work.
        bar: where it has a button.
        exclusive: one of the group is on at a time.
    """

    id: str
    text: str
    icon: str = ""
    shortcuts: tuple[str, ...] = ()
    menu: tuple[str, ...] = ()
    tip: str = ""
    checkable: bool = False
    enabled_when: When = When.OPEN
    group: str = ""
    scope: Scope = Scope.WINDOW
    bar: Bar = Bar.NONE
    exclusive: bool = False

    @property
    def topic(self) -> str:
        """The part of the id before the point."""
        return self.id.partition(".")[0]

    @property
    def plain_text(self) -> str:
        """The translated text without ellipsis and mnemonic."""
        return translated(self.text).replace("&", "").rstrip("\u2026.")


def translated(text: str) -> str:
    """Return a text of the table in the user's language."""
    return QCoreApplication.translate(CONTEXT, text)
