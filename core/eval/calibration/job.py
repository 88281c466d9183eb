"""Fitting what the cues of weights are worth, and trying it on sequences that were not fitted to.

Every second sequence is fitted to, beginning with the first; the others are run before and after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core import __version__
from core.data.layouts import read_tree
from core.engine.registry import build_tracker
from core.errors import UsageError
from core.eval.benchmark_plan import BenchmarkRequest, plan_jobs
from core.eval.calibration.cells import CellLog, Key, Seen
from core.eval.calibration.logistic import fit_confidence
from core.eval.calibration.thresholds import PATIENCE, enough, make_rows, search
from core.eval.calibration.watching import cue_source, watch
from core.eval.confidence import (
    AbsenceFigures,
    ConfidenceFigures,
    measure_absence,
    measure_confidence,
    total_absence,
)
from core.jobs import CancelToken, Job, Progress, mapped
from core.media.file_hash import sha256_of
from core.nn.checkpoints import copy_calibrated
from core.tracking.config import Calibration
from core.tracking.contract import TrackerRequest

FEW_ABSENCES = (
    "Objects are hardly ever absent in the sequences that were fitted to, or hardly ever there:"
    " the thresholds of absence stay as they were."
)


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """What is to be calibrated, and on what.

    Attributes:
        roots: dataset folders in a layout of `core.data.layouts`, with frames.
        tracker: the system with the weights that are calibrated.
        out: a copy of these weights, with the calibration in its header. What was run is kept
            beside it until all is done (`log_path`).
    """

    roots: tuple[Path, ...]
    tracker: TrackerRequest
    out: Path

    @property
    def log_path(self) -> Path:
        """File of what was run so far."""
        return self.out.with_name(f"{self.out.name}.cells.jsonl")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a calibration is worth on some sequences."""

    confidence: ConfidenceFigures
    absence: AbsenceFigures


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Outcome of a calibration.

    Attributes:
        path: the calibrated weights.
        before, after: what the cues were, and are, taken to be worth.
        fitted, held_out: names of the sequences that were fitted to, and of the others.
        figures_before, figures_after: of the others, each from a run with these thresholds.
        notes: what a reader has to know, one sentence each.
    """

    path: Path
    before: Calibration
    after: Calibration
    fitted: tuple[str, ...]
    held_out: tuple[str, ...]
    figures_before: Figures
    figures_after: Figures
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A sequence, and the frames it has."""

    root: Path
    name: str
    frames: int


def calibrate(request: CalibrationRequest, token: CancelToken) -> Job[Calibrated]:
    """Fit confidence and absence, write them, and measure both on other sequences.

    Each object is given where it first appears. Sequences that an earlier run has finished, with
    the same weights and quality, are not run again.

    Raises:
        UsageError: the system tells no cues; fewer than two sequences; too few cells.
        VosError: of the kinds that `benchmark` names; the copy cannot be written.
        Cancelled: by the token; finished sequences are kept.
    """
    before = cue_source(build_tracker(request.tracker), request.tracker.system).calibration
    fit, others = _split(request)
    run = _Run(CellLog(request.log_path), token, sum(p.frames for p in (*fit, *others, *others)))
    fitted_to = yield from run.watch(fit, request.tracker)
    plain = yield from run.watch(others, request.tracker)
    after, notes = yield from _fit(fitted_to, before, run)
    _write(request, after, fit)
    tracker = replace(request.tracker, weights=request.out)
    calibrated = yield from run.watch(others, tracker)
    request.log_path.unlink(missing_ok=True)
    return Calibrated(
        request.out,
        before,
        after,
        tuple(part.name for part in fit),
        tuple(part.name for part in others),
        measure(plain),
        measure(calibrated),
        notes,
    )


def measure(sequences: Sequence[Sequence[Seen]]) -> Figures:
    """What confidence and absence were worth on some sequences, as they were run."""
    cells = [[one.cell for one in seen if one.cell is not None] for seen in sequences]
    return Figures(
        measure_confidence([cell for row in cells for cell in row]),
        total_absence([measure_absence(row) for row in cells]),
    )


class _Run:
    """Runs sequences that were not run yet, and counts frames."""

    def __init__(self, log: CellLog, token: CancelToken, total: int) -> None:
        self._log = log
        self.token = token
        self._total = total
        self._done = 0

    def progress(self, text: str, *, ahead: int = 0) -> Progress:
        """How far the whole job is."""
        return Progress(min(self._done + ahead, self._total), self._total, text)

    def watch(self, parts: Sequence[_Part], tracker: TrackerRequest) -> Job[list[tuple[Seen, ...]]]:
        """What was seen on each of some sequences."""
        found = []
        for part in parts:
            key = _key(part, tracker)
            seen = self._log.get(key)
            if seen is None:
                wanted = BenchmarkRequest(part.root, tracker, (part.name,), late_entries=True)
                job = watch(wanted, self.token)
                seen = yield from mapped(job, lambda p: self.progress(p.text, ahead=p.done))
                self._log.put(key, seen)
            self._done += part.frames
            found.append(seen)
        return found


def _split(request: CalibrationRequest) -> tuple[list[_Part], list[_Part]]:
    """Sequences in even places, which are fitted to, and in odd ones; each root for itself."""
    fit: list[_Part] = []
    others: list[_Part] = []
    for root in request.roots:
        names = sorted(sequence.name for sequence in read_tree(root))
        jobs = plan_jobs(BenchmarkRequest(root, request.tracker, tuple(names), late_entries=True))
        parts = [_Part(root, job.plan.name, job.info.frame_count) for job in jobs]
        fit += parts[::2]
        others += parts[1::2]
    if not others:
        msg = f"There is only one sequence in {request.roots[0]}."
        raise UsageError(msg, "Give two or more: half of them are kept for testing the outcome.")
    return fit, others


def _fit(
    sequences: Sequence[Sequence[Seen]], before: Calibration, run: _Run
) -> Job[tuple[Calibration, tuple[str, ...]]]:
    confidence = fit_confidence([one for seen in sequences for one in seen])
    found, rows = before, make_rows(sequences)
    if not enough(rows):
        return replace(before, confidence=confidence), (FEW_ABSENCES,)
    for done, best in enumerate(search(rows, before)):
        found = best
        run.token.check()
        yield run.progress(f"searching thresholds, {done + 1} of {len(PATIENCE)}")
    return replace(found, confidence=confidence), ()


def _write(request: CalibrationRequest, after: Calibration, fit: Sequence[_Part]) -> None:
    weights = request.tracker.weights
    if weights is None:
        raise UsageError("There are no weights to calibrate.", "Give them with --weights.")
    fitted: dict[str, object] = {
        "data": [root.name for root in request.roots],
        "sequences": len(fit),
        "quality": request.tracker.quality.value,
    }
    copy_calibrated(weights, request.out, calibration=after.to_dict(), fitted=fitted)


def _key(part: _Part, tracker: TrackerRequest) -> Key:
    return {
        "data": str(part.root.resolve()),
        "sequence": part.name,
        "frames": str(part.frames),
        "system": tracker.system,
        "quality": tracker.quality.value,
        "weights": "" if tracker.weights is None else sha256_of(tracker.weights),
        "version": __version__,
    }
