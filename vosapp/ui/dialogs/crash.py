"""What the user sees of a bug: that the work is safe, and a report to hand on."""

from __future__ import annotations

import platform
import sys

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vosapp import __version__

MAX_CHARACTERS = 100_000


class CrashDialog(QDialog):
    """A report that can be read, copied and, with the next bug, grows.

    Args:
        traceback: of the bug.
        parent: the window.
    """

    def __init__(self, traceback: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("vosapp has a bug"))
        title = QLabel(f"<h3>{self.tr('Something in vosapp is broken')}</h3>", self)
        text = QLabel(
            self.tr(
                "Your work is safe: everything was written to the project when you did it. You can"
                " go on; if the window behaves oddly, close and open it again.\n\n"
                "Please send the report below to those you have vosapp from. Read it first: it"
                " may name files of yours."
            ),
            self,
        )
        text.setWordWrap(True)
        self.report = QPlainTextEdit(report_of(traceback), self)
        self.report.setReadOnly(True)
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.report.setAccessibleName(self.tr("Report"))
        self.report.setToolTip(self.tr("What happened, for those who can mend it"))
        self.copy_button = QPushButton(self.tr("Copy Report"), self)
        self.copy_button.setToolTip(self.tr("Copy the report to the clipboard"))
        self.copy_button.clicked.connect(self._copy)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 14)
        column.setSpacing(10)
        for widget in (title, text, self.report, buttons):
            column.addWidget(widget)
        self.resize(720, 480)

    def add(self, traceback: str) -> None:
        """Append another bug that came while the dialog was open."""
        if len(self.report.toPlainText()) < MAX_CHARACTERS:
            self.report.appendPlainText("\n" + traceback)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report.toPlainText())
        self.copy_button.setText(self.tr("Copied"))


def report_of(traceback: str) -> str:
    """Return a traceback with what one needs to know of the machine."""
    return (
        f"vosapp {__version__}, Python {platform.python_version()}, PySide6 {pyside_version}\n"
        f"{platform.platform()}, {sys.executable}\n\n{traceback}"
    )
