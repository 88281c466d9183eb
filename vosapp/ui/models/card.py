"""How the card of a model is shown."""

from __future__ import annotations

from PySide6.QtGui import QTextDocument, QTextTable


def drop_empty_heads(document: QTextDocument) -> None:
    """Take the first rows of tables away in which nothing stands.

    Markdown has no tables without a head, so those of cards have an empty one.
    """
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable) and frame.rows() > 1 and not _head(frame):
            frame.removeRows(0, 1)


def _head(table: QTextTable) -> str:
    cells = [table.cellAt(0, column) for column in range(table.columns())]
    texts = []
    for cell in cells:
        cursor = cell.firstCursorPosition()
        cursor.setPosition(cell.lastPosition(), cursor.MoveMode.KeepAnchor)
        texts.append(cursor.selectedText().strip())
    return "".join(texts)
