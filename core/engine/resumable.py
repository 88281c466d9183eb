"""A propagation that writes its results and can be stopped, killed, and taken up again.

A span between two keyframes is done when all its frames are written; what is done is not computed
again. A span that is not done is walked again from its keyframes, which gives the same bytes.
Where a span has one end only, as in a long video with one keyframe, the walk's own state is kept
from time to time, and the walk goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.engine.continued import Continued
from core.engine.output import ResultFolder
from core.engine.pieces import Unit, passed_frames, remaining, units
from core.engine.propagate import PropagationRequest, propagate
from core.engine.run_record import DoneFrame, RunRecord, WalkState
from core.errors import OutputError
from core.jobs import Cancelled, CancelToken, Progress
from core.media.video import VideoSource
from core.systems.base import Resumable, Tracker
from core.types import FrameResult

CHECKPOINT_FRAMES = 50
"""Frames of a one-sided walk after which its state is kept."""


class ResumableRun:
    """One propagation into a folder, with its record.

    Attributes:
        kept: frames that were done before and are not computed again.
        pieces: what is left to propagate; empty where all is done.
    """

    def __init__(
        self,
        request: PropagationRequest,
        folder: ResultFolder,
        record: RunRecord,
        frame_count: int,
    ) -> None:
        """Work out what is left.

        Args:
            request: the whole run.
            folder: where its results go.
            record: empty, or loaded: it says what is done. Only files that are as recorded count.
            frame_count: frames of the video.
        """
        self._folder = folder
        self._record = record
        self._begun = False
        self._units = units(request, frame_count)
        done = record.frames
        whole = {i for i, frame in done.items() if folder.checksum(i) == frame.checksum}
        self._state = record.load_state() if whole else None
        self.pieces = remaining(request, frame_count, whole, self._state)
        again = {i for piece in self.pieces for i in range(piece.start, piece.stop)}
        for index in set(done) - (whole - again):
            del done[index]
        self.kept = folder.kept = len(done)
        self._unit_of = {i: number for number, u in enumerate(self._units) for i in u.frames}
        self._open = [len(unit.frames - done.keys()) for unit in self._units]

    def write(
        self, video: VideoSource, tracker: Tracker, token: CancelToken
    ) -> Iterator[FrameResult | Progress]:
        """Propagate what is left, and write each result before it is yielded.

        Yields:
            What `propagate` yields, piece by piece.

        Raises:
            VosError: of the kinds that `propagate` names, or a file that cannot be written.
                What is written by then stays, and is recorded.
            Cancelled: by the token; likewise.
        """
        last: FrameResult | None = None
        self._folder.remove_leftovers()
        try:
            for piece in self.pieces:
                for result in propagate(video, self._surround(tracker, piece), piece, token):
                    if isinstance(result, FrameResult):
                        self._write(result, tracker)
                        last = result
                    yield result
        except Cancelled:
            self._save_all(last, tracker)
            raise
        except BaseException:
            self._save_quietly()
            raise
        self._record.remove()

    def _surround(self, tracker: Tracker, piece: PropagationRequest) -> Tracker:
        """The tracker, or one that skips what a saved state stands for in this piece."""
        if self._state is None or not isinstance(tracker, Resumable):
            return tracker
        wanted = frozenset(range(piece.start, piece.stop))
        for unit in self._units:
            if unit.walk is None or not unit.frames & wanted:
                continue
            if passed_frames(unit, unit.frames - wanted, self._state):
                return Continued(tracker, unit.walk, self._state)
        return tracker

    def _write(self, result: FrameResult, tracker: Tracker) -> None:
        """Write a frame; record it at the end of its unit, and from time to time before."""
        frames, index = self._record.frames, result.frame_index
        if not self._begun:
            # An earlier run's record must not vouch for the files that are replaced now.
            self._record.save()
            self._begun = True
        checksum = self._folder.write(index, result.label_map)
        confidence = result.confidence.values()
        mean = sum(confidence) / len(confidence) if confidence else None
        number = self._unit_of[index]
        self._open[number] -= index not in frames
        frames[index] = DoneFrame(checksum, mean)
        if not self._open[number]:
            self._record.save()
        elif self._open[number] % CHECKPOINT_FRAMES == 0 and self._units[number].walk is not None:
            self._record.save()
            self._save_state(self._units[number], index, tracker)

    def _save_state(self, unit: Unit, frame_index: int, tracker: Tracker) -> None:
        if isinstance(tracker, Resumable) and unit.walk is not None:
            way = unit.walk.direction
            self._record.save_state(WalkState(frame_index, way, tracker.save_state()))

    def _save_all(self, last: FrameResult | None, tracker: Tracker) -> None:
        """Keep as much as there is; between two frames a tracker's state is that of the last."""
        if last is None:
            return
        self._record.save()
        number = self._unit_of[last.frame_index]
        if self._open[number]:
            self._save_state(self._units[number], last.frame_index, tracker)

    def _save_quietly(self) -> None:
        """Keep the record if the disk still takes it; another error is on its way to the user."""
        if not self._begun:
            return
        if not self._record.frames:
            self._record.remove()
            return
        try:
            self._record.save()
        except OutputError:
            return
