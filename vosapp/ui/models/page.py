"""The Models place: all weights, what they are, and what can be done with them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QShowEvent, QTextCursor
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from core.text import visible
from vosapp.jobs.outcome import Done, Outcome
from vosapp.services.models.values import Model, Origin
from vosapp.session.training.hub import TrainingHub
from vosapp.ui.actions.binding import Actions
from vosapp.ui.drop_veil import DropVeil
from vosapp.ui.forms import name_all
from vosapp.ui.models import words
from vosapp.ui.models.card import drop_empty_heads
from vosapp.ui.plain import local_path, tooltip
from vosapp.ui.theme import icon, set_tone
from vosapp.ui.work.strip import WorkStrip
from vosapp.ui.work.words import size

_COLUMNS = 6


class ModelsPage(QWidget):
    """A list at the left, one model at the right.

    Signals:
        exportWanted, deleteWanted: of the model that is chosen (`Model`).
        importWanted: a file was dropped (`Path`).
    """

    exportWanted = Signal(object)
    deleteWanted = Signal(object)
    importWanted = Signal(object)

    def __init__(self, hub: TrainingHub, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._hub = hub
        self.setAcceptDrops(True)
        self._veil = DropVeil(self)
        self.list, self.card = QTreeWidget(self), QTextBrowser(self)
        self.title, self.used = QLabel(self), QLabel(self)
        self.import_button = QPushButton(self.tr("Import\u2026"), self)
        self.download_button = QPushButton(self.tr("Download\u2026"), self)
        self.use_button = QPushButton(self.tr("Use in Open Project"), self)
        self.off_button = QPushButton(self.tr("Switch Off Again"), self)
        self.export_button = QPushButton(self.tr("Export\u2026"), self)
        self.delete_button = QPushButton(self.tr("Delete\u2026"), self)
        self.strip = WorkStrip(self)
        self._build(actions)
        hub.models.changed.connect(self._fill)
        hub.models.cardRead.connect(self._show_card)
        hub.use.changed.connect(self._show)
        self.strip.follow(hub.models, self._take_end, locks=(self.import_button,))
        self._fill()

    @property
    def model(self) -> Model | None:
        """The model that is chosen."""
        found = self.list.selectedItems()
        model = found[0].data(0, Qt.ItemDataRole.UserRole) if found else None
        return model if isinstance(model, Model) else None

    def choose(self, name: str) -> None:
        """Choose a model by its name."""
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(0, Qt.ItemDataRole.UserRole).name == name:
                self.list.setCurrentItem(item)

    # Building

    def _build(self, actions: Actions) -> None:
        self._build_list()
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        for label in (self.title, self.used):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        set_tone(self.used, "success")
        # Cards name what a file says of itself: nothing is fetched, no link is followed.
        self.card.setOpenLinks(False)
        self.card.setOpenExternalLinks(False)
        row = QHBoxLayout()
        row.addWidget(self.import_button)
        row.addWidget(self.download_button)
        row.addStretch(1)
        deeds = QHBoxLayout()
        for button in (self.export_button, self.delete_button):
            deeds.addWidget(button)
        deeds.addStretch(1)
        deeds.addWidget(self.off_button)
        deeds.addWidget(self.use_button)
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(8, 0, 0, 0)
        for widget in (self.title, self.used, self.card):
            column.addWidget(widget)
        column.addLayout(deeds)
        sides = QSplitter(Qt.Orientation.Horizontal, self)
        sides.addWidget(self.list)
        sides.addWidget(right)
        sides.setChildrenCollapsible(False)
        sides.setStretchFactor(0, 4)
        sides.setStretchFactor(1, 3)
        sides.setSizes([620, 420])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 12, 16, 12)
        whole.setSpacing(8)
        whole.addLayout(row)
        whole.addWidget(sides, 1)
        whole.addWidget(self.strip)
        self.setFocusProxy(self.list)
        self._connect(actions)

    def _build_list(self) -> None:
        tr, header = self.tr, self.list.header()
        self.list.setObjectName("roomy")
        self.list.setRootIsDecorated(False)
        # Names of models differ at their ends.
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setAllColumnsShowFocus(True)
        self.list.setHeaderLabels(
            [tr("Name"), tr("From"), tr("System"), tr("Network"), tr("Size"), tr("Score")]
        )
        header.setStretchLastSection(False)
        for section in range(1, _COLUMNS):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.itemSelectionChanged.connect(self._choose)

    def _connect(self, actions: Actions) -> None:
        tr = self.tr
        self.import_button.clicked.connect(actions["models.import"].trigger)
        self.download_button.clicked.connect(actions["models.download"].trigger)
        self.use_button.clicked.connect(self._use)
        self.off_button.clicked.connect(actions["train.use-off"].trigger)
        self.export_button.clicked.connect(lambda: self._emit(self.exportWanted.emit))
        self.delete_button.clicked.connect(lambda: self._emit(self.deleteWanted.emit))
        name_all(
            (self.import_button, tr("Import"), tr("Take weights of a file among the models")),
            (self.download_button, tr("Download"), tr("Take weights from an address")),
            (self.use_button, tr("Use"), tr("The open project uses this model from now on")),
            (self.off_button, tr("Switch Off"), tr("Use what the project used before")),
            (self.export_button, tr("Export"), tr("Write the file of this model elsewhere")),
            (self.delete_button, tr("Delete"), tr("Remove this model for good")),
            (self.list, tr("Models"), tr("All weights that there are")),
            (self.card, tr("Card"), tr("What is known of this model")),
        )

    # Dropping

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a file of this machine."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._veil.show_for(self.tr("Drop to import the model"))

    def dropEvent(self, event: QDropEvent) -> None:
        """Import what was dropped, one file at a time."""
        urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
        if urls:
            event.acceptProposedAction()
            self.importWanted.emit(local_path(urls[0]))

    # Keeping up

    def showEvent(self, event: QShowEvent) -> None:
        """What there is may have changed."""
        super().showEvent(event)
        self._hub.models.look()

    def changeEvent(self, event: QEvent) -> None:
        """Take the colors of another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._fill()

    def _fill(self) -> None:
        chosen = self.model
        self.list.blockSignals(True)
        self.list.clear()
        for model in self._hub.models.models or ():
            self.list.addTopLevelItem(_item(model))
        self.list.blockSignals(False)
        if chosen is not None:
            self.choose(chosen.name)
        first = self.list.topLevelItem(0)
        if self.model is None and first is not None:
            self.list.setCurrentItem(first)
        self._choose()

    def _choose(self) -> None:
        model = self.model
        self.title.setText("" if model is None else visible(model.name))
        self.card.setHtml("" if model is None else words.facts_html(model))
        if model is not None and model.card is not None:
            self._hub.models.read_card(model)
        self._show()

    def _show_card(self, model: Model, text: str) -> None:
        if self.model == model:
            # The name stands above the card already.
            self.card.setMarkdown(text.removeprefix(f"# {model.name}\n"))
            drop_empty_heads(self.card.document())
            cursor = self.card.textCursor()
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertHtml(f"<br>{words.facts_html(model)}")

    def _show(self) -> None:
        model, use = self.model, self._hub.use
        used = model is not None and use.uses(model.path)
        own = model is not None and model.origin is not Origin.BUNDLED
        fit = model is not None and not model.problem and bool(model.system)
        self.used.setText(self.tr("The open project uses it.") if used else "")
        self.used.setVisible(used)
        self.use_button.setVisible(not used)
        usable = model is not None and use.fits(model)
        self.use_button.setEnabled(usable and use.workspace is not None)
        self.off_button.setVisible(used and use.chosen)
        self.export_button.setEnabled(fit)
        self.delete_button.setEnabled(own and not used)

    def _use(self) -> None:
        if self.model is not None:
            self._hub.use.use(self.model)

    def _emit(self, emit: object) -> None:
        if self.model is not None and callable(emit):
            emit(self.model)

    def _take_end(self, outcome: Outcome) -> None:
        self.strip.tell_end(outcome, stopped=self.tr("Stopped; the next try goes on from there."))
        if isinstance(outcome, Done) and isinstance(outcome.value, Model):
            told = self.tr("{0} is there, and can be used.")
            self.strip.say(told.format(visible(outcome.value.name)), "success")
        elif isinstance(outcome, Done) and isinstance(outcome.value, Path):
            told = self.tr("Written: {0}")
            self.strip.say(told.format(visible(str(outcome.value))), "success")


def _item(model: Model) -> QTreeWidgetItem:
    texts = [visible(model.name), words.origin_text(model.origin), visible(model.system)]
    texts += [visible(model.preset), size(model.size) if model.size else ""]
    item = QTreeWidgetItem([*texts, words.score_text(model.scores)])
    item.setData(0, Qt.ItemDataRole.UserRole, model)
    item.setTextAlignment(4, Qt.AlignmentFlag.AlignRight)
    if model.problem:
        item.setIcon(0, icon("alert-outline", "warning"))
        item.setToolTip(0, tooltip(model.problem))
    return item
