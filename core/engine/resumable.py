"""A propagation that writes its results and can be stopped, killed, and taken up again.

A span between two keyframes is done when all its frames are written; what is done is not computed
again. In a long span the state of the walk is kept from time to time, and the walk goes on from
there: it lies with the record, and so do the steps of a first walk that waits for its second.
Short spans are walked again from their keyframes, which gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.engine.continued import Continued, Skip
from core.engine.output import ResultFolder
from core.engine.pieces import Unit, passed_frames, remaining, units
from core.engine.propagate import PropagationRequest, propagate
from core.engine.run_record import DoneFrame, RunRecord, WalkState
from core.engine.walk_log import WalkLog
from core.errors import OutputError
from core.jobs import Cancelled, CancelToken, Progress
from core.media.video import VideoSource
from core.tracking.contract import Resumable, Tracker
from core.types import FrameResult

CHECKPOINT_FRAMES = 50
"""Steps of a walk after which its state is kept; spans that are no longer begin anew."""


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
        self._log = WalkLog(folder.path, record.settings)
        done = record.frames
        whole = {i for i, frame in done.items() if folder.checksum(i) == frame.checksum}
        self._skips = self._find_skips(record.load_state(), whole) if record.loaded else ()
        state = self._skips[-1].state if self._skips else None
        self.pieces = remaining(request, frame_count, whole, state)
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
        continued = self._surround(tracker)
        try:
            for piece in self.pieces:
                for result in propagate(video, continued or tracker, piece, token):
                    if isinstance(result, FrameResult):
                        self._write(result, tracker)
                        last = result
                    elif continued and continued.unsaved >= CHECKPOINT_FRAMES:
                        self._save_first_walk(continued)
                    yield result
        except Cancelled:
            if not (continued and self._save_first_walk(continued)):
                self._save_all(last, tracker)
            raise
        except BaseException:
            self._save_quietly()
            raise
        finally:
            self._log.close()
        self._log.remove()
        self._record.remove()

    def _find_skips(self, state: WalkState | None, done: set[int]) -> tuple[Skip, ...]:
        """What a saved state stands for, its own walk last; none where it is of no use."""
        unit = None if state is None else self._unit_with(state)
        if state is None or unit is None:
            return ()
        first, second = unit.walks[0], unit.walks[-1]
        passed = passed_frames(unit, done, state)
        if len(unit.walks) == 1:
            return (Skip(first, state, logged=False),) if passed else ()
        self._log.load()
        way = first.direction.value
        if not self._log.is_of(first):
            return ()
        if state.direction is first.direction:
            usable = self._log.holds(range(first.first, state.frame_index + way, way))
            return (Skip(first, state, logged=True),) if usable else ()
        skips = Skip(first, None, logged=True), Skip(second, state, logged=False)
        usable = self._log.holds(range(first.first, state.frame_index, way))
        return skips if usable and passed else ()

    def _unit_with(self, state: WalkState) -> Unit | None:
        found = (u for u in self._units if any(state.frame_index in walk for walk in u.walks))
        return next(found, None)

    def _surround(self, tracker: Tracker) -> Continued | None:
        """The tracker with what it need not walk again; None where it cannot take up a walk."""
        if not isinstance(tracker, Resumable):
            return None
        for skip in self._skips:
            if skip.logged and skip.state is not None:
                self._log.keep_to(skip.state.frame_index)
        long = [u.walks[0] for u in self._units if len(u.walks) > 1]
        logged = tuple(walk for walk in long if len(walk) > CHECKPOINT_FRAMES)
        return Continued(tracker, self._log, skips=self._skips, logged=logged)

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
        elif self._open[number] % CHECKPOINT_FRAMES == 0 and self._units[number].walks:
            self._record.save()
            self._save_state(self._units[number], index, tracker)

    def _save_state(self, unit: Unit, frame_index: int, tracker: Tracker) -> None:
        if isinstance(tracker, Resumable) and unit.walks:
            way = unit.walks[-1].direction
            self._record.save_state(WalkState(frame_index, way, tracker.save_state()))

    def _save_first_walk(self, continued: Continued) -> bool:
        """Keep where a walk stands that another one waits for; False where there is none."""
        state = continued.state()
        if state is not None:
            self._record.save()
            self._begun = True
            self._record.save_state(state)
        return state is not None

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
