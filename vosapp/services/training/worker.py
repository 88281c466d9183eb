"""A run of training from its first to its last line: learns, scores, keeps the best. No torch.

It is driven by a process of its own (`child`), and by tests with a trainer that learns nothing.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from core.errors import DeviceOutOfMemory, VosError, mendable
from core.jobs import Cancelled, CancelToken, Progress, mapped
from vosapp.services.training.control import Control
from vosapp.services.training.folder import RunFolder, copy_file, touch
from vosapp.services.training.protocol import Listener, Seen, Speaker
from vosapp.services.training.run_values import LossPoint, RunState, ScorePoint, before_of, best_of
from vosapp.services.training.trainer import ENDED, NOTHING, Scored, Scorer, Step, Trainer
from vosapp.services.training.views import show

SAY_SECONDS = 0.5
"""Steps are told of no more often."""
LOOK_SECONDS = 2.0
"""How often the machine's memory is looked at."""
LEAST_MEMORY = 192 << 20
"""Bytes of main memory that have to stay free, so that the machine goes on for its user."""
SURE_SECONDS = 20.0
"""Time left is told from then on: the first steps are slow."""
WAIT_SECONDS = 0.2
"""How often a paused run looks at what is wanted."""

FreeMemory = Callable[[], int]


def free_memory() -> int:
    """Bytes of main memory that are free."""
    return int(psutil.virtual_memory().available)


class _StopWanted(Exception):
    """The user wants the run to end with what it has learned."""


class _StepsToken(CancelToken):
    """Cancels the steps alone, and is cancelled with the run."""

    __slots__ = ("_outer",)

    def __init__(self, outer: CancelToken) -> None:
        super().__init__()
        self._outer = outer

    @property
    def cancelled(self) -> bool:
        """True once either was cancelled."""
        return self._cancelled or self._outer.cancelled

    def check(self) -> None:
        """See `CancelToken.check`."""
        if self.cancelled:
            raise Cancelled


@dataclass
class Worker:
    """Runs one run.

    Attributes:
        folder: of the run.
        trainer: trains.
        scorer: scores.
        every: minutes of training between two scores.
        token: ends the run from outside: the state is saved, and it can be resumed.
        free_memory: bytes of main memory that are free.
    """

    folder: RunFolder
    trainer: Trainer
    scorer: Scorer
    every: float
    token: CancelToken
    free_memory: FreeMemory = free_memory
    _last: Step | None = None
    _said_at: float = 0.0
    _looked_at: float = 0.0
    _begun: tuple[float, float] = (0.0, 0.0)
    _scores: list[ScorePoint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._speaker = Speaker(self.folder)
        self._control = Control(self.folder.path)

    def run(self) -> Generator[Progress | Step]:
        """Run to the end, whatever that is; it is told in the run's progress.

        Yields what the trainer does, so that whoever drives it sees that it lives.
        """
        try:
            self._scores = list(Listener(self.folder).heard().scores)
            try:
                yield from self._learn()
            except _StopWanted:
                yield from self._finish(RunState.STOPPED)
            else:
                yield from self._finish(RunState.DONE)
        except Cancelled:
            self._speaker.state(RunState.LOST, ENDED)
        except (VosError, OSError, MemoryError) as error:
            self._fail(error)

    def _learn(self) -> Generator[Progress | Step]:
        self._speaker.state(RunState.PREPARING, "Reading the videos.")
        if self.trainer.start is not None and not self._was_scored:
            copy_file(self.trainer.start, self.folder.weights("before"))
            yield from self._score_before()
        ending = _StepsToken(self.token)
        steps = self.trainer.steps(ending)
        try:
            for item in steps:
                touch(self.folder.progress)
                yield item
                if isinstance(item, Step):
                    yield from self._after(item)
                else:
                    self._tell(item)
                    self._obey()
        except (_StopWanted, DeviceOutOfMemory):
            ending.cancel()
            with suppress(Cancelled):
                # Lets the trainer save its state.
                next(steps, None)
            raise
        finally:
            steps.close()

    @property
    def _was_scored(self) -> bool:
        return self.folder.weights("before").exists() and self.folder.weights("best").exists()

    def _score_before(self) -> Generator[Progress]:
        """Score the weights that the run begins with; they are the best until others are."""
        yield from self._score("before", number=0, seconds=0.0)

    def _after(self, step: Step) -> Generator[Progress]:
        """What is due after a step."""
        first, self._last = self._last is None, step
        if first:
            self._begun = (time.monotonic(), step.seconds)
            if not self._was_scored:
                self.trainer.write(self.folder.weights("before"))
                yield from self._score_before()
            self._speaker.state(RunState.TRAINING)
        self._say(step)
        self._look_at_memory()
        self._obey()
        if step.seconds - self._scored_at >= 60 * self.every and step.fraction < 1:
            yield from self._score_now(step)
            self._speaker.state(RunState.TRAINING)

    @property
    def _scored_at(self) -> float:
        return self._scores[-1].seconds if self._scores else 0.0

    def _score_now(self, step: Step) -> Generator[Progress]:
        self.trainer.write(self.folder.weights("now"))
        yield from self._score("now", number=step.number, seconds=step.seconds)

    def _score(self, name: str, *, number: int, seconds: float) -> Generator[Progress]:
        weights, scored = self.folder.weights(name), Scored()
        if self.scorer.is_able:
            self._speaker.state(RunState.SCORING, "Scoring on held-out clips.")
            scored = yield from mapped(self.scorer.score(weights, self.token), self._obeyed)
        best = self._is_best(scored.value)
        if best:
            self.trainer.verify(weights)
            copy_file(weights, self.folder.weights("best"))
        point = ScorePoint(number, seconds, scored.value, scored.j, scored.boxes, best)
        self._scores.append(point)
        for place, shown in enumerate(scored.shown):
            show(self.folder, name, shown, best=best, place=place)
            seen = Seen(shown.clip, shown.frame_index, number, {name: shown.score})
            self._speaker.view(seen, place=place, best=best)
        self._speaker.score(point)

    def _obeyed(self, item: Progress) -> Progress:
        """Wait where that is wanted, between two frames that are scored."""
        touch(self.folder.progress)
        self._obey(while_scoring=True)
        return item

    def _is_best(self, value: float) -> bool:
        """Where nothing is held out the latest weights count as the best."""
        known = [p.score for p in self._scores if p.best and not math.isnan(p.score)]
        return math.isnan(value) or not known or value > max(known)

    def _finish(self, state: RunState) -> Generator[Progress]:
        """Score the last weights; leave the best ones, loaded once more and verified."""
        step = self._last
        self._control.clear()
        if step is not None and step.number != (self._scores[-1].step if self._scores else -1):
            yield from self._score_now(step)
        best = self.folder.weights("best")
        if not best.exists():
            self._speaker.state(state, NOTHING)
            return
        self.trainer.verify(best)
        self._speaker.state(state, self._outcome(state))

    def _outcome(self, state: RunState) -> str:
        word = "Done." if state is RunState.DONE else "Stopped."
        before, best = before_of(self._scores), best_of(self._scores)
        if before is None or best is None or math.isnan(best.score):
            return f"{word} The model is verified; nothing was held out to score it on."
        if best is before:
            return f"{word} Training gained nothing ({before.score:.3f}): the model is its start."
        return f"{word} Held-out score {before.score:.3f} before, {best.score:.3f} of the model."

    def _obey(self, *, while_scoring: bool = False) -> None:
        """Wait while a pause is wanted or others hold the run; end it where that is wanted.

        Raises:
            _StopWanted: by the user. While weights are scored it waits until they are.
        """
        waited: RunState | None = None
        while not self.token.cancelled:
            if self._control.wants_stop:
                if while_scoring:
                    return
                raise _StopWanted
            holders = self._control.holders()
            if not (self._control.wants_pause or holders):
                break
            state = RunState.PAUSED if self._control.wants_pause else RunState.HELD
            if state is not waited:
                text = "Paused." if state is RunState.PAUSED else f"Waits for: {holders[0]}."
                self._speaker.state(state, text)
                waited = state
            touch(self.folder.progress)
            time.sleep(WAIT_SECONDS)
        if waited is not None:
            now = RunState.SCORING if while_scoring else RunState.TRAINING
            self._speaker.state(now if self._last or while_scoring else RunState.PREPARING)
            if self._last is not None:
                self._begun = (time.monotonic(), self._last.seconds)

    def _say(self, step: Step) -> None:
        now = time.monotonic()
        if now - self._said_at < SAY_SECONDS and step.fraction < 1:
            return
        self._said_at = now
        point = LossPoint(step.number, step.seconds, step.losses)
        left = math.nan
        if step.seconds >= SURE_SECONDS and step.fraction > 0:
            left = step.seconds * (1 - step.fraction) / step.fraction
        memory = int(psutil.Process(os.getpid()).memory_info().rss)
        self._speaker.step(point, fraction=step.fraction, left=left, memory=memory)

    def _tell(self, item: Progress) -> None:
        if item.warning:
            self._speaker.log(item.text)

    def _look_at_memory(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        free = self.free_memory()
        if free < LEAST_MEMORY:
            msg = f"The machine has only {free >> 20} MB of memory left."
            hint = "Close other programs, or take a smaller batch; then resume the run."
            raise DeviceOutOfMemory(msg, hint)

    def _fail(self, error: BaseException) -> None:
        """Say plainly why the run ends; the last good weights stay."""
        known = mendable(error)
        if known is None and isinstance(error, MemoryError):
            known = DeviceOutOfMemory("This machine ran out of memory.", "Close other programs.")
        if known is None:
            raise error
        kept = " The best model so far is kept." if self.folder.weights("best").exists() else ""
        self._speaker.state(RunState.FAILED, f"{known.message}{kept} {known.hint}".strip())
