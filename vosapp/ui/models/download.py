"""Asking for an address, and following the download."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QPushButton, QWidget

from core.text import visible
from vosapp.jobs.outcome import Done, Outcome
from vosapp.services.models.values import KnownModel, Model
from vosapp.session.training.models import ModelsControl
from vosapp.ui.forms import align_labels, name_all
from vosapp.ui.theme import set_tone
from vosapp.ui.work.dialog import WorkDialog
from vosapp.ui.work.words import size

_HASH = re.compile(r"[0-9a-fA-F]{64}")


class DownloadDialog(WorkDialog):
    """An address of one's own, or one of a list; what is there of a try before is kept."""

    def __init__(self, models: ModelsControl, parent: QWidget) -> None:
        super().__init__(self.tr("Download Model"), parent)
        self._models = models
        self.known = QComboBox(self)
        self.address, self.name = QLineEdit(self), QLineEdit(self)
        self.license, self.sha256 = QLineEdit(self), QLineEdit(self)
        self.facts, self._remembered = QLabel(self), ""
        self.start_button = QPushButton(self.tr("Download"), self)
        self._build()
        fields = (self.known, self.address, self.name, self.license, self.sha256)
        self.follow(models, self._take_end, locks=(*fields, self.start_button))
        models.hashKnown.connect(self._take_hash)
        self._choose(0)

    def _build(self) -> None:
        tr = self.tr
        self.known.addItem(tr("An address of your own"), None)
        for model in self._models.known:
            self.known.addItem(visible(model.name), model)
        self.known.setVisible(bool(self._models.known))
        self.address.setPlaceholderText("https://\u2026")
        for field in (self.license, self.sha256):
            field.setPlaceholderText(tr("as the source states it; empty where it does not"))
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.PlainText)
        set_tone(self.facts, "muted")
        form = QFormLayout()
        if self._models.known:
            form.addRow(tr("Model"), self.known)
        form.addRow(tr("Address"), self.address)
        form.addRow(tr("Name"), self.name)
        form.addRow(tr("License"), self.license)
        form.addRow(tr("SHA-256"), self.sha256)
        align_labels(form)
        self.content.addLayout(form)
        self.content.addWidget(self.facts)
        self.add_button(self.start_button, picture="download-outline", main=True)
        self.start_button.setDefault(True)
        self.resize(560, 300)
        self.known.activated.connect(self._choose)
        self.address.textEdited.connect(self._suggest_name)
        self.address.textChanged.connect(self._look_up)
        for field in (self.address, self.name, self.sha256):
            field.textChanged.connect(self._enable)
        self.start_button.clicked.connect(self._start)
        name_all(
            (self.known, tr("Model"), tr("Models whose facts are known")),
            (self.address, tr("Address"), tr("Where the weights lie")),
            (self.name, tr("Name"), tr("What the model will be called here")),
            (self.license, tr("License"), tr("Is kept with the model, and shown on its card")),
            (self.sha256, tr("SHA-256"), tr("The file is refused where it has another one")),
            (self.start_button, tr("Download"), tr("Fetch the file, look at it, and keep it")),
        )

    @property
    def _known(self) -> KnownModel | None:
        found = self.known.currentData()
        return found if isinstance(found, KnownModel) else None

    def _choose(self, _row: int) -> None:
        model = self._known
        if model is not None:
            self.address.setText(model.address)
            self.name.setText(model.name)
            self.license.setText(model.license)
            self.sha256.setText(model.sha256)
        for field in (self.address, self.license):
            field.setReadOnly(model is not None)
        self._show_facts()
        self._enable()

    def _look_up(self, address: str) -> None:
        self._remembered = ""
        self._show_facts()
        if address.strip():
            self._models.look_up_hash(address.strip())

    def _take_hash(self, address: str, digest: str) -> None:
        if address == self.address.text().strip():
            self._remembered = digest
            self._show_facts()

    def _show_facts(self) -> None:
        text = self._facts(self._known)
        if self._remembered and not self.sha256.text():
            told = self.tr("The last time its SHA-256 was {0}; another file is refused.")
            text += " " + told.format(self._remembered)
        self.facts.setText(visible(text))

    def _facts(self, model: KnownModel | None) -> str:
        if model is None:
            return self.tr(
                "Weights of others are looked at before they are used. Who gives them away decides"
                " what you may do with them: look for their license."
            )
        how_much = size(model.size) if model.size else self.tr("Unknown size")
        text = self.tr("{0}, for {1}. License, as its source states it: {2}. From: {3}.").format(
            how_much, model.system, model.license or self.tr("not stated"), model.source
        )
        if not model.sha256 and not self._remembered:
            text += " " + self.tr("No source states its SHA-256: it is computed and remembered.")
        return text

    def _suggest_name(self, address: str) -> None:
        stem = PurePosixPath(urlsplit(address).path).stem
        self.name.setText(re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:60])

    def _enable(self) -> None:
        digest = self.sha256.text().strip()
        good = bool(self.address.text().strip() and self.name.text().strip())
        good = good and (not digest or _HASH.fullmatch(digest) is not None)
        self.start_button.setEnabled(good and not self._models.running)

    def _start(self) -> None:
        self._models.download(
            self.address.text().strip(),
            self.name.text().strip(),
            sha256=self.sha256.text().strip().lower(),
            license=self.license.text().strip(),
            known=self._known,
        )

    def _take_end(self, outcome: Outcome) -> None:
        stopped = self.tr("Stopped; what is there is kept, and the next try goes on with it.")
        self.tell_end(outcome, stopped=stopped)
        if isinstance(outcome, Done) and isinstance(outcome.value, Model):
            text = self.tr("{0} is there, and can be used. License: {1}. SHA-256 {2}")
            model, unknown = outcome.value, self.tr("not known")
            facts = (model.name, model.license or unknown, model.sha256 or unknown)
            self.say(text.format(*map(visible, facts)), "success")
        self._enable()
