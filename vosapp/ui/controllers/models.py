"""Models: imported, downloaded, exported, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtWidgets import QAbstractButton, QInputDialog, QWidget

from vosapp.services.models.values import Model
from vosapp.ui.actions.binding import Handler
from vosapp.ui.controllers.base import DialogController
from vosapp.ui.dialogs.asking import ask, choose_file, choose_new_file, open_about
from vosapp.ui.models.page import ModelsPage
from vosapp.ui.notice import Choice
from vosapp.ui.place_bar import Place


class ModelsController(DialogController):
    """The page of models."""

    def handlers(self) -> Mapping[str, Handler]:
        """See `Controller`."""
        return {
            "models.import": self._import,
            "models.download": self._download,
            "models.use-selected": lambda: self._press(lambda page: page.use_button),
            "models.export": lambda: self._press(lambda page: page.export_button),
            "models.delete": lambda: self._press(lambda page: page.delete_button),
        }

    def begin(self) -> None:
        """See `Controller`."""
        self._page: ModelsPage | None = None
        self.shell.makers[Place.MODELS] = self._make

    def _make(self) -> QWidget:
        shell = self.shell
        page = self._page = ModelsPage(shell.training, shell.actions, shell.window)
        page.importWanted.connect(self._name)
        page.exportWanted.connect(self._export)
        page.deleteWanted.connect(self._delete)
        return page

    def _press(self, button_of: Callable[[ModelsPage], QAbstractButton]) -> None:
        """Show the page and press a button of it, where it can be."""
        self.shell.show_place(Place.MODELS)
        if self._page is not None:
            button_of(self._page).click()

    def _import(self) -> None:
        self.shell.show_place(Place.MODELS)
        choose_file(
            self.shell.window,
            self.tr("Import Model"),
            owner=self,
            filters=self.tr("Weights (*.safetensors *.pth *.pt *.ckpt);;All files (*)"),
            folder="",
            take=self._name,
        )

    def _name(self, file: Path) -> None:
        models, dialog = self.shell.training.models, QInputDialog(self.shell.window)
        dialog.setWindowTitle(self.tr("Import Model"))
        dialog.setLabelText(self.tr("What the model is to be called:"))
        dialog.setTextValue(file.stem)
        dialog.textValueSelected.connect(lambda name: models.import_file(file, name.strip()))
        open_about(self, dialog)

    def _download(self) -> None:
        from vosapp.ui.models.download import DownloadDialog

        self.shell.show_place(Place.MODELS)
        if not self.raise_dialog():
            self.show_dialog(DownloadDialog(self.shell.training.models, self.shell.window))

    def _export(self, model: Model) -> None:
        models = self.shell.training.models
        choose_new_file(
            self.shell.window,
            self.tr("Export Model"),
            owner=self,
            filters=self.tr("Weights (*.safetensors)"),
            suggested=Path.home() / f"{model.name}.safetensors",
            take=lambda path: models.export(model.name, path),
        )

    def _delete(self, model: Model) -> None:
        models = self.shell.training.models
        title = self.tr("Delete this model?")
        text = self.tr("{0} is removed for good. Projects that used it go back to the usual ones.")
        choice = Choice(self.tr("Delete"), lambda: models.remove(model.name))
        ask(self.shell.window, title, text.format(model.name), owner=self, choices=(choice,))
