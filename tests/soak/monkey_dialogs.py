"""What the monkey does with dialogs."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractButton, QComboBox, QFileDialog, QLineEdit, QSpinBox

from vosapp.ui.dialogs.export import ExportDialog
from vosapp.ui.dialogs.importing import ImportDialog


def fill(dialog, world, rng):
    """Change or press something of a dialog."""
    kinds = (QAbstractButton, QComboBox, QSpinBox, QLineEdit)
    found = [w for kind in kinds for w in dialog.findChildren(kind)]
    found = [w for w in found if w.isVisible() and w.isEnabled()]
    if isinstance(dialog, ImportDialog) and rng.random() < 0.4:
        dialog.path.setText(str(rng.choice(world.sources)))
        dialog.format.setCurrentIndex(rng.randrange(dialog.format.count()))
        dialog.read()
        return "reads"
    if isinstance(dialog, ExportDialog) and rng.random() < 0.4:
        dialog.folder.setText(str(world.out / str(rng.randrange(9))))
        dialog.formats.setCurrentRow(rng.randrange(dialog.formats.count()))
        return "chooses"
    if not found:
        return "nothing"
    widget = rng.choice(found)
    if isinstance(widget, QAbstractButton) and "Screen Color" not in widget.text():
        widget.click()
        return widget.text()
    if isinstance(widget, QComboBox) and widget.count():
        index = rng.randrange(widget.count())
        widget.setCurrentIndex(index)
        widget.activated.emit(index)
    elif isinstance(widget, QSpinBox):
        widget.setValue(rng.randint(widget.minimum(), min(widget.maximum(), 99)))
    return type(widget).__name__


def answer(dialog, world, rng):
    """Take a file, none, or leave the question open."""
    choice = rng.random()
    if choice < 0.3:
        return "waits"
    if choice < 0.5:
        dialog.reject()
        return "rejected"
    if dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave:
        path = world.out / f"copy {rng.randrange(5)}.vosapp"
    else:
        folder = dialog.fileMode() is QFileDialog.FileMode.Directory
        known = (*world.sound, *world.odd, *world.sources)
        path = rng.choice([one for one in known if one.is_dir() is folder])
    dialog.fileSelected.emit(str(path))
    dialog.reject()
    return path.name
