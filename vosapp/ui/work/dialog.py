"""The dialog around long work: what is chosen above, how it goes below."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vosapp.session.work import WorkControl
from vosapp.ui.forms import name_all
from vosapp.ui.theme import icon
from vosapp.ui.work.following import Following


class WorkDialog(Following, QDialog):
    """Not modal: one goes on working beside it. It shows a bar and a way to stop while work runs.

    A subclass fills `content`, adds its buttons, and says with `follow` which works it shows. Work
    of which the dialog is the parent is stopped when it is closed; other work goes on.

    Args:
        title: of the window.
        parent: the window.

    Attributes:
        content: what is chosen, and what was found.
        bar, state: how far the work is, and what was said last.
        stop_button: seen while work runs.
        close_button: always there.
    """

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.content = QVBoxLayout()
        self.make_parts(self)
        self.close_button = QPushButton(self.tr("Close"), self)
        self._foot = QHBoxLayout()
        self._pictures: dict[QPushButton, str] = {}
        self._build_frame()
        self.close_button.clicked.connect(self.close)
        self.finished.connect(self.leave)

    def add_button(self, button: QPushButton, *, picture: str = "", main: bool = False) -> None:
        """Add a button; main ones come last, and Enter may press them.

        Args:
            button: to be added.
            picture: name of an icon; `color_pictures` says in which color.
            main: it begins or decides something.
        """
        button.setAutoDefault(main)
        if picture:
            self._pictures[button] = picture
        place = self._foot.count() if main else self._foot.indexOf(self.stop_button)
        self._foot.insertWidget(place, button)

    def color_pictures(self) -> None:
        """Color icons as the text beside them; call when another button is the default one."""
        for button, picture in self._pictures.items():
            button.setIcon(icon(picture, "on_accent" if button.isDefault() else "text"))

    def showEvent(self, event: QShowEvent) -> None:
        """Color what was added meanwhile; the keys begin with what is chosen, not with "Close"."""
        self.color_pictures()
        self._order_keys()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Take the icons of another theme."""
        if event.type() is QEvent.Type.PaletteChange:
            self.color_pictures()
        super().changeEvent(event)

    def leave_focus(self, locks: tuple[QWidget, ...]) -> None:
        """See `Following`: the focus would go on to the button that stops."""
        if self.focusWidget() in locks:
            self.close_button.setFocus()

    def leave(self, *_ignored: object) -> None:
        """The dialog is closed: what belongs to it stops."""
        for work in self.findChildren(WorkControl):
            work.stop()

    # Inside

    def _order_keys(self) -> None:
        """Tab goes through what is chosen, then along the buttons at the foot."""
        items = [self._foot.itemAt(place) for place in range(self._foot.count())]
        found = [None if item is None else item.widget() for item in items]
        buttons = [widget for widget in found if isinstance(widget, QPushButton)]
        last: QWidget | None = self.previousInFocusChain()
        while last is not None and last in buttons:
            last = last.previousInFocusChain()
        for button in buttons:
            if last is not None:
                QWidget.setTabOrder(last, button)
            last = button

    def _build_frame(self) -> None:
        self._foot.addWidget(self.state, 1)
        for button in (self.stop_button, self.close_button):
            button.setAutoDefault(False)
            self._foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(10)
        self.content.setSpacing(10)
        column.addLayout(self.content, 1)
        column.addWidget(self.bar)
        column.addLayout(self._foot)
        name_all((self.close_button, self.tr("Close"), self.tr("Close this dialog")))
