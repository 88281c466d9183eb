"""A run that adapts, writes its results, and can be stopped, killed, and taken up again.

What outlives a run that did not end are the probabilities of the first pass. A span whose frames
all have theirs is not walked again; learning begins anew, with the same lessons and the same seed,
and all frames are made again. The record vouches for no frame before the run is complete: until
then the folder may hold drafts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.engine.adapted import AdaptedRequest, adapted_step_count, propagate_adapted
from core.engine.output import ResultFolder
from core.engine.pieces import remaining
from core.engine.propagate import PropagationRequest, border_result, wanted_borders
from core.engine.run_record import DoneFrame, RunRecord
from core.engine.saved_probabilities import SavedProbabilities
from core.jobs import CancelToken, Progress
from core.media.video import VideoSource
from core.tracking.contract import Adaptation, Tracker
from core.types import FrameResult, Keyframe


@dataclass(frozen=True, slots=True)
class _Left:
    """What is left of a run's first pass."""

    pieces: tuple[PropagationRequest, ...]
    borders: tuple[Keyframe, ...]
    kept: frozenset[int]


class AdaptedRun:
    """One run that adapts, into a folder, with its record.

    Attributes:
        kept: frames that the first pass need not walk again.
        steps: items that `write` yields, the steps of learning left out.
    """

    def __init__(
        self,
        request: PropagationRequest,
        adaptation: Adaptation,
        folder: ResultFolder,
        record: RunRecord,
        *,
        frame_count: int,
        resumes: bool,
    ) -> None:
        """Work out what is left.

        Args:
            request: the whole run.
            adaptation: how the video is learned.
            folder: where its results go.
            record: of the same settings as what is resumed.
            frame_count: frames of the video.
            resumes: what an earlier run left counts.

        Raises:
            OutputError: the disk for temporary files is full.
        """
        self._folder = folder
        self._record = record
        self._spool = SavedProbabilities(folder.path)
        self._resumes = resumes
        if resumes:
            self._spool.load()
        left = _left(request, frame_count, frozenset(self._spool.frames))
        self._borders = left.borders
        self._adapted = AdaptedRequest(request, adaptation, left.pieces)
        self.kept = len(left.kept)
        folder.kept = sum(folder.checksum(index) is not None for index in left.kept)
        self._new = set(range(request.start, request.stop)) - left.kept
        self.steps = len(left.borders) + adapted_step_count(self._adapted, frame_count, left.kept)

    def write(
        self, video: VideoSource, tracker: Tracker, token: CancelToken
    ) -> Iterator[FrameResult | Progress]:
        """Propagate what is left, adapt, and write each result before it is yielded.

        Yields:
            What `propagate_adapted` yields.

        Raises:
            VosError: of the kinds that it names, or a file that cannot be written. What is
                written by then stays, drafts among it.
            Cancelled: by the token; likewise.
        """
        self._folder.remove_leftovers()
        with self._spool as spool:
            if not self._resumes:
                spool.clear()
            self._record.frames.clear()
            self._record.save()
            for keyframe in self._borders:
                token.check()
                yield self._written(border_result(keyframe))
            for item in propagate_adapted(video, tracker, self._adapted, token, spool=spool):
                yield self._written(item) if isinstance(item, FrameResult) else item
            self._record.remove()
            spool.clear()

    def _written(self, result: FrameResult) -> FrameResult:
        checksum = self._folder.write(result.frame_index, result.label_map)
        if result.frame_index in self._new:
            self._new.remove(result.frame_index)
        else:
            self._folder.written -= 1  # It has replaced a draft, which was counted.
        if not result.is_draft:
            confidence = result.confidence.values()
            mean = sum(confidence) / len(confidence) if confidence else None
            self._record.frames[result.frame_index] = DoneFrame(checksum, mean)
        return result


def _left(request: PropagationRequest, frame_count: int, kept: frozenset[int]) -> _Left:
    """Spans that are not kept whole; borders between spans that are kept cost no walk."""
    borders = {k.frame_index: k for k in wanted_borders(request, frame_count)}
    pieces, alone = [], []
    again: set[int] = set()
    for piece in remaining(request, frame_count, kept):
        frames = range(piece.start, piece.stop)
        if borders.keys() >= set(frames):
            alone += [borders[index] for index in frames]
        else:
            pieces.append(piece)
            again |= set(frames)
    wanted = frozenset(range(request.start, request.stop))
    return _Left(tuple(pieces), tuple(alone), (kept & wanted) - again)
