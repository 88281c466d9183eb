"""What the first entries of the list of frames to check are worth, and what reasons should count.

python -m core.eval.review DATASET [DATASET ...] --weights FILE --cells DIR [--fit]

Every second sequence of each dataset can be fitted to (--fit), beginning with the first, as
confidence is; figures are given of these and of the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from core.cleaning import DEFAULT
from core.data.layouts import read_tree
from core.errors import UsageError, VosError
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.review.figures import (
    ListFigures,
    confidence_alone,
    evenly,
    listed,
    means,
    measure_list,
)
from core.eval.review.fitting import fit
from core.eval.review.played import Played, play
from core.jobs import CancelToken, Progress, mapped, result_of
from core.media.atomic import write_atomic
from core.nn.checkpoints import read_info
from core.review.ranking import WEIGHTS, Weights
from core.review.reasons import REASONS
from core.text import visible
from core.tracking.contract import TrackerRequest
from core.types import Quality

LISTS = ("list", "confidence alone", "evenly spaced")
"""What is compared."""


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return 0, or 2 with one line on stderr."""
    args = _parser().parse_args(arguments)
    try:
        system = args.system or (read_info(args.weights).system if args.weights else "")
        if not system:
            raise UsageError("Nothing says what is to be measured.", "Give --weights FILE.")
        tracker = TrackerRequest(system, args.quality, args.device, args.weights)
        parts = [part for root in args.datasets for part in _play(root, args, tracker)]
        print(file=sys.stderr)  # noqa: T201
        print("\n".join(_report(parts, args)))  # noqa: T201
    except VosError as error:
        print(visible(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m core.eval.review", description=__doc__)
    parser.add_argument("datasets", type=Path, nargs="+", help="datasets with frames and masks")
    parser.add_argument("--cells", type=Path, required=True, help="folder: what was played is kept")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--system", help="default: that of the weights")
    parser.add_argument("--quality", type=Quality, default=Quality.FAST, help="default: fast")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sequences", help="names, with commas between; default: all")
    parser.add_argument("--keyframes", type=int, default=1, help="true masks given (default: 1)")
    parser.add_argument("--fit", action="store_true", help="fit the weights of reasons")
    parser.add_argument("--out", type=Path, help="figures of every sequence as JSON")
    return parser


def _play(
    root: Path, args: argparse.Namespace, tracker: TrackerRequest
) -> list[tuple[bool, Played]]:
    """Play a dataset; each sequence with whether its place among all is one to fit to."""
    fitted = set(sorted(sequence.name for sequence in read_tree(root))[::2])
    request = BenchmarkRequest(
        root,
        tracker,
        sequences=tuple(args.sequences.split(",")) if args.sequences else None,
        keyframe_count=args.keyframes,
        late_entries=True,
        cleaning=DEFAULT,
        seen=True,
    )
    folder = args.cells / f"{args.quality.value}-{args.keyframes}" / root.resolve().name
    played = result_of(mapped(play(request, folder, CancelToken()), _tell))
    return [(one.name in fitted, one) for one in played]


def _report(parts: Sequence[tuple[bool, Played]], args: argparse.Namespace) -> list[str]:
    first = [played for fitted, played in parts if fitted]
    others = [played for fitted, played in parts if not fitted]
    weights = fit(first) if args.fit else WEIGHTS
    lines = _told(weights) if args.fit else []
    rows: list[dict[str, object]] = []
    for name, sequences in (("fitted to", first), ("the others", others)):
        lines += _table(name, sequences, weights, rows)
    if args.out is not None:
        data = {"weights": asdict(weights), "sequences": rows}
        write_atomic(args.out, json.dumps(data, indent=1).encode() + b"\n")
    return lines


def _told(weights: Weights) -> list[str]:
    pairs = zip(REASONS, weights.reasons, strict=True)
    return [
        "weights: " + ", ".join(f"{reason.value} {value:g}" for reason, value in pairs),
        f"apart {weights.apart}, reach {weights.reach:g}, least {weights.least:g}",
    ]


def _table(
    name: str, sequences: Sequence[Played], weights: Weights, rows: list[dict[str, object]]
) -> list[str]:
    found: dict[str, list[ListFigures]] = {kind: [] for kind in LISTS}
    for played in sequences:
        frames = dict(zip(LISTS, _lists(played, weights), strict=True))
        got = {kind: measure_list(played, chosen) for kind, chosen in frames.items()}
        for kind, figures in got.items():
            found[kind].append(figures)
        told = {kind: asdict(got[kind]) | {"frames": frames[kind]} for kind in LISTS}
        rows.append({"sequence": played.name, "part": name, **told})
    head = f"{name}, {len(sequences)} sequences: of the worst tenth"
    return [head, *(_line(kind, means(found[kind])) for kind in LISTS)]


def _lists(played: Played, weights: Weights) -> tuple[tuple[int, ...], ...]:
    alone = replace(confidence_alone(weights), least=0.0)
    return listed(played, weights), listed(played, alone), evenly(played)


def _line(kind: str, mean: ListFigures) -> str:
    return (
        f"  {kind:17} held {mean.held:.3f} (at most {mean.most:.3f}), within two frames"
        f" {mean.near:.3f}, J {mean.j:.3f} (of all {mean.j_of_all:.3f})"
    )


def _tell(progress: Progress) -> None:
    text = f"{progress.done}/{progress.total} {progress.text}"
    print(visible(text), file=sys.stderr, end="\r")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
