"""The import dialog: what is read, which object it becomes, and what was taken over."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from core.errors import VosError
from core.media.annotations.values import ImportedAnnotations
from core.media.export.losses import counted
from core.text import visible
from core.types import MAX_OBJECT_ID
from vosapp.jobs.outcome import Done, Outcome
from vosapp.project.edit_import import ImportReport
from vosapp.services.import_annotations import Imported
from vosapp.session import importing
from vosapp.session.work import WorkControl, WorkState
from vosapp.session.workspace import Workspace
from vosapp.ui import errors
from vosapp.ui.dialogs.asking import choose_file, choose_folder
from vosapp.ui.dialogs.import_options import ImportOptionForm
from vosapp.ui.forms import NumberField, align_labels, name_all, one_label_column
from vosapp.ui.plain import PathEdit
from vosapp.ui.theme import set_tone
from vosapp.ui.work.dialog import WorkDialog

ROW, LEAST = 34, 3
"""Pixels of a row of the table, and rows that are always seen."""
PATIENCE_MS = 700
"""Between the last letter of a typed path and the look at it."""


class ImportDialog(WorkDialog):
    """First reads and tells, then takes over in one step that can be undone.

    Args:
        workspace: what is imported into; close the dialog before it.
        parent: the window.
    """

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(self.tr("Import"), parent)
        self._workspace = workspace
        self._formats = importing.formats()
        self._found: ImportedAnnotations | None = None
        self._labels: tuple[str, ...] = ()
        self.reading, self.work = WorkControl(self), WorkControl(self)
        self.format, self.path = QComboBox(self), PathEdit(self)
        self.file_button = QPushButton(self.tr("File\u2026"), self)
        self.folder_button = QPushButton(self.tr("Folder\u2026"), self)
        self.text, self.options = QLabel(self), ImportOptionForm(self)
        self._to_masks = False
        self.mapping = QTableWidget(0, 2, self)
        self.notes = QPlainTextEdit(self)
        self.overwrite = QCheckBox(self.tr("Overwrite my keyframes, boxes and checked masks"), self)
        self.import_button = QPushButton(self.tr("Import"), self)
        self._typed, self._told = QTimer(self), ""
        self._typed.setSingleShot(True)
        self._typed.setInterval(PATIENCE_MS)
        self._fill()
        self._lay_out()
        self._name_all()
        self._connect()
        self._show_format(0)
        self.path.setFocus()
        self.resize(680, 660)

    def read(self) -> None:
        """Read the chosen file or folder with the ids of the table; nothing changes."""
        self.reading.drop()
        self._told = self.path.text()
        path = self.path.path()
        if path is None:
            return
        name = self._formats[self.format.currentIndex()].name
        project = self._workspace.session.project
        try:
            options = self.options.options()
        except VosError as error:
            self.say(errors.text(error), "danger")
            return
        job = importing.read(project, name, path, mapping=self._chosen_ids(), options=options)
        self._to_masks = options.boxes_to_masks
        # Until it is read again, what was found has other ids than the table.
        self.import_button.setEnabled(False)
        handle = self._workspace.session.files.submit(job)
        self.reading.follow(handle, WorkState(self.tr("reading")))

    # Making it

    def _fill(self) -> None:
        for one in self._formats:
            self.format.addItem(one.title)
        self.text.setWordWrap(True)
        set_tone(self.text, "muted")
        self.mapping.setHorizontalHeaderLabels([self.tr("In the files"), self.tr("Object")])
        header = self.mapping.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.mapping.verticalHeader().hide()
        self.mapping.verticalHeader().setDefaultSectionSize(ROW)
        self.mapping.setColumnWidth(1, 120)
        self.mapping.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        self.notes.setReadOnly(True)
        self.notes.setFixedHeight(5 * self.fontMetrics().height() + 8)
        self.mapping.setMinimumHeight(LEAST * ROW + 32)
        self.import_button.setEnabled(False)
        self.import_button.setDefault(True)
        self.path.setPlaceholderText(self.tr("Type a path, or choose a file or a folder"))

    def _lay_out(self) -> None:
        place = QHBoxLayout()
        place.setSpacing(8)
        for widget in (self.path, self.file_button, self.folder_button):
            place.addWidget(widget, 1 if widget is self.path else 0)
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        form.addRow(self.tr("Format"), self.format)
        form.addRow("", self.text)
        form.addRow(self.tr("From"), place)
        align_labels(form)
        form.addRow(self.options)
        one_label_column(form, self.options.form)
        column = self.content
        column.addLayout(form)
        column.addWidget(QLabel(f"<b>{self.tr('What becomes which object')}</b>", self))
        column.addWidget(self.mapping, 1)
        column.addWidget(QLabel(f"<b>{self.tr('Notes')}</b>", self))
        column.addWidget(self.notes)
        column.addWidget(self.overwrite)
        self.add_button(self.import_button, picture="import", main=True)

    def _name_all(self) -> None:
        name_all(
            (self.format, self.tr("Format"), self.tr("What kind of files are read")),
            (self.path, self.tr("File or folder"), self.tr("What is read; type it, or choose it")),
            (self.file_button, self.tr("Choose file"), self.tr("Choose a file")),
            (self.folder_button, self.tr("Choose folder"), self.tr("Choose a folder")),
            (self.mapping, self.tr("Objects"), self.tr("0 leaves a label out")),
            (self.notes, self.tr("Notes"), self.tr("How the files were understood")),
            (
                self.overwrite,
                self.tr("Overwrite"),
                self.tr("Else what you have drawn or checked stays; locked objects always stay"),
            ),
            (self.import_button, self.tr("Import"), self.tr("Take it over; can be undone")),
        )

    def _connect(self) -> None:
        self.format.activated.connect(self._show_format)
        self.file_button.clicked.connect(self._choose_file)
        self.folder_button.clicked.connect(self._choose_folder)
        self.path.textEdited.connect(self._wait)
        self.path.editingFinished.connect(self._read_typed)
        self._typed.timeout.connect(self._look_at_typed)
        self.options.changed.connect(self._read_anew)
        self.import_button.clicked.connect(self._import)
        choices = (self.format, self.path, self.file_button, self.folder_button, self.options)
        locks = (*choices, self.mapping, self.overwrite, self.import_button)
        self.follow(self.reading, self._take_found)
        self.follow(self.work, self._take_imported, locks=locks)

    def _show_format(self, row: int) -> None:
        one = self._formats[row]
        self.text.setText(one.text)
        self.file_button.setDefault(False)
        self._read_anew()

    def _choose_file(self) -> None:
        title, filters, folder = self.tr("File to Import"), self.tr("All files (*)"), self._folder()
        choose_file(self, title, owner=self, filters=filters, folder=folder, take=self._take_path)

    def _choose_folder(self) -> None:
        title = self.tr("Folder to Import")
        choose_folder(self, title, owner=self, folder=self._folder(), take=self._take_path)

    def _folder(self) -> str:
        path = self.path.path()
        return "" if path is None else str(path.parent)

    def _take_path(self, path: Path) -> None:
        self.path.set_path(path)
        self._read_anew()

    # A path that is typed

    def _wait(self) -> None:
        """What was found belongs to another path; this one is looked at after the last letter."""
        self.reading.drop()
        self._forget_found()
        self._typed.start()

    def _look_at_typed(self) -> None:
        """Read what is there; of a path that is half typed only say that nothing is."""
        path = self.path.path()
        if path is not None and os.path.exists(path):  # noqa: PTH110
            self._read_anew()
        elif path is not None:
            self.say(self.tr("Nothing is there yet: go on typing, or choose it."), "muted")
        else:
            self.say("", "muted")

    def _read_typed(self) -> None:
        """Enter, or another field: the path is meant as it stands."""
        if self._typed.isActive() or self.path.text() != self._told:
            self._read_anew()

    def _read_anew(self) -> None:
        """Read with the ids that the format proposes."""
        self._typed.stop()
        self._forget_found()
        self.read()

    def _forget_found(self) -> None:
        self._found = None
        self.mapping.setRowCount(0)
        self.notes.clear()
        self.import_button.setEnabled(False)

    # Reading and taking over

    def _take_found(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Done) or not isinstance(outcome.value, ImportedAnnotations):
            self._tell(outcome)
            return
        found = outcome.value
        self._found = found
        if self.mapping.rowCount() != len(found.mapping):
            self._fill_mapping(found)
        self.notes.setPlainText("\n".join(map(visible, found.notes)))
        parts = [counted(len(found.objects), "object"), counted(len(found.frames), "labeled frame")]
        if found.boxes:
            parts.append(self._boxes(len(found.boxes)))
        self.import_button.setEnabled(bool(found.frames or found.boxes))
        self.say(self.tr("Found: {0}.").format(", ".join(parts)), "success")

    def _fill_mapping(self, found: ImportedAnnotations) -> None:
        self.mapping.setRowCount(len(found.mapping))
        # Kept here: in a cell they would have to be texts of Qt.
        self._labels = tuple(found.mapping)
        for row, (label, object_id) in enumerate(found.mapping.items()):
            cell = QTableWidgetItem(visible(label))
            cell.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.mapping.setItem(row, 0, cell)
            spin = NumberField(self.mapping)
            spin.setRange(0, MAX_OBJECT_ID)
            spin.setSpecialValueText(self.tr("leave out"))
            spin.setValue(object_id)
            spin.setAccessibleName(self.tr("Object for {0}").format(visible(label)))
            spin.setToolTip(self.tr("Id of the object; 0 leaves it out"))
            spin.editingFinished.connect(self._remap)
            self.mapping.setCellWidget(row, 1, spin)

    def _remap(self) -> None:
        """Read again where another id was chosen."""
        if self._found is not None and self._chosen_ids() != dict(self._found.mapping):
            self.read()

    def _chosen_ids(self) -> dict[str, int] | None:
        chosen = {}
        for row in range(self.mapping.rowCount()):
            spin = self.mapping.cellWidget(row, 1)
            if isinstance(spin, QSpinBox):
                chosen[self._labels[row]] = spin.value()
        return chosen or None

    def _import(self) -> None:
        if self._found is None:
            return
        session, overwrite = self._workspace.session, self.overwrite.isChecked()
        handle = importing.start_import(
            session, self._found, overwrite=overwrite, boxes_to_masks=self._to_masks
        )
        self.work.follow(handle, WorkState(self.tr("importing")))

    def _take_imported(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Done) or not isinstance(outcome.value, Imported):
            self._tell(outcome)
            return
        done = outcome.value
        self.notes.setPlainText("\n".join(map(visible, self._report(done.report))))
        frames, boxes = done.report.frames, done.report.boxes
        parts = [counted(len(frames), "keyframe")] if frames or not boxes else []
        if boxes:
            parts.append(counted(boxes, "box label"))
        text = self.tr("Imported {0}. One undo takes it back.").format(", ".join(parts))
        nothing = self.tr("Nothing to import: the project is as it was.")
        self.say(text if done.change.name else nothing, "success")

    def _boxes(self, count: int) -> str:
        return self.tr("1 box") if count == 1 else self.tr("{0} boxes").format(count)

    def _report(self, report: ImportReport) -> list[str]:
        lines = list(report.notes)
        if report.unasserted:
            text = self.tr("No keyframes for {0} that show no object.")
            lines.append(text.format(counted(report.unasserted, "labeled frame")))
        if report.kept:
            text = self.tr("On {0} what was drawn, checked or locked stays.")
            lines.append(text.format(counted(len(report.kept), "frame")))
        if report.kept_boxes:
            text = self.tr("Left out, as their objects have a box there: {0}.")
            lines.append(text.format(self._boxes(report.kept_boxes)))
        if report.locked_boxes:
            text = self.tr("Left out, as their objects are locked: {0}.")
            lines.append(text.format(self._boxes(report.locked_boxes)))
        return lines

    def _tell(self, outcome: Outcome) -> None:
        self.tell_end(outcome, stopped=self.tr("Stopped; nothing has changed."))
