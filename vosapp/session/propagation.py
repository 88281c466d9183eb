"""Starting, following and stopping propagations in the engine's thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from core.cleaning import DEFAULT, NONE
from core.engine.registry import system_spec
from core.errors import UsageError, VosError
from core.jobs import Progress
from core.tracking.contract import TrackerRequest
from core.types import Direction, FrameDraft
from vosapp.jobs.outcome import Failed, Outcome
from vosapp.jobs.propagation import (
    Engine,
    PropagationOrder,
    RunPlan,
    WeightsProblem,
)
from vosapp.project.model import Change
from vosapp.project.results import Stored
from vosapp.services.weights import default_weights
from vosapp.session.choice import RunChoice, RunMode, RunState
from vosapp.session.session import Session
from vosapp.session.systems import offer_of
from vosapp.session.view import keyframes_in
from vosapp.session.work import Rate, WorkControl

REFRESH_MS = 120
"""The window reads anew what was propagated this often, however fast results come."""
LANE_MS = 15
"""Where there are many objects it reads anew once in so long for each of them."""
BOTH_WAYS = (Direction.FORWARD, Direction.BACKWARD)
UNMEASURED = 2.0
"""Steps a second that are expected of a system whose speed was never measured."""


class PropagationControl(WorkControl):
    """The window's way to the engine.

    Attributes:
        choice: system, weights, quality, device; used by the next run.
        state: a `RunState`; it is new some times a second.

    A run that is stopped ends after the frame that is being computed; finished frames stay.

    Signals:
        starting: keyframes are about to be read: what is drawn but not applied is applied now.
        frameDone: a frame was computed and stored (its index).
        choiceChanged: another choice was made.
        weightsRefused: the project's tuned weights cannot be used (`VosError`); the run goes on
            with the system's.
    """

    starting = Signal()
    frameDone = Signal(int)
    choiceChanged = Signal()
    weightsRefused = Signal(object)

    def __init__(self, session: Session, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._engine = session, engine
        self.choice = RunChoice()
        self.state: RunState = RunState()
        self._writable: frozenset[int] = frozenset()
        self._fresh: set[int] = set()
        self._finished: set[int] = set()
        self._results = self._steps = 0
        self._rate = Rate()
        self._rates: dict[tuple[str, str], float] = {}
        self._process = psutil.Process()
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh)

    def set_choice(self, choice: RunChoice) -> None:
        """Use other settings from the next run on."""
        if choice != self.choice:
            self.choice = choice
            self.choiceChanged.emit()

    def start(self, mode: RunMode = RunMode.OPEN) -> None:
        """Begin a run; one that is going on is left alone. A problem comes as `finished`."""
        if self.running:
            return
        self.starting.emit()
        try:
            order = self.order(mode)
        except VosError as error:
            self.finished.emit(Failed(error))
            return
        self._launch(order)

    def start_over(self, start: int, stop: int) -> None:
        """Compute the frames `start` to `stop` - 1 again, whatever their state; see `start`."""
        if self.running:
            return
        self.starting.emit()
        try:
            system = self._system()
        except VosError as error:
            self.finished.emit(Failed(error))
            return
        self._launch(self._order(system, range(start, stop), ways=BOTH_WAYS, only_open=False))

    def _launch(self, order: PropagationOrder) -> None:
        self._fresh, self._writable = set(), frozenset()
        self._finished, self._results, self._steps = set(), 0, 0
        # Each result changes every lane; to draw many of them takes its time.
        self._timer.start(max(REFRESH_MS, LANE_MS * len(self.session.objects)))
        waiting = RunState(text=self.tr("waiting for the engine"), again=not order.only_open)
        self.follow(self.session.engine.submit(self._engine.propagate(order)), waiting)

    def order(self, mode: RunMode) -> PropagationOrder:
        """Return what a run of a mode would compute.

        Raises:
            UsageError: there is no such frame, as one step back from the first.
            VosError: the weights are missing.
        """
        start, stop, ways = self._frames(mode)
        if start >= stop:
            raise UsageError(
                "There is no frame to propagate to.",
                "The current frame is at the end of the range: move it, or change in and out.",
            )
        frames, only_open = range(start, stop), mode is RunMode.OPEN
        return self._order(self._system(), frames, ways=ways, only_open=only_open)

    def _order(
        self,
        system: TrackerRequest,
        frames: range,
        *,
        ways: tuple[Direction, ...],
        only_open: bool,
    ) -> PropagationOrder:
        session = self.session
        return PropagationOrder(
            session.project,
            session.video_path,
            system,
            frames.start,
            frames.stop,
            ways,
            only_open=only_open,
            adapt=self.choice.adapt,
            tuned=self.choice.uses_tuned,
            after=session.written(),
            near=session.frame_index,
            cleaning=DEFAULT if self.choice.clean else NONE,
        )

    def expected_rate(self) -> float:
        """Steps a second that the next run will make: as the last of its kind, or elsewhere."""
        known = self._rates.get(self._kind)
        offer = offer_of(self.choice.system, self.choice.quality)
        return known or (offer.frames_per_second if offer else None) or UNMEASURED

    @property
    def _kind(self) -> tuple[str, str]:
        return self.choice.system, self.choice.quality.value

    def _frames(self, mode: RunMode) -> tuple[int, int, tuple[Direction, ...]]:
        here, (first, stop) = self.session.frame_index, self.session.range
        forward, backward = (Direction.FORWARD,), (Direction.BACKWARD,)
        match mode:
            case RunMode.FORWARD:
                return max(here, first), stop, forward
            case RunMode.BACKWARD:
                return first, min(here + 1, stop), backward
            case RunMode.STEP_FORWARD:
                return here + 1, min(here + 2, self.session.frame_count), forward
            case RunMode.STEP_BACKWARD:
                return max(here - 1, 0), here, backward
            case RunMode.TO_KEYFRAME:
                return here, self._next_keyframe(here) + 1, BOTH_WAYS
        return first, stop, BOTH_WAYS

    def _next_keyframe(self, here: int) -> int:
        lanes = self.session.update.lanes.values()
        found = [int(i) for lane in lanes for i in keyframes_in(lane) if i > here]
        return min(found, default=self.session.range[1] - 1)

    def _system(self) -> TrackerRequest:
        choice = self.choice
        weights: Path | None = choice.weights
        if weights is None and system_spec(choice.system).needs_weights:
            weights = default_weights(choice.system)
        return TrackerRequest(
            choice.system, choice.quality, choice.device, weights, target=choice.target
        )

    # What comes from the engine

    def take_progress(self, progress: Progress) -> None:
        """See `WorkControl`; results are counted as they are stored, steps as they are told."""
        if not progress.phase and progress.total:
            self._steps = progress.done
        self._update(progress.text)

    def take_values(self, values: list[object]) -> None:
        """See `WorkControl`."""
        for value in values:
            if isinstance(value, WeightsProblem):
                self.weightsRefused.emit(value.error)
            elif isinstance(value, RunPlan):
                self._writable, self._rate = value.writable, Rate()
                self.state = RunState(
                    total=value.passes * len(value.writable),
                    all_steps=value.steps,
                    device=value.device,
                    again=self.state.again,
                    left_out=value.left_out,
                    keeps=value.keeps,
                )
            elif isinstance(value, FrameDraft):
                self.session.show_draft(value)
            elif isinstance(value, Stored):
                self.session.drafts.drop(value.frame_index)
                if value.frame_index in self._writable:
                    self._take_result(value.frame_index)
        self._update()

    def _take_result(self, frame_index: int) -> None:
        self._results += 1
        self._finished.add(frame_index)
        self._fresh.add(frame_index)
        self.frameDone.emit(frame_index)

    def _update(self, text: str | None = None) -> None:
        state, steps = self.state, self._steps
        rate = self._rate.take(steps)
        left = (state.all_steps - steps) / (rate or self.expected_rate())
        fresh = replace(
            state,
            frames=len(self._finished),
            drafts=len(self.session.drafts),
            done=self._results,
            steps=steps,
            text=state.text if text is None else text,
            frames_per_second=rate,
            seconds_left=left if state.all_steps else float(np.nan),
            memory_bytes=self._process.memory_info().rss,
        )
        self.show_state(fresh)

    def _refresh(self) -> None:
        """Let the views read what has come since."""
        if not self._fresh:
            return
        ids = tuple(item.object_id for item in self.session.objects)
        self.session.refresh(Change("", tuple(sorted(self._fresh)), ids))
        self._fresh = set()

    def take_outcome(self, outcome: Outcome) -> None:
        """See `WorkControl`."""
        self._timer.stop()
        self._refresh()
        self.session.drop_drafts()
        if self.state.frames_per_second:
            self._rates[self._kind] = self.state.frames_per_second
        self.stateChanged.emit(self.state)
        super().take_outcome(outcome)
        self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self.session.failed.emit(outcome.error)
