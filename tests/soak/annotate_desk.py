"""Where the scripted annotator works: a project, the engine's job, and the account of both.

It works in a checkout from before drafts and kept work, too (see `annotate.py`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from core.jobs import Cancelled, CancelToken
from core.media.video import open_video
from core.types import FrameResult, Quality
from vosapp.jobs.propagation import Engine, PropagationOrder
from vosapp.project.opening import create_project
from vosapp.project.video_ref import video_ref

try:
    from core.tracking.contract import TrackerRequest
    from vosapp.services.weights import default_weights
except ImportError:  # a checkout from before systems were values
    from core.systems.base import TrackerRequest

    from vosapp.assets import bundled_weights

    def default_weights(system):
        """The weights of then."""
        return bundled_weights(system, "thin")


try:
    from core.engine.kept_room import KeptRoom
    from core.types import FrameDraft
except ImportError:  # a checkout from before
    KeptRoom = FrameDraft = None

try:
    from vosapp.services.review import ReviewBook, ReviewFilter
except ImportError:  # a checkout from before
    ReviewBook = ReviewFilter = None

SYSTEM = "self_supervised"
ACTION, DECISION = 1.2, 4.0  # seconds
SHOWN = (FrameResult,) if FrameDraft is None else (FrameResult, FrameDraft)


@dataclass
class Account:
    """What the work came to.

    Attributes:
        actions, decisions: how many.
        waited: seconds in which there was nothing to do but to wait.
        first: seconds from each request to the first new mask beside the frame that is looked at.
        runs: propagations that were begun.
        corrections: frames with the ids of what was drawn anew there, in their order.
        reached: J&F whenever a run was over and the annotator thought of an end.
    """

    actions: int = 0
    decisions: int = 0
    waited: float = 0.0
    first: list[float] = field(default_factory=list)
    runs: int = 0
    corrections: list[tuple[int, list[int]]] = field(default_factory=list)
    reached: list[float] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """All of it."""
        return (self.actions * ACTION + self.decisions * DECISION + self.waited) / 60


class Run:
    """A propagation, driven while the annotator's time goes on beside it.

    Attributes:
        over: it has come to its end.
    """

    def __init__(self, desk: Desk, near: int) -> None:
        self._desk, self._near = desk, near
        self._token, self.over = CancelToken(), False
        self._begun, self._ended = desk.now(), 0.0
        self._spent = 0.0
        self._job: Iterator[object] = desk.engine.propagate(desk.order(near))(self._token)
        self._noted = False

    def spend(self, seconds: float) -> None:
        """The annotator is busy for so long; the engine computes meanwhile."""
        self._spent += seconds
        while not self.over and self.clock < self._spent:
            self._advance()

    @property
    def clock(self) -> float:
        """Seconds since the request."""
        return self._desk.now() - self._begun

    def wait_for(self, account: Account, ready: object) -> None:
        """Wait until `ready()` says so, or the run is over."""
        while not self.over and not ready():  # type: ignore[operator]
            self._advance()
        late = self.clock - self._spent
        if late > 0 and (not self.over or self._ended > self._spent):
            waited = (self._ended if self.over else self.clock) - self._spent
            account.waited += waited
            self._spent += waited

    def stop(self) -> None:
        """Stop it; what it has made stays."""
        self._token.cancel()
        while not self.over:
            self._advance()

    def _advance(self) -> None:
        try:
            item = next(self._job)
        except (StopIteration, Cancelled):
            self.over, self._ended = True, self.clock
            self._desk.drafts.clear()
            return
        if isinstance(item, SHOWN):
            self._take(item)

    def _take(self, item: object) -> None:
        index = item.frame_index  # type: ignore[attr-defined]
        if not self._noted and 0 < abs(index - self._near) <= 1:
            self._noted = True
            self._desk.account.first.append(self.clock)
        if isinstance(item, FrameResult):
            self._desk.fresh.add(index)
            self._desk.drafts.pop(index, None)
        else:
            self._desk.drafts[index] = item


class Desk:
    """The project, the engine, and what is seen of both.

    Attributes:
        account: of the work.
        drafts: by frame.
        fresh: frames with a result of the run that is going on.
        book: makes the list of frames to check; None where it is not used.
        now: the clock, in seconds.
    """

    def __init__(self, folder: Path, wanted: argparse.Namespace) -> None:
        with open_video(wanted.clip, cache_bytes=0) as video:
            self.count = video.info.frame_count
            path = folder / "clip.vosapp"
            self.project = create_project(path, video_ref(video.info, path))
        self.clip, self.account = wanted.clip, Account()
        self.now = time.process_time if wanted.processor else time.perf_counter
        self.system = TrackerRequest(
            SYSTEM,
            Quality(wanted.quality),
            "cpu",
            wanted.weights or default_weights(SYSTEM),
        )
        room = {} if KeptRoom is None else {"room": KeptRoom(folder / "kept", 4 << 30)}
        self.engine = Engine(threads=wanted.threads, **room)
        self.drafts: dict[int, object] = {}
        self.fresh: set[int] = set()
        self.book = ReviewBook(self.project) if wanted.list else None
        self._listed: tuple[int, list[int]] = (-1, [])

    def listed(self) -> list[int]:
        """The list of frames to check, the worst first."""
        if self._listed[0] != len(self.fresh):
            self.book.forget(self.fresh)
            for index in self.book.unmeasured().tolist():
                self.book.measure(index)
            found = [row.frame_index for row in self.book.rows(ReviewFilter())]
            self._listed = len(self.fresh), found
        return self._listed[1]

    def order(self, near: int) -> PropagationOrder:
        """What Ctrl+T asks for."""
        self.fresh.clear()
        self._listed = -1, []
        more = {"near": near} if "near" in {f.name for f in fields(PropagationOrder)} else {}
        return PropagationOrder(self.project, self.clip, self.system, 0, self.count, **more)

    def seen(self, index: int) -> np.ndarray:
        """The label map that a frame shows."""
        shown = self.project.label_map(index)
        draft = self.drafts.get(index)
        if draft is None:
            return shown
        asserted = self.project.assertions(index)
        ids = [i for i in draft.object_ids if i not in asserted]  # type: ignore[attr-defined]
        shown = np.where(np.isin(shown, ids), 0, shown)
        own = draft.label_map  # type: ignore[attr-defined]
        return np.where(np.isin(own, ids) & (shown == 0), own, shown)
