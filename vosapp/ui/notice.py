"""A message below the picture: what happened, what to do, buttons. Most leave by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPalette
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


LEAST_MS, EACH_MS = 5000, 60
"""How long a message stays: at least, and for each letter that is to be read."""
AGAIN_MS = 2000
"""After which a message that should have left, and was looked at, tries again."""
_PATIENCE = {Kind.INFO: 1, Kind.SUCCESS: 1, Kind.WARNING: 2, Kind.ERROR: 3}

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


def stay_ms(notice: Notice) -> int | None:
    """Return how long a message stays, in milliseconds; None until it is closed or answered.

    Where something went wrong and a button is the way on, it waits for an answer.
    """
    serious = notice.kind in (Kind.WARNING, Kind.ERROR)
    if serious and notice.choices:
        return None
    read = LEAST_MS + EACH_MS * (len(notice.title) + len(notice.text))
    return read * (2 if notice.choices else 1) * _PATIENCE[notice.kind]


class NoticeBar(QFrame):
    """Shows one message at a time, the newest; hidden without any.

    A message stays as long as it takes to be read, and while the mouse is over it or another
    program is in front.

    Signals:
        said: it will show another message.
        closed: the message went, by itself, by a button, by its cross or by `clear`.
    """

    said = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setAutoFillBackground(True)
        self.notice: Notice | None = None
        self._icon, self._title, self._text = QLabel(self), QLabel(self), QLabel(self)
        self._buttons = QHBoxLayout()
        self._close = QToolButton(self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._leave)
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
        stay = stay_ms(notice)
        if stay is None:
            self._timer.stop()
        else:
            self._timer.start(stay)
        self.said.emit()
        self.show()

    def clear(self, key: str | None = None) -> None:
        """Hide the message; with a key only one of this key."""
        if self.notice is not None and key in (None, self.notice.key):
            self.notice = None
            self._timer.stop()
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
            f"#notice {{ background: {shown.base}; border: none;"
            f" border-top: 1px solid {shown.border}; border-left: 4px solid {color}; }}"
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
        row.setContentsMargins(12, 7, 8, 7)
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
            # At once: the layout would show it later, and give its room to the text till then.
            button.show()

    def _leave(self) -> None:
        state = QGuiApplication.applicationState()
        if self.underMouse() or state is Qt.ApplicationState.ApplicationInactive:
            self._timer.start(AGAIN_MS)
        else:
            self.clear()

    def _cross(self) -> None:
        self.clear()

    def _take(self, choice: Choice) -> None:
        self.clear()
        choice.run()
