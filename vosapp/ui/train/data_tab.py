"""What is learned from: chosen by hand or dropped, counted, and what cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.jobs import CancelToken
from core.text import visible
from vosapp.jobs.outcome import Done, Outcome
from vosapp.services.training.values import Clip, ColorAnswer, Part, Source
from vosapp.session.training.hub import TrainingHub
from vosapp.session.work import WorkControl, WorkState
from vosapp.ui.drop_veil import DropVeil
from vosapp.ui.forms import name_all
from vosapp.ui.plain import local_path, tooltip
from vosapp.ui.theme import icon, set_tone
from vosapp.ui.train import words
from vosapp.ui.train.samples import SampleStrip
from vosapp.ui.work.strip import WorkStrip

_COLUMNS = 7
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class DataTab(QWidget):
    """The first step of a training.

    Signals:
        openWanted: the user wants to open something that cannot be used as it is (`Path`).
        projectsWanted, foldersWanted: the user wants to choose some.
    """

    openWanted = Signal(object)
    projectsWanted = Signal()
    foldersWanted = Signal()

    def __init__(self, hub: TrainingHub, parent: QWidget) -> None:
        super().__init__(parent)
        self._hub, self._links = hub, list[Path]()
        self.setAcceptDrops(True)
        self._veil = DropVeil(self)
        self.add_projects = QPushButton(self.tr("Add Projects\u2026"), self)
        self.add_folder = QPushButton(self.tr("Add Folder\u2026"), self)
        self.remove_button = QPushButton(self.tr("Remove"), self)
        self.check_button = QPushButton(self.tr("Check Data"), self)
        self.preview_button = QPushButton(self.tr("Preview"), self)
        self.clips = QTreeWidget(self)
        self.advice, self.counts, self.held = QLabel(self), QLabel(self), QLabel(self)
        self.trouble, self.answer = QLabel(self), QLabel(self)
        self.samples = SampleStrip(self)
        self.strip = WorkStrip(self)
        self._look = WorkControl(self)
        self._build()
        locks = (self.check_button, self.preview_button)
        self.strip.follow(hub.data, self._take_survey, locks=locks)
        self.strip.follow(self._look, self._take_look, locks=locks)
        hub.data.changed.connect(self._show)
        self._show()

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take projects, folders, videos and tables of this machine."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()
            self._veil.show_for(self.tr("Drop to learn from it"))

    def dropEvent(self, event: QDropEvent) -> None:
        """Choose what was dropped."""
        urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
        if urls:
            event.acceptProposedAction()
            self._hub.data.add(local_path(url) for url in urls)

    # Inside

    def _build(self) -> None:
        buttons = (self.add_projects, self.add_folder, self.remove_button)
        row = QHBoxLayout()
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.check_button)
        row.addWidget(self.preview_button)
        self._build_clips()
        self.advice.setText(
            self.tr(
                "Drop projects here, or folders of videos, of DAVIS masks, or a table of boxes.\n"
                "A few dozen boxes in your own projects are enough to begin with."
            )
        )
        self.advice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for label in (self.advice, self.held):
            set_tone(label, "muted")
        for label in (self.advice, self.counts, self.held, self.answer, self.trouble):
            label.setWordWrap(True)
        for label in (self.counts, self.held, self.answer):
            label.setTextFormat(Qt.TextFormat.PlainText)
        flags = Qt.TextInteractionFlag
        self.trouble.setTextInteractionFlags(
            flags.LinksAccessibleByMouse | flags.LinksAccessibleByKeyboard
        )
        self.trouble.linkActivated.connect(self._open)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.advice, 1)
        column.addWidget(self.clips, 3)
        for widget in (self.counts, self.held, self.trouble, self.answer):
            column.addWidget(widget)
        column.addWidget(self.samples, 2)
        column.addWidget(self.strip)
        self.add_projects.clicked.connect(self.projectsWanted)
        self.add_folder.clicked.connect(self.foldersWanted)
        self.remove_button.clicked.connect(self._remove)
        self.check_button.clicked.connect(self._check)
        self.preview_button.clicked.connect(self._preview)
        self._name()

    def _build_clips(self) -> None:
        clips, header = self.clips, self.clips.header()
        clips.setObjectName("roomy")
        clips.setRootIsDecorated(False)
        clips.setUniformRowHeights(True)
        clips.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        clips.setHeaderLabels(
            [
                self.tr("Video"),
                self.tr("Used for"),
                self.tr("Boxes"),
                self.tr("Masks"),
                self.tr("Frames"),
                self.tr("Objects"),
                self.tr("Length"),
            ]
        )
        for section in range(2, _COLUMNS):
            clips.headerItem().setTextAlignment(section, Qt.AlignmentFlag.AlignRight)
        header.setStretchLastSection(False)
        for section in range(1, _COLUMNS):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        clips.itemSelectionChanged.connect(self._enable)

    def _name(self) -> None:
        tr = self.tr
        name_all(
            (self.add_projects, tr("Add Projects"), tr("Learn from projects with box labels")),
            (self.add_folder, tr("Add Folder"), tr("Learn from videos or masks in a folder")),
            (self.remove_button, tr("Remove"), tr("Take what is selected out; files stay")),
            (
                self.check_button,
                tr("Check Data"),
                tr("Find out whether what looks alike is one object here, as box losses believe"),
            ),
            (self.preview_button, tr("Preview"), tr("Show samples as the network will see them")),
            (self.clips, tr("Videos"), tr("Videos that are learned from, with their labels")),
        )

    # Keeping up

    def _show(self) -> None:
        data = self._hub.data
        survey, some = data.survey, bool(data.sources)
        self.advice.setVisible(not some and not data.running)
        self.clips.setVisible(some or data.running)
        self.samples.setVisible(self.samples.has_samples and some)
        if survey is not None:
            self._fill(survey.clips)
        elif not some:
            self.clips.clear()
        known = survey is not None and some
        self.counts.setText(words.counted_text(survey) if survey is not None and some else "")
        self.held.setText(words.held_text(survey) if survey is not None and some else "")
        self.counts.setVisible(known)
        self.held.setVisible(known and survey is not None and survey.has_labels)
        unusable = () if survey is None else survey.unusable
        self._links = [one.path for one in unusable]
        text = words.trouble_html(survey, data.refused)
        self.trouble.setText(text)
        self.trouble.setVisible(bool(text))
        self.answer.setVisible(bool(self.answer.text()) and some)
        self._enable()

    def _fill(self, clips: Iterable[Clip]) -> None:
        self.clips.clear()
        for clip in clips:
            counted = clip.counted
            numbers = (counted.boxes, counted.masks, counted.frames, counted.objects)
            texts = [visible(clip.name), words.part_text(clip.part)]
            texts += [str(number) if number else "" for number in numbers]
            item = QTreeWidgetItem([*texts, f"{counted.seconds:.0f} s"])
            item.setData(0, Qt.ItemDataRole.UserRole, clip.source)
            item.setToolTip(0, tooltip(str(clip.source.path)))
            if clip.part in (Part.HELD_OUT, Part.BOTH):
                item.setIcon(1, icon("shield-check-outline", "info"))
            for column in range(2, _COLUMNS):
                item.setTextAlignment(column, _RIGHT)
            self.clips.addTopLevelItem(item)

    def _enable(self) -> None:
        data = self._hub.data
        whole = data.survey is not None and bool(data.survey.clips)
        busy = data.running or self._look.running
        self.remove_button.setEnabled(bool(self.clips.selectedItems()))
        self.check_button.setEnabled(whole and not busy)
        self.preview_button.setEnabled(whole and not busy and self._hub.plan.offer is not None)

    def _take_survey(self, outcome: Outcome) -> None:
        self.strip.tell_end(outcome, stopped=self.tr("Stopped looking at the data."))
        self.answer.setText("")
        self.samples.clear()
        self._show()

    # What is wanted

    def _remove(self) -> None:
        chosen = (item.data(0, Qt.ItemDataRole.UserRole) for item in self.clips.selectedItems())
        self._hub.data.remove({one for one in chosen if isinstance(one, Source)})

    def _open(self, link: str) -> None:
        if link.isdecimal() and int(link) < len(self._links):
            self.openWanted.emit(self._links[int(link)])

    def _check(self) -> None:
        hub, survey = self._hub, self._hub.data.survey
        if survey is not None:
            self._begin(lambda token: hub.services.check_colors(survey, token))

    def _preview(self) -> None:
        hub, survey = self._hub, self._hub.data.survey
        if survey is not None:
            request = hub.plan.request()
            self._begin(lambda token: hub.services.preview(request, survey, token))

    def _begin(self, job: Callable[[CancelToken], Generator[object, None, object]]) -> None:
        handle = self._hub.runner("training-data").submit(job)
        self._look.follow(handle, WorkState(self.tr("looking at the data")))

    def _take_look(self, outcome: Outcome) -> None:
        self.strip.tell_end(outcome, stopped=self.tr("Stopped."))
        if isinstance(outcome, Done) and isinstance(outcome.value, ColorAnswer):
            self.answer.setText(visible(outcome.value.text))
            tone = {True: "success", False: "warning", None: "muted"}[outcome.value.good]
            set_tone(self.answer, tone)
        elif isinstance(outcome, Done) and isinstance(outcome.value, tuple):
            self.samples.show_samples(outcome.value)
            if not outcome.value:
                self.strip.say(self.tr("There is no sample to show."), "muted")
        self._show()
