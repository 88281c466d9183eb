"""Texts and paths of strangers in widgets: nothing hidden, no markup, and paths as they are.

Qt holds no bytes that are no text: a path goes through a widget only where it comes back as it was.
"""

from __future__ import annotations

import html
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QLineEdit, QWidget

from core.text import visible


def tooltip(text: str) -> str:
    """Return a text for a tooltip, which takes what looks like markup for markup."""
    shown = visible(text)
    return f"<p>{html.escape(shown)}</p>" if "<" in shown else shown


def markup(text: str) -> str:
    """Return a text as a part of markup that shows it as it is."""
    return html.escape(visible(text), quote=False)


def menu_text(text: str) -> str:
    """Return a text for an action or a button, where & marks a key."""
    return visible(text).replace("&", "&&")


def local_path(url: QUrl) -> Path:
    """Return the path of a local file, also of one whose name is no UTF-8."""
    text = url.toLocalFile()
    if "\ufffd" in text and not url.host():
        data = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
        return Path(os.fsdecode(unquote_to_bytes(data)))
    return Path(text)


def local_url(path: Path) -> QUrl:
    """Return the URL of a path, also of one that is no UTF-8."""
    return QUrl.fromEncoded(path.absolute().as_uri().encode())


def is_file(path: Path) -> bool:
    """Tell whether a file is there. `Path.is_file` raises where a folder may not be entered."""
    return os.path.isfile(path)  # noqa: PTH113


class PathEdit(QLineEdit):
    """A field for a path. One that is set and not edited comes back as it was, whatever it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._set = Path()

    def set_path(self, path: Path) -> None:
        """Show a path."""
        self._set = path
        self.setText(visible(str(path)))

    def path(self) -> Path | None:
        """Return the path, with ~ for the user's folder; None where there is none."""
        text = self.text()
        if text == visible(str(self._set)):
            return self._set
        # Not Path.expanduser, which raises for the folder of a user who does not exist.
        return Path(os.path.expanduser(text)) if text.strip() else None  # noqa: PTH111
