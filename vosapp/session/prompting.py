"""Boxes and clicks to masks, beside the window and beside the engine.

Asking changes nothing: an answer is a proposal, and becomes an edit only when the user takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from core.jobs import CancelToken
from core.prompts.request import BoxPrompt, FrameFeatures, PointPrompt, PromptMethod, SegmentRequest
from core.types import Frame
from vosapp.jobs.outcome import Crashed, Failed, Outcome
from vosapp.jobs.runner import JobHandle
from vosapp.session.session import Session

Mask = NDArray[np.bool_]
FeatureReader = Callable[[Frame], FrameFeatures | None]


@dataclass(frozen=True, slots=True)
class PromptAsk:
    """What the user points at.

    Attributes:
        box: x0, y0, x1, y1 in image pixels, or None.
        points: clicks, oldest first.
        refine: begin with the object's mask as it is now.
        method: how to answer.
    """

    box: BoxPrompt | None = None
    points: tuple[PointPrompt, ...] = ()
    refine: bool = False
    method: PromptMethod = PromptMethod.AUTO


@dataclass(frozen=True, slots=True)
class PromptAnswer:
    """A proposal.

    Attributes:
        ask: what was asked.
        frame_index: of the frame.
        object_id: whose mask it would be; 0 for one that is not made yet.
        mask: H x W bool.
    """

    ask: PromptAsk
    frame_index: int
    object_id: int
    mask: Mask


class PromptControl(QObject):
    """Asks for masks in the assistant's thread; only the newest question is answered.

    Args:
        session: gives frame, object and what is protected.
        features: of a frame, called in the assistant's thread; None goes without.

    Signals:
        answered: a `PromptAnswer`.
        failed: a `VosError`: the prompt makes no sense.
        busyChanged: a question is being worked on, or none is any more (bool).
    """

    answered = Signal(object)
    failed = Signal(object)
    busyChanged = Signal(bool)

    def __init__(
        self,
        session: Session,
        features: FeatureReader | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._features = session, features
        self._known: tuple[int, FrameFeatures | None] = (-1, None)
        self._current: JobHandle | None = None
        self._next: Callable[[], None] | None = None

    @property
    def busy(self) -> bool:
        """True while a question is worked on."""
        return self._current is not None

    def ask(self, ask: PromptAsk) -> None:
        """Ask about the current frame and object; `answered` or `failed` follows.

        A question that waits is replaced. Without a decoded frame nothing happens.
        """
        view = self._session.view
        if view is None or not view.exact or view.frame_index != self._session.frame_index:
            return
        object_id = self._session.object_id
        request = self._request(ask, object_id)
        index = view.frame_index

        def begin() -> None:
            self._submit(request, PromptAnswer(ask, index, object_id, np.zeros((0, 0), bool)))

        if self.busy:
            self._next = begin
        else:
            begin()

    def forget(self) -> None:
        """Drop a question that waits, and the answer to the one that is worked on."""
        self._next = None
        if self._current is not None:
            self._current.cancel()

    def _request(self, ask: PromptAsk, object_id: int) -> SegmentRequest:
        view = self._session.view
        if view is None:
            raise ValueError("no frame is shown")
        label_map = view.label_map
        locked = [o.object_id for o in self._session.objects if o.locked]
        kept = [i for i in locked if i != object_id]
        protected = np.isin(label_map, kept) if kept else None
        previous = label_map == object_id if ask.refine and object_id else None
        return SegmentRequest(
            view.frame, ask.box, ask.points, previous, protected, method=ask.method
        )

    def _submit(self, request: SegmentRequest, answer: PromptAnswer) -> None:
        # Beside a propagation there is no processor to spare for an encoder.
        busy = self._session.engine.busy

        def job(token: CancelToken) -> Iterator[PromptAnswer]:
            from core.prompts.segment import segment

            token.check()
            features = None
            if not busy:
                features = self._frame_features(answer.frame_index, request.frame)
            mask = segment(replace(request, features=features))
            token.check()
            yield replace(answer, mask=mask)

        handle = self._session.assistant.submit(job)
        handle.batchReady.connect(lambda values: self.answered.emit(values[-1]))
        handle.finished.connect(self._take_outcome)
        was_busy, self._current = self.busy, handle
        if not was_busy:
            self.busyChanged.emit(True)

    def _frame_features(self, index: int, frame: Frame) -> FrameFeatures | None:
        """In the assistant's thread: features of the frame, those of the last one are kept."""
        if self._features is None:
            return None
        if self._known[0] != index or self._known[1] is None:
            self._known = (index, self._features(frame))
        return self._known[1]

    def _take_outcome(self, outcome: Outcome) -> None:
        self._current = None
        if isinstance(outcome, Failed):
            self.failed.emit(outcome.error)
        elif isinstance(outcome, Crashed):
            self._session.crashed.emit(outcome.report)
        begin, self._next = self._next, None
        if begin is not None:
            begin()
        else:
            self.busyChanged.emit(False)
