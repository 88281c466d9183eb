"""The export dialog: format, options, frames, objects; problems first, then the files."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.media.export.base import Exporter, ExportReport
from core.media.export.losses import counted, listed
from core.text import visible
from vosapp.jobs.outcome import Done, Outcome
from vosapp.jobs.runner import Job, JobHandle
from vosapp.session import exporting
from vosapp.session.exporting import ExportCheck, ExportOrder
from vosapp.session.work import WorkControl, WorkState
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.dialogs.asking import choose_folder
from vosapp.ui.dialogs.export_options import ExportOptionForm, ObjectPicker
from vosapp.ui.dialogs.findings import FindingList
from vosapp.ui.forms import align_labels, name_all, one_label_column
from vosapp.ui.plain import PathEdit, local_url
from vosapp.ui.theme import set_tone
from vosapp.ui.work.dialog import WorkDialog

PATIENCE_MS = 350
"""Between the last change of a choice and the look at the masks."""
ALL, RANGE, CURRENT = range(3)


class ExportDialog(WorkDialog):
    """Not modal, so that one can look at a frame with a problem and mend it.

    Args:
        workspace: what is exported; close the dialog before it.
        parent: the window.

    Signals:
        frameWanted: the user wants to see a frame (its index).
        abandoned: it was closed while it wrote, which stops that.
    """

    frameWanted = Signal(int)
    abandoned = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(self.tr("Export"), parent)
        self._workspace = workspace
        self._formats = exporting.formats()
        self.look, self.work = WorkControl(self), WorkControl(self)
        self._leftovers: frozenset[Path] = frozenset()
        self.formats, self.frames = QListWidget(self), QComboBox(self)
        self.formats.setObjectName("choices")
        self.options, self.objects = ExportOptionForm(self), ObjectPicker(self)
        self.folder, self.findings = PathEdit(self), FindingList(self)
        self._form = QFormLayout()
        self.browse = QPushButton(self.tr("Choose\u2026"), self)
        self.export_button = QPushButton(self.tr("Export"), self)
        self.show_button = QPushButton(self.tr("Show in Folder"), self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PATIENCE_MS)
        self._fill()
        self._lay_out()
        self._name_all()
        self._connect()
        self.formats.setCurrentRow(0)
        self.resize(1020, 660)

    # What is chosen

    def choose_frames(self, which: int) -> None:
        """Choose `ALL` frames, those in `RANGE`, or the `CURRENT` one."""
        self.frames.setCurrentIndex(which)

    def choose_format(self, name: str) -> None:
        """Choose a format by its short name."""
        names = [one.exporter.name for one in self._formats]
        self.formats.setCurrentRow(names.index(name))

    def order(self) -> ExportOrder:
        """Return what would be exported now."""
        session = self._workspace.session
        here = session.frame_index
        frames = (range(session.frame_count), range(*session.range), range(here, here + 1))
        return ExportOrder(
            session.project,
            session.video_path,
            self._exporter(),
            self.folder.path() or Path(),
            frames[self.frames.currentIndex()],
            self.objects.object_ids(),
            self._leftovers,
        )

    def _exporter(self) -> Exporter:
        chosen = self._formats[max(0, self.formats.currentRow())].exporter
        return self.options.applied(chosen)

    # Making it

    def _fill(self) -> None:
        for one in self._formats:
            item = QListWidgetItem(one.title)
            item.setToolTip(one.text)
            item.setSizeHint(QSize(100, 30))
            self.formats.addItem(item)
        session = self._workspace.session
        first, stop = session.range
        self.frames.addItem(self.tr("All {0} frames").format(session.frame_count))
        self.frames.addItem(self.tr("In to out: {0} to {1}").format(*numbering.span(first, stop)))
        self.frames.addItem(self.tr("This frame: {0}").format(numbering.shown(session.frame_index)))
        self.objects.set_objects(session.objects)
        project = session.project.path
        self.folder.set_path(project.parent / f"{project.stem} export")
        self.show_button.hide()
        self.export_button.setDefault(True)

    def _lay_out(self) -> None:
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        set_tone(self._text, "muted")
        left = QVBoxLayout()
        left.setSpacing(8)
        widest = max(self.fontMetrics().horizontalAdvance(one.title) for one in self._formats)
        self.formats.setMinimumWidth(widest + 40)
        left.addWidget(_heading(self.tr("Format"), self))
        left.addWidget(self.formats, 1)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addWidget(self._text)
        right.addWidget(self.options)
        place = QHBoxLayout()
        place.setSpacing(8)
        place.addWidget(self.folder, 1)
        place.addWidget(self.browse)
        for title, field in (
            (self.tr("Frames"), self.frames),
            (self.tr("Objects"), self.objects),
            (self.tr("Folder"), place),
        ):
            self._form.addRow(title, field)
        self._form.setHorizontalSpacing(14)
        self._form.setVerticalSpacing(8)
        align_labels(self._form)
        right.addLayout(self._form)
        right.addSpacing(4)
        right.addWidget(_heading(self._problems(), self))
        right.addWidget(self.findings, 1)
        columns = QHBoxLayout()
        columns.setSpacing(18)
        columns.addLayout(left, 2)
        columns.addLayout(right, 5)
        self.content.addLayout(columns, 1)
        self.add_button(self.show_button)
        self.add_button(self.export_button, picture="export", main=True)

    def _problems(self) -> str:
        """What core says of frames counts as files do, whatever the window does."""
        if numbering.first_number():
            return self.tr("Problems and losses (sentences count frames from 0, as files do)")
        return self.tr("Problems and losses")

    def _name_all(self) -> None:
        name_all(
            (self.formats, self.tr("Format"), self.tr("What kind of files are written")),
            (self.frames, self.tr("Frames"), self.tr("Which frames are written")),
            (self.objects, self.tr("Objects"), self.tr("Which objects are written")),
            (self.folder, self.tr("Folder"), self.tr("Where the files go; made if need be")),
            (self.browse, self.tr("Choose folder"), self.tr("Choose the folder")),
            (self.findings, self.tr("Problems"), self.tr("Click a frame to see it")),
            (self.export_button, self.tr("Export"), self.tr("Write the files")),
            (self.stop_button, self.tr("Stop"), self.tr("Stop; finished files stay")),
            (self.show_button, self.tr("Show in folder"), self.tr("Open the folder")),
        )

    def _connect(self) -> None:
        self.formats.currentRowChanged.connect(self._show_format)
        self.frames.currentIndexChanged.connect(self._changed)
        self.options.changed.connect(self._changed)
        self.objects.changed.connect(self._changed)
        self.folder.textChanged.connect(self._changed)
        self._timer.timeout.connect(self._look)
        self._workspace.session.edited.connect(self._changed)
        self.browse.clicked.connect(self._browse)
        self.findings.frameWanted.connect(self.frameWanted)
        self.export_button.clicked.connect(self._export)
        self.show_button.clicked.connect(self._show_folder)
        self.look.finished.connect(self._take_check)
        choices = (self.formats, self.options, self.frames, self.objects, self.folder, self.browse)
        self.follow(self.work, self._take_report, locks=(*choices, self.export_button))

    def _show_format(self, row: int) -> None:
        one = self._formats[row]
        self._text.setText(one.text)
        self.options.set_exporter(one.exporter)
        one_label_column(self._form, self.options.form)
        self._changed()

    def _browse(self) -> None:
        start = self.order().out
        choose_folder(
            self,
            self.tr("Folder for the Export"),
            owner=self,
            folder=str(start if os.path.isdir(start) else start.parent),  # noqa: PTH112
            take=self.folder.set_path,
        )

    # Looking and writing

    def _changed(self, *_ignored: object) -> None:
        if self.work.running:
            # What is changed in the project meanwhile must not stop the export.
            return
        # A look at what was chosen before says nothing any more.
        self.look.drop()
        self._leftovers = frozenset()
        self.show_button.hide()
        self.export_button.setEnabled(False)
        self._timer.start()

    def _look(self) -> None:
        """Look at what is chosen now."""
        if not self.objects.any_chosen():
            self.say(self.tr("Choose at least one object."), "warning")
            return
        self.say(self.tr("Looking at the masks\u2026"), "muted")
        self.look.follow(self._submit(exporting.check(self.order())), WorkState())

    def _take_check(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done) and isinstance(outcome.value, ExportCheck):
            self._leftovers = frozenset(outcome.value.leftovers)
            self.findings.show_check(outcome.value)
            self._say_check(outcome.value)
        else:
            self._tell(outcome)

    def _say_check(self, found: ExportCheck) -> None:
        self.export_button.setEnabled(not found.nothing)
        text = self.tr("Export in Spite of Errors") if found.errors else self.tr("Export")
        if found.leftovers:
            text = self.tr("Remove Older Files and Export")
        self.export_button.setText(text)
        if found.nothing:
            self.say(
                self.tr("None of these frames has a mask yet. Propagate or draw first."), "danger"
            )
        elif found.leftovers:
            files = counted(len(found.leftovers), "file")
            shown = ", ".join(visible(path.name) for path in found.leftovers[:3])
            text = self.tr("{0} of an earlier export would stay beside the new ones: {1}\u2026")
            self.say(text.format(files, shown), "danger")
        elif found.errors:
            problems = counted(found.errors, "error")
            self.say(self.tr("{0}: readers will stumble.").format(problems), "danger")
        elif found.missing:
            frames = listed(list(found.missing))
            text = self.tr("Frames without any mask are left out: {0}.").format(frames)
            self.say(text, "warning")
        else:
            self.say(self.tr("Ready."), "success")

    def _export(self) -> None:
        handle = self._submit(exporting.write(self.order()))
        self.work.follow(handle, WorkState(self.tr("exporting")))

    def _submit(self, job: Job) -> JobHandle:
        return self._workspace.session.files.submit(job)

    def _take_report(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Done) or not isinstance(outcome.value, ExportReport):
            self._tell(outcome)
            return
        report = outcome.value
        text = self.tr("Wrote {0}.").format(counted(report.written, "file"))
        if report.unchanged:
            text += self.tr(" {0} were there already.").format(counted(report.unchanged, "file"))
        if report.removed:
            text += self.tr(" {0} of an earlier export removed.").format(
                counted(report.removed, "file")
            )
        self.say(text, "success")
        self.show_button.show()

    def _tell(self, outcome: Outcome) -> None:
        stopped = self.tr("Stopped. Finished files stay; Export writes what is missing.")
        self.tell_end(outcome, stopped=stopped)

    def leave(self, *_ignored: object) -> None:
        """See `WorkDialog`."""
        if self.work.running:
            self.abandoned.emit()
        self._timer.stop()
        super().leave()

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(local_url(self.order().out))


def _heading(text: str, parent: QWidget) -> QLabel:
    return QLabel(f"<b>{text}</b>", parent)
