"""A message over the canvas that does not get in the way: what happened, what to do, buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.ui.plain import menu_text, tooltip
from vosapp.ui.theme import icon, tones


class Kind(Enum):
    """What sort of message it is."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "danger"


_ICONS = {
    Kind.INFO: "information-outline",
    Kind.SUCCESS: "check-circle-outline",
    Kind.WARNING: "alert-outline",
    Kind.ERROR: "alert-circle-outline",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A button of a message.

    Attributes:
        text: on the button, translated.
        run: what it does; the message goes first.
        main: the one that most people will want.
    """

    text: str
    run: Callable[[], None]
    main: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A message.

    Attributes:
        title: what happened, in a few words, translated; plain text.
        text: in a sentence or two; plain text.
        kind: color and icon.
        choices: buttons; without any it can only be closed.
        key: a new message with the key of the one that is shown replaces it silently.
    """

    title: str
    text: str = ""
    kind: Kind = Kind.INFO
    choices: tuple[Choice, ...] = field(default=())
    key: str = ""


class NoticeBar(QFrame):
    """Shows one message at a time, the newest; hidden without any.

    Signals:
        closed: the message went, by a button, by its cross or by `clear`.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setAutoFillBackground(True)
        self.notice: Notice | None = None
        self._icon, self._title, self._text = QLabel(self), QLabel(self), QLabel(self)
        self._buttons = QHBoxLayout()
        self._close = QToolButton(self)
        self._build()
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Show a message in place of the one before."""
        self.notice = notice
        title, text = visible(notice.title), visible(notice.text)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._fill_buttons(notice)
        self.refresh_theme()
        self.setAccessibleName(f"{title} {text}".strip())
        self.show()

    def clear(self, key: str | None = None) -> None:
        """Hide the message; with a key only one of this key."""
        if self.notice is not None and key in (None, self.notice.key):
            self.notice = None
            self.hide()
            self.closed.emit()

    def refresh_theme(self) -> None:
        """Take the colors of the theme."""
        if self.notice is None:
            return
        kind, shown = self.notice.kind, tones()
        color = getattr(shown, kind.value)
        self._icon.setPixmap(icon(_ICONS[kind], kind.value).pixmap(22, 22))
        self._close.setIcon(icon("close", "muted"))
        self.setStyleSheet(
            f"#notice {{ background: {shown.base}; border: 1px solid {shown.border};"
            f" border-left: 4px solid {color}; border-radius: 6px; }}"
        )

    def heightForWidth(self, width: int) -> int:
        """Return how high it is at a width."""
        layout = self.layout()
        height = -1 if layout is None else layout.totalHeightForWidth(width)
        return height if height > 0 else self.sizeHint().height()

    def _build(self) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._text.setWordWrap(True)
        self._text.setForegroundRole(QPalette.ColorRole.WindowText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for label in (self._title, self._text):
            # They name files and what a project says, which may be a stranger's.
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._close.setAutoRaise(True)
        self._close.setToolTip(self.tr("Close this message"))
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.clicked.connect(self._cross)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 9, 8, 9)
        row.setSpacing(10)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addLayout(self._buttons)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)

    def _fill_buttons(self, notice: Notice) -> None:
        while (item := self._buttons.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for choice in notice.choices:
            button = QPushButton(menu_text(choice.text), self)
            button.setDefault(choice.main)
            button.setToolTip(tooltip(choice.text))
            button.clicked.connect(lambda _on=False, c=choice: self._take(c))
            self._buttons.addWidget(button)

    def _cross(self) -> None:
        self.clear()

    def _take(self, choice: Choice) -> None:
        self.clear()
        choice.run()
