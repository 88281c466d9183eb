"""All weights that there are: listed, imported, downloaded, exported, deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.jobs import CancelToken, Job, Progress, mapped
from core.media.input_file import read_input_text
from vosapp.jobs.outcome import Done, Outcome
from vosapp.jobs.runner import JobRunner, once
from vosapp.services.models.values import Downloading, KnownModel, Model
from vosapp.session.training.services import TrainServices
from vosapp.session.work import WorkControl, WorkState

MEGA = 1_000_000
CARD_BYTES = 1 << 20


class ModelsControl(WorkControl):
    """The models, and one work on them at a time. The value of `Done` is what the work came to.

    Attributes:
        models: bundled ones first; None while nobody has looked.
        known: models of others that may be downloaded.

    Signals:
        changed: `models` or `known` is another one.
        cardRead: the card of a model (`Model`, its Markdown).
        hashKnown: what an address gave the last time (address, its SHA-256).
    """

    changed = Signal()
    cardRead = Signal(object, str)
    hashKnown = Signal(str, str)

    def __init__(
        self,
        services: TrainServices,
        make_runner: Callable[[str], JobRunner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._make_runner = services, make_runner
        self.models: tuple[Model, ...] | None = None
        self.known: tuple[KnownModel, ...] = ()

    def look(self) -> None:
        """List the models; `changed` follows."""

        def read() -> object:
            return self._services.models(), self._services.known_models()

        # Not behind a download.
        self._make_runner("training").submit(once(read)).tell(self, finished=self._take_models)

    def read_card(self, model: Model) -> None:
        """Read a model's card; `cardRead` follows where there is one."""

        def read() -> str:
            return "" if model.card is None else read_input_text(model.card, limit=CARD_BYTES)

        def take(outcome: Outcome) -> None:
            if isinstance(outcome, Done) and outcome.value:
                self.cardRead.emit(model, str(outcome.value))

        self._make_runner("training").submit(once(read)).tell(self, finished=take)

    def import_file(self, file: Path, name: str) -> None:
        """Take weights of others under a name; `finished` follows."""
        text = self.tr("reading {0}").format(file.name)
        self._begin(lambda: self._services.import_model(file, name), text)

    def export(self, name: str, out: Path) -> None:
        """Copy a model out; `finished` follows."""
        text = self.tr("copying {0}").format(name)
        self._begin(lambda: self._services.export_model(name, out), text)

    def remove(self, name: str) -> None:
        """Delete a model of the user; `finished` follows."""
        text = self.tr("deleting {0}").format(name)
        self._begin(lambda: self._services.remove_model(name), text)

    def look_up_hash(self, address: str) -> None:
        """Find out which SHA-256 this address gave the last time; `hashKnown` follows if any."""

        def take(outcome: Outcome) -> None:
            if isinstance(outcome, Done) and outcome.value:
                self.hashKnown.emit(address, str(outcome.value))

        job = once(lambda: self._services.hash_remembered(address))
        self._make_runner("training").submit(job).tell(self, finished=take)

    def download(
        self,
        address: str,
        name: str,
        *,
        sha256: str = "",
        license: str = "",
        known: KnownModel | None = None,
    ) -> None:
        """Download a model; a stop keeps what is there, and the next try goes on with it."""

        def job(token: CancelToken) -> Job[Model]:
            work = self._services.download(
                address, name, token=token, sha256=sha256, license=license, known=known
            )
            return (yield from mapped(work, _progress))

        text = self.tr("asking for {0}").format(name)
        self.follow(self._make_runner("models").submit(job), WorkState(text))

    def take_outcome(self, outcome: Outcome) -> None:
        """See `WorkControl`; what changed is listed anew."""
        super().take_outcome(outcome)
        self.look()

    def _begin(self, act: Callable[[], object], text: str) -> None:
        self.follow(self._make_runner("models").submit(once(act)), WorkState(text))

    def _take_models(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done) and isinstance(outcome.value, tuple):
            self.models, self.known = outcome.value
            self.changed.emit()


def _progress(part: Downloading) -> Progress:
    """In megabytes, which people count in."""
    return Progress(part.done // MEGA, part.total // MEGA, "downloading, in MB")
