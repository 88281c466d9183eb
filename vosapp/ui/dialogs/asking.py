"""Questions and file choosers that never run a loop of their own.

Each has an owner: what its answer is about. Once that is gone, as a project that was closed, the
question goes, too, and its answer is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QPushButton, QWidget

from vosapp.jobs.owners import while_there
from vosapp.ui.notice import Choice
from vosapp.ui.plain import markup, menu_text, tooltip


def ask(
    parent: QWidget,
    title: str,
    text: str,
    *,
    owner: QObject,
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
        owner: what the choices are about.
        choices: buttons; the main one answers to Enter.
        stay: text of the button that changes nothing, else "Cancel"; without a main choice it is
            the one that answers to Enter.
        details: long text that can be unfolded.
        icon: what kind of question it is.
    """
    box = QMessageBox(parent)
    box.setIcon(icon)
    box.setWindowTitle("vosapp")
    box.setText(f"<b>{title}</b>")
    # It names files, and would be taken for markup where it looks like some.
    box.setInformativeText("<br>".join(map(markup, text.split("\n"))))
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
        runs[button] = while_there(owner, choice.run)
    rest = box.addButton(QMessageBox.StandardButton.Cancel)
    if stay:
        rest.setText(stay)
        rest.setToolTip(stay)
    if not any(choice.main for choice in choices):
        box.setDefaultButton(rest)
    box.buttonClicked.connect(lambda button: runs.get(button, _nothing)())
    open_about(owner, box)
    return box


def choose_file(
    parent: QWidget,
    title: str,
    *,
    owner: QObject,
    filters: str,
    folder: str,
    take: Callable[[Path], None],
) -> QFileDialog:
    """Let the user choose a file that exists.

    Args:
        parent: the window that it belongs to.
        title: what the file is for.
        owner: what `take` is about.
        filters: as Qt writes them.
        folder: where to begin; empty for the last place.
        take: gets the file.
    """
    dialog = _dialog(parent, title, folder, while_there(owner, take))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilter(filters)
    open_about(owner, dialog)
    return dialog


def choose_folder(
    parent: QWidget, title: str, *, owner: QObject, folder: str, take: Callable[[Path], None]
) -> QFileDialog:
    """Let the user choose a folder; see `choose_file`."""
    dialog = _dialog(parent, title, folder, while_there(owner, take))
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, on=True)
    open_about(owner, dialog)
    return dialog


def choose_new_file(
    parent: QWidget,
    title: str,
    *,
    owner: QObject,
    filters: str,
    suggested: Path,
    take: Callable[[Path], None],
) -> QFileDialog:
    """Let the user name a file to be written; see `choose_file`."""
    dialog = _dialog(parent, title, str(suggested.parent), while_there(owner, take))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suggested.suffix.lstrip("."))
    dialog.setNameFilter(filters)
    dialog.selectFile(suggested.name)
    open_about(owner, dialog)
    return dialog


def open_about(owner: QObject, dialog: QDialog) -> None:
    """Open a dialog that goes when it is closed, and when what it is about is gone."""
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    owner.destroyed.connect(dialog.reject)
    dialog.open()


def _dialog(parent: QWidget, title: str, folder: str, take: Callable[[Path], None]) -> QFileDialog:
    dialog = QFileDialog(parent, title)
    if folder:
        dialog.setDirectory(folder)
    dialog.fileSelected.connect(lambda name: take(Path(name)))
    return dialog


def _nothing() -> None:
    return
