"""The dialog that looks for objects and offers what was found.

Nothing gets an id, and nothing of the project changes, until something is accepted. It shows what
`DiscoveryControl` knows, so that it can be closed and opened again at any time.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from core.media.export.losses import counted
from core.media.label_lines import vivid
from core.text import visible
from vosapp.jobs.outcome import Done, Outcome
from vosapp.project.colors import usual_color
from vosapp.services.candidates import Candidate
from vosapp.session.systems import finders
from vosapp.session.workspace import Workspace
from vosapp.ui import numbering
from vosapp.ui.advice import Advice
from vosapp.ui.forms import align_labels, capitalized, name_all
from vosapp.ui.theme import set_tone
from vosapp.ui.timeline.strip import to_pixmap
from vosapp.ui.work.dialog import WorkDialog

NUMBER = Qt.ItemDataRole.UserRole
"""The number of an item's candidate."""
PICTURE = QSize(104, 58)
"""Pixels of a candidate's picture."""
STRIPE = 16
"""Pixels of twice that size: a stripe, and as much room after it."""
SIZE = QSize(460, 560)


class DiscoverDialog(WorkDialog):
    """Where to look, how far it is, and what was found.

    Args:
        workspace: whose video is looked at; close the dialog before it.
        parent: the window.

    Signals:
        fileWanted: a file of weights is to be chosen.
    """

    fileWanted = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(self.tr("Find Objects"), parent)
        self._workspace, self._control = workspace, workspace.discovery
        self.intro, self.weights = QLabel(self), QLabel(self)
        self.system, self.frames = QComboBox(self), QComboBox(self)
        self.learn = QCheckBox(self)
        self.file_button = QPushButton(self.tr("File\u2026"), self)
        self.list = QListWidget(self)
        self.advice = Advice(self.list, self.tr("What is found is listed here."))
        self.find_button = QPushButton(self.tr("Find"), self)
        self.accept_button = QPushButton(self.tr("Accept"), self)
        self.all_button = QPushButton(self.tr("Accept All"), self)
        self.drop_button = QPushButton(self.tr("Drop"), self)
        self._fill()
        self._lay_out()
        self._name_all()
        self._connect()
        self.refresh_weights()
        self._show_candidates()
        self.resize(SIZE)

    def take_weights(self, path: Path) -> None:
        """Use a file of weights."""
        self._control.take_weights(path)
        self._show_system()

    def refresh_weights(self) -> None:
        """Say which weights are used."""
        path = self._control.weights
        text = self.tr("bundled")
        if not self._control.has_weights:
            text = self.tr("none are here: choose a file, or make one by {0}")
            text = text.format(f"vosapp train {self._control.system}")
        self.weights.setText(text if path is None else visible(path.name))
        self.find_button.setEnabled(self._control.has_weights and not self._control.running)

    # Making it

    def _fill(self) -> None:
        self.intro.setText(
            self.tr(
                "What may be an object is proposed. Nothing changes until you accept a proposal;"
                " then it is a new object with a keyframe, ready to be propagated."
            )
        )
        for spec in finders():
            self.system.addItem(spec.title, spec.name)
            self.system.setItemData(
                self.system.count() - 1, capitalized(spec.summary), Qt.ItemDataRole.ToolTipRole
            )
        self.system.setCurrentIndex(self.system.findData(self._control.system))
        for label in (self.intro, self.weights):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        set_tone(self.intro, "muted")
        self.frames.addItem("")
        self.frames.addItem(self.tr("The current frame alone"))
        self._show_range()
        self.learn.setText(self.tr("Learn this video first: better, and takes longer"))
        self.learn.setChecked(True)
        self.list.setIconSize(PICTURE)
        self.list.setSpacing(3)
        self.list.setUniformItemSizes(True)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.weights, 1)
        row.addWidget(self.file_button)
        chosen = QWidget(self)
        chosen.setLayout(row)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(8)
        form.addRow(self.tr("Method"), self.system)
        form.addRow(self.tr("Look at"), self.frames)
        form.addRow(self.tr("Weights"), chosen)
        form.addRow("", self.learn)
        align_labels(form)
        self.content.addWidget(self.intro)
        self.content.addLayout(form)
        self.content.addWidget(self.list, 1)
        self.content.addLayout(self._list_buttons())
        self.add_button(self.find_button, picture="shape-outline", main=True)

    def _list_buttons(self) -> QHBoxLayout:
        """What is done with candidates stands below them; what is said of work needs the foot."""
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.drop_button, self.all_button, self.accept_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    def _name_all(self) -> None:
        name_all(
            (self.system, self.tr("Method"), self.tr("What finds objects")),
            (self.frames, self.tr("Frames"), self.tr("Where objects are looked for")),
            (self.weights, self.tr("Weights"), self.tr("What the network has learned from")),
            (self.file_button, self.tr("Other weights"), self.tr("Use a file of weights")),
            (
                self.learn,
                self.tr("Learn this video first"),
                self.tr("A hundred steps on these frames; one frame alone shows no motion"),
            ),
            (
                self.list,
                self.tr("Candidates"),
                self.tr("Click to see it on its frame, double-click to accept it"),
            ),
            (self.find_button, self.tr("Find"), self.tr("Begin; you can go on working")),
            (
                self.accept_button,
                self.tr("Accept"),
                self.tr("Make it an object with a keyframe; can be undone"),
            ),
            (self.all_button, self.tr("Accept all"), self.tr("Make each of them an object")),
            (self.drop_button, self.tr("Drop"), self.tr("Take it from the list; nothing changes")),
        )

    def _connect(self) -> None:
        control = self._control
        self.find_button.clicked.connect(self._find)
        self.accept_button.clicked.connect(self._accept)
        self.all_button.clicked.connect(self._accept_all)
        self.drop_button.clicked.connect(self._drop)
        self.file_button.clicked.connect(self.fileWanted)
        self.frames.activated.connect(self._show_learning)
        self.system.activated.connect(self._choose)
        self.list.itemClicked.connect(self._go_to)
        self.list.itemActivated.connect(self._accept)
        self.list.itemSelectionChanged.connect(self._enable)
        self._workspace.session.rangeChanged.connect(self._show_range)
        self._workspace.session.rangeChanged.connect(self._show_learning)
        control.changed.connect(self._show_candidates)
        control.stateChanged.connect(self._enable)
        locks = (self.system, self.frames, self.learn, self.file_button, self.find_button)
        self.follow(control, self._take_outcome, locks=locks)
        self._show_learning()

    # What is done

    def _find(self) -> None:
        learn = self.learn.isChecked() and self.learn.isEnabled()
        self._control.start(self._frames(), learn=learn)

    def _accept(self, _item: object = None) -> None:
        number = self._chosen()
        if number is not None:
            self._control.accept(number)

    def _accept_all(self) -> None:
        for candidate in self._control.candidates:
            self._control.accept(candidate.number)

    def _drop(self) -> None:
        number = self._chosen()
        if number is not None:
            self._control.dismiss(number)

    def _go_to(self, _item: object = None) -> None:
        number = self._chosen()
        for candidate in self._control.candidates:
            if candidate.number == number:
                self._workspace.session.go_to(self._control.place_of(candidate))

    def _frames(self) -> range:
        """What is to be looked at, as things are now."""
        session = self._workspace.session
        if self.frames.currentIndex() == 1:
            return range(session.frame_index, session.frame_index + 1)
        return range(*session.range)

    def _chosen(self) -> int | None:
        chosen = self.list.selectedItems()
        return int(chosen[0].data(NUMBER)) if chosen else None

    def _choose(self, _index: int) -> None:
        self._control.choose(self.system.currentData())
        self._show_system()

    # What is shown

    def _show_system(self) -> None:
        self.system.setCurrentIndex(self.system.findData(self._control.system))
        self.refresh_weights()
        self._show_learning()

    def _show_learning(self, _index: int = 0) -> None:
        self.learn.setEnabled(self._control.learns_first and len(self._frames()) > 1)

    def _show_range(self) -> None:
        start, stop = self._workspace.session.range
        frames = counted(stop - start, "frame")
        self.frames.setItemText(0, self.tr("Between in and out, {0}").format(frames))

    def _show_candidates(self) -> None:
        row = max(0, self.list.currentRow())
        self.list.clear()
        for candidate in self._control.candidates:
            item = QListWidgetItem(_icon(candidate), self._text(candidate))
            item.setData(NUMBER, candidate.number)
            self.list.addItem(item)
        self.list.setCurrentRow(min(row, self.list.count() - 1))
        self.advice.setVisible(self.list.count() == 0)
        self._enable()

    def _text(self, candidate: Candidate) -> str:
        return self.tr("Score {0:.2f}\n{1}, surest on frame {2}").format(
            candidate.score,
            counted(len(candidate.frames), "frame"),
            numbering.shown(candidate.best),
        )

    def _enable(self, _what: object = None) -> None:
        chosen = self._chosen() is not None
        self.accept_button.setEnabled(chosen)
        self.drop_button.setEnabled(chosen)
        self.all_button.setEnabled(self.list.count() > 0)
        self.accept_button.setDefault(chosen)
        self.find_button.setDefault(not chosen)
        self.color_pictures()

    def _take_outcome(self, outcome: Outcome) -> None:
        self.tell_end(outcome, stopped=self.tr("Stopped. Nothing was changed."))
        if isinstance(outcome, Done):
            found = len(self._control.candidates)
            text = self.tr("Found {0}.").format(counted(found, "object"))
            self.say(
                text if found else self.tr("Nothing was found."), "text" if found else "warning"
            )
        self._show_system()


def _icon(candidate: Candidate) -> QIcon:
    """The picture beside a stripe in the color of the outline; as it is where it is selected."""
    whole = QSize(2 * PICTURE.width(), 2 * PICTURE.height())
    shown = QPixmap(whole)
    shown.fill(Qt.GlobalColor.transparent)
    picture = to_pixmap(candidate.picture, candidate.picture.shape[0])
    room = QSize(whole.width() - STRIPE, whole.height())
    smooth = Qt.TransformationMode.SmoothTransformation
    scaled = picture.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, smooth)
    painter = QPainter(shown)
    painter.fillRect(
        0, 0, STRIPE // 2, whole.height(), QColor(*vivid(usual_color(candidate.number)))
    )
    left = STRIPE + (room.width() - scaled.width()) // 2
    painter.drawPixmap(left, (room.height() - scaled.height()) // 2, scaled)
    painter.end()
    icon = QIcon(shown)
    icon.addPixmap(shown, QIcon.Mode.Selected)
    return icon
