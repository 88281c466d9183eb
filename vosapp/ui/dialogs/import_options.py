"""The options of an import, from the one table that the command line has, too."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from core.media.annotations.options import (
    IMPORT_OPTIONS,
    ImportOption,
    ImportOptions,
    parse_options,
)
from vosapp.ui.forms import OptionForm, align_labels, capitalized


class ImportOptionForm(OptionForm):
    """A field for each option; empty is as usual."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.form.setHorizontalSpacing(14)
        for option in IMPORT_OPTIONS:
            title, tip = self.tr(option.title), capitalized(self.tr(option.text))
            editor = self._editor(option, title)
            self.add_editor(option.field, title, f"{tip} ({option.flag})", editor)
        align_labels(self.form)
        self._told = self.values()

    def options(self) -> ImportOptions:
        """Return what is chosen.

        Raises:
            UsageError: a text makes no sense.
        """
        return parse_options(self.values())

    def _tell_change(self, *_ignored: object) -> None:
        # A field that is only left has not changed.
        if self.values() != self._told:
            self._told = self.values()
            self.changed.emit()

    def _editor(self, option: ImportOption, title: str) -> QWidget:
        if option.choices:
            box = QComboBox(self)
            box.addItem(self.tr("as the format says"), "")
            for choice in option.choices:
                box.addItem(self.tr(choice), choice)
            box.activated.connect(self._tell_change)
            return box
        if option.metavar:
            line = QLineEdit(self)
            line.setPlaceholderText(option.metavar)
            line.setMaximumWidth(200)
            line.editingFinished.connect(self._tell_change)
            return line
        check = QCheckBox(title, self)
        check.toggled.connect(self._tell_change)
        return check
