"""Forms have one column of labels, and lists show whole rows."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QListWidget, QWidget

from vosapp.ui.dialogs.settings import SettingsDialog
from vosapp.ui.forms import OptionForm, one_label_column, whole_rows
from vosapp.ui.settings import Settings


def left(widget, of):
    return widget.mapTo(of, widget.rect().topLeft()).x()


def test_fields_of_several_forms_begin_at_one_place(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    outer, inner = QFormLayout(window), OptionForm(window)
    first, second, check = QLineEdit(window), QLineEdit(window), QCheckBox("Yes", window)
    outer.addRow("A", first)
    inner.add_editor("b", "A much longer label", "Tip", second)
    inner.add_editor("c", "Yes", "Tip", check)
    outer.addRow(inner)
    outer.setHorizontalSpacing(14)
    one_label_column(outer, inner.form)
    window.resize(500, 200)
    window.show()
    assert left(first, window) == left(second, window) == left(check, window)


def test_options_that_are_all_check_boxes_begin_there_too(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    outer, inner = QFormLayout(window), OptionForm(window)
    first, check = QLineEdit(window), QCheckBox("Yes", window)
    inner.add_editor("c", "Yes", "Tip", check)
    outer.addRow(inner)
    outer.addRow("A label", first)
    outer.setHorizontalSpacing(14)
    one_label_column(outer, inner.form)
    window.resize(500, 200)
    window.show()
    assert left(first, window) == left(check, window)


def test_settings_have_one_column_of_labels(tmp_path, qtbot):
    dialog = SettingsDialog(Settings(tmp_path / "settings.json"))
    qtbot.addWidget(dialog)
    dialog.show()
    assert len({left(editor, dialog) for editor in dialog.editors.values()}) == 1
    for label in dialog.findChildren(QLabel):
        assert label.width() >= label.sizeHint().width() or label.wordWrap()


@pytest.mark.parametrize(("count", "rows"), [(0, 1), (1, 1), (3, 3), (9, 5)])
def test_a_list_is_as_high_as_its_rows(qtbot, count, rows):
    view = QListWidget()
    qtbot.addWidget(view)
    view.addItems([f"Object {number}" for number in range(count)])
    whole_rows(view, least=1, most=5)
    view.show()
    if count:
        height = view.sizeHintForRow(0)
        assert rows * height <= view.viewport().height() < (rows + 0.5) * height
        assert view.verticalScrollBar().isVisible() == (count > 5)
