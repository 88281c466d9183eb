"""Tuning weights to the project's video in the engine's thread, and switching what is kept.

Propagations and tunings share the engine's thread, so that one waits for the other; boxes and
clicks do without the encoder meanwhile, as beside a propagation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.errors import OutputError, UsageError, VosError
from core.jobs import Progress
from vosapp.jobs.finetune import FinetuneOutcome, finetune_job
from vosapp.jobs.outcome import Crashed, Done, Failed, Outcome, trouble
from vosapp.jobs.propagation import Engine
from vosapp.project.tuned import TunedInfo
from vosapp.services.finetune import FinetuneOrder, FinetuneStep
from vosapp.services.weights import default_weights, finetuned_system
from vosapp.session.choice import RunChoice
from vosapp.session.propagation import PropagationControl
from vosapp.session.session import Session
from vosapp.session.work import WorkControl, WorkState

USUAL_MINUTES = 3
MOST_MINUTES = 60


@dataclass(frozen=True, slots=True)
class FinetuneState(WorkState):
    """How far a tuning is; its text is "learning" between its first and last step.

    Attributes:
        step: of learning, 0 before it.
        loss: of the last steps, a running mean: single ones jump; NaN before the first.
    """

    step: int = 0
    loss: float = math.nan


CALM = 0.9
"""Weight of what was in the running mean of the loss, at each step."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A decision that the project did not take, and what held before it.

    Attributes:
        outcome: that was decided on, with the reason.
        info, problem, stored, choice: before.
        decided: the choice that the decision made of it.
    """

    outcome: FinetuneOutcome
    info: TunedInfo | None
    problem: VosError | None
    stored: bool
    choice: RunChoice
    decided: RunChoice


class FinetuneControl(WorkControl):
    """The window's way to weights that are tuned to the video.

    Whether they are used is a part of the choice for propagations, and is kept in the project.

    Attributes:
        info: of the weights that the project has; None for none.
        problem: why they cannot be used, as far as it is known; None where nothing is wrong.
        state: a `FinetuneState`.
        outcome: of the last tuning in this session; None before.
        undecided: the user has not said yet what is to be done with it, or the project did not
            take what was said (see `FinetuneOutcome.refused`).

    A stop keeps nothing. The value of `Done` is a `FinetuneOutcome`.

    Signals:
        changed: `info`, `outcome` or `undecided` is another one, or other weights are used.
    """

    changed = Signal()
    _refused = Signal(object)

    def __init__(
        self,
        session: Session,
        propagation: PropagationControl,
        engine: Engine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._propagation, self._engine = session, propagation, engine
        self.info: TunedInfo | None = None
        self.problem: VosError | None = None
        self.state: FinetuneState = FinetuneState()
        self.outcome: FinetuneOutcome | None = None
        self.undecided = False
        # As for the session's first update: nobody else uses the project yet.
        used = self._read()
        self._stored = used
        # Emitted in the writer's thread.
        self._refused.connect(self._take_back, Qt.ConnectionType.QueuedConnection)
        propagation.set_choice(replace(propagation.choice, tuned=used))
        propagation.choiceChanged.connect(self._keep_choice)
        propagation.weightsRefused.connect(self._give_up)

    def _read(self) -> bool:
        project = self._session.project
        try:
            self.info = project.tuned()
            return project.uses_tuned and self.info is not None
        except VosError as error:
            self.problem = error
            return False

    @property
    def base(self) -> Path | None:
        """The chosen file that the next tuning begins from; None for the bundled weights."""
        choice = self._propagation.choice
        return choice.weights if choice.system == finetuned_system() else None

    @property
    def losable(self) -> bool:
        """True where closing the project now would lose what is being, or has been, learned."""
        if self.running:
            return not self.stopping
        return self.undecided and self.outcome is not None and not self.outcome.kept

    @property
    def used(self) -> bool:
        """True where the next propagation uses tuned weights."""
        return self._propagation.choice.uses_tuned

    def start(self, minutes: float, *, whole: bool = True) -> None:
        """Begin; a tuning that is going on is left alone. A problem comes as `finished`.

        Args:
            minutes: of learning.
            whole: learn the whole video, else what is between the in and out points.
        """
        if self.running:
            return
        self._propagation.starting.emit()
        try:
            order = self._order(minutes, whole=whole)
        except VosError as error:
            self.take_outcome(Failed(error))
            return
        quality = self._propagation.choice.quality
        handle = self._session.engine.submit(finetune_job(self._engine, order, quality))
        self.follow(handle, FinetuneState(self.tr("waiting for the engine")))

    def decide(self, *, use: bool) -> None:
        """Use what the last tuning has made, or stay with what was used before.

        A project without tuned weights keeps these either way: where it could not when they were
        made, it is asked again. Counts at once; where the project cannot be written all is as
        before, `undecided` too, and `Session.failed` follows.
        """
        outcome = self.outcome
        if outcome is None or not self.undecided:
            return
        self.undecided = False
        if use or self.info is None:
            self._put(outcome, use=use)
        self.changed.emit()

    def _put(self, outcome: FinetuneOutcome, *, use: bool) -> None:
        project, choice = self._session.project, self._propagation.choice
        decided = _choice(choice, tuned=True) if use else choice
        stood = (self.info, self.problem, self._stored, choice, decided)

        def put() -> None:
            try:
                project.put_tuned(outcome.info, outcome.data, use=use)
            except Exception as error:
                refused = replace(outcome, refused=trouble(error))
                self._refused.emit(_Refusal(refused, *stood))
                raise

        self._session.write(put)
        self.outcome = replace(outcome, refused=None)
        self.info, self.problem, self._stored = outcome.info, None, use
        self._propagation.set_choice(decided)

    @Slot(object)
    def _take_back(self, refusal: _Refusal) -> None:
        """The project has not changed: nor has anything else."""
        self.outcome, self.undecided = refusal.outcome, True
        self.info, self.problem = refusal.info, refusal.problem
        # Whatever else the user has chosen since is left alone.
        if self._propagation.choice == refusal.decided:
            self._stored = refusal.stored
            self._propagation.set_choice(refusal.choice)
        self.changed.emit()

    def switch(self, *, on: bool) -> None:
        """Use the weights that the project has from the next run on, or the system's own."""
        if self.info is not None:
            self._choose(tuned=on)

    def _choose(self, *, tuned: bool) -> None:
        self._propagation.set_choice(_choice(self._propagation.choice, tuned=tuned))

    def _order(self, minutes: float, *, whole: bool) -> FinetuneOrder:
        session, choice = self._session, self._propagation.choice
        if session.project.read_only:
            raise OutputError(
                "This project is open only to look at: it cannot keep fine-tuned weights.",
                "Save a copy, and fine-tune there.",
            )
        if self._propagation.running:
            raise UsageError(
                "A propagation is running.", "Wait until it is done, or stop it; then fine-tune."
            )
        start, stop = (0, session.frame_count) if whole else session.range
        return FinetuneOrder(
            session.project,
            session.video_path,
            self.base or default_weights(finetuned_system()),
            start,
            stop,
            minutes=minutes,
            device=choice.device,
            after=session.written(),
        )

    # What comes from the engine, and from the choice

    def take_progress(self, progress: Progress) -> None:
        """See `WorkControl`."""
        text, done, total = progress.text, progress.done, progress.total
        self.show_state(FinetuneState(text, done, total, step=self.state.step))

    def take_values(self, values: list[object]) -> None:
        """See `WorkControl`."""
        steps = [value for value in values if isinstance(value, FinetuneStep)]
        if steps:
            last, loss = steps[-1], self.state.loss
            for step in steps:
                loss = step.loss if math.isnan(loss) else CALM * loss + (1 - CALM) * step.loss
            done = round(1000 * last.fraction)
            text, left = self.tr("learning"), last.seconds_left
            self.show_state(FinetuneState(text, done, 1000, left, last.step, loss))

    def take_outcome(self, outcome: Outcome) -> None:
        """See `WorkControl`."""
        if isinstance(outcome, Done) and isinstance(outcome.value, FinetuneOutcome):
            self.outcome, self.undecided = outcome.value, True
            if outcome.value.kept:
                self.info, self.problem = outcome.value.info, None
        self.changed.emit()
        super().take_outcome(outcome)
        for bug in _bugs(outcome):
            self._session.crashed.emit(bug.report)

    def _keep_choice(self) -> None:
        """Store whether tuned weights are used; reading only, it holds for this session."""
        tuned = self._propagation.choice.tuned
        if tuned != self._stored:
            self._stored = tuned
            project = self._session.project
            if not project.read_only:
                self._session.write(lambda: project.use_tuned(on=tuned))
        self.changed.emit()

    def _give_up(self, error: VosError) -> None:
        """They cannot be used: the runs to come use the system's own, and say so."""
        self.problem = error
        self._choose(tuned=False)
        self._session.failed.emit(
            type(error)(error.message, f"The system's own weights are used. {error.hint}".rstrip())
        )


def _choice(choice: RunChoice, *, tuned: bool) -> RunChoice:
    if tuned:
        choice = replace(choice, system=finetuned_system(), weights=None)
    return replace(choice, tuned=tuned)


def _bugs(outcome: Outcome) -> list[Crashed]:
    """What must look like a bug although the work itself has come to its end."""
    if not isinstance(outcome, Done) or not isinstance(outcome.value, FinetuneOutcome):
        return []
    ends = (outcome.value.unseen, outcome.value.refused)
    return [end for end in ends if isinstance(end, Crashed)]
