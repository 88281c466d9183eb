"""How the next run is to train, and what it will take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from core.errors import VosError
from core.train.recipe import Option, Value
from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.jobs.runner import JobHandle, JobRunner, once
from vosapp.services.training.run_values import Estimate, RecipeOffer, RunRequest
from vosapp.services.training.values import Survey
from vosapp.session.training.data import DataControl
from vosapp.session.training.services import TrainServices

SETTLE_MS = 300
"""Estimates wait until nothing was changed for so long."""
USUAL_MINUTES = 10.0
"""Until there are data to tell how long is worth while."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user has chosen.

    Attributes:
        system: name in the registry; empty before the offers are known.
        start: weights to begin with; None takes the bundled ones, or begins with nothing.
        fresh: begin with nothing.
        preset: empty for that of the start, or the usual one.
        minutes: None for what is usual for the data.
        device: "auto" and so on.
        options: those that differ from the usual.
        title: of the run; empty for its usual one.
    """

    system: str = ""
    start: Path | None = None
    fresh: bool = False
    preset: str = ""
    minutes: float | None = None
    device: str = "auto"
    options: dict[str, Value] = field(default_factory=dict)
    title: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """An option of a way to train, as the window shows it.

    Attributes:
        name: of the option.
        kind: `int`, `float`, `bool`, `str` or `Path`.
        help: one line for people.
        usual: what it is where nothing else is said.
        least, most: limits, both included.
        choices: words that it is one of; empty for any text.
    """

    name: str
    kind: type
    help: str
    usual: Value
    least: float
    most: float
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What was worked out of a plan and its data."""

    minutes: float
    estimate: Estimate | None


class PlanControl(QObject):
    """The plan of the next run.

    Attributes:
        plan: as it was chosen.
        offers, devices: what can be chosen.
        minutes: of the plan, or the usual ones.
        estimate: of it; None while nobody knows.
        problem: why there is none; None where nothing is wrong.

    Signals:
        changed: any of these.
    """

    changed = Signal()

    def __init__(
        self,
        services: TrainServices,
        make_runner: Callable[[str], JobRunner],
        data: DataControl,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._make_runner, self._data = services, make_runner, data
        self.plan = Plan()
        self.offers: tuple[RecipeOffer, ...] = ()
        self.devices: tuple[str, ...] = ("auto",)
        self.minutes = USUAL_MINUTES
        self.estimate: Estimate | None = None
        self.problem: VosError | None = None
        self._reckoning: JobHandle | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self._reckon)
        data.changed.connect(self._estimate_later)

    @property
    def offer(self) -> RecipeOffer | None:
        """The way to train that is chosen."""
        return next((one for one in self.offers if one.system == self.plan.system), None)

    @property
    def fresh(self) -> bool:
        """True where the run begins with nothing."""
        offer, plan = self.offer, self.plan
        return plan.fresh or (offer is not None and not offer.starts and plan.start is None)

    def settings(self) -> tuple[Setting, ...]:
        """Return the options of the chosen way, with what they usually are."""
        offer, refines = self.offer, not self.fresh
        if offer is None:
            return ()
        return tuple(_setting(option, offer.stage, refines=refines) for option in offer.options)

    def learn_offers(self) -> None:
        """Find out what can be chosen; `changed` follows."""
        if self.offers:
            return
        job = once(self._services.offers)
        self._make_runner("training-data").submit(job).tell(self, finished=self._take_offers)

    def learn_devices(self) -> None:
        """Find out which devices there are: that loads torch, so it waits until it is wanted."""
        job = once(self._services.devices)
        self._make_runner("training-data").submit(job).tell(self, finished=self._take_devices)

    def set_plan(self, plan: Plan) -> None:
        """Choose; what belongs to another system goes."""
        if plan == self.plan:
            return
        if plan.system != self.plan.system:
            plan = replace(plan, start=None, fresh=False, preset="", options={})
        self.plan = plan
        if plan.minutes is not None:
            self.minutes = plan.minutes
        self.changed.emit()
        self._estimate_later()

    def request(self) -> RunRequest:
        """Return what a run of this plan on the chosen data is asked for."""
        plan = self.plan
        return RunRequest(
            plan.system,
            self.minutes,
            self._data.sources,
            preset=plan.preset,
            start=plan.start,
            fresh=plan.fresh,
            options=dict(plan.options),
            device=plan.device,
            threads=threads(),
            title=plan.title,
        )

    def obstacle(self) -> str:
        """Say why no run can begin; empty where one can."""
        survey, offer = self._data.survey, self.offer
        if not self._data.sources:
            return self.tr("Choose projects or folders to learn from first.")
        if survey is None or self._data.running:
            return self.tr("The data are still being looked at.")
        if offer is None:
            return self.tr("Choose how to train.")
        if not survey.clips and not offer.needs_labels:
            return self.tr("Nothing of what you chose can be used.")
        return self._missing(offer, survey)

    # Inside

    def _missing(self, offer: RecipeOffer, survey: Survey) -> str:
        """Say which labels are missing; empty where none are."""
        if offer.needs_labels and not survey.has_labels:
            return self.tr(
                "{0} learns from boxes or masks, and there are none that can be used."
            ).format(offer.title)
        if offer.needs_masks and not survey.has_masks:
            return self.tr("{0} learns from masks, and there are only boxes.").format(offer.title)
        return ""

    def _take_offers(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done) and isinstance(outcome.value, tuple):
            self.offers = outcome.value
            if self.offers and not self.plan.system:
                self.plan = replace(self.plan, system=self.offers[0].system)
        self.changed.emit()
        self._estimate_later()

    def _take_devices(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done) and isinstance(outcome.value, tuple):
            self.devices = outcome.value
            self.changed.emit()

    def _estimate_later(self) -> None:
        self._timer.start()

    def _reckon(self) -> None:
        survey = self._data.survey
        if survey is None or not self.plan.system or not survey.clips:
            self.estimate = self.problem = None
            self.changed.emit()
            return
        plan, request, services = self.plan, self.request(), self._services
        job = once(lambda: _reckoned(services, plan, request, survey))
        if self._reckoning is not None:
            self._reckoning.cancel()
        handle = self._reckoning = self._make_runner("training-data").submit(job)
        handle.tell(self, finished=lambda outcome: self._take_reckoned(handle, outcome))

    def _take_reckoned(self, handle: JobHandle, outcome: Outcome) -> None:
        if handle is not self._reckoning:
            return
        self._reckoning = None
        self.estimate = None
        self.problem = outcome.error if isinstance(outcome, Failed) else None
        if isinstance(outcome, Done) and isinstance(outcome.value, Reckoned):
            self.estimate = outcome.value.estimate
            if self.plan.minutes is None:
                self.minutes = outcome.value.minutes
        self.changed.emit()


def _setting(option: Option, stage: str, *, refines: bool) -> Setting:
    usual = option.usual(stage, refines=refines)
    return Setting(
        option.name, option.kind, option.help, usual, option.least, option.most, option.choices
    )


def threads() -> int:
    """Threads of a run: one on small machines, so that annotation goes on; else half of them."""
    return max(1, (psutil.cpu_count(logical=False) or 1) // 2)


def _reckoned(services: TrainServices, plan: Plan, request: RunRequest, survey: Survey) -> Reckoned:
    if plan.minutes is None:
        request = replace(request, minutes=services.usual_minutes(survey, plan.device))
    return Reckoned(request.minutes, services.estimate(request, survey))
