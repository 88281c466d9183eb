"""Questions and file choosers that never run a loop of their own."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton, QWidget

from vosapp.ui.notice import Choice
from vosapp.ui.plain import menu_text, tooltip


def ask(
    parent: QWidget,
    title: str,
    text: str,
    *,
    choices: Sequence[Choice],
    stay: str = "",
    details: str = "",
    icon: QMessageBox.Icon = QMessageBox.Icon.Question,
) -> QMessageBox:
    """Show a question; the choice that is taken runs, and none if it is just closed.

    Args:
        parent: the window that it belongs to.
        title: what it is about, bold.
        text: the question with what one needs to know.
        choices: buttons; the main one answers to Enter.
        stay: text of the button that changes nothing, else "Cancel"; without a main choice it is
            the one that answers to Enter.
        details: long text that can be unfolded.
        icon: what kind of question it is.
    """
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(icon)
    box.setWindowTitle("vosapp")
    box.setText(f"<b>{title}</b>")
    # It names files, and would be taken for markup where it looks like some.
    box.setInformativeText(html.escape(text, quote=False).replace("\n", "<br>"))
    if details:
        box.setDetailedText(details)
    runs: dict[object, Callable[[], None]] = {}
    for choice in choices:
        role = QMessageBox.ButtonRole
        button = QPushButton(menu_text(choice.text), box)
        box.addButton(button, role.AcceptRole if choice.main else role.ActionRole)
        button.setToolTip(tooltip(choice.text))
        if choice.main:
            box.setDefaultButton(button)
        runs[button] = choice.run
    rest = box.addButton(QMessageBox.StandardButton.Cancel)
    if stay:
        rest.setText(stay)
        rest.setToolTip(stay)
    if not any(choice.main for choice in choices):
        box.setDefaultButton(rest)
    box.buttonClicked.connect(lambda button: runs.get(button, _nothing)())
    box.open()
    return box


def choose_file(
    parent: QWidget, title: str, *, filters: str, folder: str, take: Callable[[Path], None]
) -> QFileDialog:
    """Let the user choose a file that exists.

    Args:
        parent: the window that it belongs to.
        title: what the file is for.
        filters: as Qt writes them.
        folder: where to begin; empty for the last place.
        take: gets the file.
    """
    dialog = _dialog(parent, title, folder, take)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilter(filters)
    dialog.open()
    return dialog


def choose_folder(
    parent: QWidget, title: str, *, folder: str, take: Callable[[Path], None]
) -> QFileDialog:
    """Let the user choose a folder; see `choose_file`."""
    dialog = _dialog(parent, title, folder, take)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, on=True)
    dialog.open()
    return dialog


def choose_new_file(
    parent: QWidget, title: str, *, filters: str, suggested: Path, take: Callable[[Path], None]
) -> QFileDialog:
    """Let the user name a file to be written; see `choose_file`."""
    dialog = _dialog(parent, title, str(suggested.parent), take)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suggested.suffix.lstrip("."))
    dialog.setNameFilter(filters)
    dialog.selectFile(suggested.name)
    dialog.open()
    return dialog


def _dialog(parent: QWidget, title: str, folder: str, take: Callable[[Path], None]) -> QFileDialog:
    dialog = QFileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if folder:
        dialog.setDirectory(folder)
    dialog.fileSelected.connect(lambda name: take(Path(name)))
    return dialog


def _nothing() -> None:
    return
