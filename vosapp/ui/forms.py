"""Small helps for dialogs."""

from __future__ import annotations

from PySide6.QtWidgets import QFormLayout


def align_labels(form: QFormLayout) -> None:
    """Put labels at the height of the text in their fields; call when all rows are there.

    A form layout puts them at the top, which shows where a style makes fields higher.
    """
    for row in range(form.rowCount()):
        label = form.itemAt(row, QFormLayout.ItemRole.LabelRole)
        field = form.itemAt(row, QFormLayout.ItemRole.FieldRole)
        if label is not None and field is not None:
            widget = label.widget()
            if widget is not None:
                widget.setFixedHeight(max(field.sizeHint().height(), widget.sizeHint().height()))
