"""A propagation inside a project: what it will compute, and computing and storing it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.cleaning import DEFAULT, Cleaning
from core.engine.adapted import AdaptedRequest, adapted_step_count, either_by
from core.engine.kept_work import KeptWork
from core.engine.manner import PLAIN, Manner
from core.engine.propagate import Made, PropagationRequest, step_count
from core.errors import UsageError
from core.jobs import CancelToken
from core.media.video import VideoSource
from core.tracking.contract import Adaptation, Tracker
from core.types import Direction
from vosapp.project.keyframes import keyframes
from vosapp.project.model import TrackedObject
from vosapp.project.results import Propagation, Stored
from vosapp.project.rules import WRITABLE
from vosapp.project.store import Project
from vosapp.services.box_masks import boxes_of
from vosapp.services.kept import frames_had
from vosapp.services.propagate import (
    FEWEST,
    OPEN,
    PATIENCE_SECONDS,
    left_out,
    pieces_with,
    spans_of,
    store_results,
    writable_frames,
)


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be computed, by the keyframes of the moment.

    Attributes:
        project: gets the results.
        request: the whole of it.
        pieces: spans that have to be computed.
        writable: frames that will get a result.
        locked: objects that would have got a result, and are left out since they are locked.
        adaptation: how the video is learned in between; None learns nothing.
        had: frames in the pieces that have the masks that would be made of them.
    """

    project: Project
    request: PropagationRequest
    pieces: tuple[PropagationRequest, ...]
    writable: frozenset[int]
    locked: tuple[TrackedObject, ...]
    adaptation: Adaptation | None = None
    had: frozenset[int] = frozenset()

    @property
    def steps(self) -> int:
        """Units of work, the steps of learning left out."""
        count = self.project.video.frame_count
        if self.adaptation is None:
            return sum(step_count(piece, count) for piece in self.pieces)
        adapted = AdaptedRequest(self.request, self.adaptation, self.pieces)
        return adapted_step_count(adapted, count, frozenset())


def plan_work(
    project: Project,
    frames: range,
    *,
    ways: tuple[Direction, ...],
    only_open: bool,
    adaptation: Adaptation | None = None,
    cleaning: Cleaning = DEFAULT,
) -> Work:
    """Look at what a propagation would compute now.

    Args:
        project: with its keyframes.
        frames: that are wanted.
        ways: directions in which keyframes are carried.
        only_open: compute only spans with something empty or stale; False computes all of them.
        adaptation: how the video is learned in between; None learns nothing.
        cleaning: what is done to masks before they are stored.

    Raises:
        UsageError: the project has no keyframe.
    """
    found = keyframes(project)
    if not found and boxes_of(project):
        raise UsageError(
            f"{project.path} has boxes, but no keyframe to propagate: boxes are no masks.",
            "Make masks of them: vosapp propagate PROJECT --boxes-to-masks, or an import with that"
            " option.",
        )
    if not found:
        raise UsageError(
            f"{project.path} has no keyframe to propagate.",
            "Draw a box or paint an object on a frame, or import a mask, first.",
        )
    request = PropagationRequest(
        found, frames.start, frames.stop, ways, cleaning=cleaning, soft=True
    )
    states = OPEN if only_open else WRITABLE
    count = project.video.frame_count
    pieces = pieces_with(request, count, writable_frames(project, request, states))
    # Spans are computed whole: what is in them already is made anew, and counts.
    inside = {index for piece in pieces for index in range(piece.start, piece.stop)}
    writable = writable_frames(project, request) & inside
    return Work(project, request, pieces, writable, left_out(project, request, states), adaptation)


def without_had(work: Work, kept: KeptWork | None, propagation: Propagation) -> Work:
    """Leave out of a work what is there already, byte by byte; see `frames_had`.

    A run that adapts makes every frame anew, of what it learns of all.
    """
    if work.adaptation is not None or not work.pieces:
        return work
    had = frames_had(work.project, work.request, kept, propagation, among=work.writable)
    return replace(work, had=had, writable=work.writable - had)


def run_work(
    work: Work,
    video: VideoSource,
    tracker: Tracker,
    token: CancelToken,
    *,
    propagation: Propagation,
    fewest: int = FEWEST,
    patience: float = PATIENCE_SECONDS,
    manner: Manner = PLAIN,
) -> Iterator[Made | Stored]:
    """Compute it, and store results as they come; see `store_results`.

    Args:
        work: what is computed.
        video: the project's.
        tracker: without keyframes.
        token: is looked at between two frames.
        propagation: what the results belong to.
        fewest: frames stored at once, at least.
        patience: seconds after which a batch of that many is stored.
        manner: in which order; what the work has already comes from the work.

    Raises:
        VosError: of the kinds that `core.engine.propagate.propagate` names; the project cannot
            be written. Results so far are stored.
        Cancelled: by the token; likewise.
    """
    results = either_by(
        video,
        tracker,
        work.request,
        token,
        adaptation=work.adaptation,
        pieces=work.pieces,
        manner=replace(manner, have=work.had),
    )
    yield from store_results(
        work.project,
        propagation,
        results,
        spans=spans_of(work.pieces, video.info.frame_count),
        fewest=fewest,
        patience=patience,
    )
