"""The Train place: data, recipe, run, result."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QTabWidget, QVBoxLayout, QWidget

from core.text import visible
from vosapp.services.training.run_values import RunStatus
from vosapp.session.training.hub import TrainingHub
from vosapp.ui.actions.binding import Actions
from vosapp.ui.forms import name_all
from vosapp.ui.train import words
from vosapp.ui.train.data_tab import DataTab
from vosapp.ui.train.recipe_tab import RecipeTab
from vosapp.ui.train.result_tab import ResultTab
from vosapp.ui.train.run_tab import RunTab

PICKER = 280
"""Pixels that the list of runs is wide, at least: dates are names, too."""


class TrainPage(QWidget):
    """Four steps as tabs, and which run is shown.

    Attributes:
        tabs: of the steps.
        data, recipe, run, result: the steps.
        picker: the runs that there are.

    Signals:
        openWanted: something is to be opened, so that it can be mended (`Path`).
    """

    openWanted = Signal(object)

    def __init__(self, hub: TrainingHub, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._hub = hub
        self.tabs, self.picker = QTabWidget(self), QComboBox(self)
        self.data = DataTab(hub, self)
        self.recipe = RecipeTab(hub, actions, self)
        self.run = RunTab(hub, actions, self)
        self.result = ResultTab(hub, actions, self)
        self._build()
        hub.runs.changed.connect(self._show_runs)
        hub.runs.ended.connect(self._show_end)
        hub.plan.learn_offers()
        hub.runs.list_runs()
        hub.models.look()

    def show_data(self) -> None:
        """Show the first step."""
        self.tabs.setCurrentWidget(self.data)

    def show_run(self) -> None:
        """Show how the run goes."""
        self.tabs.setCurrentWidget(self.run)

    # Inside

    def _build(self) -> None:
        tabs, tr = self.tabs, self.tr
        tabs.setDocumentMode(True)
        tabs.setObjectName("steps")
        tabs.setAccessibleName(tr("Steps of a training"))
        for widget, title, tip in (
            (self.data, tr("1  Data"), tr("What is learned from")),
            (self.recipe, tr("2  Recipe"), tr("How, and for how long")),
            (self.run, tr("3  Run"), tr("How it goes")),
            (self.result, tr("4  Result"), tr("What came of it")),
        ):
            tabs.setTabToolTip(tabs.addTab(widget, title), tip)
        corner = QWidget(self)
        row = QHBoxLayout(corner)
        row.setContentsMargins(0, 4, 16, 4)
        label = QLabel(tr("Run"), corner)
        label.setBuddy(self.picker)
        row.addWidget(label)
        row.addWidget(self.picker)
        self.picker.setMinimumWidth(PICKER)
        self.picker.activated.connect(self._choose_run)
        name_all((self.picker, tr("Run"), tr("Which run the last two steps show")))
        tabs.setCornerWidget(corner, Qt.Corner.TopRightCorner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(tabs)
        self.setFocusProxy(tabs.tabBar())
        self._show_runs()

    def _show_runs(self) -> None:
        runs, shown = self._hub.runs.runs, self._hub.runs.status
        rows = [
            (f"{visible(one.title)} ({words.state_word(one.state)})", one.folder) for one in runs
        ]
        listed = [(self.picker.itemText(i), self.picker.itemData(i)) for i in range(len(rows))]
        if listed != rows or self.picker.count() != len(rows):
            self.picker.clear()
            for text, folder in rows:
                self.picker.addItem(text, folder)
        self.picker.setEnabled(bool(rows))
        folders = [folder for _, folder in rows]
        if shown is not None and shown.folder in folders:
            self.picker.setCurrentIndex(folders.index(shown.folder))

    def _choose_run(self, _row: int) -> None:
        folder = self.picker.currentData()
        if isinstance(folder, Path):
            self._hub.runs.show(folder)

    def _show_end(self, status: RunStatus) -> None:
        shown = self._hub.runs.status
        if shown is None or shown.folder != status.folder:
            return
        done = status.model is not None and not status.resumable
        if done and self.tabs.currentWidget() is self.run:
            self.tabs.setCurrentWidget(self.result)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the run more often."""
        super().showEvent(event)
        self._hub.runs.watched.shown = True

    def hideEvent(self, event: QHideEvent) -> None:
        """Look at it seldom."""
        super().hideEvent(event)
        self._hub.runs.watched.shown = False

    def changeEvent(self, event: QEvent) -> None:
        """Take the colors of another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.run.refresh_theme()
