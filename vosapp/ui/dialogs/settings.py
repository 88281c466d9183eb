"""The settings dialog, made of the table of settings. Each choice holds at once."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from vosapp.ui.forms import NumberField, align_labels, one_label_column
from vosapp.ui.settings import SETTINGS, Setting, Settings
from vosapp.ui.theme import set_tone

WIDTH = 150
"""Pixels of a field, so that all are alike."""


class SettingsDialog(QDialog):
    """One group for each heading of the table."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Settings"))
        self._settings = settings
        self.editors: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setSpacing(12)
        forms: dict[str, QFormLayout] = {}
        for setting in SETTINGS:
            if setting.group not in forms:
                forms[setting.group] = self._add_group(column, setting.group)
            self._add(forms[setting.group], setting)
        for form in forms.values():
            align_labels(form)
        one_label_column(*forms.values())
        note = QLabel(self.tr("Items with * count from the next start or project on."), self)
        set_tone(note, "muted")
        column.addWidget(note)
        self._add_buttons(column)
        self.setMinimumWidth(460)

    def _add_group(self, column: QVBoxLayout, group: str) -> QFormLayout:
        box = QGroupBox(_tr(group), self)
        form = QFormLayout(box)
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        column.addWidget(box)
        return form

    def _add(self, form: QFormLayout, setting: Setting) -> None:
        editor = self._editor(setting)
        editor.setToolTip(_tr(setting.tip))
        label = _tr(setting.label)
        editor.setAccessibleName(label)
        editor.setAccessibleDescription(_tr(setting.tip))
        self.editors[setting.key] = editor
        if isinstance(editor, QCheckBox):
            form.addRow("", editor)
        else:
            form.addRow(f"{label}{' *' if setting.restart else ''}", editor)

    def _editor(self, setting: Setting) -> QWidget:
        value = self._settings.value(setting.key)
        if setting.choices:
            return self._choice_editor(setting, str(value))
        if isinstance(value, bool):
            check = QCheckBox(_tr(setting.label), self)
            check.setChecked(value)
            check.toggled.connect(lambda on: self._settings.set_value(setting.key, on))
            return check
        spin = NumberField(self)
        spin.setRange(setting.low, setting.high)
        spin.setSuffix(_tr(setting.unit) if setting.unit else "")
        spin.setSpecialValueText(_tr(setting.lowest) if setting.lowest else "")
        spin.setMinimumWidth(WIDTH)
        spin.setValue(int(value))
        spin.valueChanged.connect(lambda number: self._settings.set_value(setting.key, number))
        return spin

    def _choice_editor(self, setting: Setting, value: str) -> QComboBox:
        box = QComboBox(self)
        box.setMinimumWidth(WIDTH)
        for name, label in setting.choices:
            box.addItem(_tr(label), name)
        box.setCurrentIndex(box.findData(value))
        box.activated.connect(
            lambda _i: self._settings.set_value(setting.key, str(box.currentData()))
        )
        return box

    def _add_buttons(self, column: QVBoxLayout) -> None:
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        reset = QPushButton(self.tr("Reset All"), self)
        reset.setAutoDefault(False)
        reset.setToolTip(self.tr("Give all settings their default values"))
        reset.clicked.connect(self._reset)
        buttons.addButton(reset, QDialogButtonBox.ButtonRole.ResetRole)
        column.addWidget(buttons)

    def _reset(self) -> None:
        for setting in SETTINGS:
            self._settings.set_value(setting.key, setting.default)
            editor = self.editors[setting.key]
            if isinstance(editor, QComboBox):
                editor.setCurrentIndex(editor.findData(setting.default))
            elif isinstance(editor, QCheckBox):
                editor.setChecked(bool(setting.default))
            elif isinstance(editor, QSpinBox):
                editor.setValue(int(setting.default))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Settings", text)
