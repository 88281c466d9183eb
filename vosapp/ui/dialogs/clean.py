"""The dialog that cleans up an object's propagated masks: seen while it is chosen, kept by Apply.

Not modal: one scrubs, plays and corrects beside it. What is chosen is kept for a range of frames,
as settings; masks and keyframes stay what they are.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from core.cleaning import DEFAULT, NONE, Cleaning
from core.media.export.losses import counted
from vosapp.project.edit_cleanings import CleanUp, KeepRaw
from vosapp.project.model import Change
from vosapp.session.clean_preview import CleanPreview
from vosapp.session.view import FrameView
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.dialogs.clean_rows import ROWS, CleanSlider
from vosapp.ui.forms import align_labels, name_all
from vosapp.ui.theme import set_tone

RANGE, ALL, HERE = range(3)
"""Which frames, as items of the box."""
OWN_EDITS = ("Clean up ", "Take back clean-up of ", "Erase area of ")
"""How the names of edits begin after which the sliders show what is kept."""


class CleanDialog(QDialog):
    """Sliders for the current object, and for which frames they hold.

    Args:
        workspace: whose masks are cleaned up; close the dialog before it.
        parent: the window.

    Signals:
        areaWanted: an area is to be drawn that goes on all frames.
        undoWanted: the last step is to be taken back.
    """

    areaWanted = Signal()
    undoWanted = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Clean Up"))
        self._session = workspace.session
        self._loads = True
        self.name, self.note = QLabel(self), QLabel(self)
        self.frames = QComboBox(self)
        self.sliders = {row.field: CleanSlider(row, self) for row in ROWS}
        self.preview = QCheckBox(self.tr("Show it while I choose"), self)
        self.usual_button = QPushButton(self.tr("Set to Automatic"), self)
        self.area_button = QPushButton(self.tr("Erase Area\u2026"), self)
        self.back_button = QPushButton(self.tr("Take Back"), self)
        self.undo_button = QPushButton(self.tr("Undo"), self)
        self.apply_button = QPushButton(self.tr("Apply"), self)
        self.close_button = QPushButton(self.tr("Close"), self)
        self._lay_out()
        self._name_all()
        self._connect()
        self._show_object()
        if self._session.view is not None:
            self._take_view(self._session.view)

    @property
    def cleaning(self) -> Cleaning:
        """What the sliders say."""
        values: dict[str, Any] = {name: one.value for name, one in self.sliders.items()}
        return Cleaning(**values)

    @property
    def chosen(self) -> range:
        """The frames for which it is."""
        session = self._session
        match self.frames.currentIndex():
            case 0:
                return range(*session.range)
            case 1:
                return range(session.frame_count)
        return range(session.frame_index, session.frame_index + 1)

    def reject(self) -> None:
        """What is not kept is not shown any more. Closing comes here, too, by button or by Esc."""
        self._session.preview_cleaning(None)
        super().reject()

    # Making it

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.addRow(self.tr("Object"), self.name)
        form.addRow(self.tr("Frames"), self.frames)
        for row in ROWS:
            title = QCoreApplication.translate("Clean", row.title)
            form.addRow(title, self.sliders[row.field])
        form.addRow("", self.preview)
        align_labels(form)
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.note.setText(
            self.tr("Changes propagated masks only. Keyframes stay, and so does what is stored.")
        )
        set_tone(self.note, "muted")
        for text in ("", "", ""):
            self.frames.addItem(text)
        self.preview.setChecked(True)
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addLayout(self._buttons(self.usual_button, self.area_button, self.back_button))
        column.addLayout(self._buttons(self.undo_button, self.close_button, self.apply_button))
        self.setMinimumWidth(430)

    def _buttons(self, *buttons: QPushButton) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(buttons[0])
        row.addStretch(1)
        for button in buttons[1:]:
            row.addWidget(button)
        for button in buttons:
            button.setAutoDefault(False)
        return row

    def _name_all(self) -> None:
        self.apply_button.setDefault(True)
        name_all(
            (self.name, self.tr("Object"), self.tr("The object that is selected in the window")),
            (self.frames, self.tr("Frames"), self.tr("Where it holds")),
            (
                self.preview,
                self.tr("Show it while I choose"),
                self.tr("The picture shows what the sliders say before you apply it"),
            ),
            (
                self.usual_button,
                self.tr("Set to automatic"),
                self.tr("What runs do by themselves: islands of a size that fits go"),
            ),
            (
                self.area_button,
                self.tr("Erase area"),
                self.tr("Draw around an area that goes on all frames between in and out"),
            ),
            (
                self.back_button,
                self.tr("Take back"),
                self.tr("Masks as they are stored, with what was erased, on these frames"),
            ),
            (self.undo_button, self.tr("Undo"), self.tr("Take back the last step")),
            (
                self.apply_button,
                self.tr("Apply"),
                self.tr("Keep it for these frames; can be undone"),
            ),
            (self.close_button, self.tr("Close"), self.tr("What is not applied is dropped")),
        )

    def _connect(self) -> None:
        session = self._session
        for slider in self.sliders.values():
            slider.moved.connect(self._show_preview)
        self.preview.toggled.connect(self._show_preview)
        self.frames.activated.connect(self._show_preview)
        self.usual_button.clicked.connect(lambda: self._choose(DEFAULT))
        self.area_button.clicked.connect(self.areaWanted)
        self.undo_button.clicked.connect(self.undoWanted)
        self.back_button.clicked.connect(self._take_back)
        self.apply_button.clicked.connect(self._apply)
        self.close_button.clicked.connect(self.close)
        session.rangeChanged.connect(self._show_frames)
        session.frameIndexChanged.connect(self._show_frames)
        session.currentObjectChanged.connect(self._take_object)
        session.objectsChanged.connect(self._show_object)
        session.historyChanged.connect(self._enable)
        session.viewChanged.connect(self._take_view)
        session.edited.connect(self._take_edit)

    # What is done

    def _apply(self) -> None:
        item = self._session.current_object
        if item is not None:
            frames = self.chosen
            self._do(CleanUp(item.object_id, frames.start, frames.stop, self.cleaning))

    def _take_back(self) -> None:
        item = self._session.current_object
        if item is not None:
            self._choose(NONE)
            self._do(KeepRaw(item.object_id, self.chosen.start, self.chosen.stop))

    def _do(self, edit: CleanUp | KeepRaw) -> None:
        """Do an edit, unless the project is closed: a click may still be on its way."""
        if self._session.is_open:
            self._session.do(edit)

    def _choose(self, cleaning: Cleaning) -> None:
        for name, slider in self.sliders.items():
            slider.set_value(getattr(cleaning, name))
        self._show_preview()

    def _show_preview(self, _value: object = None) -> None:
        item, frames = self._session.current_object, self.chosen
        wanted = None
        if item is not None and not item.locked and self.preview.isChecked():
            wanted = CleanPreview(item.object_id, frames.start, frames.stop, self.cleaning)
        self._session.preview_cleaning(wanted)

    # What is shown

    def _take_object(self, _object_id: int = 0) -> None:
        self._loads = True
        self._show_object()
        if self._session.view is not None:
            self._take_view(self._session.view)

    def _take_edit(self, change: Change) -> None:
        """After an edit of its own, or an undo of one, the sliders show what is kept."""
        if change.name.startswith(OWN_EDITS):
            self._loads = True
            self._session.reload()

    def _take_view(self, view: FrameView) -> None:
        if not self._loads or not view.exact or view.frame_index != self._session.frame_index:
            return
        self._loads = False
        self._choose(view.cleanings.get(self._session.object_id, NONE))

    def _show_object(self) -> None:
        item = self._session.current_object
        text = self.tr("none: select one in the list") if item is None else item.shown_name
        if item is not None and item.locked:
            text = self.tr("{0} (locked)").format(item.shown_name)
        self.name.setText(text)
        self._show_frames()
        self._enable()

    def _show_frames(self, _index: int = 0) -> None:
        session = self._session
        start, stop = session.range
        frames, every = counted(stop - start, "frame"), counted(session.frame_count, "frame")
        self.frames.setItemText(RANGE, self.tr("Between in and out, {0}").format(frames))
        self.frames.setItemText(ALL, self.tr("All, {0}").format(every))
        self.frames.setItemText(
            HERE,
            self.tr("The current one, frame {0}").format(numbering.shown(session.frame_index)),
        )
        if not self._loads:
            self._show_preview()

    def _enable(self) -> None:
        item = self._session.current_object
        can = item is not None and not item.locked
        for button in (self.apply_button, self.back_button, self.area_button, self.usual_button):
            button.setEnabled(can)
        for slider in self.sliders.values():
            slider.setEnabled(can)
        self.undo_button.setEnabled(self._session.update.undo.startswith(OWN_EDITS))
