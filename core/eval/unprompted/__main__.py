"""Compare what finds objects without a prompt: trivial baselines, weights, variants of both.

python -m core.eval.unprompted --data ROOT --csv FILE [--weights FILE] [--adapt-steps 0,100]

ROOT is a set in the layout of DAVIS, SegTrack v2 or FBMS. All objects of a frame count as one, and
all frames with masks are scored. Rows that the CSV file has are not measured again: a run that was
stopped goes on when it is given again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.errors import UsageError, VosError
from core.eval.unprompted.contenders import (
    Contender,
    baselines,
    read_contenders,
    with_weights,
)
from core.eval.unprompted.job import UnpromptedRequest, compare_unprompted, to_table
from core.eval.unprompted.scores import keep_scores
from core.jobs import CancelToken, Job, Progress, mapped, result_of
from core.text import visible
from core.tracking.contract import TrackerRequest
from core.types import Quality


def main(arguments: list[str] | None = None) -> int:
    """Print a table; return 0, or 2 with one line on stderr."""
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        if args.threads:
            _use_threads(args.threads)
        token, contenders = CancelToken(), _contenders(args)
        if any(one.train for one in contenders):
            contenders = result_of(mapped(_training(args, contenders, token), _tell))
        request = UnpromptedRequest(
            args.data, contenders, args.csv, _tracker(args), args.device, _names(args)
        )
        found = result_of(mapped(compare_unprompted(request, token), _tell))
        print("\n".join(visible(line) for line in to_table(found)))  # noqa: T201
        if args.scores:
            keep_scores(request, found, _command(arguments))
    except VosError as error:
        print(visible(str(error)), file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m core.eval.unprompted", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="set with frames and masks")
    parser.add_argument("--csv", type=Path, required=True, help="the table, which is added to")
    parser.add_argument("--weights", type=Path, action="append", default=[], help="of a system")
    parser.add_argument("--adapt-steps", default="0", help="of these weights, as 0,100")
    parser.add_argument("--vote", action="store_true", help="let propagations vote")
    parser.add_argument("--tracker-weights", type=Path, help="what carries votes (default: flow)")
    parser.add_argument("--contenders", type=Path, help="TOML or JSON file of more of them")
    parser.add_argument("--runs", type=Path, help="folder of trainings (default: beside --csv)")
    parser.add_argument(
        "--scores", action="store_true", help="keep means beside the weights, for their card"
    )
    parser.add_argument("--no-baselines", action="store_true", help="leave the baselines out")
    parser.add_argument("--sequences", help="only these, as A,B")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, help="processor threads")
    return parser


def _contenders(args: argparse.Namespace) -> tuple[Contender, ...]:
    found = [] if args.no_baselines else list(baselines())
    try:
        steps = tuple(int(part) for part in args.adapt_steps.split(","))
    except ValueError as error:
        msg = f"--adapt-steps {args.adapt_steps} is no list of numbers."
        raise UsageError(msg, "Write it as 0,100.") from error
    for weights in args.weights:
        found += with_weights(weights, steps, vote=args.vote)
    if args.contenders:
        found += read_contenders(args.contenders)
    if not found:
        raise UsageError("There is nothing to compare.", "Give --weights or --contenders.")
    return tuple(found)


def _training(
    args: argparse.Namespace, contenders: tuple[Contender, ...], token: CancelToken
) -> Job[tuple[Contender, ...]]:
    from core.eval.unprompted.training import train_contenders

    runs = args.runs or args.csv.with_name(f"{args.csv.stem}-runs")
    return train_contenders(
        contenders, runs, args.contenders.parent, device=args.device, token=token
    )


def _tracker(args: argparse.Namespace) -> TrackerRequest:
    if args.tracker_weights is None:
        return TrackerRequest("flow", Quality.FAST, args.device)
    from core.nn.checkpoints import read_info

    system = read_info(args.tracker_weights).system
    return TrackerRequest(system, Quality.FAST, args.device, args.tracker_weights)


def _command(arguments: list[str] | None) -> str:
    """What was asked for, with files by their names alone: paths of a machine say nothing."""
    words = sys.argv[1:] if arguments is None else arguments
    return " ".join(["python -m core.eval.unprompted", *(Path(word).name for word in words)])


def _names(args: argparse.Namespace) -> tuple[str, ...] | None:
    return tuple(args.sequences.split(",")) if args.sequences else None


def _use_threads(count: int) -> None:
    import cv2
    import torch

    cv2.setNumThreads(count)
    torch.set_num_threads(count)


_last: list[str] = []


def _tell(progress: Progress) -> None:
    if _last != [progress.text]:
        _last[:] = [progress.text]
        line = f"{progress.done}/{progress.total} {progress.text}"
        print(visible(line), file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
