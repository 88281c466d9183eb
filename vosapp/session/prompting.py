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
from vosapp.jobs.outcome import Done, Failed, Outcome
from vosapp.jobs.runner import JobHandle
from vosapp.session.session import Session
from vosapp.session.standing import spoken_for

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
        object_id: whose mask it would be; 0 for none that is known.
        mask: H x W bool.
    """

    ask: PromptAsk
    frame_index: int
    object_id: int
    mask: Mask


@dataclass(slots=True, eq=False)
class _Question:
    """A question that waits or is worked on; one that is kept becomes an edit by `commit`."""

    request: SegmentRequest
    answer: PromptAnswer
    commit: Callable[[Mask | None], None] | None = None

    @property
    def kept(self) -> bool:
        return self.commit is not None


@dataclass(frozen=True, slots=True)
class _Given:
    """The last answer, and all that it came from."""

    request: SegmentRequest
    ask: PromptAsk
    with_features: bool
    mask: Mask

    def begins(self, request: SegmentRequest) -> bool:
        """True where another request is about the same picture, mask and protected pixels."""
        pairs = ((one.previous, one.protected) for one in (self.request, request))
        return self.request.frame is request.frame and all(
            one is other or (one is not None and other is not None and np.array_equal(one, other))
            for one, other in zip(*pairs, strict=True)
        )


class PromptControl(QObject):
    """Asks for masks in the assistant's thread.

    A new question replaces those that wait, but for the ones that are kept: what the user has
    taken already is answered in any case, in order, and before anything newer.

    Args:
        session: gives frame, object and what is protected.
        features: of a frame, called in the assistant's thread; None goes without.

    Signals:
        answered: a `PromptAnswer`.
        failed: a `VosError`: the prompt makes no sense.
        busyChanged: a question is being worked on, or none is any more (bool).
        settled: no kept question is open any more; their edits were asked for.
    """

    answered = Signal(object)
    failed = Signal(object)
    busyChanged = Signal(bool)
    settled = Signal()

    def __init__(
        self,
        session: Session,
        features: FeatureReader | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._features = session, features
        self._known: tuple[int, FrameFeatures | None] = (-1, None)
        self._last: _Given | None = None
        self._handle: JobHandle | None = None
        self._current: _Question | None = None
        self._waiting: list[_Question] = []

    @property
    def busy(self) -> bool:
        """True while a question is worked on."""
        return self._current is not None

    @property
    def owing(self) -> bool:
        """True while a kept question is open."""
        return any(question.kept for question in self._open())

    def ask(self, ask: PromptAsk, object_id: int | None = None) -> None:
        """Ask about the current frame; `answered` or `failed` follows.

        A question that waits is replaced. Without a decoded frame nothing happens.

        Args:
            ask: what the user points at.
            object_id: whose mask it would be, 0 for one that is not made yet; None means the
                current object.
        """
        view = self._session.view
        if view is None or not view.exact or view.frame_index != self._session.frame_index:
            return
        object_id = self._session.object_id if object_id is None else object_id
        answer = PromptAnswer(ask, view.frame_index, object_id, np.zeros((0, 0), bool))
        question = _Question(self._request(ask, object_id), answer)
        self._waiting = [waiting for waiting in self._waiting if waiting.kept]
        self._waiting.append(question)
        if not self.busy:
            self._go_on()
            self.busyChanged.emit(True)

    def keep(self, ask: PromptAsk, frame_index: int, commit: Callable[[Mask | None], None]) -> bool:
        """Have an open question answered in any case; `commit` gets its mask.

        Nothing newer replaces it, and closing waits for it. Where a question fails `commit` gets
        None, after `failed`.

        Returns:
            False where no such question is open.
        """
        for question in reversed(self._open()):
            answer = question.answer
            if (answer.ask, answer.frame_index) == (ask, frame_index) and not question.kept:
                question.commit = commit
                return True
        return False

    def forget(self) -> None:
        """Drop what waits, and the answer to the question that is worked on; kept ones stay."""
        self._waiting = [question for question in self._waiting if question.kept]
        if self._handle is not None and self._current is not None and not self._current.kept:
            self._handle.cancel()

    def finish(self) -> None:
        """Answer the kept questions and drop all others. Waits; only for closing."""
        self.forget()
        while self._handle is not None:
            self._session.assistant.wait_for(self._handle)

    def _open(self) -> list[_Question]:
        return [*([] if self._current is None else [self._current]), *self._waiting]

    def _request(self, ask: PromptAsk, object_id: int) -> SegmentRequest:
        view = self._session.view
        if view is None:
            raise ValueError("no frame is shown")
        label_map = view.label_map
        kept = sorted(spoken_for(self._session) - {object_id})
        protected = np.isin(label_map, kept) if kept else None
        previous = label_map == object_id if ask.refine and object_id else None
        return SegmentRequest(
            view.frame, ask.box, ask.points, previous, protected, method=ask.method
        )

    def _go_on(self) -> None:
        """Begin the next question, where one waits."""
        if self._waiting:
            self._current = self._waiting.pop(0)
            self._handle = self._submit(self._current)

    def _submit(self, question: _Question) -> JobHandle:
        request, answer, asked = question.request, question.answer, question
        # Beside a propagation there is no processor to spare for an encoder.
        busy = self._session.engine.busy

        def job(token: CancelToken) -> Iterator[PromptAnswer]:
            from core.prompts.segment import segment

            token.check()
            features = None
            if not busy:
                features = self._frame_features(answer.frame_index, request.frame)
            known = self._begun(asked, with_features=features is not None)
            start = request if known is None else replace(request, previous=known)
            mask = segment(replace(start, features=features))
            self._last = _Given(request, answer.ask, features is not None, mask)
            token.check()
            yield replace(answer, mask=mask)

        handle = self._session.assistant.submit(job)
        handle.tell(
            self,
            finished=self._take_outcome,
            batch=lambda values: self._take(question, values[-1]),
        )
        return handle

    def _begun(self, question: _Question, *, with_features: bool) -> Mask | None:
        """In the assistant's thread: the mask of all clicks but the last, where it is known.

        Clicks asked for at once give what they give one by one, so only the last one costs time.
        """
        last, ask = self._last, question.answer.ask
        if last is None or len(ask.points) < 2 or last.with_features is not with_features:
            return None
        before = replace(ask, points=ask.points[:-1])
        return last.mask if last.ask == before and last.begins(question.request) else None

    def _take(self, question: _Question, answer: PromptAnswer) -> None:
        if question.commit is not None:
            question.commit(answer.mask)
        else:
            self.answered.emit(answer)

    def _frame_features(self, index: int, frame: Frame) -> FrameFeatures | None:
        """In the assistant's thread: features of the frame, those of the last one are kept."""
        if self._features is None:
            return None
        if self._known[0] != index or self._known[1] is None:
            self._known = (index, self._features(frame))
        return self._known[1]

    def _take_outcome(self, outcome: Outcome) -> None:
        question = self._current
        owed = question is not None and question.kept
        self._current = self._handle = None
        if isinstance(outcome, Failed):
            self.failed.emit(outcome.error)
        if question is not None and question.commit is not None and not isinstance(outcome, Done):
            question.commit(None)
        self._go_on()
        if self._current is None:
            self.busyChanged.emit(False)
        if owed and not self.owing:
            self.settled.emit()
