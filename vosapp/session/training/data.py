"""What is learned from: chosen sources, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from core.errors import VosError
from core.jobs import CancelToken, Job, Progress
from vosapp.jobs.outcome import Done, Outcome, without_trace
from vosapp.jobs.runner import JobRunner
from vosapp.services.training.values import Source, Survey
from vosapp.session.training.services import TrainServices
from vosapp.session.work import WorkControl, WorkState


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was chosen and is nothing to learn from."""

    path: Path
    error: VosError


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the chosen things has found."""

    sources: tuple[Source, ...]
    survey: Survey
    refused: tuple[Refused, ...]


class DataControl(WorkControl):
    """The sources of the next run. Whenever they change they are looked at again.

    Attributes:
        sources: in the order in which they were chosen.
        survey: what is in them; None while nobody knows.
        refused: of what was chosen last.

    Signals:
        changed: `sources` or `survey` is another one.
    """

    changed = Signal()

    def __init__(
        self,
        services: TrainServices,
        make_runner: Callable[[str], JobRunner],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._make_runner = services, make_runner
        self.sources: tuple[Source, ...] = ()
        self.survey: Survey | None = None
        self.refused: tuple[Refused, ...] = ()
        self._waiting: tuple[Path, ...] = ()

    def add(self, paths: Iterable[Path]) -> None:
        """Choose projects, folders, videos or tables of boxes, beside those that are chosen."""
        self._waiting = tuple(dict.fromkeys((*self._waiting, *paths)))
        self._look()

    def remove(self, sources: Iterable[Source]) -> None:
        """Choose some no more."""
        gone = set(sources)
        self._take_sources(tuple(one for one in self.sources if one not in gone))

    def replace(self, sources: Sequence[Source]) -> None:
        """Choose exactly these, as those of an earlier run."""
        self._take_sources(tuple(sources))

    def _take_sources(self, sources: tuple[Source, ...]) -> None:
        self.sources, self.survey = sources, None
        if sources or self._waiting:
            self._look()
        else:
            self.drop()
            self.refused = ()
            self.changed.emit()

    def _look(self) -> None:
        self.survey = None
        services, sources, paths = self._services, self.sources, self._waiting

        def job(token: CancelToken) -> Job[Found]:
            return (yield from _look(services, sources, paths, token))

        handle = self._make_runner("training-data").submit(job)
        self.follow(handle, WorkState(self.tr("looking at the data")))
        self.changed.emit()

    def take_outcome(self, outcome: Outcome) -> None:
        """See `WorkControl`."""
        if isinstance(outcome, Done) and isinstance(outcome.value, Found):
            found = outcome.value
            self.sources, self.survey = found.sources, found.survey
            self.refused, self._waiting = found.refused, ()
        self.changed.emit()
        super().take_outcome(outcome)


def _look(
    services: TrainServices,
    sources: tuple[Source, ...],
    paths: tuple[Path, ...],
    token: CancelToken,
) -> Job[Found]:
    listed, refused = dict.fromkeys(sources), list[Refused]()
    for done, path in enumerate(paths):
        yield Progress(done, len(paths), "looking at the data")
        token.check()
        try:
            listed.update(dict.fromkeys(services.sources_of(path)))
        except VosError as error:
            refused.append(Refused(path, without_trace(error)))
    survey = yield from services.survey(tuple(listed), token)
    return Found(tuple(listed), survey, tuple(refused))
