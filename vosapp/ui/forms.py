"""Small helps for dialogs."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)


def align_labels(form: QFormLayout) -> None:
    """Put labels at the height of the text in their fields; call when all rows are there.

    A form layout puts them at the top, which shows where a style makes fields higher. Beside a
    list they stand at its first row.
    """
    for row in range(form.rowCount()):
        label = form.itemAt(row, QFormLayout.ItemRole.LabelRole)
        field = form.itemAt(row, QFormLayout.ItemRole.FieldRole)
        if label is not None and field is not None:
            widget = label.widget()
            if widget is not None:
                height, view = field.sizeHint().height(), field.widget()
                if isinstance(view, QAbstractItemView):
                    height = view.sizeHintForRow(0) + 2 * view.frameWidth()
                widget.setFixedHeight(max(height, widget.sizeHint().height()))


def one_label_column(*forms: QFormLayout) -> None:
    """Let the fields of several forms begin at one place; call again when rows have changed."""
    items = [
        form.itemAt(row, QFormLayout.ItemRole.LabelRole)
        for form in forms
        for row in range(form.rowCount())
    ]
    found = [item.widget() for item in items if item is not None]
    labels = [widget for widget in found if widget is not None]
    width = max((widget.sizeHint().width() for widget in labels), default=0)
    for widget in labels:
        widget.setMinimumWidth(width)


def whole_rows(view: QAbstractItemView, *, least: int, most: int) -> None:
    """Make a list as high as its rows, `least` to `most` of them, so that none is cut in halves."""
    model = view.model()
    count = min(most, max(least, model.rowCount()))
    row = view.sizeHintForRow(0) if model.rowCount() else view.fontMetrics().height() + 8
    view.setFixedHeight(count * row + 2 * view.frameWidth() + 2)


class Fold(QToolButton):
    """A line with an arrow that shows and hides what is below it.

    Signals:
        unfolded: what is below is to be shown, or hidden (bool).

    Args:
        text: of the line.
        parent: what it stands in.
    """

    unfolded = Signal(bool)

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setArrowType(Qt.ArrowType.RightArrow)
        self.toggled.connect(self._turn)

    def _turn(self, on: bool) -> None:  # noqa: FBT001
        self.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.unfolded.emit(on)


class NumberField(QSpinBox):
    """A field for a number whose text keeps away from the border; style sheets cannot say that."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lineEdit().setTextMargins(5, 0, 4, 0)


class OptionForm(QWidget):
    """Fields for options that come from a table.

    Signals:
        changed: another value was chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.form = QFormLayout(self)
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setHorizontalSpacing(14)
        self.form.setVerticalSpacing(6)
        self.editors: dict[str, QWidget] = {}

    def add_editor(self, name: str, title: str, tip: str, editor: QWidget) -> None:
        """Add the field of an option.

        Args:
            name: the option's, as in `values`.
            title: what stands before the field, or in a check box of its own.
            tip: what the option does; begins with a capital letter.
            editor: check box, combo box with data, line or number.
        """
        # A check box has its title within it, and stands below the other fields; its label is
        # empty, and keeps the column of labels wide where all options are check boxes.
        if isinstance(editor, QCheckBox):
            self.form.addRow(QLabel(self), editor)
        else:
            self.form.addRow(title, editor)
        editor.setAccessibleName(title)
        editor.setToolTip(tip)
        self.editors[name] = editor

    def values(self) -> dict[str, object]:
        """Return what is chosen, by the options' names."""
        return {name: _value(editor) for name, editor in self.editors.items()}


def name_all(*rows: tuple[QWidget, str, str]) -> None:
    """Give widgets the name that is read out, and a tooltip: (widget, name, tip) each."""
    for widget, name, tip in rows:
        widget.setAccessibleName(name)
        widget.setToolTip(tip)


def capitalized(text: str) -> str:
    """Return a text with a capital first letter; the others stay as they are."""
    return text[:1].upper() + text[1:]


def _value(editor: QWidget) -> object:
    match editor:
        case QCheckBox():
            return editor.isChecked()
        case QComboBox():
            return editor.currentData()
        case QSpinBox():
            return editor.value()
        case QLineEdit():
            return editor.text().strip()
    msg = f"An option has no such field: {editor!r}."
    raise TypeError(msg)
