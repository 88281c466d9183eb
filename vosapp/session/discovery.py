"""Finding objects in the engine's thread, and taking over what the user accepts.

What is found is a proposal: it has no id, and nothing of the project changes, until it is accepted.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from core.engine.registry import system_spec
from core.errors import UsageError
from core.types import LabelMap
from vosapp.jobs.discovery import discovery_job
from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.jobs.propagation import Engine
from vosapp.project.edit_masks import AddWithMask
from vosapp.services.candidates import Candidate, FindOrder, Found
from vosapp.services.discover import (
    default_discoverer,
    discoverer_of,
    has_discovery_weights,
)
from vosapp.session.session import Session
from vosapp.session.work import WorkControl, WorkState

ADAPT_STEPS = 100
"""Steps of learning a video before objects are looked for, as in the paper."""


class DiscoveryControl(WorkControl):
    """The window's way to objects that nobody has drawn.

    Attributes:
        found: what the last search has come to; None before.
        system: finds the objects of the next search.
        weights: file that it uses; None for the bundled weights.

    Signals:
        changed: there are other candidates, fewer or more.
    """

    changed = Signal()
    _refused = Signal(int)

    def __init__(self, session: Session, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._engine = session, engine
        self.found: Found | None = None
        self.system = default_discoverer()
        self.weights: Path | None = None
        self._left: set[int] = set()
        # Emitted in the writer's thread.
        self._refused.connect(self._put_back, Qt.ConnectionType.QueuedConnection)

    @property
    def has_weights(self) -> bool:
        """Whether a search can begin: weights are chosen, or bundled, or tests need none."""
        bundled = self._engine.make_finder is not None or has_discovery_weights(self.system)
        return self.weights is not None or bundled

    @property
    def learns_first(self) -> bool:
        """Whether the system can learn the video before it looks for objects."""
        return system_spec(self.system).learns_first

    def choose(self, system: str) -> None:
        """Let another system look; the weights of the one before are none of it."""
        if system != self.system:
            self.system, self.weights = system, None

    def take_weights(self, path: Path) -> None:
        """Use a file of weights, by the system that it names."""
        self.system, self.weights = discoverer_of(path) or self.system, path

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Those that were neither accepted nor dropped, the surest first."""
        if self.found is None:
            return ()
        return tuple(one for one in self.found.candidates if one.number in self._left)

    def start(self, frames: range, *, learn: bool) -> None:
        """Begin a search; one that is going on is left alone. A problem comes as `finished`.

        Args:
            frames: that are looked at.
            learn: learn the video first, where the system can; one frame alone cannot be.
        """
        if self.running:
            return
        if not self.has_weights:
            error = UsageError(
                "There are no weights to find objects with.",
                "Choose a file, or train some: vosapp train.",
            )
            self.take_outcome(Failed(error))
            return
        able = learn and self.learns_first and len(frames) > 1
        steps = ADAPT_STEPS if able else 0
        order = FindOrder(
            self._session.video_path,
            frames.start,
            frames.stop,
            self.system,
            self.weights,
            steps,
        )
        handle = self._session.engine.submit(discovery_job(self._engine, order))
        self.follow(handle, WorkState(self.tr("waiting for the engine")))

    def ghost(self, frame_index: int) -> LabelMap | None:
        """Numbers of the candidates on a frame, H x W; None where there is none."""
        labels = None if self.found is None else self.found.label_map(frame_index)
        if labels is None or not self._left:
            return None
        keep = np.zeros(256, np.uint8)
        for number in self._left:
            keep[number] = number
        shown: LabelMap = keep[labels]
        return shown if shown.any() else None

    def place_of(self, candidate: Candidate) -> int:
        """The frame on which a candidate is accepted: the current one, if it is seen there."""
        here = self._session.frame_index
        return here if here in candidate.frames else candidate.best

    def accept(self, number: int) -> None:
        """Make a candidate an object, with its mask as a keyframe; one step, which can be undone.

        Where the project does not take it, it is a candidate again, and `Session.failed` follows.
        """
        candidate = self._candidate(number)
        if candidate is None or self.found is None:
            return
        frame = self.place_of(candidate)
        labels = self.found.label_map(frame)
        if labels is None:
            return
        self._left.discard(number)
        self.changed.emit()
        future = self._session.do(AddWithMask(frame, labels == number))
        future.add_done_callback(
            lambda done: self._refused.emit(number) if done.exception() is not None else None
        )

    def dismiss(self, number: int | None = None) -> None:
        """Drop a candidate; None drops all."""
        self._left = set() if number is None else self._left - {number}
        self.changed.emit()

    def take_outcome(self, outcome: Outcome) -> None:
        """See `WorkControl`."""
        if isinstance(outcome, Done) and isinstance(outcome.value, Found):
            self.found = outcome.value
            self._left = {one.number for one in self.found.candidates}
            self.changed.emit()
        super().take_outcome(outcome)

    def _candidate(self, number: int) -> Candidate | None:
        return next((one for one in self.candidates if one.number == number), None)

    @Slot(int)
    def _put_back(self, number: int) -> None:
        self._left.add(number)
        self.changed.emit()
