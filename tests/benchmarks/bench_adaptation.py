"""J and F against the steps of learning, as figure 3b of the paper of system 001 has it.

    python tests/benchmarks/bench_adaptation.py ROOT --sequences hockey,elephant

Each sequence is propagated once. For each number of steps a network is learned anew from the same
lessons, the rate falling to zero over just those steps, and makes all scored frames. The truth is
looked at only to score. Column 0 is propagation alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from core.engine.adapted import AdaptedRequest, propagate_adapted
from core.engine.propagate import PropagationRequest, propagate
from core.engine.registry import build_tracker
from core.engine.run import use_threads
from core.engine.spool import ProbabilitySpool
from core.eval.benchmark_plan import BenchmarkRequest, SequenceJob, plan_jobs
from core.eval.records import Totals
from core.eval.scoring import SequenceScorer
from core.jobs import CancelToken, Progress
from core.media.video import open_video
from core.tracking.contract import Adaptation, TrackerRequest
from core.types import FrameResult, Quality
from vosapp.assets import bundled_weights

SYSTEM = "self_supervised"
CACHE_BYTES = 64 << 20


def main() -> None:
    """Print one row a sequence, and their mean."""
    args = _arguments()
    use_threads(args.threads, system=SYSTEM)
    weights = args.weights or bundled_weights(SYSTEM, "thin")
    tracker = TrackerRequest(SYSTEM, Quality(args.quality), "cpu", weights)
    names = tuple(args.sequences.split(",")) if args.sequences else None
    request = BenchmarkRequest(args.root, tracker, names, keyframe_count=args.keyframes)
    steps = [0, *(int(text) for text in args.steps.split(","))]
    _say("sequence", [f"{n}" for n in steps])
    rows = []
    for job in plan_jobs(request):
        rows.append(_curve(job, request, steps, paper_mode=args.paper_mode))
        cells = [f"{t.j.mean:.3f}/{t.f.mean:.3f}" for t in rows[-1]]
        _say(job.plan.name, cells)
    means = [
        f"{statistics.fmean(t.j.mean for t in column):.3f}/"
        f"{statistics.fmean(t.f.mean for t in column):.3f}"
        for column in zip(*rows, strict=True)
    ]
    _say("mean", means)


def _say(name: str, cells: list[str]) -> None:
    sys.stdout.write(f"{name:<20} {' '.join(f'{cell:>11}' for cell in cells)}\n")
    sys.stdout.flush()


def _curve(
    job: SequenceJob, request: BenchmarkRequest, steps: list[int], *, paper_mode: bool
) -> list[Totals]:
    wanted = PropagationRequest(job.keyframes(), 0, job.info.frame_count)
    tracker, token = build_tracker(request.tracker), CancelToken()
    with open_video(job.folder, cache_bytes=CACHE_BYTES) as video, ProbabilitySpool() as spool:
        totals = [_scored(job, propagate(video, tracker, wanted, token, keep=spool))]
        for count in steps[1:]:
            how = Adaptation(paper_mode=paper_mode, iterations=count, seconds=1e9)
            adapted = AdaptedRequest(wanted, how, ())
            results = propagate_adapted(video, tracker, adapted, token, spool=spool)
            totals.append(_scored(job, results))
    return totals


def _scored(job: SequenceJob, results: Iterator[FrameResult | Progress]) -> Totals:
    scorer, scored = SequenceScorer(job.plan.name, job.plan.object_ids), job.scored
    for result in results:
        if isinstance(result, Progress) or result.frame_index not in scored:
            continue
        _score(job, scorer, result)
    return scorer.finish().totals


def _score(job: SequenceJob, scorer: SequenceScorer, result: FrameResult) -> None:
    index = job.scored[result.frame_index]
    truth = job.read(job.plan.truths[index])
    scorer.add(result.label_map, truth, object_ids=job.plan.active(index))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="dataset laid out as DAVIS")
    parser.add_argument("--sequences", help="names, by commas (default: all)")
    parser.add_argument("--steps", default="10,20,40,80,160", help="of learning, by commas")
    parser.add_argument("--quality", default="fast", choices=[q.value for q in Quality])
    parser.add_argument("--keyframes", type=int, default=1)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--paper-mode", action="store_true", help="the network decides alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
