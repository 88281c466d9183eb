"""A list of problems, each with a link to its frame."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from core.media.export.validate import Finding, Severity
from core.text import visible
from vosapp.session.exporting import ExportCheck
from vosapp.ui import numbering
from vosapp.ui.plain import tooltip
from vosapp.ui.theme import icon, tones

_LOOKS = {
    Severity.ERROR: ("alert-circle", "danger"),
    Severity.WARNING: ("alert", "warning"),
    Severity.INFO: ("information-outline", "info"),
}


class FindingList(QTreeWidget):
    """Errors, warnings, hints, and what a format loses, worst first.

    Signals:
        frameWanted: the user wants to see a frame (its index).
    """

    frameWanted = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("roomy")
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setWordWrap(True)
        self.setUniformRowHeights(False)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.itemClicked.connect(self._go)
        self.itemActivated.connect(self._go)

    def show_check(self, found: ExportCheck) -> None:
        """Show what a look at the masks has found."""
        self.clear()
        for finding in found.findings:
            self._add(finding)
        for loss in found.losses:
            self._add(Finding(None, None, Severity.INFO, loss))
        if not self.topLevelItemCount() and not found.nothing:
            item = QTreeWidgetItem(self, [self.tr("No problems")])
            item.setIcon(0, icon("check-circle-outline", "success"))

    def _add(self, finding: Finding) -> None:
        index = finding.frame_index
        link = "" if index is None else self.tr("frame {0}").format(numbering.shown(index))
        item = QTreeWidgetItem(self, [visible(finding.text), link])
        name, tone = _LOOKS[finding.severity]
        item.setIcon(0, icon(name, tone))
        item.setToolTip(0, tooltip(finding.text))
        if index is not None:
            item.setData(1, Qt.ItemDataRole.UserRole, index)
            item.setForeground(1, QColor(tones().accent))
            font = item.font(1)
            font.setUnderline(True)
            item.setFont(1, font)
            item.setToolTip(1, self.tr("Show frame {0}").format(numbering.shown(index)))

    def _go(self, item: QTreeWidgetItem, _column: int) -> None:
        index = item.data(1, Qt.ItemDataRole.UserRole)
        if index is not None:
            self.frameWanted.emit(int(index))
