"""Running sequences while what the tracker sees is written down."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.engine.registry import build_tracker
from core.errors import UsageError
from core.eval.benchmark import SequenceRun, benchmark
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.calibration.cells import Seen
from core.jobs import CancelToken, Job, Progress
from core.tracking.contract import StepResult, Tracker, TrackerRequest
from core.tracking.judging.sightings import CueSource, Judged, Sighting
from core.types import Direction, Frame, Keyframe, LabelMap


def cue_source(tracker: Tracker, system: str) -> CueSource:
    """Where a tracker tells what its judgments follow from.

    Raises:
        UsageError: it does not.
    """
    if not isinstance(tracker, Judged):
        msg = f"The system {system} cannot be calibrated: its tracker reports no cues."
        raise UsageError(msg, "Choose a system that says how sure it is of its masks.")
    return tracker.cues


def watch(request: BenchmarkRequest, token: CancelToken) -> Job[tuple[Seen, ...]]:
    """Run one sequence, and return what was seen of each object on each frame.

    Args:
        request: names one sequence.
        token: is looked at between two frames.

    Raises:
        VosError: of the kinds that `benchmark` names.
        Cancelled: by the token.
    """
    watched: list[Watched] = []

    def make(wanted: TrackerRequest) -> Watched:
        watched.append(Watched(build_tracker(wanted), wanted.system))
        return watched[-1]

    cells = {}
    for item in benchmark(request, token, make_tracker=make):
        if isinstance(item, Progress):
            yield item
        elif isinstance(item, SequenceRun):
            cells = {(cell.frame_index, cell.object_id): cell for cell in item.cells}
    seen = watched[-1].seen if watched else {}
    return tuple(Seen(*key, sighting, cells.get(key)) for key, sighting in sorted(seen.items()))


class Watched:
    """A tracker that is looked at after each step of a walk forward; else it is as it was.

    Attributes:
        seen: what was seen, by frame index and object id.
    """

    def __init__(self, tracker: Tracker, system: str) -> None:
        self._tracker = tracker
        self._cues = cue_source(tracker, system)
        self._forward = True
        self.seen: dict[tuple[int, int], Sighting] = {}

    def add_keyframe(self, keyframe: Keyframe, frame: Frame) -> None:
        """See `Tracker.add_keyframe`."""
        self._tracker.add_keyframe(keyframe, frame)

    def remove_keyframe(self, frame_index: int) -> None:
        """See `Tracker.remove_keyframe`."""
        self._tracker.remove_keyframe(frame_index)

    def start(self, direction: Direction) -> None:
        """See `Tracker.start`."""
        self._forward = direction is Direction.FORWARD
        self._tracker.start(direction)

    def step(self, frame_index: int, frame: Frame, object_ids: tuple[int, ...]) -> StepResult:
        """See `Tracker.step`."""
        result = self._tracker.step(frame_index, frame, object_ids)
        if self._forward:
            for object_id, sighting in self._cues.sightings.items():
                # A later walk may pass the frame on its way to its border (ADR 0058).
                self.seen.setdefault((frame_index, object_id), sighting)
        return result

    def render(
        self, probabilities: NDArray[np.float32], frame: Frame, object_ids: tuple[int, ...]
    ) -> LabelMap:
        """See `Tracker.render`."""
        return self._tracker.render(probabilities, frame, object_ids)
